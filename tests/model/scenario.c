/* SPDX-License-Identifier: MIT */
/* What scenarios are made of. */
#include "tests/model/scenario.h"

#include "guest/abi/event_channel.h"

static struct world_watch *watch_of(uint32_t port)
{
    return &world_watch[port];
}

void forgive(uint32_t port)
{
    watch_of(port)->forgiven = true;
}

void peer_send(uint32_t port)
{
    struct evtchn_send op = {.port = port};

    watch_of(port)->sent++;
    watch_of(port)->last_sent = explore.depth;
    int64_t rc = world_op(EVTCHNOP_send, &op);
    if (!watch_of(port)->forgiven)
        EXPECT_VALUE(rc, 0);
}

void peer_send1(void)
{
    peer_send(1);
}

void peer_send2(void)
{
    peer_send(2);
}

void take_events(void)
{
    story_note("enters its event handler");
    evt_upcall();
}

int64_t op_unmask(uint32_t port)
{
    struct evtchn_unmask op = {.port = port};

    return world_op(EVTCHNOP_unmask, &op);
}

int64_t op_bind_vcpu(uint32_t port, uint32_t vcpu)
{
    struct evtchn_bind_vcpu op = {.port = port, .vcpu = vcpu};

    return world_op(EVTCHNOP_bind_vcpu, &op);
}

int64_t op_alloc_unbound(uint16_t remote_dom)
{
    struct evtchn_alloc_unbound op = {.dom = DOMID_SELF, .remote_dom = remote_dom};
    int64_t rc = world_op(EVTCHNOP_alloc_unbound, &op);

    return rc ? rc : op.port;
}

void share_port1(void)
{
    for (unsigned v = 0; v < WORLD_VCPUS; v++)
        evt.affinity[v][0] |= 2;
}
