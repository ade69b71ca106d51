/* SPDX-License-Identifier: MIT */
/*
 * The switch to another ABI against events, unmasking, polling, and another switch.
 * EVT-3L-10, EVT-3L-11, EVT-3L-12, EVT-FIFO-06, EVT-FIFO-07
 */
#include "guest/abi/errno.h"
#include "tests/model/scenario.h"
#include "tests/model/state.h"

#include <string.h>

static void to_3level(void)
{
    EXPECT_VALUE(evt_register_3level(), 0);
}

static void to_fifo(void)
{
    EXPECT_VALUE(evt_register_fifo(), 0);
    EXPECT_VALUE(evt_fifo_expand(3), 0);
    for (evtchn_port_t port = 1; port <= 3; port++)
        EXPECT_VALUE(evt_unmask(port), 0);
}

static void unmask1(void)
{
    EXPECT_VALUE(op_unmask(1), 0);
}

static void poll1(void)
{
    EXPECT_VALUE(world_poll((const uint32_t[]){1}, 1), 0);
}

static void send_twice(void)
{
    peer_send(1);
    peer_send(1);
}

/* --- Two at once: each brings frames of its own. */

#define PAGES 8U
static guest_word *bitmap[2] MODEL_STATE = {NULL};
static int result[2] MODEL_STATE = {0};

static void allocate(void)
{
    for (unsigned i = 0; i < 2; i++) {
        bitmap[i] = (guest_word *)(void *)(state_arena + (2000 + 2 * PAGES * i) * STATE_PAGE);
        state_touch(bitmap[i], 2 * PAGES * STATE_PAGE);
        memset(bitmap[i] + PAGES * 512, 0xff, PAGES * STATE_PAGE);
    }
}

static void register_mine(void)
{
    unsigned self = world_self();
    uint64_t frame[2 * PAGES];
    struct evtchn_register_3level64 op = {.cmd = REGISTER_BITMAPS, .u.bitmaps.nr_pages = PAGES};

    for (unsigned i = 0; i < 2 * PAGES; i++)
        frame[i] = env_frame(bitmap[self]) + i;
    op.u.bitmaps.evtchn_pending = (uintptr_t)frame;
    op.u.bitmaps.evtchn_mask = (uintptr_t)(frame + PAGES);
    result[self] = (int)world_op(EVTCHNOP_register_3level, &op);
}

/* One of the two; the guest goes on with its bitmaps. */
static void use_winner(void)
{
    unsigned winner = result[0] != 0;

    EXPECT_VALUE(result[winner], 0);
    EXPECT_VALUE(result[!winner], -XEN_EBUSY);
    evt.pending = bitmap[winner];
    evt.mask = bitmap[winner] + PAGES * 512;
    evt_resize(GUEST_PORTS_3LEVEL);
    EXPECT_VALUE(evt_register_3level_vcpu(), 0);
}

static void fifo_result(void)
{
    result[world_self()] = evt_register_fifo_vcpu();
}

/* Either the domain is on 3-level now, or it is on FIFO. */
static void use_either(void)
{
    EXPECT(result[0] == 0 || result[1] == 0);
    EXPECT(result[0] != result[1]);
    if (result[0] == 0) {
        use_winner();
        return;
    }
    EXPECT_VALUE(result[0], -XEN_EBUSY);
    forgive(1); /* vcpu 0, which handles it, has no control block */
}

/* Both vcpus of a domain that comes up on FIFO. */
static void finish_fifo(void)
{
    EXPECT_VALUE(result[0], 0);
    EXPECT_VALUE(result[1], 0);
    evt_resize(EVTCHN_FIFO_NR_CHANNELS);
    evt.fifo = true;
    EXPECT_VALUE(evt_fifo_expand(3), 0);
    EXPECT_VALUE(evt_unmask(1), 0);
}

#define SWITCH .abis = ON_2LEVEL, .flags = WILL_GROW
#define LONG_SWITCH .abis = ON_2LEVEL, .flags = WILL_GROW | LONG

