/* SPDX-License-Identifier: MIT */
/* The machine's memory: the page pool, and frames for domains and for the hypervisor itself. */
#ifndef KERNEL_MEMORY_H
#define KERNEL_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/x86/layout.h"
#include "kernel/pages.h"

#define NO_FRAME UINT64_MAX

struct boot_info;
struct boot_region;

extern struct page_pool memory_pool;

/* Final page tables, the array of pages, and all RAM that nothing uses into the pool. Boot CPU, once. info stays. */
void memory_init(const struct boot_info *info);

/* The hypervisor's address of a frame of RAM, and back. */
static inline void *mfn_to_ptr(uint64_t mfn)
{
    return (void *)(uintptr_t)(DIRECTMAP_BASE + (mfn << PAGE_SHIFT));
}

static inline uint64_t ptr_to_mfn(const void *p)
{
    return ((uintptr_t)p - DIRECTMAP_BASE) >> PAGE_SHIFT;
}

static inline struct page *mfn_to_page(uint64_t mfn)
{
    return &memory_pool.pages[mfn];
}

/* Zeroed memory of at least size bytes in whole pages, for the hypervisor's structures; NULL = none left. */
void *memory_alloc(size_t size);
/* Give it back; size as when it was allocated. NULL is allowed. */
void memory_free(void *p, size_t size);

/* 2^order zeroed frames that belong to a domain, one reference each; NO_FRAME = none left. */
uint64_t memory_alloc_owned(unsigned order, uint16_t domid);

/* The memory map of the machine, as the loader gave it. */
const struct boot_region *memory_map(unsigned *nr);
/* Frames not in use now. */
uint64_t memory_free_frames(void);
/* Frames that the pool had when it was filled. */
uint64_t memory_total_frames(void);

#endif
