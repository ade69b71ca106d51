/* SPDX-License-Identifier: MIT */
/* The event channels of a domain: birth, places in the guest's memory, death. Every page the core holds is got here. */
#include "evtchn/bits.h"
#include "evtchn/core.h"

#define VCPU_INFO_SIZE 64U

void *evt_page_alloc(struct evt_domain *d)
{
    void *page = env_alloc_page();
    if (page)
        __atomic_store_n(&d->pages, d->pages + 1, __ATOMIC_RELAXED); /* evt_bytes reads it without the lock */
    return page;
}

void evt_page_free(struct evt_domain *d, void *page)
{
    __atomic_store_n(&d->pages, d->pages - 1, __ATOMIC_RELAXED);
    env_free_page(page);
}

/* The vcpus, and port 0, which is taken for ever and is nobody's open port. */
static bool fill_domain(struct evt_domain *d)
{
    for (unsigned i = 0; i << EVT_VCPUS_SHIFT < d->nr_vcpus; i++) {
        d->vcpus[i] = evt_page_alloc(d);
        if (!d->vcpus[i])
            return false;
    }
    uint32_t zero;
    if (evt_port_find(d, &zero))
        return false;
    evt_port_open(d, zero, EVTCHNSTAT_closed, 0, 0);
    d->open_ports = 0;
    return true;
}

struct evt_domain *evt_domain_create(const struct evt_config *config)
{
    if (config->nr_vcpus == 0 || config->nr_vcpus > EVT_MAX_VCPUS || config->nr_pirqs > EVT_MAX_PIRQS)
        return NULL;
    struct evt_domain *d = env_alloc_page();
    if (!d)
        return NULL;

    d->pages = 1;
    d->domid = config->domid;
    d->nr_vcpus = config->nr_vcpus;
    d->max_port = config->max_port;
    d->nr_pirqs = config->nr_pirqs;
    d->extended = config->extended;
    d->rfc_numbering = config->rfc_numbering;
    d->privileged = config->privileged;
    d->owner = config->owner;
    d->consume = config->consume;
    d->latched_bits = 64;
    evt_publish_ops(d, evt_2level_for(d));
    if (fill_domain(d))
        return d;
    evt_domain_destroy(d);
    return NULL;
}

void evt_domain_set_dying(struct evt_domain *d)
{
    env_lock(&d->lock);
    d->dying = true;
    env_unlock(&d->lock);
}

/*
 * When the last port is closed, no pair leads here any more. The wait lets those finish who followed one before
 * (evt_port_close, evt_raise_virq).
 */
int evt_domain_close_ports(struct evt_domain *d)
{
    int rc = evt_ports_close_from(d, &d->dying_next, true);
    if (rc)
        return rc;
    if (!env_quiesce_begin())
        return -XEN_ERESTART;
    env_quiesce_wait();
    env_quiesce_end();
    return 0;
}

static void free_page(void *page)
{
    if (page)
        env_free_page(page);
}

static void free_table(struct evt_port **table)
{
    for (unsigned i = 0; table && i < 1U << EVT_TABLE_SHIFT; i++)
        free_page(table[i]);
    free_page(table);
}

void evt_domain_destroy(struct evt_domain *d)
{
    if (d->ops->release)
        d->ops->release(d);
    for (unsigned i = 0; i < EVT_NR_TABLES; i++)
        free_table(d->tables[i]);
    for (unsigned i = 0; i < EVT_LEAF_PAGES; i++)
        free_page(d->taken.leaf[i]);
    for (unsigned i = 0; i < EVT_VCPU_PAGES; i++)
        free_page(d->vcpus[i]);
    free_page(d->pirq_port);
    env_free_page(d);
}

const struct evt_ops *evt_2level_for(const struct evt_domain *d)
{
    return d->latched_bits == 64 ? &evt_2level_ops64 : &evt_2level_ops32;
}

