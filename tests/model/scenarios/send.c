/* SPDX-License-Identifier: MIT */
/*
 * A send against another, and against the guest that takes events and unmasks.
 * EVT-2L-04, EVT-2L-08, EVT-3L-18, EVT-3L-20, EVT-FIFO-13
 */
#include "tests/model/scenario.h"

static void unmask1(void)
{
    EXPECT_VALUE(evt_unmask(1), 0);
}

static void send_both(void)
{
    peer_send(1);
    peer_send(2);
}

static void mask_take_unmask(void)
{
    evt_mask(1);
    take_events();
    unmask1();
}

static void block_and_take(void)
{
    while (world_watch[1].handled == 0) {
        world_block();
        take_events();
    }
}

const struct scenario scenarios_send[] = {
    {
        .name = "send || send, one port",
        .abis = ON_ALL,
        .thread = {{ACTOR_PEER, peer_send1}, {ACTOR_PEER2, peer_send1}},
    },
    {
        .name = "send || send, two ports",
        .abis = ON_ALL,
        .thread = {{ACTOR_PEER, peer_send1}, {ACTOR_PEER2, peer_send2}},
    },
    {
        .name = "send || unmask",
        .abis = ON_ALL,
        .flags = MASKED,
        .thread = {{ACTOR_PEER, peer_send1}, {ACTOR_VCPU0, unmask1}},
    },
    {
        .name = "send || send || unmask",
        .abis = ON_ALL,
        .flags = MASKED,
        .thread = {{ACTOR_PEER, peer_send1}, {ACTOR_PEER2, peer_send2}, {ACTOR_VCPU0, unmask1}},
    },
    {
        .name = "send || consume",
        .abis = ON_ALL,
        .thread = {{ACTOR_PEER, send_both}, {ACTOR_VCPU0, take_events}},
    },
    {
        .name = "send || send || consume",
        .abis = ON_ALL,
        .thread = {{ACTOR_PEER, peer_send1}, {ACTOR_PEER2, peer_send2}, {ACTOR_VCPU0, take_events}},
    },
    {
        .name = "send || mask, consume, unmask",
        .abis = ON_ALL,
        .thread = {{ACTOR_PEER, peer_send1}, {ACTOR_VCPU0, mask_take_unmask}},
    },
    {
        .name = "send || block, consume",
        .abis = ON_ALL,
        .thread = {{ACTOR_PEER, peer_send1}, {ACTOR_VCPU0, block_and_take}},
    },
    {0},
};
