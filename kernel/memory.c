/* SPDX-License-Identifier: MIT */
#include "kernel/memory.h"

#include "arch/x86/arch.h"
#include "boot/boot_info.h"
#include "common/string.h"
#include "guest/abi/memory.h"
#include "kernel/door.h"
#include "kernel/printk.h"

struct page_pool memory_pool;
static uint64_t total_frames;
static const struct boot_info *boot;

struct range {
    uint64_t start, end; /* bytes, [start, end) */
};

static uint64_t page_down(uint64_t x)
{
    return x & ~(uint64_t)(PAGE_SIZE - 1);
}

static uint64_t page_up(uint64_t x)
{
    return page_down(x + PAGE_SIZE - 1);
}

/* What must not become free memory although it is RAM: item i of two lists laid end to end. */
static bool taken_range(const struct boot_info *info, unsigned i, struct range *r)
{
    if (i >= info->nr_modules)
        return arch_early_reserved(i - info->nr_modules, &r->start, &r->end);
    r->start = page_down(info->modules[i].start);
    r->end = page_up(info->modules[i].start + info->modules[i].size);
    return true;
}

/*
 * The end of what may be used from `start` on, looking at everything that is taken in [start, end). When start itself
 * is taken, *start moves behind that and the result is *start (nothing usable here).
 */
static uint64_t usable_until(const struct boot_info *info, uint64_t *start, uint64_t end)
{
    struct range r;
    for (unsigned i = 0; taken_range(info, i, &r); i++) {
        if (r.start >= r.end || r.end <= *start || r.start >= end)
            continue;
        if (r.start <= *start) {
            *start = r.end;
            return r.end;
        }
        end = r.start;
    }
    return end;
}

/* The whole pages of a region of RAM. */
static void add_region(const struct boot_info *info, const struct boot_region *ram)
{
    uint64_t limit = memory_pool.nr_frames << PAGE_SHIFT;
    if (ram->start >= limit)
        return;
    uint64_t start = page_up(ram->start);
    uint64_t end = page_down(ram->start + ram->size);
    if (end > limit)
        end = limit;
    while (start < end) {
        uint64_t until = usable_until(info, &start, end);
        if (until > start) {
            pages_add(&memory_pool, start >> PAGE_SHIFT, (until - start) >> PAGE_SHIFT);
            start = until;
        }
    }
}

/* The end of the highest RAM that ends below frame `limit`; 0 if there is none. Regions are sorted. */
static uint64_t ram_end_below(const struct boot_info *info, uint64_t limit)
{
    uint64_t best = 0;
    for (unsigned i = 0; i < info->nr_regions; i++) {
        uint64_t end = (info->regions[i].start + info->regions[i].size) >> PAGE_SHIFT;
        if (info->regions[i].type == E820_RAM && end < limit)
            best = end;
    }
    return best;
}

/* The array of pages; *frames is how many it is for. Where RAM lies so far apart that there is no room for an array of
 * all that, the highest RAM is not used. */
static struct page *alloc_array(const struct boot_info *info, uint64_t *frames)
{
    struct page *pages = arch_early_alloc(*frames * sizeof(struct page));
    while (!pages) {
        *frames = ram_end_below(info, *frames);
        if (!*frames)
            panic("no region of memory has room for the array of pages");
        pages = arch_early_alloc(*frames * sizeof(struct page));
        if (pages)
            printk(LOG_WARNING, "memory:     RAM above %llu MiB is not used: the array of pages would not fit",
                   (unsigned long long)(*frames >> 8));
    }
    return pages;
}

void memory_init(const struct boot_info *info)
{
    boot = info;
    uint64_t frames = arch_memory_init(info);
    struct page *pages = alloc_array(info, &frames);
    uint64_t bytes = frames * sizeof(struct page);
    pages_init(&memory_pool, pages, frames);
    for (unsigned i = 0; i < info->nr_regions; i++)
        if (info->regions[i].type == E820_RAM)
            add_region(info, &info->regions[i]);
    total_frames = memory_free_frames();
    printk(LOG_INFO, "memory:     %llu MiB free, %llu KiB hold the array of pages",
           (unsigned long long)(total_frames >> 8), (unsigned long long)(bytes >> 10));
}

static unsigned order_of(size_t size)
{
    unsigned order = 0;
    while (((size_t)PAGE_SIZE << order) < size)
        order++;
    return order;
}

static uint64_t alloc_zeroed(unsigned order, uint16_t owner)
{
    uint64_t mfn = pages_alloc(&memory_pool, order, owner);
    if (mfn != NO_FRAME)
        memset(mfn_to_ptr(mfn), 0, (size_t)PAGE_SIZE << order);
    return mfn;
}

uint64_t door_alloc_frames(unsigned order)
{
    uint64_t mfn = alloc_zeroed(order, PAGE_OWNER_HYPERVISOR);
    return mfn == NO_FRAME ? 0 : mfn;
}

void door_free_frames(uint64_t mfn, unsigned order)
{
    pages_free(&memory_pool, mfn, order);
}

void *memory_alloc(size_t size)
{
    uint64_t mfn = door_alloc_frames(order_of(size));
    return mfn ? mfn_to_ptr(mfn) : NULL;
}

void memory_free(void *p, size_t size)
{
    if (p)
        door_free_frames(ptr_to_mfn(p), order_of(size));
}

uint64_t memory_alloc_owned(unsigned order, uint16_t domid)
{
    return alloc_zeroed(order, domid);
}

const struct boot_region *memory_map(unsigned *nr)
{
    *nr = boot->nr_regions;
    return boot->regions;
}

uint64_t memory_free_frames(void)
{
    return __atomic_load_n(&memory_pool.free_frames, __ATOMIC_RELAXED);
}

uint64_t memory_total_frames(void)
{
    return total_frames;
}
