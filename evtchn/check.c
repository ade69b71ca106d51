/* SPDX-License-Identifier: MIT */
/*
 * The invariants of the core's own state: one predicate a rule, for tests, fuzzing and debug builds. They hold whenever
 * no call into the core is running. Guest memory is nobody's invariant.
 */
#include "evtchn/core.h"

/* What is looked at: a domain, and one of its ports, vcpus or queues. */
struct subject {
    const struct evt_domain *d;
    uint32_t number;
    const struct evt_port *port;
    const struct evt_vcpu *vcpu;
    const struct evt_queue *queue;
};

struct rule {
    bool (*holds)(const struct subject *s);
    const char *broken; /* what to say if it does not hold */
};

static const char *first_broken(const struct rule *rules, size_t n, const struct subject *s)
{
    for (size_t i = 0; i < n && rules[i].holds; i++) {
        if (!rules[i].holds(s))
            return rules[i].broken;
    }
    return NULL;
}

#define FIRST_BROKEN(rules, s) first_broken(rules, sizeof(rules) / sizeof((rules)[0]), s)

static bool is_fifo(const struct evt_domain *d)
{
    return d->ops == &evt_fifo_ops;
}

static unsigned nr_queues(const struct evt_domain *d)
{
    return is_fifo(d) ? d->nr_vcpus * EVTCHN_FIFO_MAX_QUEUES : 0;
}

static uint32_t in_page(const void *p)
{
    return (uint32_t)((uintptr_t)p & (EVT_PAGE_SIZE - 1));
}

/* --- Ports, whatever their state */

static uint8_t plain_state(const struct evt_port *p)
{
    return p->state & (uint8_t)~EVT_XEN_ATTACHED;
}

static bool is_open(const struct evt_port *p)
{
    return p->state != EVTCHNSTAT_closed;
}

static bool port_is_unlocked(const struct subject *s)
{
    return s->port->lock == 0;
}

static bool port_is_in_a_known_state(const struct subject *s)
{
    return plain_state(s->port) <= EVTCHNSTAT_ipi && (plain_state(s->port) || !s->port->state);
}

static bool port_0_is_closed(const struct subject *s)
{
    return s->number != 0 || !is_open(s->port);
}

static bool port_is_within_its_domains_limit(const struct subject *s)
{
    return !is_open(s->port) || s->number <= s->d->max_port;
}

static bool free_map_agrees(const struct subject *s)
{
    return evt_port_taken(s->d, s->number) == (s->number == 0 || is_open(s->port));
}

static bool port_notifies_a_vcpu(const struct subject *s)
{
    return s->port->vcpu < s->d->nr_vcpus;
}

/* An event waits for its word: the port is open, and there is none. */
static bool remembers_only_for_want_of_a_word(const struct subject *s)
{
    if (!(s->port->fifo & EVT_FIFO_REMEMBERED))
        return true;
    return is_fifo(s->d) && is_open(s->port) && !evt_word_of(s->d, s->number);
}

static bool port_names_a_queue(const struct subject *s)
{
    return !is_fifo(s->d) || (s->port->fifo & EVT_FIFO_QUEUE) >> EVT_FIFO_QUEUE_SHIFT < nr_queues(s->d);
}

static const struct rule port_rules[] = {
    {port_is_unlocked, "a port is locked"},
    {port_is_in_a_known_state, "a port is in no known state"},
    {port_0_is_closed, "port 0 is open"},
    {port_is_within_its_domains_limit, "a port is open above its domain's limit"},
    {free_map_agrees, "the free map and a port's state differ"},
    {port_notifies_a_vcpu, "a port notifies a vcpu that does not exist"},
    {remembers_only_for_want_of_a_word, "an event is remembered for nobody"},
    {port_names_a_queue, "a port was linked on a queue that does not exist"},
};

/* --- Ports in one state */

static bool unbound_port_is_for_a_domid(const struct subject *s)
{
    return s->port->for_dom <= UINT16_MAX;
}

static bool interdomain_port_has_a_peer(const struct subject *s)
{
    const struct evt_domain *peer = evt_link_domain(s->port->link);
    return peer && evt_link_port(s->port->link) < peer->nr_known;
}

