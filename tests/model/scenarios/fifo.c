/* SPDX-License-Identifier: MIT */
/*
 * What only FIFO has: words that come later, priorities, queues that a guest takes apart while they grow.
 * EVT-FIFO-10, EVT-FIFO-13, EVT-FIFO-15
 */
#include "evtchn/core.h"
#include "tests/model/env_model.h"
#include "tests/model/scenario.h"

static void expand_and_unmask(void)
{
    EXPECT_VALUE(evt_fifo_expand(3), 0);
    for (evtchn_port_t port = 1; port <= 3; port++)
        EXPECT_VALUE(evt_unmask(port), 0);
}

/* An even number, so that a bit that is set by mistake shows. */
static void prefer1_even(void)
{
    EXPECT_VALUE(evt_set_priority(1, 2), 0);
}

static void priority_is_kept(void)
{
    EXPECT_VALUE(evt_port_of(env.domain[0].evt, 1)->fifo & EVT_FIFO_PRIORITY, 2);
}

static void send_twice(void)
{
    peer_send(1);
    peer_send(1);
}

static void peer_send3(void)
{
    peer_send(3);
}

static void prefer1(void)
{
    EXPECT_VALUE(evt_set_priority(1, 3), 0);
}

static void prefer1_and_take(void)
{
    prefer1();
    take_events();
}

static void take_mask_unmask(void)
{
    take_events();
    evt_mask(2);
    EXPECT_VALUE(evt_unmask(2), 0);
}

static void bind_and_take(void)
{
    EXPECT_VALUE(op_bind_vcpu(1, 1), 0);
    take_events();
}

static void register_vcpu(void)
{
    EXPECT_VALUE(evt_register_fifo_vcpu(), 0);
}

/* Until vcpu 1 has a control block its events are dropped. */
static void send_forgiven(void)
{
    forgive(1);
    peer_send(1);
}

const struct scenario scenarios_fifo[] = {
    {
        .name = "expand_array || send",
        .abis = ON_FIFO,
        .flags = NO_WORDS,
        .first = {{ACTOR_VCPU0, prefer1_even}},
        .thread = {{ACTOR_VCPU0, expand_and_unmask}, {ACTOR_PEER, peer_send1}},
        .check = priority_is_kept,
    },
    {
        .name = "expand_array || send, send",
        .abis = ON_FIFO,
        .flags = NO_WORDS,
        .thread = {{ACTOR_VCPU0, expand_and_unmask}, {ACTOR_PEER, send_twice}},
    },
    {
        .name = "expand_array || send || send",
        .abis = ON_FIFO,
        .flags = NO_WORDS,
        .thread = {{ACTOR_VCPU0, expand_and_unmask}, {ACTOR_PEER, peer_send1}, {ACTOR_PEER2, peer_send2}},
    },
    {
        .name = "set_priority || send",
        .abis = ON_FIFO,
        .first = {{ACTOR_PEER, peer_send1}},
        .thread = {{ACTOR_VCPU0, prefer1_and_take}, {ACTOR_PEER, peer_send1}},
    },
    {
        .name = "set_priority || send || send",
        .abis = ON_FIFO,
        .thread = {{ACTOR_VCPU0, prefer1}, {ACTOR_PEER, peer_send1}, {ACTOR_PEER2, peer_send2}},
    },
    {
        .name = "set_priority || send || consume",
        .abis = ON_FIFO,
        .first = {{ACTOR_PEER, peer_send1}},
        .thread = {{ACTOR_VCPU1, prefer1}, {ACTOR_PEER, peer_send1}, {ACTOR_VCPU0, take_events}},
    },
    {
        .name = "unlink || send || send",
        .abis = ON_FIFO,
        .first = {{ACTOR_PEER, peer_send1}},
        .thread = {{ACTOR_VCPU0, take_events}, {ACTOR_PEER, peer_send2}, {ACTOR_PEER2, peer_send3}},
    },
    {
        .name = "unlink || send again || send",
        .abis = ON_FIFO,
        .first = {{ACTOR_PEER, peer_send1}},
        .thread = {{ACTOR_VCPU0, take_events}, {ACTOR_PEER, peer_send1}, {ACTOR_PEER2, peer_send2}},
    },
    {
        .name = "unlink, unmask || send || send",
        .abis = ON_FIFO,
        .first = {{ACTOR_PEER, peer_send1}, {ACTOR_PEER, peer_send2}},
        .thread = {{ACTOR_VCPU0, take_mask_unmask}, {ACTOR_PEER, peer_send3}, {ACTOR_PEER2, peer_send2}},
    },
    {
        .name = "unlink || bind_vcpu, unlink || send",
        .abis = ON_FIFO,
        .first = {{ACTOR_VCPU0, share_port1}, {ACTOR_PEER, peer_send1}},
        .thread = {{ACTOR_VCPU0, take_events}, {ACTOR_VCPU1, bind_and_take}, {ACTOR_PEER, peer_send1}},
    },
    {
        .name = "init_control || send",
        .abis = ON_FIFO,
        .flags = PARKED | ON_VCPU1,
        .thread = {{ACTOR_VCPU1, register_vcpu}, {ACTOR_PEER, send_forgiven}},
    },
    {0},
};
