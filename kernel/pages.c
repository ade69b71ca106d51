/* SPDX-License-Identifier: MIT */
/*
 * A binary buddy allocator. A free block of 2^order frames is aligned to its size and described by its first frame
 * alone: PAGE_FREE, its order, its place in the list of that order. Its buddy is the block whose number differs in bit
 * `order`; two free buddies become one. So taking and giving back cost at most one step per order under the lock.
 * Marking the frames of a block (owner, references) is done outside the lock: they belong to the caller then.
 */
#include "kernel/pages.h"

#include "kernel/printk.h"

#define NONE UINT32_MAX

static void list_push(struct page_pool *pool, uint32_t mfn, unsigned order)
{
    struct page *page = &pool->pages[mfn];
    page->flags |= PAGE_FREE;
    page->order = (uint8_t)order;
    page->prev = NONE;
    page->next = pool->heads[order];
    if (page->next != NONE)
        pool->pages[page->next].prev = mfn;
    pool->heads[order] = mfn;
}

static void list_remove(struct page_pool *pool, uint32_t mfn)
{
    struct page *page = &pool->pages[mfn];
    if (page->prev == NONE)
        pool->heads[page->order] = page->next;
    else
        pool->pages[page->prev].next = page->next;
    if (page->next != NONE)
        pool->pages[page->next].prev = page->prev;
    page->flags &= (uint8_t)~PAGE_FREE;
}

static bool is_free_block(const struct page_pool *pool, uint64_t mfn, unsigned order)
{
    return mfn < pool->nr_frames && (pool->pages[mfn].flags & PAGE_FREE) && pool->pages[mfn].order == order;
}

/* Under the lock: the block becomes free, together with its buddies that are. */
static void insert(struct page_pool *pool, uint64_t mfn, unsigned order)
{
    pool->free_frames += UINT64_C(1) << order;
    while (order < PAGES_MAX_ORDER && is_free_block(pool, mfn ^ (UINT64_C(1) << order), order)) {
        list_remove(pool, (uint32_t)(mfn ^ (UINT64_C(1) << order)));
        mfn &= ~(UINT64_C(1) << order);
        order++;
    }
    list_push(pool, (uint32_t)mfn, order);
}

/* Under the lock: a block from the smallest order that has one, the rest of it given back. */
static uint64_t take(struct page_pool *pool, unsigned order)
{
    unsigned from = order;
    while (from <= PAGES_MAX_ORDER && pool->heads[from] == NONE)
        from++;
    if (from > PAGES_MAX_ORDER)
        return UINT64_MAX;
    uint32_t mfn = pool->heads[from];
    list_remove(pool, mfn);
    while (from > order) {
        from--;
        list_push(pool, mfn + (UINT32_C(1) << from), from);
    }
    pool->free_frames -= UINT64_C(1) << order;
    return mfn;
}

void pages_init(struct page_pool *pool, struct page *pages, uint64_t nr_frames)
{
    ASSERT(nr_frames < NONE);
    *pool = (struct page_pool){.pages = pages, .nr_frames = nr_frames};
    for (unsigned order = 0; order <= PAGES_MAX_ORDER; order++)
        pool->heads[order] = NONE;
    for (uint64_t i = 0; i < nr_frames; i++)
        pages[i] = (struct page){.owner = PAGE_OWNER_NONE, .next = NONE, .prev = NONE};
}

/* The largest aligned block that starts at mfn and has no more than count frames. */
static unsigned order_at(uint64_t mfn, uint64_t count)
{
    unsigned order = 0;
    while (order < PAGES_MAX_ORDER && !(mfn & (UINT64_C(1) << order)) && UINT64_C(2) << order <= count)
        order++;
    return order;
}

void pages_add(struct page_pool *pool, uint64_t first, uint64_t count)
{
    ASSERT(first <= pool->nr_frames && count <= pool->nr_frames - first);
    for (uint64_t i = first; i < first + count; i++) {
        ASSERT(!(pool->pages[i].flags & PAGE_RAM));
        pool->pages[i].flags |= PAGE_RAM;
    }
    spin_lock(&pool->lock);
    while (count) {
        unsigned order = order_at(first, count);
        insert(pool, first, order);
        first += UINT64_C(1) << order;
        count -= UINT64_C(1) << order;
    }
    spin_unlock(&pool->lock);
}