static bool peer_leads_back(const struct subject *s)
{
    const struct evt_port *q = evt_port_of(evt_link_domain(s->port->link), evt_link_port(s->port->link));
    return q != s->port && plain_state(q) == EVTCHNSTAT_interdomain && q->link == evt_link(s->d, s->number);
}

static bool virq_port_has_a_virq(const struct subject *s)
{
    return s->port->virq < NR_VIRQS;
}

static bool virq_port_is_in_the_table(const struct subject *s)
{
    unsigned vcpu = evt_virq_is_global((uint32_t)s->port->virq) ? 0 : s->port->vcpu;
    return evt_vcpu_of(s->d, vcpu)->virq_port[s->port->virq] == s->number;
}

static bool pirq_port_has_a_pirq(const struct subject *s)
{
    return s->port->pirq < s->d->nr_pirqs && s->d->pirq_port;
}

static bool pirq_port_is_in_the_table(const struct subject *s)
{
    return s->d->pirq_port[s->port->pirq] == s->number;
}

static const struct rule state_rules[][2] = {
    [EVTCHNSTAT_unbound] = {{unbound_port_is_for_a_domid, "an unbound port is for no domid"}},
    [EVTCHNSTAT_interdomain] = {{interdomain_port_has_a_peer, "an interdomain port leads nowhere"},
                                {peer_leads_back, "an interdomain port's peer does not lead back"}},
    [EVTCHNSTAT_pirq] = {{pirq_port_has_a_pirq, "a pirq port has no such pirq"},
                         {pirq_port_is_in_the_table, "a pirq port is not in the table of pirqs"}},
    [EVTCHNSTAT_virq] = {{virq_port_has_a_virq, "a virq port has no such virq"},
                         {virq_port_is_in_the_table, "a virq port is not in the virq table"}},
    [EVTCHNSTAT_ipi] = {{NULL, NULL}},
};

static const char *check_ports(const struct evt_domain *d)
{
    const char *why = NULL;

    for (uint32_t port = 0; port < d->nr_known && !why; port++) {
        const struct subject s = {.d = d, .number = port, .port = evt_port_of(d, port)};
        why = FIRST_BROKEN(port_rules, &s);
        if (!why)
            why = FIRST_BROKEN(state_rules[plain_state(s.port)], &s);
    }
    return why;
}

/* --- Vcpus */

static bool vcpu_info_is_where_it_may_be(const struct subject *s)
{
    const uint8_t *info = s->vcpu->info;
    return !info || (s->vcpu->placed && in_page(info) % 4 == 0 && in_page(info) <= EVT_PAGE_SIZE - 64);
}

static bool l2_fits_the_abi(const struct subject *s)
{
    if (!s->vcpu->l2)
        return true;
    uint32_t w = s->d->ops->word_bits, at = in_page(s->vcpu->l2);
    return s->d->ops->levels == 3 && at % (w / 8) == 0 && at <= EVT_PAGE_SIZE - w * w / 8;
}

static bool control_block_fits_the_abi(const struct subject *s)
{
    if (!s->vcpu->control)
        return true;
    uint32_t at = in_page(s->vcpu->control);
    return is_fifo(s->d) && at % 8 == 0 && at <= EVT_PAGE_SIZE - sizeof(struct evtchn_fifo_control_block);
}

static bool virq_table_names_its_own_ports(const struct subject *s)
{
    for (uint32_t virq = 0; virq < NR_VIRQS; virq++) {
        uint32_t port = s->vcpu->virq_port[virq];
        if (!port)
            continue;
        if (port >= s->d->nr_known || (evt_virq_is_global(virq) && s->number != 0))
            return false;
        const struct evt_port *p = evt_port_of(s->d, port);
        if (p->state != EVTCHNSTAT_virq || p->virq != virq)
            return false;
    }
    return true;
}