/* A larger limit must not be seen before the functions that know it; a smaller one does no harm (every hook checks). */
void evt_publish_ops(struct evt_domain *d, const struct evt_ops *ops)
{
    uint32_t valid = d->nr_known < ops->limit ? d->nr_known : ops->limit;
    __atomic_store_n(&d->ops, ops, __ATOMIC_RELEASE);
    __atomic_store_n(&d->nr_valid, valid, __ATOMIC_RELEASE);
}

/* W is frozen on 3-level and FIFO and on the way there. Both 2-level tables work on the same page, so nobody need wait.
 * [d] */
static void apply_word_size(struct evt_domain *d)
{
    if (d->ops->levels == 2 && d->busy != EVT_SWITCHING && d->ops != evt_2level_for(d))
        evt_publish_ops(d, evt_2level_for(d));
}

void evt_latch_word_size(struct evt_domain *d, unsigned bits)
{
    env_lock(&d->lock);
    __atomic_store_n(&d->latched_bits, (uint8_t)(bits == 64 ? 64 : 32), __ATOMIC_RELAXED);
    apply_word_size(d);
    env_unlock(&d->lock);
}

void evt_end_busy(struct evt_domain *d, enum evt_busy busy)
{
    env_lock(&d->lock);
    d->busy = busy;
    apply_word_size(d);
    env_unlock(&d->lock);
}

void evt_set_shared_info(struct evt_domain *d, void *shared_info)
{
    d->shared_info = shared_info;
}

static void copy_vcpu_info(uint8_t *dst, const uint8_t *src)
{
    for (unsigned i = 0; i < VCPU_INFO_SIZE; i += 4)
        (void)shm_xchg32((uint32_t *)(void *)(dst + i), shm_read32((const uint32_t *)(const void *)(src + i)));
}

/*
 * A vcpu beyond the slots of shared_info gets its first place while it may already have been notified, and so does one
 * that has an L2 selector: they were parked. All others start with the empty place in shared_info.
 */
void evt_set_vcpu_info(struct evt_domain *d, unsigned vcpu, void *vcpu_info)
{
    struct evt_vcpu *v = evt_vcpu_of(d, vcpu);

    env_lock(&d->lock);
    bool may_have_missed = v->placed || v->l2 || vcpu >= XEN_LEGACY_MAX_VCPUS;
    if (vcpu_info && v->info)
        copy_vcpu_info(vcpu_info, v->info);
    __atomic_store_n(&v->info, (uint8_t *)vcpu_info, __ATOMIC_RELEASE);
    v->placed = v->placed || vcpu_info;
    shm_barrier(); /* against set_pending: pending bit, then this pointer */
    if (may_have_missed)
        d->ops->select_all(d, vcpu);
    env_unlock(&d->lock);
}

/* --- Plain answers. */

const char *evt_abi_name(const struct evt_domain *d)
{
    return evt_ops_of(d)->name;
}

void *evt_owner(const struct evt_domain *d)
{
    return d->owner;
}

uint16_t evt_domid(const struct evt_domain *d)
{
    return d->domid;
}

unsigned evt_word_size(const struct evt_domain *d)
{
    unsigned bits = evt_ops_of(d)->word_bits;
    return bits ? bits : __atomic_load_n(&d->latched_bits, __ATOMIC_RELAXED);
}

uint64_t evt_events(const struct evt_domain *d)
{
    return __atomic_load_n(&d->events, __ATOMIC_RELAXED);
}

uint64_t evt_dropped(const struct evt_domain *d)
{
    return __atomic_load_n(&d->dropped, __ATOMIC_RELAXED);
}

uint32_t evt_open_ports(const struct evt_domain *d)
{
    return __atomic_load_n(&d->open_ports, __ATOMIC_RELAXED);
}

uint64_t evt_bytes(const struct evt_domain *d)
{
    return (uint64_t)__atomic_load_n(&d->pages, __ATOMIC_RELAXED) * EVT_PAGE_SIZE;
}
