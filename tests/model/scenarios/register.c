/* SPDX-License-Identifier: MIT */
/*
 * A vcpu gets the place where it looks for events, while there are events for it.
 * EVT-3L-15, EVT-3L-21, EVT-2L-10, EVT-FIFO-22
 */
#include "tests/model/scenario.h"

static void register_l2(void)
{
    EXPECT_VALUE(evt_register_3level_vcpu(), 0);
}

static void l2_then_events(void)
{
    register_l2();
    take_events();
}

static void move1(void)
{
    EXPECT_VALUE(evt_move(1, 1), 0);
}

static void bind_vcpu1(void)
{
    EXPECT_VALUE(op_bind_vcpu(1, 1), 0);
}

static void unmask1(void)
{
    EXPECT_VALUE(evt_unmask(1), 0);
}

static void register_info(void)
{
    EXPECT_VALUE(evt_register_vcpu_info(world_self()), 0);
}

static void info_then_events(void)
{
    register_info();
    take_events();
}

static void info_and_l2(void)
{
    register_info();
    register_l2();
}

#define ON_PARKED .abis = ON_3LEVEL, .flags = PARKED | ON_VCPU1

const struct scenario scenarios_register[] = {
    {
        .name = "L2 registration || send",
        ON_PARKED,
        .thread = {{ACTOR_VCPU1, register_l2}, {ACTOR_PEER, peer_send1}},
    },
    {
        .name = "L2 registration, consume || send",
        ON_PARKED,
        .thread = {{ACTOR_VCPU1, l2_then_events}, {ACTOR_PEER, peer_send1}},
    },
    {
        .name = "L2 registration || send || send",
        ON_PARKED,
        .thread = {{ACTOR_VCPU1, register_l2}, {ACTOR_PEER, peer_send1}, {ACTOR_PEER2, peer_send1}},
    },
    {
        .name = "L2 registration || send || unmask",
        .abis = ON_3LEVEL,
        .flags = PARKED | ON_VCPU1 | MASKED,
        .thread = {{ACTOR_VCPU1, register_l2}, {ACTOR_PEER, peer_send1}, {ACTOR_VCPU0, unmask1}},
    },
    {
        .name = "L2 registration || mask, bind_vcpu, unmask",
        .abis = ON_3LEVEL,
        .flags = PARKED,
        .first = {{ACTOR_PEER, peer_send1}},
        .thread = {{ACTOR_VCPU1, register_l2}, {ACTOR_VCPU0, move1}},
    },
    {
        .name = "L2 registration || bind_vcpu",
        .abis = ON_3LEVEL,
        .flags = PARKED,
        .first = {{ACTOR_VCPU0, share_port1}, {ACTOR_PEER, peer_send1}},
        .thread = {{ACTOR_VCPU1, register_l2}, {ACTOR_VCPU0, bind_vcpu1}},
    },
    {
        .name = "L2 registration || bind_vcpu || send",
        .abis = ON_3LEVEL,
        .flags = PARKED,
        .first = {{ACTOR_VCPU0, share_port1}},
        .thread = {{ACTOR_VCPU1, register_l2}, {ACTOR_VCPU0, bind_vcpu1}, {ACTOR_PEER, peer_send1}},
    },
    {
        .name = "register_vcpu_info || send",
        .abis = ON_ALL,
        .thread = {{ACTOR_VCPU0, register_info}, {ACTOR_PEER, peer_send1}},
    },
    {
        .name = "register_vcpu_info || send || send",
        .abis = ON_ALL,
        .thread = {{ACTOR_VCPU0, register_info}, {ACTOR_PEER, peer_send1}, {ACTOR_PEER2, peer_send2}},
    },
    {
        .name = "register_vcpu_info || unmask",
        .abis = ON_ALL,
        .flags = MASKED,
        .first = {{ACTOR_PEER, peer_send1}},
        .thread = {{ACTOR_VCPU0, register_info}, {ACTOR_VCPU1, unmask1}},
    },
    {
        .name = "register_vcpu_info, consume || send",
        .abis = ON_ALL,
        .thread = {{ACTOR_VCPU0, info_then_events}, {ACTOR_PEER, peer_send1}},
    },
    {
        .name = "register_vcpu_info, L2 || send",
        ON_PARKED,
        .thread = {{ACTOR_VCPU1, info_and_l2}, {ACTOR_PEER, peer_send1}},
    },
    {0},
};
