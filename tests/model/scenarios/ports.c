/* SPDX-License-Identifier: MIT */
/*
 * A send against what happens to its port: closing and its next life, another vcpu, a binding, a virq.
 * EVT-OBJ-12, EVT-3L-22
 */
#include "guest/abi/errno.h"
#include "guest/abi/event_channel.h"
#include "tests/model/scenario.h"
#include "tests/model/state.h"

#define NEXT_LIFE 10U /* in world_watch */
#define PIRQ 20U

static uint32_t next_port MODEL_STATE = 0;

static void send_forgiven(void)
{
    forgive(1);
    peer_send(1);
}

/* Nobody sends on the new port: what it is told is meant for the old one. */
static void reopen(void)
{
    int port = evt_bind_ipi(0);

    EXPECT(port > 0);
    evt_set_handler((evtchn_port_t)port, guest_handler, &world_watch[NEXT_LIFE]);
    EXPECT_VALUE(evt_unmask((evtchn_port_t)port), 0);
}

static void close_and_reopen(void)
{
    forgive(1);
    EXPECT_VALUE(evt_close(1), 0);
    reopen();
}

/* While vcpu 0 takes events nobody changes its tables: the new port is masked, and has no handler. */
static void close_and_bind(void)
{
    struct evtchn_close op = {.port = 1};
    struct evtchn_bind_ipi bind = {.vcpu = 1};

    forgive(1);
    EXPECT_VALUE(world_op(EVTCHNOP_close, &op), 0);
    EXPECT_VALUE(world_op(EVTCHNOP_bind_ipi, &bind), 0);
    next_port = bind.port;
}

static void not_pending(void)
{
    EXPECT(!world_is_pending(next_port));
}

static void peer_closes(void)
{
    struct evtchn_close op = {.port = 1};

    forgive(1);
    EXPECT_VALUE(world_op(EVTCHNOP_close, &op), 0);
}

static void no_event_from_the_past(void)
{
    EXPECT_VALUE(world_watch[NEXT_LIFE].handled, 0);
}

static void move1(void)
{
    EXPECT_VALUE(evt_move(1, 1), 0);
}

static void bind_vcpu1(void)
{
    EXPECT_VALUE(op_bind_vcpu(1, 1), 0);
}

/* Only vcpu 1 handles port 1 from now on. */
static void give_to_vcpu1(void)
{
    evt_set_affinity(1, 1);
}

/* Its event was raised on vcpu 0, which took the bits and left the event to vcpu 1. */
static void leave_to_vcpu1(void)
{
    give_to_vcpu1();
    take_events();
}

/* The guest's port 4 waits for somebody of domain 1; the guest binds port 5 to it. */
static void open_unbound(void)
{
    EXPECT_VALUE(evt_alloc_unbound(1), 4);
    evt_set_handler(4, guest_handler, &world_watch[NEXT_LIFE]);
}

static void bind_and_send(void)
{
    EXPECT_VALUE(evt_bind_interdomain(1, 4), 5);
    EXPECT_VALUE(evt_send(5), 0);
}

static void close4(void)
{
    EXPECT_VALUE(evt_close(4), 0);
}

static void bind_or_not(void)
{
    int port = evt_bind_interdomain(1, 4);

    if (port > 0)
        EXPECT_VALUE(evt_send((evtchn_port_t)port), 0);
    else
        EXPECT_VALUE(port, -XEN_EINVAL);
}

/* Port 4, for a virq or a pirq, of vcpu 0. */
static void watch4(void)
{
    evt_set_handler(4, guest_handler, &world_watch[4]);
    if (evt.fifo)
        EXPECT_VALUE(evt_fifo_expand(4), 0);
    EXPECT_VALUE(evt_unmask(4), 0);
}

static void open_virq(void)
{
    EXPECT_VALUE(evt_bind_virq(VIRQ_DEBUG, 0), 4);
    watch4();
}

static void open_pirq(void)
{
    struct evtchn_bind_pirq op = {.pirq = PIRQ};

    EXPECT_VALUE(world_op(EVTCHNOP_bind_pirq, &op), 0);
    EXPECT_VALUE(op.port, 4);
    watch4();
}

static void raise_pirq(void)
{
    world_raise_pirq(PIRQ);
}

static void handled_once(void)
{
    EXPECT_VALUE(world_watch[4].handled, 1);
}

static void move4(void)
{
    EXPECT_VALUE(evt_move(4, 1), 0);
}

static void raise_virq(void)
{
    world_raise_virq(0, VIRQ_DEBUG);
}

static void close4_and_reopen(void)
{
    close4();
    reopen();
}

