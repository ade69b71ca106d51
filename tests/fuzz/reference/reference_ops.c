/* SPDX-License-Identifier: MIT */
/* The reference model: operations, in the order of the specification's table, and the hypercall. */
#include "tests/fuzz/reference/reference.h"

#include <string.h>

static bool may_act_on(const struct ref_domain *caller, const struct ref_domain *target)
{
    return caller == target || caller->config.privileged;
}

static bool is_per_vcpu(uint32_t virq)
{
    return virq == VIRQ_TIMER || virq == VIRQ_DEBUG || virq == VIRQ_XENOPROF || virq == VIRQ_XENPMU;
}

static int64_t bind_interdomain(struct ref_domain *d, void *arg, bool narrow)
{
    struct evtchn_bind_interdomain *a = arg;
    struct ref_domain *other = ref_find(d, a->remote_dom);
    uint32_t port = 0;
    (void)narrow;
    if (!other)
        return -XEN_ESRCH;
    int64_t rc = ref_allocate(d, &port);
    if (rc)
        return rc;
    if (!ref_valid(other, a->remote_port))
        return -XEN_EINVAL;
    struct ref_port *remote = &other->port[a->remote_port];
    if (remote->status != EVTCHNSTAT_unbound || remote->peer_domid != d->config.domid)
        return -XEN_EINVAL;
    struct ref_port *local = ref_occupy(d, port, EVTCHNSTAT_interdomain, 0);
    local->peer_domid = other->config.domid;
    local->peer_port = a->remote_port;
    remote->status = EVTCHNSTAT_interdomain;
    remote->peer_domid = d->config.domid;
    remote->peer_port = port;
    ref_raise(d, port);
    a->local_port = port;
    return 0;
}

static int64_t bind_virq(struct ref_domain *d, void *arg, bool narrow)
{
    struct evtchn_bind_virq *a = arg;
    (void)narrow;
    if (a->virq >= NR_VIRQS)
        return -XEN_EINVAL;
    if (!is_per_vcpu(a->virq) && a->vcpu != 0)
        return -XEN_EINVAL;
    if (a->vcpu >= d->config.nr_vcpus)
        return -XEN_ENOENT;
    if (ref_bound_virq(d, a->virq, a->vcpu))
        return -XEN_EEXIST;
    int64_t rc = ref_allocate(d, &a->port);
    if (rc == 0)
        ref_occupy(d, a->port, EVTCHNSTAT_virq, a->vcpu)->virq = a->virq;
    return rc;
}

static int64_t bind_pirq(struct ref_domain *d, void *arg, bool narrow)
{
    struct evtchn_bind_pirq *a = arg;
    uint32_t port = 0;
    (void)narrow;
    if (a->pirq >= d->config.nr_pirqs)
        return -XEN_EINVAL;
    if (d->pirq_error[a->pirq] == -XEN_EPERM)
        return -XEN_EPERM;
    if (ref_bound_pirq(d, a->pirq))
        return -XEN_EEXIST;
    int64_t rc = ref_allocate(d, &port);
    if (rc == 0)
        rc = d->pirq_error[a->pirq];
    if (rc)
        return rc;
    struct ref_port *p = ref_occupy(d, port, EVTCHNSTAT_pirq, 0);
    p->pirq = a->pirq;
    p->share = a->flags & BIND_PIRQ__WILL_SHARE;
    a->port = port;
    return 0;
}

static int64_t close(struct ref_domain *d, void *arg, bool narrow)
{
    uint32_t port = ((struct evtchn_close *)arg)->port;
    (void)narrow;
    if (!ref_usable(d, port))
        return -XEN_EINVAL;
    ref_release(d, port);
    return 0;
}

static int64_t send(struct ref_domain *d, void *arg, bool narrow)
{
    uint32_t port = ((struct evtchn_send *)arg)->port;
    (void)narrow;
    if (!ref_usable(d, port))
        return -XEN_EINVAL;
    const struct ref_port *p = &d->port[port];
    if (p->status == EVTCHNSTAT_interdomain)
        ref_raise_peer(d, p);
    else if (p->status == EVTCHNSTAT_ipi)
        ref_raise(d, port);
    else if (p->status != EVTCHNSTAT_unbound)
        return -XEN_EINVAL;
    return 0;
}

