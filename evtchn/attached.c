/* SPDX-License-Identifier: MIT */
/*
 * Xen-attached ports: ends that the hypervisor itself consumes and raises (EVT-OBJ-06, EVT-OBJ-13). Such a port is an
 * unbound or interdomain one with EVT_XEN_ATTACHED in its state. No guest sees it, an event for it touches no shared
 * word but goes to the consumer, and it keeps its number whatever its domain does.
 */
#include "evtchn/core.h"

int evt_attach(struct evt_domain *d, uint16_t remote, unsigned vcpu, uint32_t *port)
{
    if (vcpu >= d->nr_vcpus)
        return xen_error(XEN_ENOENT);
    env_lock(&d->lock);
    int rc = evt_port_find(d, port);
    if (!rc)
        evt_port_open(d, *port, EVTCHNSTAT_unbound | EVT_XEN_ATTACHED, vcpu, remote);
    env_unlock(&d->lock);
    return rc;
}

/* A port of d that is attached. Nobody but the owner detaches it. */
static struct evt_port *attached_port(const struct evt_domain *d, uint32_t port)
{
    if (port >= __atomic_load_n(&d->nr_backed, __ATOMIC_ACQUIRE))
        return NULL;
    struct evt_port *p = evt_port_of(d, port);
    return evt_port_state(p) & EVT_XEN_ATTACHED ? p : NULL;
}

/* The peer cannot close while p is locked, so its own lock is not needed. */
void evt_notify_attached(struct evt_domain *d, uint32_t port)
{
    struct evt_port *p = attached_port(d, port);

    if (!p)
        return;
    env_lock(&p->lock);
    if (p->state == (EVTCHNSTAT_interdomain | EVT_XEN_ATTACHED))
        evt_raise_peer(p);
    env_unlock(&p->lock);
}

void evt_detach(struct evt_domain *d, uint32_t port)
{
    env_lock(&d->lock);
    if (attached_port(d, port))
        evt_port_close(d, port);
    env_unlock(&d->lock);
}
