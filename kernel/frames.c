/* SPDX-License-Identifier: MIT */
#include "kernel/frames.h"

#include "common/error.h"
#include "kernel/domain.h"
#include "kernel/limbo.h"
#include "kernel/memory.h"

uint64_t frame_hold(struct domain *d, uint64_t frame)
{
    if (!d->arch.ops->frame_get)
        return p2m_get(d, frame);
    return d->arch.ops->frame_get(&d->arch, frame) ? frame : P2M_NONE;
}

void frame_drop(struct domain *d, uint64_t mfn)
{
    if (d->arch.ops->frame_put)
        d->arch.ops->frame_put(&d->arch, mfn);
    else
        domain_put_page(d, mfn);
}

/* --- Whose they are (kernel/domain.h) */

static void let_go(const struct domain *d, uint64_t mfn)
{
    if (d->arch.ops->set_m2p)
        d->arch.ops->set_m2p(mfn, M2P_NO_PFN);
    limbo_free(mfn);
}

void domain_lose_page(struct domain *d, uint64_t mfn)
{
    __atomic_fetch_sub(&d->pages, 1, __ATOMIC_RELAXED);
    let_go(d, mfn);
}

void domain_replaced_page(struct domain *d, uint64_t mfn)
{
    let_go(d, mfn);
}

void domain_put_page(struct domain *d, uint64_t mfn)
{
    if (page_put(mfn_to_page(mfn)))
        domain_lose_page(d, mfn);
}

/* All frames that d ever had are to be found at its end. */
static void note_range(struct domain *d, uint64_t mfn, uint64_t end)
{
    uint64_t first = __atomic_load_n(&d->first_page, __ATOMIC_RELAXED);
    uint64_t last = __atomic_load_n(&d->end_page, __ATOMIC_RELAXED);

    while (mfn < first &&
           !__atomic_compare_exchange_n(&d->first_page, &first, mfn, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
    while (end > last &&
           !__atomic_compare_exchange_n(&d->end_page, &last, end, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
}

uint64_t domain_alloc_pages(struct domain *d, unsigned order)
{
    uint64_t mfn = memory_alloc_owned(order, d->arch.domid);
    if (mfn == NO_FRAME)
        return NO_FRAME;
    __atomic_fetch_add(&d->pages, 1ULL << order, __ATOMIC_RELAXED);
    note_range(d, mfn, mfn + (1ULL << order));
    return mfn;
}

static bool charge(struct domain *d, uint64_t n)
{
    uint64_t pages = __atomic_load_n(&d->pages, __ATOMIC_RELAXED);
    do {
        if (pages > d->max_pages || n > d->max_pages - pages)
            return false;
    } while (!__atomic_compare_exchange_n(&d->pages, &pages, pages + n, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    return true;
}

void domain_adopt(struct domain *d, uint64_t mfn, unsigned order)
{
    note_range(d, mfn, mfn + (1ULL << order));
    for (uint64_t i = mfn; i < mfn + (1ULL << order); i++)
        __atomic_store_n(&mfn_to_page(i)->owner, d->arch.domid, __ATOMIC_RELEASE);
}

/* Once its frames are being given back none may come. */
static bool adopt_while_it_lives(struct domain *d, uint64_t mfn, unsigned order)
{
    spin_lock(&d->lock);
    bool lives = !d->releasing;
    if (lives)
        domain_adopt(d, mfn, order);
    spin_unlock(&d->lock);
    return lives;
}

int domain_grow(struct domain *d, unsigned order, uint64_t *mfn)
{
    if (!charge(d, 1ULL << order))
        return xen_error(XEN_ENOMEM);
    *mfn = memory_alloc_owned(order, PAGE_OWNER_HYPERVISOR);
    if (*mfn != NO_FRAME && adopt_while_it_lives(d, *mfn, order))
        return 0;
    __atomic_fetch_sub(&d->pages, 1ULL << order, __ATOMIC_RELAXED);
    if (*mfn == NO_FRAME && !limbo_is_empty())
        return -XEN_ERESTART;
    if (*mfn != NO_FRAME)
        pages_free(&memory_pool, *mfn, order);
    return xen_error(XEN_ENOMEM);
}

bool domain_release(struct domain *d, uint64_t *cursor, unsigned budget)
{
    const struct virt_ops *ops = d->arch.ops;
    return ops->release ? ops->release(&d->arch, cursor, budget) : p2m_release(d, cursor, budget);
}