uint64_t pages_alloc(struct page_pool *pool, unsigned order, uint16_t owner)
{
    ASSERT(owner != PAGE_OWNER_NONE);
    if (order > PAGES_MAX_ORDER)
        return UINT64_MAX;
    spin_lock(&pool->lock);
    uint64_t mfn = take(pool, order);
    spin_unlock(&pool->lock);
    if (mfn == UINT64_MAX)
        return UINT64_MAX;
    for (uint64_t i = mfn; i < mfn + (UINT64_C(1) << order); i++) {
        pool->pages[i].owner = owner;
        pool->pages[i].use = 0;
        pool->pages[i].flags |= PAGE_KEPT;
        __atomic_store_n(&pool->pages[i].refs, 1, __ATOMIC_RELEASE);
    }
    return mfn;
}

void pages_free(struct page_pool *pool, uint64_t mfn, unsigned order)
{
    ASSERT(order <= PAGES_MAX_ORDER && !(mfn & ((UINT64_C(1) << order) - 1)));
    ASSERT(mfn < pool->nr_frames && UINT64_C(1) << order <= pool->nr_frames - mfn);
    for (uint64_t i = mfn; i < mfn + (UINT64_C(1) << order); i++) {
        struct page *page = &pool->pages[i];
        ASSERT(page->owner != PAGE_OWNER_NONE && !(page->flags & PAGE_FREE));
        /* 0 after the last page_put(), 1 from pages_alloc(); more means that somebody still uses the frame. */
        ASSERT(__atomic_load_n(&page->refs, __ATOMIC_ACQUIRE) <= 1);
        page->owner = PAGE_OWNER_NONE;
        page->refs = 0;
        page->flags &= (uint8_t)~PAGE_KEPT;
    }
    spin_lock(&pool->lock);
    insert(pool, mfn, order);
    spin_unlock(&pool->lock);
}

/* Also fails when the counter is full, which a guest may try to bring about. */
bool page_get(struct page *page)
{
    uint32_t refs = __atomic_load_n(&page->refs, __ATOMIC_RELAXED);
    do {
        if (refs == 0 || refs == UINT32_MAX)
            return false;
    } while (!__atomic_compare_exchange_n(&page->refs, &refs, refs + 1, true, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED));
    return true;
}

/* On a copy of the first eight bytes: `refs` and `owner` of what is really there may be another's a moment later. */
bool page_get_owned(struct page *page, uint16_t owner)
{
    struct page wanted, seen = {.held = __atomic_load_n(&page->held, __ATOMIC_RELAXED)};
    do {
        if (seen.owner != owner || seen.refs == 0 || seen.refs == UINT32_MAX)
            return false;
        wanted.held = seen.held;
        wanted.refs++;
    } while (
        !__atomic_compare_exchange_n(&page->held, &seen.held, wanted.held, true, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED));
    return true;
}

bool page_steal(struct page *page, uint16_t owner)
{
    struct page seen = {.held = __atomic_load_n(&page->held, __ATOMIC_RELAXED)}, wanted = seen;
    wanted.refs = 0;
    return seen.owner == owner && seen.refs == 1 && (seen.flags & PAGE_KEPT) &&
           __atomic_compare_exchange_n(&page->held, &seen.held, wanted.held, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

void page_return(struct page *page)
{
    __atomic_store_n(&page->refs, 1, __ATOMIC_RELEASE);
}

bool page_put(struct page *page)
{
    uint32_t before = __atomic_fetch_sub(&page->refs, 1, __ATOMIC_ACQ_REL);
    ASSERT(before != 0);
    return before == 1;
}

bool page_disown(struct page *page)
{
    return __atomic_fetch_and(&page->flags, (uint8_t)~PAGE_KEPT, __ATOMIC_ACQ_REL) & PAGE_KEPT;
}
