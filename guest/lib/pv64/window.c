/* SPDX-License-Identifier: MIT */
#include "guest/lib/window.h"

#include "guest/lib/pv64/pv.h"

#define ROOT_SLOT 1U                 /* of the L4 table; memory is behind slot 0 */
#define WINDOW_START 0x8000000000ULL /* what that slot maps */

/* L3, L2 and L1 for the windows. */
static uint64_t tables[3][PV_ENTRIES] __attribute__((aligned(GUEST_PAGE_SIZE)));

/* Each table becomes one when an entry of a live table names it; so the lowest must be complete first. */
static void make_tables(void)
{
    static bool made;

    if (made)
        return;
    made = true;
    tables[0][0] = pv_machine(tables[1]) | PTE_ALL;
    tables[1][0] = pv_machine(tables[2]) | PTE_ALL;
    for (unsigned i = 0; i < 3; i++)
        pv_make_table(tables[i]);
    pv_set_entry((const uint64_t *)pv_start_info->pt_base, ROOT_SLOT, pv_machine(tables[0]) | PTE_ALL);
}

/* Every second page of the table is a window. A mapping that the hypervisor refuses leaves it empty. */
static uint8_t *set_entry(unsigned window, uint64_t entry)
{
    unsigned index = 2 * (window % WINDOWS) + 1;
    uint8_t *address = (uint8_t *)(WINDOW_START + index * GUEST_PAGE_SIZE);

    make_tables();
    pv_set_mapping(address, 0);
    if (entry)
        pv_set_mapping(address, entry);
    return address;
}

uint8_t *window_map_frame(unsigned window, uint64_t frame, bool writable)
{
    return set_entry(window, frame << GUEST_PAGE_SHIFT | (writable ? PTE_ALL : PTE_READ_ONLY));
}

uint8_t *window_map(unsigned window, const void *page, bool writable)
{
    if (!page)
        return set_entry(window, 0);
    return window_map_frame(window, env_frame(page), writable);
}
