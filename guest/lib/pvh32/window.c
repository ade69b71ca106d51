/* SPDX-License-Identifier: MIT */
#include "guest/lib/pvh/traps.h"

#define ENTRIES 1024U
#define PDE_TABLE 0x67U /* present, writable, user, accessed, dirty */

/* The directory's last slot, which entry.S leaves empty. Its first and last pages are never windows: GUEST_UNMAPPED and
 * GUEST_NON_CANONICAL stay unmapped. */
#define DIRECTORY_SLOT (ENTRIES - 1)
#define WINDOW_START 0xFFC00000U
#define FIRST_ENTRY 16U

extern uint32_t pvh32_directory[ENTRIES]; /* entry.S */

static uint32_t table[ENTRIES] __attribute__((aligned(GUEST_PAGE_SIZE)));

guest_word pvh_set_window_entry(unsigned index, guest_word entry)
{
    table[FIRST_ENTRY + index] = entry;
    pvh32_directory[DIRECTORY_SLOT] = guest_address(table) | PDE_TABLE;
    return WINDOW_START + (FIRST_ENTRY + index) * GUEST_PAGE_SIZE;
}
