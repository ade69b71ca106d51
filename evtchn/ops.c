/* SPDX-License-Identifier: MIT */
/*
 * The operations of event_channel_op (docs/abi/event-channels.md, EVT-OP). Each first decodes, in the order of checks
 * that its statement gives, and then commits, which cannot fail. So whatever fails has changed nothing that a guest
 * sees. The table of them is at the end.
 */
#include "evtchn/core.h"

/* The arguments: copied in before, and what the table says copied out after, the handler. */
union args {
    struct evtchn_bind_interdomain bind_interdomain;
    struct evtchn_bind_virq bind_virq;
    struct evtchn_bind_pirq bind_pirq;
    struct evtchn_close close;
    struct evtchn_send send;
    struct evtchn_status status;
    struct evtchn_alloc_unbound alloc_unbound;
    struct evtchn_bind_ipi bind_ipi;
    struct evtchn_bind_vcpu bind_vcpu;
    struct evtchn_unmask unmask;
    struct evtchn_reset reset;
    struct evtchn_init_control init_control;
    struct evtchn_expand_array expand_array;
    struct evtchn_set_priority set_priority;
    struct evtchn_query_extended_abis query;
    struct evtchn_register_3level64 register64;
    struct evtchn_register_3level32 register32;
};

/* A domain by the id that a guest gives, with a reference; NULL. */
static struct evt_domain *get_domain(const struct evt_domain *caller, domid_t domid)
{
    return env_get_domain(domid == DOMID_SELF ? caller->domid : domid);
}

/* The TARGET check. */
static bool may_control(const struct evt_domain *caller, const struct evt_domain *target)
{
    return caller == target || caller->privileged;
}

/* caller->lock held. The pair is bound, and the new local port raised once, in case the other end has sent already. */
static int bind_pair(struct evt_domain *caller, struct evt_domain *remote, uint32_t remote_port, uint32_t *local_port)
{
    int rc = evt_port_find(caller, local_port);
    if (rc)
        return rc;
    struct evt_port *lp = evt_port_of(caller, *local_port);
    struct evt_port *rp = evt_port_get(remote, remote_port);
    if (!rp || rp == lp)
        return xen_error(XEN_EINVAL);

    evt_lock_pair(lp, rp);
    uint8_t attached = rp->state & EVT_XEN_ATTACHED;
    if (rp->state == (EVTCHNSTAT_unbound | attached) && rp->for_dom == caller->domid) {
        evt_port_open_locked(caller, *local_port, EVTCHNSTAT_interdomain, 0, evt_link(remote, remote_port));
        rp->link = evt_link(caller, *local_port);
        __atomic_store_n(&rp->state, (uint8_t)(EVTCHNSTAT_interdomain | attached), __ATOMIC_RELAXED);
        evt_set_pending(caller, *local_port, lp);
    } else {
        rc = xen_error(XEN_EINVAL);
    }
    evt_unlock_pair(lp, rp);
    return rc;
}

static int op_bind_interdomain(struct evt_domain *caller, union args *args, bool narrow)
{
    struct evtchn_bind_interdomain *a = &args->bind_interdomain;
    struct evt_domain *remote = get_domain(caller, a->remote_dom);

    (void)narrow;
    if (!remote)
        return xen_error(XEN_ESRCH);
    env_lock(&caller->lock);
    int rc = bind_pair(caller, remote, a->remote_port, &a->local_port);
    env_unlock(&caller->lock);
    env_put_domain(remote);
    return rc;
}

static int op_bind_virq(struct evt_domain *caller, union args *args, bool narrow)
{
    struct evtchn_bind_virq *a = &args->bind_virq;

    (void)narrow;
    return evt_bind_virq(caller, a->virq, a->vcpu, &a->port);
}

