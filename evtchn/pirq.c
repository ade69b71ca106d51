/* SPDX-License-Identifier: MIT */
/*
 * Physical interrupts: binding a domain's pirqs to ports, and raising them (EVT-OP-13, EVT-OP-30). What a pirq is
 * behind its number, when it fires and when it may fire again, is the environment's affair (evtchn/env.h).
 */
#include "evtchn/core.h"

/* The table of ports by pirq comes into being with the first binding. [d] */
static int make_table(struct evt_domain *d)
{
    if (!d->pirq_port)
        __atomic_store_n(&d->pirq_port, (uint32_t *)evt_page_alloc(d), __ATOMIC_RELEASE);
    return d->pirq_port ? 0 : xen_error(XEN_ENOMEM);
}

/* [d] The line does not fire before its port is open. */
static int bind(struct evt_domain *d, uint32_t pirq, uint32_t flags, uint32_t *port)
{
    if (d->pirq_port && d->pirq_port[pirq])
        return xen_error(XEN_EEXIST);
    int rc = evt_port_find(d, port);
    if (!rc)
        rc = make_table(d);
    if (!rc)
        rc = env_pirq_bind(d, pirq, flags & BIND_PIRQ__WILL_SHARE);
    if (rc)
        return rc;
    evt_port_open(d, *port, EVTCHNSTAT_pirq, 0, pirq);
    __atomic_store_n(&d->pirq_port[pirq], *port, __ATOMIC_RELEASE);
    env_pirq_notifies(d, pirq, 0);
    return 0;
}

int evt_bind_pirq(struct evt_domain *d, uint32_t pirq, uint32_t flags, uint32_t *port)
{
    if (pirq >= d->nr_pirqs)
        return xen_error(XEN_EINVAL);
    if (!env_pirq_permitted(d, pirq))
        return xen_error(XEN_EPERM);
    env_lock(&d->lock);
    int rc = bind(d, pirq, flags, port);
    env_unlock(&d->lock);
    return rc;
}

void evt_pirq_unbind(struct evt_domain *d, const struct evt_port *p)
{
    uint32_t pirq = (uint32_t)p->pirq;

    __atomic_store_n(&d->pirq_port[pirq], 0, __ATOMIC_RELAXED);
    env_pirq_unbind(d, pirq);
}

/* The port may be closed, and opened as something else, until its lock is held: so look again then. */
void evt_raise_pirq(struct evt_domain *d, uint32_t pirq)
{
    const uint32_t *table = __atomic_load_n(&d->pirq_port, __ATOMIC_ACQUIRE);
    uint32_t port = table && pirq < d->nr_pirqs ? __atomic_load_n(&table[pirq], __ATOMIC_ACQUIRE) : 0;
    if (!port)
        return;

    struct evt_port *p = evt_port_of(d, port);
    env_lock(&p->lock);
    if (p->state == EVTCHNSTAT_pirq && p->pirq == pirq)
        evt_set_pending(d, port, p);
    env_unlock(&p->lock);
}
