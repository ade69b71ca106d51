/* SPDX-License-Identifier: MIT */
#include "guest/lib/pvh/traps.h"

#define ENTRIES 512U
#define PTE_TABLE 0x67U              /* present, writable, user, accessed, dirty */
#define ROOT_SLOT 1U                 /* entry.S uses slot 0 */
#define WINDOW_START 0x8000000000ULL /* what that slot of the root maps */

extern uint64_t pvh64_root[ENTRIES]; /* entry.S */

static uint64_t tables[3][ENTRIES] __attribute__((aligned(GUEST_PAGE_SIZE)));

guest_word pvh_set_window_entry(unsigned index, guest_word entry)
{
    tables[2][index] = entry;
    tables[1][0] = guest_address(tables[2]) | PTE_TABLE;
    tables[0][0] = guest_address(tables[1]) | PTE_TABLE;
    pvh64_root[ROOT_SLOT] = guest_address(tables[0]) | PTE_TABLE;
    return WINDOW_START + index * GUEST_PAGE_SIZE;
}