const struct scenario scenarios_switch[] = {
    {
        .name = "switch to 3-level || send",
        SWITCH,
        .thread = {{ACTOR_VCPU0, to_3level}, {ACTOR_PEER, peer_send1}},
    },
    {
        .name = "switch to 3-level || send, send",
        SWITCH,
        .thread = {{ACTOR_VCPU0, to_3level}, {ACTOR_PEER, send_twice}},
    },
    {
        .name = "switch to 3-level || send || send",
        SWITCH,
        .thread = {{ACTOR_VCPU0, to_3level}, {ACTOR_PEER, peer_send1}, {ACTOR_PEER2, peer_send2}},
    },
    {
        .name = "switch to FIFO || send",
        SWITCH,
        .thread = {{ACTOR_VCPU0, to_fifo}, {ACTOR_PEER, peer_send1}},
    },
    {
        .name = "switch to FIFO || send, send",
        LONG_SWITCH,
        .thread = {{ACTOR_VCPU0, to_fifo}, {ACTOR_PEER, send_twice}},
    },
    {
        .name = "switch to FIFO || send || send",
        LONG_SWITCH,
        .thread = {{ACTOR_VCPU0, to_fifo}, {ACTOR_PEER, peer_send1}, {ACTOR_PEER2, peer_send2}},
    },
    {
        .name = "switch to 3-level || unmask",
        .abis = ON_2LEVEL,
        .flags = WILL_GROW | MASKED,
        .first = {{ACTOR_PEER, peer_send1}},
        .thread = {{ACTOR_VCPU0, to_3level}, {ACTOR_VCPU1, unmask1}},
    },
    {
        .name = "switch to 3-level || unmask || send",
        .abis = ON_2LEVEL,
        .flags = WILL_GROW | MASKED,
        .thread = {{ACTOR_VCPU0, to_3level}, {ACTOR_VCPU1, unmask1}, {ACTOR_PEER, peer_send1}},
    },
    {
        .name = "switch to FIFO || unmask || send",
        .abis = ON_2LEVEL,
        .flags = WILL_GROW | MASKED | LONG,
        .thread = {{ACTOR_VCPU0, to_fifo}, {ACTOR_VCPU1, unmask1}, {ACTOR_PEER, peer_send1}},
    },
    {
        .name = "switch to 3-level || poll || send",
        LONG_SWITCH,
        .thread = {{ACTOR_VCPU0, to_3level}, {ACTOR_VCPU1, poll1}, {ACTOR_PEER, peer_send1}},
    },
    {
        .name = "switch to FIFO || poll || send",
        LONG_SWITCH,
        .thread = {{ACTOR_VCPU0, to_fifo}, {ACTOR_VCPU1, poll1}, {ACTOR_PEER, peer_send1}},
    },
    {
        .name = "two REGISTER_BITMAPS",
        SWITCH,
        .first = {{ACTOR_VCPU0, allocate}},
        .thread = {{ACTOR_VCPU0, register_mine}, {ACTOR_VCPU1, register_mine}},
        .finish = use_winner,
    },
    {
        .name = "two REGISTER_BITMAPS || send",
        SWITCH,
        .first = {{ACTOR_VCPU0, allocate}},
        .thread = {{ACTOR_VCPU0, register_mine}, {ACTOR_VCPU1, register_mine}, {ACTOR_PEER, peer_send1}},
        .finish = use_winner,
    },
    {
        .name = "REGISTER_BITMAPS || init_control || send",
        SWITCH,
        .first = {{ACTOR_VCPU0, allocate}},
        .thread = {{ACTOR_VCPU0, register_mine}, {ACTOR_VCPU1, fifo_result}, {ACTOR_PEER, peer_send1}},
        .finish = use_either,
    },
    {
        .name = "two init_control || send",
        LONG_SWITCH,
        .thread = {{ACTOR_VCPU0, fifo_result}, {ACTOR_VCPU1, fifo_result}, {ACTOR_PEER, peer_send1}},
        .finish = finish_fifo,
    },
    {0},
};
