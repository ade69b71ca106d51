/* SPDX-License-Identifier: MIT */
/* The start of a CPU other than the first. */
#ifndef BOOT_TRAMPOLINE_H
#define BOOT_TRAMPOLINE_H

#include <stdint.h>

/* The end of the page's contents (boot/trampoline.S); the *_offset and *_base fields lack the page's address. */
struct trampoline_data {
    uint64_t gdt[4];
    uint16_t gdt_limit;
    uint32_t gdt_base;
    uint32_t far32_offset;
    uint16_t far32_selector;
    uint32_t far64_offset;
    uint16_t far64_selector;
    uint32_t cr3;
    uint32_t efer;
} __attribute__((packed));

_Static_assert(sizeof(struct trampoline_data) == 58, "boot/trampoline.S");

/* [trampoline_start, trampoline_end) is copied to a page below 1 MiB, and its data filled in. */
extern const uint8_t trampoline_start[], trampoline_end[];

#endif