/* Bits of flags that nobody knows are ignored. */
static int op_bind_pirq(struct evt_domain *caller, union args *args, bool narrow)
{
    struct evtchn_bind_pirq *a = &args->bind_pirq;

    (void)narrow;
    return evt_bind_pirq(caller, a->pirq, a->flags, &a->port);
}

static int op_close(struct evt_domain *caller, union args *args, bool narrow)
{
    uint32_t port = args->close.port;
    int rc = -XEN_EINVAL;

    (void)narrow;
    env_lock(&caller->lock);
    const struct evt_port *p = evt_port_get(caller, port);
    if (p && evt_state_usable(evt_port_state(p))) {
        evt_port_close(caller, port);
        rc = 0;
    }
    env_unlock(&caller->lock);
    return rc;
}

/* The peer cannot close while p is locked, so its own lock is not needed. */
static int op_send(struct evt_domain *caller, union args *args, bool narrow)
{
    uint32_t port = args->send.port;
    struct evt_port *p = evt_port_get(caller, port);
    int rc = 0;

    (void)narrow;
    if (!p)
        return xen_error(XEN_EINVAL);
    env_lock(&p->lock);
    if (p->state == EVTCHNSTAT_interdomain)
        evt_raise_peer(p);
    else if (p->state == EVTCHNSTAT_ipi)
        evt_set_pending(caller, port, p);
    else if (p->state != EVTCHNSTAT_unbound)
        rc = xen_error(XEN_EINVAL);
    env_unlock(&p->lock);
    return rc;
}

/* p->lock held. */
static void fill_status(struct evtchn_status *a, const struct evt_port *p)
{
    a->status = p->state;
    a->vcpu = p->vcpu;
    if (p->state == EVTCHNSTAT_unbound) {
        a->u.unbound.dom = (domid_t)p->for_dom;
    } else if (p->state == EVTCHNSTAT_interdomain) {
        a->u.interdomain.dom = evt_link_domain(p->link)->domid;
        a->u.interdomain.port = evt_link_port(p->link);
    } else if (p->state == EVTCHNSTAT_virq) {
        a->u.virq = (uint32_t)p->virq;
    } else if (p->state == EVTCHNSTAT_pirq) {
        a->u.pirq = (uint32_t)p->pirq;
    }
}

static int status_of(const struct evt_domain *caller, const struct evt_domain *target, struct evtchn_status *a)
{
    struct evt_port *p = evt_port_get(target, a->port);
    int rc = 0;

    if (!p)
        return xen_error(XEN_EINVAL);
    env_lock(&p->lock);
    if (p->state & EVT_XEN_ATTACHED)
        rc = xen_error(XEN_EACCES);
    else if (!may_control(caller, target))
        rc = xen_error(XEN_EPERM);
    else
        fill_status(a, p);
    env_unlock(&p->lock);
    return rc;
}

static int op_status(struct evt_domain *caller, union args *args, bool narrow)
{
    struct evt_domain *target = get_domain(caller, args->status.dom);

    (void)narrow;
    if (!target)
        return xen_error(XEN_ESRCH);
    int rc = status_of(caller, target, &args->status);
    env_put_domain(target);
    return rc;
}

static int op_alloc_unbound(struct evt_domain *caller, union args *args, bool narrow)
{
    struct evtchn_alloc_unbound *a = &args->alloc_unbound;
    domid_t for_dom = a->remote_dom == DOMID_SELF ? caller->domid : a->remote_dom;
    struct evt_domain *target = get_domain(caller, a->dom);

    (void)narrow;
    if (!target)
        return xen_error(XEN_ESRCH);
    env_lock(&target->lock);
    int rc = evt_port_find(target, &a->port);
    if (!rc && !may_control(caller, target))
        rc = xen_error(XEN_EPERM);
    if (!rc)
        evt_port_open(target, a->port, EVTCHNSTAT_unbound, 0, for_dom);
    env_unlock(&target->lock);
    env_put_domain(target);
    return rc;
}

