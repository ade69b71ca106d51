/* SPDX-License-Identifier: MIT */
/*
 * The part of kernel/door.h that has to be quick: one changed entry of a page table takes several of these several
 * times. As arch/x86/pv/env.h says of its functions.
 */
#ifndef KERNEL_DOOR_PAGES_H
#define KERNEL_DOOR_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/memory.h"

/* The word of struct page; NULL: there is no such frame of RAM. */
static inline uint64_t *door_page_use(uint64_t mfn)
{
    if (mfn >= memory_pool.nr_frames || !(mfn_to_page(mfn)->flags & PAGE_RAM))
        return NULL;
    return &mfn_to_page(mfn)->use;
}

static inline bool door_page_get(uint64_t mfn, uint16_t owner)
{
    return mfn < memory_pool.nr_frames && page_get_owned(mfn_to_page(mfn), owner);
}

/* The last reference is gone. */
void door_page_lose(uint64_t mfn);

static inline void door_page_put(uint64_t mfn)
{
    if (page_put(mfn_to_page(mfn)))
        door_page_lose(mfn);
}

#endif
