/* SPDX-License-Identifier: MIT */
/* A look at ports from outside: SCHEDOP_poll's question, and the debugger's. */
#include "common/format.h"
#include "evtchn/bits.h"
#include "evtchn/core.h"

int evt_port_is_pending(struct evt_domain *d, uint32_t port)
{
    const struct evt_port *p = evt_port_get(d, port);

    if (!p || !evt_state_usable(evt_port_state(p)))
        return xen_error(XEN_EINVAL);
    return evt_ops_of(d)->is_pending(d, port);
}

/* FIFO: up to the upcall flag, for which NULL. An event that is only remembered is not pending. */
static const char *explain_fifo(const struct evt_domain *d, const struct evt_port_view *view)
{
    const uint8_t *control = __atomic_load_n(&evt_vcpu_of(d, view->vcpu)->control, __ATOMIC_ACQUIRE);

    if (!evt_word_of(d, view->port))
        return "no array page";
    if (view->masked)
        return "masked";
    if (!control)
        return "vcpu %u has no control block";
    if (!view->l2)
        return "not linked";
    return view->l1 ? NULL : "linked, queue taken, port not handled";
}

/* The first thing on the way of a pending event to its vcpu that is not as it should be. */
static void explain(const struct evt_domain *d, const struct evt_ops *ops, struct evt_port_view *view)
{
    const struct evt_vcpu *v = evt_vcpu_of(d, view->vcpu);
    const uint8_t *info = __atomic_load_n(&v->info, __ATOMIC_ACQUIRE);
    const char *fifo = ops->levels == 1 ? explain_fifo(d, view) : NULL;
    const char *why = ""; /* may print the vcpu, once */

    if (fifo)
        why = fifo;
    else if (view->masked)
        why = "masked";
    else if (!info)
        why = "vcpu %u has no vcpu_info";
    else if (ops->levels == 3 && !__atomic_load_n(&v->l2, __ATOMIC_ACQUIRE))
        why = "vcpu %u has no L2 selector";
    else if (ops->levels == 3 && !view->l2)
        why = "L2 bit taken by vcpu %u, port not handled";
    else if (!view->l1)
        why = "L1 bit taken by vcpu %u, port not handled";
    else if (!shm_read8(info))
        why = "upcall flag of vcpu %u is clear";
    else if (shm_read8(info + 1))
        why = "upcall masked";

    format(view->why, sizeof(view->why), why, view->vcpu);
}

/*
 * p may change while it is read, so each field is read once. Only a link has bits above the port number, and the domain
 * that it leads to stays until this call has returned (evt_domain_close_ports).
 */
static void look(struct evt_domain *d, uint32_t port, const struct evt_port *p, struct evt_port_view *view)
{
    const struct evt_ops *ops = evt_ops_of(d);
    uint64_t value = __atomic_load_n(&p->link, __ATOMIC_RELAXED);

    *view = (struct evt_port_view){
        .port = port,
        .status = evt_port_state(p) & (uint8_t)~EVT_XEN_ATTACHED,
        .vcpu = evt_port_vcpu(p),
        .pending = ops->is_pending(d, port),
        .masked = ops->is_masked(d, port),
    };

    view->l1 = ops->is_selected(d, port, view->vcpu, 1);
    view->l2 = ops->is_selected(d, port, view->vcpu, 2);
    if (evt_link_domain(value)) {
        view->peer_port = evt_link_port(value);
        view->peer_domid = evt_link_domain(value)->domid;
    } else if (view->status == EVTCHNSTAT_unbound) {
        view->peer_domid = (uint16_t)value;
    } else if (view->status == EVTCHNSTAT_virq) {
        view->virq = (uint32_t)value;
    } else if (view->status == EVTCHNSTAT_pirq) {
        view->pirq = (uint32_t)value;
    }
    if (view->pending || (evt_fifo_of(p) & EVT_FIFO_REMEMBERED))
        explain(d, ops, view);
}

bool evt_view_port(struct evt_domain *d, uint32_t port, struct evt_port_view *view)
{
    uint32_t end = __atomic_load_n(&d->nr_backed, __ATOMIC_ACQUIRE);

    for (; port < end; port++) {
        const struct evt_port *p = evt_port_of(d, port);
        if (evt_port_state(p) == EVTCHNSTAT_closed)
            continue;
        look(d, port, p, view);
        return true;
    }
    return false;
}