static const struct rule vcpu_rules[] = {
    {vcpu_info_is_where_it_may_be, "a vcpu_info is not where one may be"},
    {l2_fits_the_abi, "an L2 selector does not fit the ABI"},
    {control_block_fits_the_abi, "a control block does not fit the ABI"},
    {virq_table_names_its_own_ports, "the virq table names a port that is not its own"},
};

static const char *check_vcpus(const struct evt_domain *d)
{
    const char *why = NULL;

    for (unsigned i = 0; i < d->nr_vcpus && !why; i++) {
        const struct subject s = {.d = d, .number = i, .vcpu = evt_vcpu_of(d, i)};
        why = FIRST_BROKEN(vcpu_rules, &s);
    }
    return why;
}

/* --- Queues of the FIFO ABI */

static bool queue_is_unlocked(const struct subject *s)
{
    return s->queue->lock == 0;
}

static bool tail_exists(const struct subject *s)
{
    uint32_t tail = s->queue->tail;
    return !tail || (tail < s->d->nr_known && evt_word_of(s->d, tail));
}

/* The port at the tail of a queue has not moved to another. */
static bool tail_is_of_this_queue(const struct subject *s)
{
    uint32_t tail = s->queue->tail;
    return !tail || (evt_port_of(s->d, tail)->fifo & EVT_FIFO_QUEUE) >> EVT_FIFO_QUEUE_SHIFT == s->number;
}

/* Nothing is linked for a vcpu that has no control block. */
static bool used_queue_has_a_control_block(const struct subject *s)
{
    return !s->queue->tail || evt_vcpu_of(s->d, s->number / EVTCHN_FIFO_MAX_QUEUES)->control;
}

static const struct rule queue_rules[] = {
    {queue_is_unlocked, "a queue is locked"},
    {tail_exists, "the tail of a queue does not exist"},
    {tail_is_of_this_queue, "the tail of a queue has moved"},
    {used_queue_has_a_control_block, "a queue is in use without a control block"},
};

static const char *check_queues(const struct evt_domain *d)
{
    const char *why = NULL;

    for (unsigned i = 0; i < nr_queues(d) && !why; i++) {
        const struct subject s = {.d = d, .number = i, .queue = evt_queue_of(d, i)};
        why = FIRST_BROKEN(queue_rules, &s);
    }
    return why;
}

/* --- The domain as a whole */

static bool domain_is_unlocked(const struct subject *s)
{
    return s->d->lock == 0;
}

static bool nothing_is_under_way(const struct subject *s)
{
    return !s->d->moving_from && (s->d->busy == EVT_IDLE || s->d->busy == EVT_RESET_SUSPENDED);
}

static bool latched_word_size_applies(const struct subject *s)
{
    return s->d->ops->levels != 2 || s->d->ops->word_bits == s->d->latched_bits;
}

static bool bitmaps_fit_the_abi(const struct subject *s)
{
    unsigned pages = s->d->ops->levels == 3 ? s->d->ops->limit / 8 / EVT_PAGE_SIZE : 0;

    for (unsigned i = 0; i < EVT_3LEVEL_PAGES; i++) {
        if (!s->d->pending[i] != (i >= pages) || !s->d->mask[i] != (i >= pages))
            return false;
    }
    return true;
}

static bool event_array_fits_the_abi(const struct subject *s)
{
    if (s->d->nr_words > (is_fifo(s->d) ? EVT_ARRAY_PAGES : 0))
        return false;
    for (uint32_t i = 0; i < s->d->nr_words; i++) {
        if (!s->d->words[i])
            return false;
    }
    return true;
}

static bool queues_fit_the_abi(const struct subject *s)
{
    for (unsigned i = 0; i < EVT_QUEUE_PAGES; i++) {
        if (!s->d->queues[i] != (i << EVT_QUEUES_SHIFT >= nr_queues(s->d)))
            return false;
    }
    return true;
}

static bool number_of_valid_ports_is_right(const struct subject *s)
{
    uint32_t known = s->d->nr_known, limit = s->d->ops->limit;
    return known % EVT_KNOWN_STEP == 0 && known <= s->d->nr_backed && s->d->nr_valid == (known < limit ? known : limit);
}