static int64_t status(struct ref_domain *d, void *arg, bool narrow)
{
    struct evtchn_status *a = arg;
    struct ref_domain *target = ref_find(d, a->dom);
    (void)narrow;
    if (!target)
        return -XEN_ESRCH;
    if (!ref_valid(target, a->port))
        return -XEN_EINVAL;
    const struct ref_port *p = &target->port[a->port];
    if (p->attached)
        return -XEN_EACCES;
    if (!may_act_on(d, target))
        return -XEN_EPERM;
    a->status = p->status;
    a->vcpu = p->vcpu;
    if (p->status == EVTCHNSTAT_unbound) {
        a->u.unbound.dom = p->peer_domid;
    } else if (p->status == EVTCHNSTAT_interdomain) {
        a->u.interdomain.dom = p->peer_domid;
        a->u.interdomain.port = p->peer_port;
    } else if (p->status == EVTCHNSTAT_virq) {
        a->u.virq = p->virq;
    } else if (p->status == EVTCHNSTAT_pirq) {
        a->u.pirq = p->pirq;
    }
    return 0;
}

static int64_t alloc_unbound(struct ref_domain *d, void *arg, bool narrow)
{
    struct evtchn_alloc_unbound *a = arg;
    struct ref_domain *target = ref_find(d, a->dom);
    uint32_t port = 0;
    (void)narrow;
    if (!target)
        return -XEN_ESRCH;
    int64_t rc = ref_allocate(target, &port);
    if (rc)
        return rc;
    if (!may_act_on(d, target))
        return -XEN_EPERM;
    ref_occupy(target, port, EVTCHNSTAT_unbound, 0)->peer_domid =
        a->remote_dom == DOMID_SELF ? d->config.domid : a->remote_dom;
    a->port = port;
    return 0;
}

static int64_t bind_ipi(struct ref_domain *d, void *arg, bool narrow)
{
    struct evtchn_bind_ipi *a = arg;
    (void)narrow;
    if (a->vcpu >= d->config.nr_vcpus)
        return -XEN_ENOENT;
    int64_t rc = ref_allocate(d, &a->port);
    if (rc == 0)
        ref_occupy(d, a->port, EVTCHNSTAT_ipi, a->vcpu);
    return rc;
}

static int64_t bind_vcpu(struct ref_domain *d, void *arg, bool narrow)
{
    const struct evtchn_bind_vcpu *a = arg;
    (void)narrow;
    if (a->vcpu >= d->config.nr_vcpus)
        return -XEN_ENOENT;
    if (!ref_usable(d, a->port))
        return -XEN_EINVAL;
    struct ref_port *p = &d->port[a->port];
    if (p->status == EVTCHNSTAT_ipi)
        return -XEN_EINVAL;
    if (p->status == EVTCHNSTAT_virq && is_per_vcpu(p->virq))
        return -XEN_EINVAL;
    p->vcpu = (uint16_t)a->vcpu;
    if (d->abi == REF_3LEVEL && ref_is_pending(d, a->port) && !ref_is_masked(d, a->port))
        ref_raise_selectors(d, a->port, a->vcpu);
    return 0;
}

static int64_t unmask(struct ref_domain *d, void *arg, bool narrow)
{
    uint32_t port = ((struct evtchn_unmask *)arg)->port;
    (void)narrow;
    if (!ref_valid(d, port))
        return -XEN_EINVAL;
    if (ref_usable(d, port))
        ref_unmask(d, port);
    return 0;
}

static int64_t reset(struct ref_domain *d, void *arg, bool narrow)
{
    struct ref_domain *target = ref_find(d, ((struct evtchn_reset *)arg)->dom);
    (void)narrow;
    if (!target)
        return -XEN_ESRCH;
    if (!may_act_on(d, target))
        return -XEN_EPERM;
    if (target != d && !target->paused)
        return -XEN_EINVAL;
    ref_release_all(target, false);
    ref_back_to_2level(target);
    return 0;
}

/* No guest has a reset running that it may continue: the differential run ends each before it does anything else. */
static int64_t reset_cont(struct ref_domain *d, void *arg, bool narrow)
{
    struct ref_domain *target = ref_find(d, ((struct evtchn_reset *)arg)->dom);
    (void)narrow;
    if (!target)
        return -XEN_ESRCH;
    if (!may_act_on(d, target))
        return -XEN_EPERM;
    if (target != d && !target->paused)
        return -XEN_EINVAL;
    return -XEN_EBUSY;
}

