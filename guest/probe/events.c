/* SPDX-License-Identifier: MIT */
#include "guest/lib/events.h"

#include "guest/abi/hvm.h"
#include "guest/lib/hypercall.h"
#include "guest/probe/probe.h"

static void ask_virq(unsigned virq, unsigned vcpu)
{
    struct evtchn_bind_virq op = {.virq = virq, .vcpu = vcpu};
    guest_result rc = hv_event_channel_op(EVTCHNOP_bind_virq, &op);

    note("bind_virq(%u, vcpu %u), port written %u:", virq, vcpu, op.port);
    answer("that", rc);
    if (!rc)
        evt_close(op.port);
}

static void ask_status(domid_t dom, evtchn_port_t port)
{
    struct evtchn_status s = {.dom = dom, .port = port, .status = 77, .vcpu = 77};

    note("status(%u, port %u):", dom, port);
    answer("that", hv_event_channel_op(EVTCHNOP_status, &s));
    note("status %u vcpu %u", s.status, s.vcpu);
}

static void ask_port_errors(void)
{
    struct evtchn_bind_vcpu bind = {.port = 0xFFFFFFFF, .vcpu = 99};
    struct evtchn_bind_interdomain inter = {.remote_dom = 5, .remote_port = 1};
    struct evtchn_alloc_unbound alloc = {.dom = 5};
    struct evtchn_bind_pirq pirq = {.pirq = 99999};
    struct evtchn_bind_ipi ipi = {.vcpu = 99};
    struct evtchn_set_priority priority = {.port = 4095, .priority = 99};
    struct evtchn_expand_array expand = {0};
    struct evtchn_reset reset = {.dom = 5};

    ASK(evt_send(0));
    ASK(evt_send(4095));
    ASK(evt_send(4096));
    ASK(evt_send(0xFFFFFFFF));
    ASK(evt_unmask(0));
    ASK(evt_unmask(4095));
    ASK(evt_unmask(4096));
    ASK(evt_close(0));
    ASK(evt_close(4095));
    ASK(evt_close(0xFFFFFFFF));
    ASK(hv_event_channel_op(EVTCHNOP_bind_vcpu, &bind));
    bind.vcpu = 0;
    ASK(hv_event_channel_op(EVTCHNOP_bind_vcpu, &bind));
    ASK(hv_event_channel_op(EVTCHNOP_bind_interdomain, &inter));
    inter.remote_dom = DOMID_SELF;
    inter.remote_port = 4000;
    ASK(hv_event_channel_op(EVTCHNOP_bind_interdomain, &inter));
    ASK(hv_event_channel_op(EVTCHNOP_alloc_unbound, &alloc));
    ASK(hv_event_channel_op(EVTCHNOP_bind_pirq, &pirq));
    pirq.pirq = 9;
    ASK(hv_event_channel_op(EVTCHNOP_bind_pirq, &pirq));
    ASK(hv_event_channel_op(EVTCHNOP_bind_ipi, &ipi));
    ASK(hv_event_channel_op(EVTCHNOP_set_priority, &priority));
    ASK(hv_event_channel_op(EVTCHNOP_expand_array, &expand));
    ASK(hv_event_channel_op(EVTCHNOP_reset, &reset));
    reset.dom = DOMID_SELF;
    ASK(hv_event_channel_op(EVTCHNOP_reset_cont, &reset));
}

/* The 2-level limit, measured: how far the lowest free port goes. */
static void ask_limit(void)
{
    int port, last = 0;

    while ((port = evt_alloc_unbound(DOMID_SELF)) > 0)
        last = port;
    note("the last port is %d, then:", last);
    answer("alloc_unbound", port);
    evt_close(4095);
    note("4095 closed again, so its table exists:");
    ASK(evt_unmask(4095));
    ASK(evt_close(4095));
    for (; last > 0; last--)
        evt_close((evtchn_port_t)last);
}

void probe_events(void)
{
    for (unsigned cmd = 0; cmd <= 15; cmd++) {
        note("event_channel_op(%u, unmapped):", cmd);
        answer("that", hv_event_channel_op(cmd, UNMAPPED));
    }
    ASK(hv_event_channel_op(0x8B, UNMAPPED));
    ASK(hv_event_channel_op(0xFFFFFFFF, UNMAPPED));
    ask_virq(VIRQ_TIMER, 0);
    ask_virq(VIRQ_TIMER, 99);
    ask_virq(VIRQ_DEBUG, 0);
    ask_virq(VIRQ_CONSOLE, 0);
    ask_virq(VIRQ_CONSOLE, 1);
    ask_virq(VIRQ_ARGO, 0);
    ask_virq(23, 0);
    ask_virq(24, 99);
    ask_status(DOMID_SELF, 0);
    ask_status(DOMID_SELF, 1);
    ask_status(DOMID_SELF, 4096);
    ask_status(5, 1);
    ask_port_errors();
    ask_limit();
}
