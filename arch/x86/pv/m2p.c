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

#define PART (2ULL << 20) /* of the table, in one large page */
#define FRAMES_PER(bytes) ((bytes) / sizeof(uint64_t))

static uint64_t *const writable = (uint64_t *)M2P_WRITABLE;

static unsigned order_of(uint64_t size)
{
    unsigned order = 0;
    while (((uint64_t)PAGE_SIZE << order) < size)
        order++;
    return order;
}

/* M2P_NO_PFN everywhere. One piece of memory: XENMEM_machphys_mfn_list names its first frame. */
static bool map_part(uint64_t offset, uint64_t end)
{
    uint64_t mfn = door_alloc_frames(order_of(end - offset));

    if (!mfn)
        return false;
    memset(mfn_to_virt(mfn), 0xff, end - offset);
    return paging_map_m2p(offset, mfn, end - offset);
}

static bool has_ram(uint64_t offset, uint64_t end)
{
    return early_has_ram(FRAMES_PER(offset) << PAGE_SHIFT, FRAMES_PER(end) << PAGE_SHIFT);
}

bool pv_m2p_init(void)
{
    uint64_t size = (door_nr_frames() * sizeof(uint64_t) + PAGE_SIZE - 1) & ~(uint64_t)(PAGE_SIZE - 1), mapped = 0;

    for (uint64_t offset = 0; offset < size; offset += PART) {
        uint64_t end = size - offset < PART ? size : offset + PART;
        if (!has_ram(offset, end))
            continue;
        if (!map_part(offset, end))
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