const struct scenario scenarios_ports[] = {
    {
        .name = "send || close, open again",
        .abis = ON_ALL,
        .thread = {{ACTOR_PEER, send_forgiven}, {ACTOR_VCPU0, close_and_reopen}},
        .check = no_event_from_the_past,
    },
    {
        .name = "send || send || close, open again",
        .abis = ON_ALL,
        .thread = {{ACTOR_PEER, send_forgiven}, {ACTOR_PEER2, send_forgiven}, {ACTOR_VCPU0, close_and_reopen}},
        .check = no_event_from_the_past,
    },
    {
        .name = "send || consume || close, open again",
        .abis = ON_ALL,
        .thread = {{ACTOR_PEER, send_forgiven}, {ACTOR_VCPU0, take_events}, {ACTOR_VCPU1, close_and_bind}},
        .check = not_pending,
    },
    {
        .name = "close || close of the other end || send",
        .abis = ON_ALL,
        .thread = {{ACTOR_PEER, peer_closes}, {ACTOR_VCPU0, close_and_reopen}, {ACTOR_PEER2, send_forgiven}},
        .check = no_event_from_the_past,
    },
    {
        .name = "send || mask, bind_vcpu, unmask",
        .abis = ON_ALL,
        .thread = {{ACTOR_PEER, peer_send1}, {ACTOR_VCPU0, move1}},
    },
    {
        .name = "send || bind_vcpu",
        .abis = ON_ALL,
        .first = {{ACTOR_VCPU0, share_port1}},
        .thread = {{ACTOR_PEER, peer_send1}, {ACTOR_VCPU0, bind_vcpu1}},
    },
    {
        .name = "send || send || bind_vcpu",
        .abis = ON_ALL,
        .first = {{ACTOR_VCPU0, share_port1}},
        .thread = {{ACTOR_PEER, peer_send1}, {ACTOR_PEER2, peer_send2}, {ACTOR_VCPU0, bind_vcpu1}},
    },
    {
        .name = "send || bind_vcpu, the new vcpu must see it",
        .abis = ON_3LEVEL,
        .first = {{ACTOR_VCPU0, give_to_vcpu1}},
        .thread = {{ACTOR_PEER, peer_send1}, {ACTOR_VCPU0, bind_vcpu1}},
    },
    {
        .name = "consume || bind_vcpu of a pending port",
        .abis = ON_3LEVEL,
        .first = {{ACTOR_PEER, peer_send1}, {ACTOR_VCPU0, leave_to_vcpu1}},
        .thread = {{ACTOR_VCPU1, take_events}, {ACTOR_VCPU0, bind_vcpu1}},
    },
    {
        .name = "send || bind_vcpu || consume",
        .abis = ON_ALL,
        .first = {{ACTOR_VCPU0, share_port1}, {ACTOR_PEER, peer_send1}},
        .thread = {{ACTOR_PEER, peer_send1}, {ACTOR_VCPU1, bind_vcpu1}, {ACTOR_VCPU0, take_events}},
    },
    {
        .name = "bind_interdomain, send || close",
        .abis = ON_ALL,
        .first = {{ACTOR_VCPU0, open_unbound}},
        .thread = {{ACTOR_VCPU0, bind_or_not}, {ACTOR_VCPU1, close4}},
    },
    {
        .name = "bind_interdomain, send || send",
        .abis = ON_ALL,
        .first = {{ACTOR_VCPU0, open_unbound}},
        .thread = {{ACTOR_VCPU0, bind_and_send}, {ACTOR_PEER, peer_send1}},
    },
    {
        .name = "virq || close, open again",
        .abis = ON_ALL,
        .first = {{ACTOR_VCPU0, open_virq}},
        .thread = {{ACTOR_TIMER, raise_virq}, {ACTOR_VCPU0, close4_and_reopen}},
        .check = no_event_from_the_past,
    },
    {
        .name = "pirq || close, open again",
        .abis = ON_ALL,
        .first = {{ACTOR_VCPU0, open_pirq}},
        .thread = {{ACTOR_TIMER, raise_pirq}, {ACTOR_VCPU0, close4_and_reopen}},
        .check = no_event_from_the_past,
    },
    {
        .name = "pirq || mask, bind_vcpu, unmask",
        .abis = ON_ALL,
        .first = {{ACTOR_VCPU0, open_pirq}},
        .thread = {{ACTOR_TIMER, raise_pirq}, {ACTOR_VCPU0, move4}},
        .check = handled_once,
    },
    {
        .name = "virq || send || consume",
        .abis = ON_ALL,
        .first = {{ACTOR_VCPU0, open_virq}},
        .thread = {{ACTOR_TIMER, raise_virq}, {ACTOR_PEER, peer_send1}, {ACTOR_VCPU0, take_events}},
        .check = handled_once,
    },
    {0},
};
