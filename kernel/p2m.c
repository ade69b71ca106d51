/* SPDX-License-Identifier: MIT */
#include "kernel/p2m.h"

#include <stddef.h>

#include "common/error.h"
#include "kernel/domain.h"
#include "kernel/memory.h"

#define LEAF_SIZE 1024U
#define TABLE_SIZE 512U

/* Entries hold mfn; frame 0 is never handed out (door_alloc_frames), so 0 is "nothing". */

static unsigned root_index(uint64_t gfn)
{
    return (unsigned)(gfn >> 19);
}

static unsigned mid_index(uint64_t gfn)
{
    return (unsigned)(gfn >> 10) & (TABLE_SIZE - 1);
}

static unsigned leaf_index(uint64_t gfn)
{
    return (unsigned)gfn & (LEAF_SIZE - 1);
}

int p2m_init(struct p2m *p2m)
{
    p2m->root = memory_alloc(PAGE_SIZE);
    return p2m->root ? 0 : xen_error(XEN_ENOMEM);
}

static uint32_t *p2m_entry(const struct p2m *p2m, uint64_t gfn)
{
    if (gfn > P2M_MAX_GFN)
        return NULL;
    struct p2m_mid *mid = __atomic_load_n(&p2m->root[root_index(gfn)], __ATOMIC_RELAXED);
    if (!mid)
        return NULL;
    uint32_t *leaf = __atomic_load_n(&mid->leaf[mid_index(gfn)], __ATOMIC_RELAXED);
    return leaf ? &leaf[leaf_index(gfn)] : NULL;
}

/* The entry, with its tables made as needed; NULL = no memory. */
static uint32_t *p2m_make_entry(struct p2m *p2m, uint64_t gfn)
{
    struct p2m_mid **mid = &p2m->root[root_index(gfn)];
    if (!*mid)
        __atomic_store_n(mid, memory_alloc(PAGE_SIZE), __ATOMIC_RELEASE);
    if (!*mid)
        return NULL;
    uint32_t **leaf = &(*mid)->leaf[mid_index(gfn)];
    if (!*leaf)
        __atomic_store_n(leaf, memory_alloc(PAGE_SIZE), __ATOMIC_RELEASE);
    return *leaf ? &(*leaf)[leaf_index(gfn)] : NULL;
}

uint64_t p2m_lookup(const struct p2m *p2m, uint64_t gfn)
{
    const uint32_t *entry = p2m_entry(p2m, gfn);
    uint32_t mfn = entry ? __atomic_load_n(entry, __ATOMIC_RELAXED) : 0;
    return mfn ? mfn : P2M_NONE;
}

uint64_t p2m_get(struct domain *d, uint64_t gfn)
{
    uint64_t mfn = p2m_lookup(&d->p2m, gfn);
    if (mfn == P2M_NONE || !page_get(mfn_to_page(mfn)))
        return P2M_NONE;
    if (p2m_lookup(&d->p2m, gfn) == mfn && mfn_to_page(mfn)->owner == d->arch.domid)
        return mfn;
    domain_put_page(d, mfn);
    return P2M_NONE;
}

void *p2m_frame(const struct domain *d, uint64_t gfn)
{
    uint64_t mfn = p2m_lookup(&d->p2m, gfn);
    return mfn == P2M_NONE ? NULL : mfn_to_ptr(mfn);
}

int p2m_map(struct domain *d, uint64_t gfn, uint64_t mfn, unsigned order)
{
    uint64_t last = gfn + (1ULL << order) - 1;
    if (d->releasing || last > P2M_MAX_GFN)
        return xen_error(XEN_EINVAL);
    for (uint64_t i = 0; i < 1ULL << order; i++)
        if (!p2m_make_entry(&d->p2m, gfn + i))
            return xen_error(XEN_ENOMEM);
    int r = d->arch.ops->map(&d->arch, gfn, mfn, order, true);
    if (r)
        return r;
    for (uint64_t i = 0; i < 1ULL << order; i++)
        __atomic_store_n(p2m_entry(&d->p2m, gfn + i), (uint32_t)(mfn + i), __ATOMIC_RELEASE);
    if (last > d->max_gfn)
        d->max_gfn = last;
    return 0;
}

uint64_t p2m_unmap(struct domain *d, uint64_t gfn)
{
    uint64_t mfn = d->releasing ? P2M_NONE : p2m_lookup(&d->p2m, gfn);
    if (mfn == P2M_NONE)
        return P2M_NONE;
    if (d->arch.ops->unmap(&d->arch, gfn))
        return P2M_NONE; /* a 2 MiB mapping could not be split: no memory */
    __atomic_store_n(p2m_entry(&d->p2m, gfn), 0, __ATOMIC_RELEASE);
    return mfn;
}

/* How far to the next gfn that may be mapped, when none is at gfn: skips whole missing tables. */
static uint64_t skip_from(const struct p2m *p2m, uint64_t gfn)
{
    const struct p2m_mid *mid = p2m->root[root_index(gfn)];
    if (!mid)
        return (gfn | (((uint64_t)LEAF_SIZE * TABLE_SIZE) - 1)) + 1;
    if (!mid->leaf[mid_index(gfn)])
        return (gfn | (LEAF_SIZE - 1)) + 1;
    return gfn + 1;
}

bool p2m_release(struct domain *d, uint64_t *cursor, unsigned budget)
{
    uint64_t gfn = *cursor;
    while (gfn <= d->max_gfn && budget-- > 0) {
        uint32_t *entry = p2m_entry(&d->p2m, gfn);
        if (entry && *entry) {
            domain_put_page(d, *entry);
            *entry = 0;
        }
        gfn = skip_from(&d->p2m, gfn);
    }
    *cursor = gfn;
    return gfn > d->max_gfn;
}

void p2m_free(struct p2m *p2m)
{
    for (unsigned i = 0; p2m->root && i < TABLE_SIZE; i++) {
        struct p2m_mid *mid = p2m->root[i];
        for (unsigned j = 0; mid && j < TABLE_SIZE; j++)
            memory_free(mid->leaf[j], PAGE_SIZE);
        memory_free(mid, PAGE_SIZE);
    }
    memory_free(p2m->root, PAGE_SIZE);
    p2m->root = NULL;
}
