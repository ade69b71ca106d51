/* SPDX-License-Identifier: MIT */
/* Page tables for the 64-bit code of other.S: the first GiB one to one. */
#include "guest/lib/pvh/other.h"

#define ENTRIES 512
#define PTE_TABLE 0x67 /* present, writable, user, accessed, dirty */
#define PTE_2MIB 0xE7  /* the same, and a large page */

uint64_t other_root[ENTRIES] __attribute__((aligned(GUEST_PAGE_SIZE)));
static uint64_t pointer_table[ENTRIES] __attribute__((aligned(GUEST_PAGE_SIZE)));
static uint64_t directory[ENTRIES] __attribute__((aligned(GUEST_PAGE_SIZE)));

void other_init(void)
{
    for (unsigned i = 0; i < ENTRIES; i++)
        directory[i] = (uint64_t)i << 21 | PTE_2MIB;
    pointer_table[0] = guest_address(directory) | PTE_TABLE;
    other_root[0] = guest_address(pointer_table) | PTE_TABLE;
}