static int op_bind_ipi(struct evt_domain *caller, union args *args, bool narrow)
{
    struct evtchn_bind_ipi *a = &args->bind_ipi;

    (void)narrow;
    if (a->vcpu >= caller->nr_vcpus)
        return xen_error(XEN_ENOENT);
    env_lock(&caller->lock);
    int rc = evt_port_find(caller, &a->port);
    if (!rc)
        evt_port_open(caller, a->port, EVTCHNSTAT_ipi, a->vcpu, 0);
    env_unlock(&caller->lock);
    return rc;
}

/* May this port be notified at another vcpu? p->lock held. */
static bool can_move(const struct evt_port *p)
{
    switch (p->state) {
    case EVTCHNSTAT_unbound:
    case EVTCHNSTAT_interdomain:
    case EVTCHNSTAT_pirq:
        return true;
    case EVTCHNSTAT_virq:
        return evt_virq_is_global((uint32_t)p->virq);
    default:
        return false;
    }
}

static int move(struct evt_domain *d, uint32_t port, struct evt_port *p, unsigned vcpu)
{
    int rc = -XEN_EINVAL;

    env_lock(&p->lock);
    if (can_move(p)) {
        __atomic_store_n(&p->vcpu, (uint8_t)vcpu, __ATOMIC_SEQ_CST);
        evt_ops_of(d)->moved(d, port, p);
        rc = 0;
    }
    env_unlock(&p->lock);
    return rc;
}

/* The domain's lock keeps a pirq's port open until its line has followed. */
static int op_bind_vcpu(struct evt_domain *caller, union args *args, bool narrow)
{
    const struct evtchn_bind_vcpu *a = &args->bind_vcpu;

    (void)narrow;
    if (a->vcpu >= caller->nr_vcpus)
        return xen_error(XEN_ENOENT);
    struct evt_port *p = evt_port_get(caller, a->port);
    if (!p)
        return xen_error(XEN_EINVAL);
    env_lock(&caller->lock);
    int rc = move(caller, a->port, p, a->vcpu);
    if (!rc && evt_port_state(p) == EVTCHNSTAT_pirq)
        env_pirq_notifies(caller, (uint32_t)p->pirq, a->vcpu);
    env_unlock(&caller->lock);
    return rc;
}

static int op_unmask(struct evt_domain *caller, union args *args, bool narrow)
{
    uint32_t port = args->unmask.port;
    struct evt_port *p = evt_port_get(caller, port);

    (void)narrow;
    if (!p)
        return xen_error(XEN_EINVAL);
    if (evt_state_usable(evt_port_state(p)))
        evt_ops_of(caller)->unmask(caller, port, p);
    return 0;
}

static int reset_target(struct evt_domain *caller, domid_t dom, bool resume)
{
    struct evt_domain *target = get_domain(caller, dom);
    int rc;

    if (!target)
        return xen_error(XEN_ESRCH);
    if (!may_control(caller, target))
        rc = xen_error(XEN_EPERM);
    else if (target != caller && !env_is_paused_by_controller(target))
        rc = xen_error(XEN_EINVAL);
    else
        rc = evt_reset(target, resume);
    env_put_domain(target);
    return rc;
}

static int op_reset(struct evt_domain *caller, union args *args, bool narrow)
{
    (void)narrow;
    return reset_target(caller, args->reset.dom, false);
}

static int op_reset_cont(struct evt_domain *caller, union args *args, bool narrow)
{
    (void)narrow;
    return reset_target(caller, args->reset.dom, true);
}

static bool may_use_fifo(const struct evt_domain *d)
{
    return (d->extended & EVTCHN_EXTENDED_FIFO) && !d->rfc_numbering;
}

/* For a domain that may not use FIFO its operations are absent, as on a hypervisor without it. */
static int op_init_control(struct evt_domain *caller, union args *args, bool narrow)
{
    (void)narrow;
    if (!may_use_fifo(caller))
        return xen_error(XEN_ENOSYS);
    args->init_control.link_bits = EVTCHN_FIFO_LINK_BITS;
    return evt_init_control(caller, &args->init_control);
}

