/* SPDX-License-Identifier: MIT */
#include "guest/conformance/step.h"

#include "common/string.h"

void step_alloc_unbound(domid_t dom, domid_t remote)
{
    struct evtchn_alloc_unbound op = {.dom = dom, .remote_dom = remote, .port = CELL_POISON};

    cell_op(EVTCHNOP_alloc_unbound, &op, sizeof(op));
}

void step_bind_interdomain(domid_t remote, evtchn_port_t port)
{
    struct evtchn_bind_interdomain op = {.remote_dom = remote, .remote_port = port, .local_port = CELL_POISON};

    cell_op(EVTCHNOP_bind_interdomain, &op, sizeof(op));
}

void step_bind_virq(unsigned virq, unsigned vcpu)
{
    struct evtchn_bind_virq op = {.virq = virq, .vcpu = vcpu, .port = CELL_POISON};

    cell_op(EVTCHNOP_bind_virq, &op, sizeof(op));
}

void step_bind_pirq(unsigned pirq)
{
    struct evtchn_bind_pirq op = {.pirq = pirq, .flags = BIND_PIRQ__WILL_SHARE, .port = CELL_POISON};

    cell_op(EVTCHNOP_bind_pirq, &op, sizeof(op));
}

void step_bind_ipi(unsigned vcpu)
{
    struct evtchn_bind_ipi op = {.vcpu = vcpu, .port = CELL_POISON};

    cell_op(EVTCHNOP_bind_ipi, &op, sizeof(op));
}

void step_bind_vcpu(evtchn_port_t port, unsigned vcpu)
{
    struct evtchn_bind_vcpu op = {.port = port, .vcpu = vcpu};

    cell_op(EVTCHNOP_bind_vcpu, &op, sizeof(op));
}

void step_set_priority(evtchn_port_t port, unsigned priority)
{
    struct evtchn_set_priority op = {.port = port, .priority = priority};

    cell_op(EVTCHNOP_set_priority, &op, sizeof(op));
}

void step_status(domid_t dom, evtchn_port_t port)
{
    struct evtchn_status op;

    memset(&op, CELL_POISON & 0xFF, sizeof(op));
    op.dom = dom;
    op.pad = 0;
    op.port = port;
    cell_op(EVTCHNOP_status, &op, sizeof(op));
}

void step_port(unsigned cmd, evtchn_port_t port)
{
    cell_op(cmd, &port, sizeof(port));
}

void step_reset(unsigned cmd, domid_t dom)
{
    struct evtchn_reset op = {.dom = dom};

    cell_op(cmd, &op, sizeof(op));
}
