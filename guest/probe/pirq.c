/* SPDX-License-Identifier: MIT */
/* bind_pirq, and what a port that is bound to a pirq does. The ports stay open: later questions meet them. */
#include "guest/abi/physdev.h"

#include "common/string.h"
#include "guest/lib/events.h"
#include "guest/lib/hypercall.h"
#include "guest/probe/probe.h"

static int bind_pirq(uint32_t pirq, uint32_t flags)
{
    struct evtchn_bind_pirq op = {.pirq = pirq, .flags = flags, .port = 7777};
    int rc = (int)hv_event_channel_op(EVTCHNOP_bind_pirq, &op);

    note("bind_pirq(%u, flags %x), port written %u:", pirq, flags, op.port);
    answer("that", rc);
    return rc ? rc : (int)op.port;
}

static void ask_status(evtchn_port_t port)
{
    struct evtchn_status s = {.dom = DOMID_SELF, .port = port, .status = 77, .vcpu = 77, .u.virq = 7777};

    answer("status", hv_event_channel_op(EVTCHNOP_status, &s));
    note("status(port %u): %u, vcpu %u, u %u", port, s.status, s.vcpu, s.u.pirq);
}

static void ask_physdev(const char *what, unsigned cmd, uint32_t first)
{
    uint32_t arg[10];

    memset(arg, 0x77, sizeof(arg));
    arg[0] = first;
    answer(what, hypercall2(__HYPERVISOR_physdev_op, cmd, guest_address(arg)));
    note("argument %x: %x %x %x", first, arg[0], arg[1], arg[2]);
}

/* Only where the answer changes: the ports are closed again. */
static void ask_range(uint32_t from, uint32_t to, uint32_t flags)
{
    int last = 1;

    for (uint32_t pirq = from; pirq < to; pirq++) {
        struct evtchn_bind_pirq op = {.pirq = pirq, .flags = flags};
        int rc = (int)hv_event_channel_op(EVTCHNOP_bind_pirq, &op);

        if (rc != last) {
            note("from pirq %u on, flags %x:", pirq, flags);
            answer("bind_pirq", rc);
        }
        last = rc;
        if (!rc)
            evt_close(op.port);
    }
}

static void ask_port(evtchn_port_t port)
{
    struct evtchn_bind_vcpu move = {.port = port, .vcpu = 99};

    ask_status(port);
    ASK(evt_send(port));
    ASK(evt_unmask(port));
    ASK(hv_event_channel_op(EVTCHNOP_bind_vcpu, &move));
    move.vcpu = 0;
    ASK(hv_event_channel_op(EVTCHNOP_bind_vcpu, &move));
    move.vcpu = 1;
    ASK(hv_event_channel_op(EVTCHNOP_bind_vcpu, &move));
    ask_status(port);
}

static void ask_lines(void)
{
    ask_physdev("irq_status_query", PHYSDEVOP_irq_status_query, 9);
    ask_physdev("irq_status_query", PHYSDEVOP_irq_status_query, 10);
    ask_physdev("irq_status_query", PHYSDEVOP_irq_status_query, 100000);
    ask_physdev("eoi", PHYSDEVOP_eoi, 9);
    ask_physdev("eoi", PHYSDEVOP_eoi, 10);
    ask_physdev("eoi", PHYSDEVOP_eoi, 100000);
    ask_physdev("get_free_pirq", PHYSDEVOP_get_free_pirq, 1);
}

void probe_pirq(void)
{
    ask_lines();
    int port = bind_pirq(9, 0);
    if (port > 0)
        ask_port((evtchn_port_t)port);
    bind_pirq(9, 0);
    ask_lines();
    if (port > 0) {
        ASK(evt_close((evtchn_port_t)port));
        port = bind_pirq(9, 0xFFFFFFFE);
        bind_pirq(9, 0xFFFFFFFF);
        evt_close((evtchn_port_t)port);
    }
    ask_range(0, 2048, 0);
    ask_range(0, 2048, BIND_PIRQ__WILL_SHARE);
    ask_range(0xFFFFFFF0, 0xFFFFFFFF, 0);
    bind_pirq(0xFFFFFFFF, 0);
}
