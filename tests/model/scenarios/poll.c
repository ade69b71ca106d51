/* SPDX-License-Identifier: MIT */
/* SCHEDOP_poll: whoever waits for a port is woken by its event, masked or not. (EVT-POLL-02, EVT-POLL-05) */
#include "tests/model/scenario.h"

static void poll1(void)
{
    EXPECT_VALUE(world_poll((const uint32_t[]){1}, 1), 0);
}

static void poll2(void)
{
    EXPECT_VALUE(world_poll((const uint32_t[]){2}, 1), 0);
}

static void poll_both(void)
{
    EXPECT_VALUE(world_poll((const uint32_t[]){1, 2}, 2), 0);
}

/* What the first poll was not for may have been taken with the rest. */
static void poll_and_take(void)
{
    poll1();
    take_events();
    if (world_watch[2].handled == 0)
        poll2();
}

static void unmask1(void)
{
    EXPECT_VALUE(evt_unmask(1), 0);
}

const struct scenario scenarios_poll[] = {
    {
        .name = "poll || send",
        .abis = ON_ALL,
        .thread = {{ACTOR_VCPU0, poll1}, {ACTOR_PEER, peer_send1}},
    },
    {
        .name = "poll || send, masked",
        .abis = ON_ALL,
        .flags = MASKED,
        .thread = {{ACTOR_VCPU0, poll1}, {ACTOR_PEER, peer_send1}},
        .finish = unmask1,
    },
    {
        .name = "poll of two || send to one",
        .abis = ON_ALL,
        .flags = MASKED,
        .thread = {{ACTOR_VCPU1, poll_both}, {ACTOR_PEER, peer_send1}},
        .finish = unmask1,
    },
    {
        .name = "poll || poll || send || send",
        .abis = ON_ALL,
        .flags = LONG,
        .thread = {{ACTOR_VCPU0, poll1}, {ACTOR_VCPU1, poll2}, {ACTOR_PEER, peer_send1}, {ACTOR_PEER2, peer_send2}},
    },
    {
        .name = "poll, consume, poll || send || send",
        .abis = ON_ALL,
        .flags = LONG,
        .thread = {{ACTOR_VCPU0, poll_and_take}, {ACTOR_PEER, peer_send1}, {ACTOR_PEER2, peer_send2}},
    },
    {0},
};
