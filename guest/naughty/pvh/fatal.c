/* SPDX-License-Identifier: MIT */
#include "guest/lib/env.h"
#include "guest/lib/hypercall.h"
#include "guest/naughty/naughty.h"

struct table_pointer {
    uint16_t limit;
    guest_word base;
} __attribute__((packed));

/* The exception has no handler, nor has the double fault, and then the processor shuts down. */
void abuse_triple_fault(void)
{
    struct table_pointer none = {0, 0};

    __asm__ volatile("lidt %0; ud2" ::"m"(none));
}

void abuse_wild_jump(void)
{
    __asm__ volatile("jmp *%0" ::"r"(NO_MEMORY));
}

void abuse_lost_page_tables(void)
{
    __asm__ volatile("mov %0, %%cr3" ::"r"(guest_address(NO_MEMORY)) : "memory");
}

/* Every page of the image's first 64 KiB, where this code is. */
void abuse_own_memory(void)
{
    extern uint8_t image_start[];
    static guest_word frame[16];
    guest_memory_reservation r = {.extent_start = guest_address(frame), .nr_extents = 16, .domid = DOMID_SELF};

    for (unsigned i = 0; i < 16; i++)
        frame[i] = (guest_word)env_frame(image_start) + i;
    hv_memory_op(XENMEM_decrease_reservation, &r);
}

void abuse_endless_loop(void)
{
    __asm__ volatile("cli; 1: jmp 1b");
}
