/* SPDX-License-Identifier: MIT */
/*
 * The machine-to-physical table (xen.h: at MACH2PHYS_VIRT_START): for each frame of the machine 8 bytes that ring 3 may
 * read, the number by which the guest that has the frame calls it. Where a GiB has no RAM at all, the 2 MiB of the
 * table for it are not there.
 */
#include "arch/x86/early.h"
#include "arch/x86/paging.h"
#include "arch/x86/pv/container.h"
#include "arch/x86/pv/env.h"
#include "common/string.h"
#include "kernel/door.h"
#include "kernel/printk.h"

#define LARGE_ORDER 9U
#define LARGE_SIZE ((uint64_t)PAGE_SIZE << LARGE_ORDER)
#define FRAMES_PER(bytes) ((bytes) / sizeof(uint64_t))

static uint64_t *const writable = (uint64_t *)M2P_WRITABLE;

/* INVALID_M2P_ENTRY everywhere: all ones. What could not be mapped stays allocated: it may be mapped in part. */
static bool map_part(uint64_t offset, uint64_t mfn, unsigned order)
{
    memset(mfn_to_virt(mfn), 0xff, (size_t)PAGE_SIZE << order);
    return paging_map_m2p(offset, mfn, (uint64_t)PAGE_SIZE << order);
}

static bool map_small_pages(uint64_t offset, uint64_t end)
{
    for (; offset < end; offset += PAGE_SIZE) {
        uint64_t mfn = door_alloc_frames(0);
        if (!mfn || !map_part(offset, mfn, 0))
            return false;
    }
    return true;
}

static bool map_range(uint64_t offset, uint64_t end)
{
    uint64_t mfn = end - offset == LARGE_SIZE ? door_alloc_frames(LARGE_ORDER) : 0;
    return mfn ? map_part(offset, mfn, LARGE_ORDER) : map_small_pages(offset, end);
}

static bool has_ram(uint64_t offset, uint64_t end)
{
    return early_has_ram(FRAMES_PER(offset) << PAGE_SHIFT, FRAMES_PER(end) << PAGE_SHIFT);
}

bool pv_m2p_init(void)
{
    uint64_t size = door_nr_frames() * sizeof(uint64_t), mapped = 0;

    for (uint64_t offset = 0; offset < size; offset += LARGE_SIZE) {
        uint64_t end = size - offset < LARGE_SIZE ? size : offset + LARGE_SIZE;
        if (!has_ram(offset, end))
            continue;
        if (!map_range(offset, end))
            return false;
        mapped += end - offset;
    }
    printk(LOG_INFO, "pv:         machine-to-physical table of %llu KiB", (unsigned long long)(mapped >> 10));
    return true;
}

void pv_env_set_m2p(uint64_t mfn, uint64_t pfn)
{
    __atomic_store_n(&writable[mfn], pfn, __ATOMIC_RELAXED);
}
