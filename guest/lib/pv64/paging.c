/* SPDX-License-Identifier: MIT */
#include "guest/lib/pv64/pv.h"

#include "guest/lib/pv64/hypercalls.h"

#define MAPPED_MAX (1UL << 30) /* what one L2 table maps */
#define L2_ENTRY_SIZE (1UL << 21)
#define FRAME_MASK 0x000FFFFFFFFFF000UL

const struct start_info *pv_start_info;

static uint64_t *p2m(void)
{
    return (uint64_t *)pv_start_info->mfn_list;
}

uint64_t env_frame(const void *p)
{
    return p2m()[guest_address(p) >> GUEST_PAGE_SHIFT];
}

uint64_t pv_machine(const volatile void *p)
{
    return env_frame((const void *)p) << GUEST_PAGE_SHIFT | guest_address(p) % GUEST_PAGE_SIZE;
}

void *pv_page(uint64_t machine)
{
    const uint64_t *m2p = (const uint64_t *)MACH2PHYS_VIRT_START;

    return (void *)(m2p[(machine & FRAME_MASK) >> GUEST_PAGE_SHIFT] << GUEST_PAGE_SHIFT);
}

unsigned pv_index_at(const volatile void *p, unsigned level)
{
    return (unsigned)(guest_address(p) >> (GUEST_PAGE_SHIFT + 9 * (level - 1)) & (PV_ENTRIES - 1));
}

uint64_t *pv_table_at(const volatile void *p, unsigned level)
{
    uint64_t *table = (uint64_t *)pv_start_info->pt_base;

    for (unsigned l = 4; l > level; l--)
        table = pv_page(table[pv_index_at(p, l)]);
    return table;
}

int pv_set_mapping(const volatile void *p, uint64_t entry)
{
    return hv_update_va_mapping(guest_address(p), entry, UVMF_INVLPG | UVMF_LOCAL);
}

int pv_replace_page(const void *p, uint64_t machine)
{
    p2m()[guest_address(p) >> GUEST_PAGE_SHIFT] = machine >> GUEST_PAGE_SHIFT;
    return pv_set_mapping(p, machine | PTE_ALL);
}

int pv_set_entry(const uint64_t *table, unsigned index, uint64_t entry)
{
    struct mmu_update update = {.ptr = pv_machine(&table[index]) | MMU_NORMAL_PT_UPDATE, .val = entry};

    return hv_mmu_update(&update, 1, NULL, DOMID_SELF);
}

int pv_make_table(const uint64_t *table)
{
    return pv_set_mapping(table, pv_machine(table) | PTE_READ_ONLY);
}

/*
 * Map the 2 MiB at `start`, or what there is of them, with `l1` as their table. An error if some of it is a page table
 * (of a p2m list that has an address of its own): then l1 is ordinary memory again.
 */
static int map_2mib(guest_word start, uint64_t *l1)
{
    guest_word first = start >> GUEST_PAGE_SHIFT;
    int rc;

    for (unsigned i = 0; i < PV_ENTRIES; i++)
        l1[i] = first + i < pv_start_info->nr_pages ? p2m()[first + i] << GUEST_PAGE_SHIFT | PTE_ALL : 0;
    rc = pv_make_table(l1);
    if (rc == 0)
        rc = pv_set_entry(pv_table_at(NULL, 2), (unsigned)(start / L2_ENTRY_SIZE), pv_machine(l1) | PTE_ALL);
    if (rc)
        pv_set_mapping(l1, pv_machine(l1) | PTE_ALL);
    return rc;
}

/* The hypervisor maps whole multiples of 4 MiB, with half a MiB at least behind what it used: room for the first
 * tables; each of them then makes room for 511 more. */
guest_word pv_map_memory(guest_word *free)
{
    guest_word end = pv_start_info->nr_pages << GUEST_PAGE_SHIFT;
    guest_word start = (*free + L2_ENTRY_SIZE - 1) & ~(L2_ENTRY_SIZE - 1);

    if (end > MAPPED_MAX)
        end = MAPPED_MAX;
    for (; start < end; start += L2_ENTRY_SIZE) {
        if (pv_table_at(NULL, 2)[start / L2_ENTRY_SIZE] & PTE_PRESENT)
            continue;
        if (map_2mib(start, (uint64_t *)*free))
            return start;
        *free += GUEST_PAGE_SIZE;
    }
    return end;
}
