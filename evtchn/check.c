/* SPDX-License-Identifier: MIT */
/* The invariants of the core's own state, for tests, fuzzing and debug builds. Guest memory is nobody's invariant. */
#include "evtchn/core.h"

static uint8_t plain_state(const struct evt_port *p)
{
    return p->state & (uint8_t)~EVT_XEN_ATTACHED;
}

static const char *check_peer(const struct evt_domain *d, uint32_t port, const struct evt_port *p)
{
    const struct evt_domain *peer = evt_link_domain(p->link);
    uint32_t peer_port = evt_link_port(p->link);

    if (!peer || peer_port >= peer->nr_backed)
        return "an interdomain port leads nowhere";
    const struct evt_port *q = evt_port_of(peer, peer_port);
    if (q == p || plain_state(q) != EVTCHNSTAT_interdomain || q->link != evt_link(d, port))
        return "an interdomain port's peer does not lead back";
    return NULL;
}

static const char *check_virq(const struct evt_domain *d, uint32_t port, const struct evt_port *p)
{
    if (p->virq >= NR_VIRQS)
        return "a virq port has no such virq";
    unsigned vcpu = evt_virq_is_global((uint32_t)p->virq) ? 0 : p->vcpu;
    return evt_vcpu_of(d, vcpu)->virq_port[p->virq] == port ? NULL : "a virq port is not in the virq table";
}

static const char *check_pirq(const struct evt_domain *d, uint32_t port, const struct evt_port *p)
{
    if (p->pirq >= d->nr_pirqs)
        return "a pirq port has no such pirq";
    return d->pirq_port && d->pirq_port[p->pirq] == port ? NULL : "a pirq port is not in the table of pirqs";
}

/* An event waits for its word: the port is open, and there is none. */
static bool may_remember(const struct evt_domain *d, uint32_t port, const struct evt_port *p)
{
    return d->ops == &evt_fifo_ops && p->state != EVTCHNSTAT_closed && !evt_word_of(d, port);
}

static const char *check_port(const struct evt_domain *d, uint32_t port)
{
    const struct evt_port *p = evt_port_of(d, port);

    if (p->lock)
        return "a port is locked";
    if (evt_port_taken(d, port) != (port == 0 || p->state != EVTCHNSTAT_closed))
        return "the free map and a port's state differ";
    if ((p->fifo & EVT_FIFO_REMEMBERED) && !may_remember(d, port, p))
        return "an event is remembered for nobody";
    if (p->vcpu >= d->nr_vcpus)
        return "a port notifies a vcpu that does not exist";
    if (plain_state(p) == EVTCHNSTAT_interdomain)
        return check_peer(d, port, p);
    if (plain_state(p) == EVTCHNSTAT_virq)
        return check_virq(d, port, p);
    if (plain_state(p) == EVTCHNSTAT_pirq)
        return check_pirq(d, port, p);
    return NULL;
}

static const char *check_ports(const struct evt_domain *d)
{
    uint32_t open = 0, xen = 0;

    for (uint32_t port = 0; port < d->nr_backed; port++) {
        const char *why = check_port(d, port);
        if (why)
            return why;
        open += evt_port_of(d, port)->state != EVTCHNSTAT_closed;
        xen += (evt_port_of(d, port)->state & EVT_XEN_ATTACHED) != 0;
    }
    if (open != d->open_ports || xen != d->xen_ports)
        return "the count of open ports is wrong";
    uint32_t limit = d->ops->limit;
    if (d->nr_known > d->nr_backed || d->nr_valid != (d->nr_known < limit ? d->nr_known : limit))
        return "the number of valid ports is wrong";
    return NULL;
}

/* What word number i of middle should be: a bit for each full word of leaf. */
static uint64_t full_leaves(const struct evt_free_map *map, uint32_t i)
{
    const uint64_t *page = map->leaf[i * 64 / EVT_LEAF_WORDS];
    const uint64_t *leaf = page ? page + i * 64 % EVT_LEAF_WORDS : NULL;
    uint64_t full = 0;

    for (uint32_t j = 0; leaf && j < 64; j++)
        full |= (uint64_t)(leaf[j] == UINT64_MAX) << j;
    return full;
}

