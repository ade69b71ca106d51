/* SPDX-License-Identifier: MIT */
/* EVTCHNOP_reset against sends, polls and whoever opens ports meanwhile. (EVT-OP-26, EVT-OP-27, EVT-3L-24) */
#include "guest/abi/errno.h"
#include "tests/model/scenario.h"

#define NEXT_LIFE 10U /* in world_watch */

static void forgive_all(void)
{
    for (uint32_t port = 1; port <= 3; port++)
        forgive(port);
}

static void reset(void)
{
    EXPECT_VALUE(evt_reset(), 0);
}

static void reset_and_reopen(void)
{
    reset();
    int port = evt_bind_ipi(0);
    EXPECT_VALUE(port, 1);
    evt_set_handler(1, guest_handler, &world_watch[NEXT_LIFE]);
    EXPECT_VALUE(evt_unmask(1), 0);
}

static void no_event_from_the_past(void)
{
    EXPECT_VALUE(world_watch[NEXT_LIFE].handled, 0);
    EXPECT(!world_is_pending(1));
}

/* The port may be closed already: -XEN_EINVAL. */
static void poll1(void)
{
    int rc = world_poll((const uint32_t[]){1}, 1);

    EXPECT(rc == 0 || rc == -XEN_EINVAL);
}

static void unmask1(void)
{
    int64_t rc = op_unmask(1);

    EXPECT(rc == 0 || rc == -XEN_EINVAL);
}

static void reset_or_again(void)
{
    int rc = evt_reset_op();

    EXPECT(rc == 0 || rc == -XEN_EAGAIN);
}

static void open_one(void)
{
    EXPECT(op_alloc_unbound(2) > 0);
}

static void reset_or_busy(void)
{
    int rc = evt_reset_op();

    EXPECT(rc == 0 || rc == -XEN_EBUSY);
}

const struct scenario scenarios_reset[] = {
    {
        .name = "reset, open again || send",
        .abis = ON_ALL,
        .flags = WILL_GROW,
        .first = {{ACTOR_VCPU0, forgive_all}},
        .thread = {{ACTOR_VCPU0, reset_and_reopen}, {ACTOR_PEER, peer_send1}},
        .check = no_event_from_the_past,
    },
    {
        .name = "reset, open again || send || send",
        .abis = ON_ALL,
        .flags = WILL_GROW,
        .first = {{ACTOR_VCPU0, forgive_all}},
        .thread = {{ACTOR_VCPU0, reset_and_reopen}, {ACTOR_PEER, peer_send1}, {ACTOR_PEER2, peer_send2}},
        .check = no_event_from_the_past,
    },
    {
        .name = "reset || poll",
        .abis = ON_3LEVEL | ON_FIFO,
        .first = {{ACTOR_VCPU0, forgive_all}},
        .thread = {{ACTOR_VCPU0, reset}, {ACTOR_VCPU1, poll1}},
    },
    {
        .name = "reset || unmask || send",
        .abis = ON_ALL,
        .flags = MASKED,
        .first = {{ACTOR_VCPU0, forgive_all}},
        .thread = {{ACTOR_VCPU0, reset}, {ACTOR_VCPU1, unmask1}, {ACTOR_PEER, peer_send1}},
    },
    {
        .name = "reset || poll || send",
        .abis = ON_3LEVEL | ON_FIFO,
        .first = {{ACTOR_VCPU0, forgive_all}},
        .thread = {{ACTOR_VCPU0, reset}, {ACTOR_VCPU1, poll1}, {ACTOR_PEER, peer_send1}},
    },
    {
        .name = "reset || alloc_unbound",
        .abis = ON_ALL,
        .first = {{ACTOR_VCPU0, forgive_all}},
        .thread = {{ACTOR_VCPU0, reset_or_again}, {ACTOR_VCPU1, open_one}},
    },
    {
        .name = "reset || reset",
        .abis = ON_ALL,
        .first = {{ACTOR_VCPU0, forgive_all}},
        .thread = {{ACTOR_VCPU0, reset_or_busy}, {ACTOR_VCPU1, reset_or_busy}},
    },
    {0},
};
