/* SPDX-License-Identifier: MIT */
/*
 * Ports: which are taken, where they live, how one opens and closes.
 *
 * The lowest free port comes from a tree of bitmaps in constant time. Memory for ports, for their table and for the
 * leaves of the tree is added a page at a time as ports come into use, and kept until the domain is destroyed: ports
 * are looked up without a lock, and a port page that never goes away needs no protection. If memory runs out half-way,
 * what was added stays for the next attempt.
 */
#include "evtchn/core.h"

/* Free ports that are passed over because the guest says that their past is not over (EVT-FIFO-21). */
#define EVT_SKIPS 64U

static unsigned lowest_clear(uint64_t word)
{
    return (unsigned)__builtin_ctzll(~word);
}

static uint64_t *leaf_word(const struct evt_free_map *map, uint32_t port)
{
    uint64_t *page = map->leaf[port / 64 / EVT_LEAF_WORDS];
    return page ? &page[port / 64 % EVT_LEAF_WORDS] : NULL;
}

/* The lowest clear bit from this one on; 64: none. */
static unsigned clear_from(uint64_t word, unsigned bit)
{
    uint64_t clear = bit < 64 ? ~word >> bit << bit : 0;
    return clear ? (unsigned)__builtin_ctzll(clear) : 64;
}

/* The lowest free port of a leaf word that is not full. */
static uint32_t map_free_in(const struct evt_free_map *map, uint32_t word)
{
    const uint64_t *leaf = leaf_word(map, word * 64);
    return word * 64 + (leaf ? lowest_clear(*leaf) : 0);
}

/* The lowest free port of all: down the tree, by the same three searches whichever it is. */
static uint32_t map_free(const struct evt_free_map *map)
{
    if (map->root == UINT64_MAX)
        return EVT_MAX_PORTS;
    uint32_t i = lowest_clear(map->root);
    return map_free_in(map, i * 64 + lowest_clear(map->middle[i]));
}

/* The lowest free port from this one on: up the tree until a word has a clear bit, and down again. */
static uint32_t map_free_from(const struct evt_free_map *map, uint32_t from)
{
    const uint64_t *leaf = leaf_word(map, from);
    unsigned bit = clear_from(leaf ? *leaf : 0, from % 64);
    if (bit < 64)
        return from / 64 * 64 + bit;

    uint32_t i = from >> 12;
    unsigned j = clear_from(map->middle[i], (from >> 6 & 63) + 1);
    if (j == 64) {
        i = clear_from(map->root, i + 1);
        if (i == 64)
            return EVT_MAX_PORTS;
        j = lowest_clear(map->middle[i]);
    }
    return map_free_in(map, i * 64 + j);
}

static void map_take(struct evt_free_map *map, uint32_t port)
{
    uint64_t *leaf = leaf_word(map, port);
    *leaf |= 1ULL << (port % 64);
    if (*leaf != UINT64_MAX)
        return;
    map->middle[port >> 12] |= 1ULL << (port >> 6 & 63);
    if (map->middle[port >> 12] == UINT64_MAX)
        map->root |= 1ULL << (port >> 12);
}

static void map_give(struct evt_free_map *map, uint32_t port)
{
    *leaf_word(map, port) &= ~(1ULL << (port % 64));
    map->middle[port >> 12] &= ~(1ULL << (port >> 6 & 63));
    map->root &= ~(1ULL << (port >> 12));
}

bool evt_port_taken(const struct evt_domain *d, uint32_t port)
{
    return *leaf_word(&d->taken, port) >> (port % 64) & 1;
}

/* Fill a slot with a new page if it is empty. */
static bool fill(struct evt_domain *d, void **slot)
{
    if (!*slot)
        *slot = evt_page_alloc(d);
    return *slot != NULL;
}

/* The guest may name this port, and those beside it. */
static void know(struct evt_domain *d, uint32_t port)
{
    uint32_t known = (port | (EVT_KNOWN_STEP - 1)) + 1, limit = d->ops->limit;

    d->nr_known = known;
    __atomic_store_n(&d->nr_valid, known < limit ? known : limit, __ATOMIC_RELEASE);
}

/*
 * The port is the lowest free one, or at most EVT_SKIPS free ones are below it, which is less than a page. So pages are
 * added in ascending order, and all below nr_backed are there.
 */
static int back(struct evt_domain *d, uint32_t port)
{
    struct evt_port ***table = &d->tables[port >> (EVT_PORTS_SHIFT + EVT_TABLE_SHIFT)];
    uint32_t slot = (port >> EVT_PORTS_SHIFT) & ((1U << EVT_TABLE_SHIFT) - 1);

    if (port < d->nr_known)
        return 0;
    if (port < d->nr_backed) {
        know(d, port);
        return 0;
    }
    if (!fill(d, (void **)&d->taken.leaf[port / 64 / EVT_LEAF_WORDS]) || !fill(d, (void **)table) ||
        !fill(d, (void **)&(*table)[slot]))
        return xen_error(XEN_ENOMEM);

    uint32_t backed = (port | (EVT_PORTS_PER_PAGE - 1)) + 1;
    __atomic_store_n(&d->nr_backed, backed, __ATOMIC_RELEASE);
    know(d, port);
    return 0;
}

/* Would the port, opened now, meet its past? One that never was open has none, whatever its word says. [d] */
static bool is_in_use(struct evt_domain *d, uint32_t port)
{
    return port < d->nr_known && port < d->ops->limit && d->ops->is_in_use && d->ops->is_in_use(d, port);
}

