/* SPDX-License-Identifier: MIT */
/* The reference model: domains, ports, and the ends that the hypervisor has. */
#include "tests/fuzz/reference/reference.h"

#include <stdlib.h>
#include <string.h>

struct ref_world ref;

/* --- Domains. */

void ref_begin(uint64_t arguments_at)
{
    for (unsigned i = 0; i < REF_DOMAINS; i++)
        ref.domain[i].exists = false;
    memset(ref.arguments, 0, sizeof(ref.arguments));
    ref.arguments_at = arguments_at;
    ref.no_copy_out = 0;
    ref.oom = ref.no_map = false;
    ref.nr_touches = 0;
}

void ref_create(struct ref_domain *d, const struct evt_config *config)
{
    struct ref_port *port = d->port ? d->port : calloc(REF_PORTS, sizeof(*port));
    if (!port)
        abort();
    memset(port, 0, d->valid * sizeof(*port)); /* those that the last owner used */
    memset(d, 0, sizeof(*d));
    d->port = port;
    d->config = *config;
    d->exists = true;
    d->w = d->latched = 64;
    d->valid = REF_GRANULE;
    d->full_below = 1;
    for (unsigned i = 0; i < config->nr_vcpus && i < 32; i++)
        d->vcpu[i].info = (struct ref_place){.set = true, .page = REF_SHARED_INFO, .offset = (uint16_t)(64 * i)};
}

struct ref_domain *ref_find(const struct ref_domain *caller, uint16_t domid)
{
    if (domid == DOMID_SELF)
        domid = caller->config.domid;
    for (unsigned i = 0; i < REF_DOMAINS; i++) {
        if (ref.domain[i].exists && ref.domain[i].config.domid == domid)
            return &ref.domain[i];
    }
    return NULL;
}

/* --- Ports. */

bool ref_valid(const struct ref_domain *d, uint32_t port)
{
    return port < d->valid && port < ref_limit(d);
}

/* A port that a guest may use: open, and its own. */
bool ref_usable(const struct ref_domain *d, uint32_t port)
{
    return ref_valid(d, port) && d->port[port].status != EVTCHNSTAT_closed && !d->port[port].attached;
}

int64_t ref_allocate(struct ref_domain *d, uint32_t *port)
{
    unsigned skipped = 0;
    if (d->dying)
        return -XEN_EINVAL;
    while (d->port[d->full_below].status != EVTCHNSTAT_closed)
        d->full_below++;
    uint32_t p = d->full_below;
    for (;; p++) {
        if (p > d->config.max_port || p >= ref_limit(d))
            return -XEN_ENOSPC;
        if (d->port[p].status != EVTCHNSTAT_closed)
            continue;
        if (p >= d->valid || !ref_is_linked(d, p))
            break;
        if (skipped++ == 64)
            return -XEN_ENOSPC;
    }
    if (ref.oom)
        return -XEN_ENOMEM;
    while (d->valid <= p)
        d->valid += REF_GRANULE;
    *port = p;
    return 0;
}

struct ref_port *ref_occupy(struct ref_domain *d, uint32_t port, uint8_t status, unsigned vcpu)
{
    struct ref_port *p = &d->port[port];
    p->status = status;
    p->attached = false;
    p->vcpu = p->bound_vcpu = (uint16_t)vcpu;
    p->priority = EVTCHN_FIFO_PRIORITY_DEFAULT;
    return p;
}

struct ref_port *ref_bound_virq(struct ref_domain *d, uint32_t virq, unsigned vcpu)
{
    for (uint32_t i = 1; i < d->valid; i++) {
        struct ref_port *p = &d->port[i];
        if (p->status == EVTCHNSTAT_virq && p->virq == virq && p->bound_vcpu == vcpu)
            return p;
    }
    return NULL;
}

void ref_release(struct ref_domain *d, uint32_t port)
{
    struct ref_port *p = &d->port[port];
    if (p->status == EVTCHNSTAT_interdomain) {
        struct ref_port *peer = &ref_find(d, p->peer_domid)->port[p->peer_port];
        peer->status = EVTCHNSTAT_unbound;
        peer->peer_domid = d->config.domid;
    }
    ref_clear_pending(d, port);
    p->status = EVTCHNSTAT_closed;
    p->attached = false;
    p->vcpu = 0;
    if (port < d->full_below)
        d->full_below = port;
}

void ref_release_all(struct ref_domain *d, bool attached_too)
{
    for (uint32_t port = 1; port < d->valid; port++) {
        if (d->port[port].status != EVTCHNSTAT_closed && (attached_too || !d->port[port].attached))
            ref_release(d, port);
    }
}

void ref_destroy(struct ref_domain *d)
{
    d->dying = true;
    ref_release_all(d, true);
    d->exists = false;
}

void ref_latch_word_size(struct ref_domain *d, unsigned bits)
{
    d->latched = bits;
    if (d->abi != REF_3LEVEL)
        d->w = bits;
}

int ref_port_is_pending(struct ref_domain *d, uint32_t port)
{
    if (!ref_usable(d, port))
        return -XEN_EINVAL;
    return ref_is_pending(d, port);
}

void ref_raise_virq(struct ref_domain *d, unsigned vcpu, uint32_t virq)
{
    struct ref_port *p = ref_bound_virq(d, virq, vcpu);
    if (p)
        ref_raise(d, (uint32_t)(p - d->port));
}

struct ref_port *ref_bound_pirq(struct ref_domain *d, uint32_t pirq)
{
    for (uint32_t i = 1; i < d->valid; i++) {
        if (d->port[i].status == EVTCHNSTAT_pirq && d->port[i].pirq == pirq)
            return &d->port[i];
    }
    return NULL;
}

void ref_raise_pirq(struct ref_domain *d, uint32_t pirq)
{
    struct ref_port *p = ref_bound_pirq(d, pirq);
    if (p)
        ref_raise(d, (uint32_t)(p - d->port));
}

uint32_t ref_open_ports(const struct ref_domain *d)
{
    uint32_t open = 0;
    for (uint32_t port = 1; port < d->valid; port++)
        open += d->port[port].status != EVTCHNSTAT_closed;
    return open;
}

/* --- Xen-attached ports. */

void ref_raise_peer(struct ref_domain *d, const struct ref_port *p)
{
    struct ref_domain *other = ref_find(d, p->peer_domid);
    if (!other->port[p->peer_port].attached) {
        ref_raise(other, p->peer_port);
        return;
    }
    other->consumed++;
    other->last_consumed = p->peer_port;
    other->last_consumed_vcpu = other->port[p->peer_port].vcpu;
}

int64_t ref_attach(struct ref_domain *d, uint16_t remote, unsigned vcpu, uint32_t *port)
{
    if (vcpu >= d->config.nr_vcpus)
        return -XEN_ENOENT;
    int64_t rc = ref_allocate(d, port);
    if (rc)
        return rc;
    struct ref_port *p = ref_occupy(d, *port, EVTCHNSTAT_unbound, vcpu);
    p->peer_domid = remote;
    p->attached = true;
    return 0;
}

/* The hypervisor names a port that it has: the ABI's limit does not matter. */
static bool is_attached(const struct ref_domain *d, uint32_t port)
{
    return port < d->valid && d->port[port].attached;
}

void ref_notify_attached(struct ref_domain *d, uint32_t port)
{
    if (is_attached(d, port) && d->port[port].status == EVTCHNSTAT_interdomain)
        ref_raise_peer(d, &d->port[port]);
}

void ref_detach(struct ref_domain *d, uint32_t port)
{
    if (is_attached(d, port))
        ref_release(d, port);
}