static const char *check_map(const struct evt_free_map *map)
{
    for (uint32_t i = 0; i < 64; i++) {
        if (map->middle[i] != full_leaves(map, i))
            return "the middle of the free map is wrong";
        if ((map->root >> i & 1) != (map->middle[i] == UINT64_MAX))
            return "the root of the free map is wrong";
    }
    return NULL;
}

static const char *check_vcpus(const struct evt_domain *d)
{
    for (unsigned i = 0; i < d->nr_vcpus; i++) {
        const struct evt_vcpu *v = evt_vcpu_of(d, i);
        if (v->l2 && d->ops->levels != 3)
            return "an L2 selector outlived its ABI";
        if (v->control && d->ops != &evt_fifo_ops)
            return "a control block outlived its ABI";
        for (uint32_t virq = 0; virq < NR_VIRQS; virq++) {
            uint32_t port = v->virq_port[virq];
            if (!port)
                continue;
            const struct evt_port *p = evt_port_of(d, port);
            if (p->state != EVTCHNSTAT_virq || p->virq != virq)
                return "the virq table names a port that is not its own";
        }
    }
    return NULL;
}

static const char *check_pirqs(const struct evt_domain *d)
{
    for (uint32_t pirq = 0; d->pirq_port && pirq < EVT_MAX_PIRQS; pirq++) {
        uint32_t port = d->pirq_port[pirq];
        if (port && (evt_port_of(d, port)->state != EVTCHNSTAT_pirq || evt_port_of(d, port)->pirq != pirq))
            return "the table of pirqs names a port that is not its own";
    }
    return NULL;
}

/* The port at the tail of a queue must not have moved to another. */
static const char *check_queue(const struct evt_domain *d, unsigned number)
{
    const struct evt_queue *q = evt_queue_of(d, number);

    if (q->lock)
        return "a queue is locked";
    if (!q->tail)
        return NULL;
    if (q->tail >= d->nr_backed || !evt_word_of(d, q->tail))
        return "the tail of a queue does not exist";
    unsigned of_port = (evt_port_of(d, q->tail)->fifo & EVT_FIFO_QUEUE) >> EVT_FIFO_QUEUE_SHIFT;
    return of_port == number ? NULL : "the tail of a queue has moved";
}

static const char *check_fifo(const struct evt_domain *d)
{
    bool on = d->ops == &evt_fifo_ops;
    unsigned queues = d->nr_vcpus * EVTCHN_FIFO_MAX_QUEUES;

    for (unsigned i = 0; i < EVT_QUEUE_PAGES; i++) {
        if (!d->queues[i] != !(on && i << EVT_QUEUES_SHIFT < queues))
            return "the queues do not fit the ABI";
    }
    if (!on)
        return d->nr_words ? "the event array outlived its ABI" : NULL;
    if (d->nr_words > EVT_ARRAY_PAGES)
        return "the event array is too large";
    const char *why = NULL;
    for (unsigned i = 0; i < queues && !why; i++)
        why = check_queue(d, i);
    return why;
}

static const char *check_abi(const struct evt_domain *d)
{
    unsigned pages = d->ops->levels == 3 ? d->ops->limit / 8 / EVT_PAGE_SIZE : 0;

    for (unsigned i = 0; i < EVT_3LEVEL_PAGES; i++) {
        if (!d->pending[i] != (i >= pages) || !d->mask[i] != (i >= pages))
            return "the bitmaps do not fit the ABI";
    }
    if (d->moving_from || d->busy == EVT_SWITCHING || d->busy == EVT_RESETTING)
        return "a switch or reset never ended";
    return d->lock ? "the domain is locked" : NULL;
}

const char *evt_check(struct evt_domain *d)
{
    const char *why = check_abi(d);
    if (!why)
        why = check_fifo(d);
    if (!why)
        why = check_map(&d->taken);
    if (!why)
        why = check_ports(d);
    if (!why)
        why = check_pirqs(d);
    return why ? why : check_vcpus(d);
}