static int op_expand_array(struct evt_domain *caller, union args *args, bool narrow)
{
    (void)narrow;
    if (!may_use_fifo(caller))
        return xen_error(XEN_ENOSYS);
    return evt_expand_array(caller, args->expand_array.array_gfn);
}

static int op_set_priority(struct evt_domain *caller, union args *args, bool narrow)
{
    const struct evtchn_set_priority *a = &args->set_priority;
    struct evt_port *p = evt_port_get(caller, a->port);
    const struct evt_ops *ops = evt_ops_of(caller);
    int rc;

    (void)narrow;
    if (!p)
        return xen_error(XEN_EINVAL);
    if (!ops->set_priority)
        return xen_error(XEN_ENOSYS);
    env_lock(&p->lock);
    if (!evt_state_usable(p->state))
        rc = xen_error(XEN_EACCES);
    else
        rc = ops->set_priority(caller, a->port, p, a->priority);
    env_unlock(&p->lock);
    return rc;
}

/* What the domain may use and this hypervisor has. */
static int op_query_extended_abis(struct evt_domain *caller, union args *args, bool narrow)
{
    (void)narrow;
    args->query.abis = caller->extended & EVTCHN_EXTENDED_3LEVEL;
    if (may_use_fifo(caller))
        args->query.abis |= EVTCHN_EXTENDED_FIFO;
    return 0;
}

/* The caller's layout in the wide form. */
static struct evtchn_register_3level64 widen(const union args *args, bool narrow)
{
    const struct evtchn_register_3level32 *n = &args->register32;
    struct evtchn_register_3level64 a = {.cmd = n->cmd};

    if (!narrow)
        return args->register64;
    if (n->cmd == REGISTER_BITMAPS) {
        a.u.bitmaps.nr_pages = n->u.bitmaps.nr_pages;
        a.u.bitmaps.evtchn_pending = n->u.bitmaps.evtchn_pending;
        a.u.bitmaps.evtchn_mask = n->u.bitmaps.evtchn_mask;
    } else {
        a.u.l2_selector.vcpu = n->u.l2_selector.vcpu;
        a.u.l2_selector.frame = n->u.l2_selector.frame;
        a.u.l2_selector.offset = n->u.l2_selector.offset;
    }
    return a;
}

static int op_register_3level(struct evt_domain *caller, union args *args, bool narrow)
{
    const struct evtchn_register_3level64 a = widen(args, narrow);

    if (!(caller->extended & EVTCHN_EXTENDED_3LEVEL))
        return xen_error(XEN_EPERM);
    switch (a.cmd) {
    case REGISTER_BITMAPS:
        return evt_register_bitmaps(caller, a.u.bitmaps.nr_pages, a.u.bitmaps.evtchn_pending, a.u.bitmaps.evtchn_mask,
                                    narrow);
    case REGISTER_L2_SELECTOR:
        return evt_register_l2(caller, a.u.l2_selector.vcpu, a.u.l2_selector.frame, a.u.l2_selector.offset);
    default:
        return xen_error(XEN_EINVAL);
    }
}

/* Rows behind the last of Xen's numbers: the 3-level ABI's, which have two numbers each. */
enum {
    ROW_QUERY = EVTCHNOP_reset_cont + 1,
    ROW_REGISTER,
    NR_ROWS,
};

struct row {
    int (*handler)(struct evt_domain *caller, union args *args, bool narrow);
    uint8_t in, in_narrow;    /* bytes of the argument to copy in, for 64- and 32-bit callers */
    uint8_t out_at, out_size; /* which bytes to copy out after success */
};

#define IN(type) .in = sizeof(struct type), .in_narrow = sizeof(struct type)
#define OUT(type, field) .out_at = offsetof(struct type, field), .out_size = sizeof(((struct type *)0)->field)

