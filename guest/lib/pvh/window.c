/* SPDX-License-Identifier: MIT */
#include "guest/lib/window.h"

#include "guest/lib/pvh/traps.h"

#define PTE_PRESENT 1U
#define PTE_WRITABLE 2U
#define PTE_SEEN 0x60U /* accessed, dirty */

/* Every second page of the table is a window. */
static uint8_t *set_entry(unsigned window, guest_word entry)
{
    unsigned index = 2 * (window % WINDOWS) + 1;
    guest_word address;

    address = pvh_set_window_entry(index, entry);
    __asm__ volatile("invlpg (%0)" ::"r"(address) : "memory");
    return (uint8_t *)address;
}

uint8_t *window_map_frame(unsigned window, uint64_t frame, bool writable)
{
    guest_word address = (guest_word)(frame << GUEST_PAGE_SHIFT);

    return set_entry(window, address | PTE_PRESENT | PTE_SEEN | (writable ? PTE_WRITABLE : 0));
}

uint8_t *window_map(unsigned window, const void *page, bool writable)
{
    if (!page)
        return set_entry(window, 0);
    return window_map_frame(window, guest_address(page) >> GUEST_PAGE_SHIFT, writable);
}