int evt_port_find(struct evt_domain *d, uint32_t *port)
{
    if (d->dying)
        return xen_error(XEN_EINVAL);
    uint32_t free = map_free(&d->taken);
    for (unsigned skipped = 0; is_in_use(d, free); skipped++) {
        if (skipped == EVT_SKIPS)
            return xen_error(XEN_ENOSPC);
        free = map_free_from(&d->taken, free + 1);
    }
    if (free >= d->ops->limit || free > d->max_port)
        return xen_error(XEN_ENOSPC);
    *port = free;
    return back(d, free);
}

/* evt_open_ports reads it without the lock. */
static void count_open(struct evt_domain *d, int n)
{
    __atomic_store_n(&d->open_ports, d->open_ports + (uint32_t)n, __ATOMIC_RELAXED);
}

void evt_port_open_locked(struct evt_domain *d, uint32_t port, uint8_t state, unsigned vcpu, uint64_t value)
{
    struct evt_port *p = evt_port_of(d, port);

    map_take(&d->taken, port);
    count_open(d, 1);
    d->xen_ports += (state & EVT_XEN_ATTACHED) != 0;
    p->link = value;
    (void)evt_fifo_change(p, EVT_FIFO_PRIORITY, EVTCHN_FIFO_PRIORITY_DEFAULT);
    __atomic_store_n(&p->vcpu, (uint8_t)vcpu, __ATOMIC_RELAXED);
    __atomic_store_n(&p->state, state, __ATOMIC_RELEASE);
}

void evt_port_open(struct evt_domain *d, uint32_t port, uint8_t state, unsigned vcpu, uint64_t value)
{
    struct evt_port *p = evt_port_of(d, port);

    env_lock(&p->lock);
    evt_port_open_locked(d, port, state, vcpu, value);
    env_unlock(&p->lock);
}

void evt_raise_peer(const struct evt_port *p)
{
    struct evt_domain *d = evt_link_domain(p->link);
    uint32_t port = evt_link_port(p->link);
    struct evt_port *q = evt_port_of(d, port);

    if (!(evt_port_state(q) & EVT_XEN_ATTACHED))
        evt_set_pending(d, port, q);
    else if (d->consume)
        d->consume(d->owner, port, evt_port_vcpu(q));
}

void evt_lock_pair(struct evt_port *a, struct evt_port *b)
{
    bool ascending = (uintptr_t)a < (uintptr_t)b;
    env_lock(ascending ? &a->lock : &b->lock);
    env_lock(ascending ? &b->lock : &a->lock);
}

void evt_unlock_pair(struct evt_port *a, struct evt_port *b)
{
    env_unlock(&a->lock);
    env_unlock(&b->lock);
}

static struct evt_port *peer_of(const struct evt_port *p)
{
    if ((p->state & ~EVT_XEN_ATTACHED) != EVTCHNSTAT_interdomain)
        return NULL;
    return evt_port_of(evt_link_domain(p->link), evt_link_port(p->link));
}

/*
 * Lock a port and, if it is interdomain, its peer, which is returned. p cannot be closed (its domain's lock is held),
 * but its peer can be, and p be bound anew, in the moment between the locks when the peer's comes first. Then look
 * again: another CPU has got on by a whole close and bind. The old peer's memory is still there:
 * evt_domain_close_ports ends with a wait for all who may hold such a pointer.
 */
static struct evt_port *lock_with_peer(struct evt_port *p)
{
    env_lock(&p->lock);
    for (;;) {
        struct evt_port *q = peer_of(p);
        if (!q)
            return NULL;
        if ((uintptr_t)q > (uintptr_t)p) {
            env_lock(&q->lock);
            return q;
        }
        env_unlock(&p->lock);
        evt_lock_pair(q, p);
        if (peer_of(p) == q)
            return q;
        env_unlock(&q->lock);
    }
}

void evt_port_close(struct evt_domain *d, uint32_t port)
{
    struct evt_port *p = evt_port_of(d, port);

    if (evt_port_state(p) == EVTCHNSTAT_pirq)
        evt_pirq_unbind(d, p);
    struct evt_port *q = lock_with_peer(p);
    if (q) {
        q->for_dom = d->domid;
        __atomic_store_n(&q->state, (uint8_t)((q->state & EVT_XEN_ATTACHED) | EVTCHNSTAT_unbound), __ATOMIC_RELAXED);
    }
    if (p->state == EVTCHNSTAT_virq)
        evt_virq_unbind(d, p);
    if (p->state & EVT_XEN_ATTACHED)
        d->xen_ports--;
    __atomic_store_n(&p->state, EVTCHNSTAT_closed, __ATOMIC_RELAXED);
    __atomic_store_n(&p->vcpu, 0, __ATOMIC_RELAXED); /* status tells it of a free port too */

    /* Nobody can raise the port any more: each sender needs one of the locks that are held here. */
    d->ops->clear_pending(d, port, p);
    if (d->moving_from)
        d->moving_from->clear_pending(d, port, p);
    if (q)
        env_unlock(&q->lock);
    env_unlock(&p->lock);
    count_open(d, -1);
    map_give(&d->taken, port);
}

/* The ports of one leaf word, below nr_backed. */
static void close_word(struct evt_domain *d, uint32_t first, bool all)
{
    env_lock(&d->lock);
    for (uint64_t left = *leaf_word(&d->taken, first); left; left &= left - 1) {
        uint32_t port = first + (uint32_t)__builtin_ctzll(left);
        uint8_t state = evt_port_of(d, port)->state;
        if (all ? state != EVTCHNSTAT_closed : evt_state_usable(state))
            evt_port_close(d, port);
    }
    env_unlock(&d->lock);
}

int evt_ports_close_from(struct evt_domain *d, uint32_t *next, bool all)
{
    while (*next < __atomic_load_n(&d->nr_backed, __ATOMIC_ACQUIRE)) {
        close_word(d, *next, all);
        *next += 64;
        if (env_should_yield())
            return -XEN_ERESTART;
    }
    return 0;
}