static const struct row rows[NR_ROWS] = {
    [EVTCHNOP_bind_interdomain] = {op_bind_interdomain, IN(evtchn_bind_interdomain),
                                   OUT(evtchn_bind_interdomain, local_port)},
    [EVTCHNOP_bind_virq] = {op_bind_virq, IN(evtchn_bind_virq), OUT(evtchn_bind_virq, port)},
    [EVTCHNOP_bind_pirq] = {op_bind_pirq, IN(evtchn_bind_pirq), OUT(evtchn_bind_pirq, port)},
    [EVTCHNOP_close] = {op_close, IN(evtchn_close)},
    [EVTCHNOP_send] = {op_send, IN(evtchn_send)},
    [EVTCHNOP_status] = {op_status, IN(evtchn_status), .out_at = 8, .out_size = 16},
    [EVTCHNOP_alloc_unbound] = {op_alloc_unbound, IN(evtchn_alloc_unbound), OUT(evtchn_alloc_unbound, port)},
    [EVTCHNOP_bind_ipi] = {op_bind_ipi, IN(evtchn_bind_ipi), OUT(evtchn_bind_ipi, port)},
    [EVTCHNOP_bind_vcpu] = {op_bind_vcpu, IN(evtchn_bind_vcpu)},
    [EVTCHNOP_unmask] = {op_unmask, IN(evtchn_unmask)},
    [EVTCHNOP_reset] = {op_reset, IN(evtchn_reset)},
    [EVTCHNOP_init_control] = {op_init_control, IN(evtchn_init_control), OUT(evtchn_init_control, link_bits)},
    [EVTCHNOP_expand_array] = {op_expand_array, IN(evtchn_expand_array)},
    [EVTCHNOP_set_priority] = {op_set_priority, IN(evtchn_set_priority)},
    [EVTCHNOP_reset_cont] = {op_reset_cont, IN(evtchn_reset)},
    [ROW_QUERY] = {op_query_extended_abis, OUT(evtchn_query_extended_abis, abis)},
    [ROW_REGISTER] = {op_register_3level, .in = sizeof(struct evtchn_register_3level64),
                      .in_narrow = sizeof(struct evtchn_register_3level32)},
};

/* Numbers 11 to 13 mean FIFO, or with the RFC's numbering 3-level and nothing. NR_ROWS: there is no such operation. */
static uint32_t row_of(const struct evt_domain *caller, uint32_t cmd)
{
    if (cmd <= EVTCHNOP_reset)
        return cmd;
    if (cmd == EVTCHNOP_query_extended_abis)
        return ROW_QUERY;
    if (cmd == EVTCHNOP_register_3level)
        return ROW_REGISTER;
    if (cmd > EVTCHNOP_reset_cont)
        return NR_ROWS;
    if (!caller->rfc_numbering || cmd == EVTCHNOP_reset_cont)
        return cmd;
    if (cmd == EVTCHNOP_rfc_query_extended_abis)
        return ROW_QUERY;
    return cmd == EVTCHNOP_rfc_register_3level ? ROW_REGISTER : NR_ROWS;
}

int64_t evt_hypercall(struct evt_domain *caller, uint32_t cmd, uint64_t arg, bool narrow)
{
    uint32_t number = row_of(caller, cmd);
    union args args;

    if (number == NR_ROWS)
        return xen_error(XEN_ENOSYS);
    const struct row *row = &rows[number];
    uint8_t in = narrow ? row->in_narrow : row->in;
    if (in && env_copy_in(&args, arg, in))
        return xen_error(XEN_EFAULT);
    int rc = row->handler(caller, &args, narrow);
    if (rc || !row->out_size)
        return rc;
    return env_copy_out(arg + row->out_at, (uint8_t *)&args + row->out_at, row->out_size);
}