static int64_t set_priority(struct ref_domain *d, void *arg, bool narrow)
{
    const struct evtchn_set_priority *a = arg;
    (void)narrow;
    if (!ref_valid(d, a->port))
        return -XEN_EINVAL;
    if (d->abi != REF_FIFO)
        return -XEN_ENOSYS;
    if (!ref_usable(d, a->port))
        return -XEN_EACCES;
    if (a->priority > EVTCHN_FIFO_PRIORITY_MIN)
        return -XEN_EINVAL;
    d->port[a->port].priority = (uint8_t)a->priority;
    return 0;
}

static int64_t query(struct ref_domain *d, void *arg, bool narrow)
{
    uint64_t *abis = &((struct evtchn_query_extended_abis *)arg)->abis;
    (void)narrow;
    *abis = d->config.extended;
    if (d->config.rfc_numbering)
        *abis &= ~EVTCHN_EXTENDED_FIFO;
    return 0;
}

/* --- The table. */

struct operation {
    uint32_t cmd;
    int64_t (*run)(struct ref_domain *d, void *arg, bool narrow);
    size_t size, narrow_size;
    bool out;
};

/* Numbers that mean the same to every domain. */
static const struct operation common[] = {
    {EVTCHNOP_bind_interdomain, bind_interdomain, 12, 12, true},
    {EVTCHNOP_bind_virq, bind_virq, 12, 12, true},
    {EVTCHNOP_bind_pirq, bind_pirq, 12, 12, true},
    {EVTCHNOP_close, close, 4, 4, false},
    {EVTCHNOP_send, send, 4, 4, false},
    {EVTCHNOP_status, status, 24, 24, true},
    {EVTCHNOP_alloc_unbound, alloc_unbound, 8, 8, true},
    {EVTCHNOP_bind_ipi, bind_ipi, 8, 8, true},
    {EVTCHNOP_bind_vcpu, bind_vcpu, 8, 8, false},
    {EVTCHNOP_unmask, unmask, 4, 4, false},
    {EVTCHNOP_reset, reset, 2, 2, false},
    {EVTCHNOP_reset_cont, reset_cont, 2, 2, false},
    {EVTCHNOP_query_extended_abis, query, 8, 8, true},
    {EVTCHNOP_register_3level, ref_register_3level, 32, 16, false},
};

static const struct operation numbering_xen[] = {
    {EVTCHNOP_init_control, ref_init_control, 24, 24, true},
    {EVTCHNOP_expand_array, ref_expand_array, 8, 8, false},
    {EVTCHNOP_set_priority, set_priority, 8, 8, false},
};

static const struct operation numbering_rfc[] = {
    {EVTCHNOP_rfc_query_extended_abis, query, 8, 8, true},
    {EVTCHNOP_rfc_register_3level, ref_register_3level, 32, 16, false},
};

static const struct operation *look_up(const struct operation *table, size_t n, uint32_t cmd)
{
    for (size_t i = 0; i < n; i++) {
        if (table[i].cmd == cmd)
            return &table[i];
    }
    return NULL;
}

#define LOOK_UP(table, cmd) look_up(table, sizeof(table) / sizeof((table)[0]), cmd)

static bool readable(uint64_t addr, size_t n)
{
    return addr >= ref.arguments_at && addr - ref.arguments_at <= REF_ARGUMENTS - n;
}

int ref_copy_in(void *dst, uint64_t addr, size_t n)
{
    if (!readable(addr, n))
        return -XEN_EFAULT;
    memcpy(dst, ref.arguments + (addr - ref.arguments_at), n);
    return 0;
}

int64_t ref_hypercall(struct ref_domain *caller, uint32_t cmd, uint64_t arg, bool narrow)
{
    const struct operation *op = LOOK_UP(common, cmd);
    uint64_t buffer[4] = {0};
    if (!op)
        op = caller->config.rfc_numbering ? LOOK_UP(numbering_rfc, cmd) : LOOK_UP(numbering_xen, cmd);
    if (!op)
        return -XEN_ENOSYS;
    size_t size = narrow ? op->narrow_size : op->size;
    if (ref_copy_in(buffer, arg, size))
        return -XEN_EFAULT;
    int64_t rc = op->run(caller, buffer, narrow);
    if (rc || !op->out)
        return rc;
    if (ref.no_copy_out - arg < size)
        return -XEN_EFAULT;
    memcpy(ref.arguments + (arg - ref.arguments_at), buffer, size);
    return 0;
}