static bool unknown_ports_are_untouched(const struct subject *s)
{
    for (uint32_t port = s->d->nr_known; port < s->d->nr_backed; port++) {
        const struct evt_port *p = evt_port_of(s->d, port);
        if (is_open(p) || p->lock || evt_port_taken(s->d, port))
            return false;
    }
    return true;
}

static bool open_ports_are_counted(const struct subject *s)
{
    uint32_t open = 0, xen = 0;

    for (uint32_t port = 0; port < s->d->nr_known; port++) {
        open += is_open(evt_port_of(s->d, port));
        xen += (evt_port_of(s->d, port)->state & EVT_XEN_ATTACHED) != 0;
    }
    return open == s->d->open_ports && xen == s->d->xen_ports;
}

/* A bit of middle for each full word of leaf, a bit of root for each full word of middle. */
static bool free_map_is_a_tree(const struct subject *s)
{
    const struct evt_free_map *map = &s->d->taken;

    for (uint32_t i = 0; i < 64; i++) {
        const uint64_t *page = map->leaf[i * 64 / EVT_LEAF_WORDS];
        uint64_t full = 0;
        for (uint32_t j = 0; page && j < 64; j++)
            full |= (uint64_t)(page[(i * 64 + j) % EVT_LEAF_WORDS] == UINT64_MAX) << j;
        if (map->middle[i] != full || (map->root >> i & 1) != (full == UINT64_MAX))
            return false;
    }
    return true;
}

static bool pirq_table_names_its_own_ports(const struct subject *s)
{
    for (uint32_t pirq = 0; s->d->pirq_port && pirq < EVT_MAX_PIRQS; pirq++) {
        uint32_t port = s->d->pirq_port[pirq];
        if (!port)
            continue;
        if (port >= s->d->nr_known)
            return false;
        const struct evt_port *p = evt_port_of(s->d, port);
        if (p->state != EVTCHNSTAT_pirq || p->pirq != pirq)
            return false;
    }
    return true;
}

/* Slots of an array of pages that are filled. */
static uint32_t filled(void *const *slots, unsigned n)
{
    uint32_t pages = 0;

    for (unsigned i = 0; i < n; i++)
        pages += slots[i] != NULL;
    return pages;
}

static bool pages_are_counted(const struct subject *s)
{
    uint32_t pages =
        1 + filled((void *const *)&s->d->pirq_port, 1) + filled((void *const *)s->d->vcpus, EVT_VCPU_PAGES) +
        filled((void *const *)s->d->queues, EVT_QUEUE_PAGES) + filled((void *const *)s->d->tables, EVT_NR_TABLES) +
        filled((void *const *)s->d->taken.leaf, EVT_LEAF_PAGES);

    for (unsigned i = 0; i < EVT_NR_TABLES; i++) {
        if (s->d->tables[i])
            pages += filled((void *const *)s->d->tables[i], 1U << EVT_TABLE_SHIFT);
    }
    return pages == s->d->pages;
}

static const struct rule domain_rules[] = {
    {domain_is_unlocked, "the domain is locked"},
    {nothing_is_under_way, "a switch or reset never ended"},
    {latched_word_size_applies, "2-level does not have the word size that was latched"},
    {bitmaps_fit_the_abi, "the bitmaps do not fit the ABI"},
    {event_array_fits_the_abi, "the event array does not fit the ABI"},
    {queues_fit_the_abi, "the queues do not fit the ABI"},
    {number_of_valid_ports_is_right, "the number of valid ports is wrong"},
    {unknown_ports_are_untouched, "a port is in use that nobody knows"},
    {open_ports_are_counted, "the count of open ports is wrong"},
    {pirq_table_names_its_own_ports, "the table of pirqs names a port that is not its own"},
    {free_map_is_a_tree, "the levels of the free map differ"},
    {pages_are_counted, "the count of pages is wrong"},
};

const char *evt_check(struct evt_domain *d)
{
    const struct subject s = {.d = d};
    const char *why = FIRST_BROKEN(domain_rules, &s);

    if (!why)
        why = check_ports(d);
    if (!why)
        why = check_vcpus(d);
    return why ? why : check_queues(d);
}
