/* SPDX-License-Identifier: MIT */
/* Virtual interrupts: binding, and raising them from the hypervisor (EVT-OBJ-07, EVT-OP-12). */
#include "evtchn/core.h"

#define PER_VCPU ((1U << VIRQ_TIMER) | (1U << VIRQ_DEBUG) | (1U << VIRQ_XENOPROF) | (1U << VIRQ_XENPMU))

bool evt_virq_is_global(uint32_t virq)
{
    return !(PER_VCPU >> virq & 1);
}

int evt_bind_virq(struct evt_domain *d, uint32_t virq, uint32_t vcpu, uint32_t *port)
{
    if (virq >= NR_VIRQS)
        return xen_error(XEN_EINVAL);
    if (evt_virq_is_global(virq) && vcpu != 0)
        return xen_error(XEN_EINVAL);
    if (vcpu >= d->nr_vcpus)
        return xen_error(XEN_ENOENT);

    struct evt_vcpu *v = evt_vcpu_of(d, vcpu);
    env_lock(&d->lock);
    int rc = v->virq_port[virq] ? xen_error(XEN_EEXIST) : evt_port_find(d, port);
    if (!rc) {
        evt_port_open(d, *port, EVTCHNSTAT_virq, vcpu, virq);
        __atomic_store_n(&v->virq_port[virq], *port, __ATOMIC_RELEASE);
    }
    env_unlock(&d->lock);
    return rc;
}

/* Where the port of a virq that notifies this vcpu is noted. */
static struct evt_vcpu *holder(const struct evt_domain *d, uint32_t virq, unsigned vcpu)
{
    return evt_vcpu_of(d, evt_virq_is_global(virq) ? 0 : vcpu);
}

void evt_virq_unbind(struct evt_domain *d, const struct evt_port *p)
{
    uint32_t virq = (uint32_t)p->virq;
    __atomic_store_n(&holder(d, virq, p->vcpu)->virq_port[virq], 0, __ATOMIC_RELAXED);
}

/* The port may be closed, and opened as something else, until its lock is held: so look again then. */
void evt_raise_virq(struct evt_domain *d, unsigned vcpu, uint32_t virq)
{
    if (virq >= NR_VIRQS || vcpu >= d->nr_vcpus)
        return;

    const struct evt_vcpu *v = holder(d, virq, vcpu);
    uint32_t port = __atomic_load_n(&v->virq_port[virq], __ATOMIC_ACQUIRE);
    if (!port)
        return;

    struct evt_port *p = evt_port_of(d, port);
    env_lock(&p->lock);
    if (p->state == EVTCHNSTAT_virq && p->virq == virq && holder(d, virq, p->vcpu) == v)
        evt_set_pending(d, port, p);
    env_unlock(&p->lock);
}
