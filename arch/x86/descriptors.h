/* SPDX-License-Identifier: MIT */
/* Segments and the task-state segment: one set for each CPU. */
#ifndef ARCH_X86_DESCRIPTORS_H
#define ARCH_X86_DESCRIPTORS_H

#include <stdint.h>

#include "arch/x86/selectors.h"
#include "arch/x86/stacks.h"

#define GDT_ENTRIES ((SEL_END - SEL_FIRST) / 8) /* that are ours: from SEL_FIRST on */

/* SDM vol. 3, 7.7. */
struct tss {
    uint32_t reserved0;
    uint64_t rsp[3];
    uint64_t reserved1;
    uint64_t ist[7]; /* [n - 1] = IST n */
    uint64_t reserved2;
    uint16_t reserved3;
    uint16_t iomap;
} __attribute__((packed));

/* What LGDT and LIDT take. */
struct table_pointer {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed));

/* For LGDT: a GDT whose entries from SEL_FIRST on are these. What lies below them in memory is never looked at: our
 * selectors, and those that the processor is made to load, are all behind. */
static inline struct table_pointer gdt_pointer(const uint64_t *entries)
{
    return (struct table_pointer){.limit = SEL_END - 1, .base = (uint64_t)entries - SEL_FIRST};
}

/* Defines uint16_t selector_NAME(void), which reads that segment register. */
#define SELECTOR_READER(name)                                   \
    static uint16_t selector_##name(void)                       \
    {                                                           \
        uint16_t value;                                         \
        __asm__ volatile("movw %%" #name ", %0" : "=r"(value)); \
        return value;                                           \
    }

struct cpu;

/* Make the tables for c, whose stacks lie at address stacks (stacks.h). */
void descriptors_init(struct cpu *c, uint64_t stacks);
/* Code, data and the guests' flat segments, at their places from SEL_FIRST on: GDT_ENTRIES descriptors. */
void descriptors_fill(uint64_t *entries);
/* LGDT alone: ours are at the same places in each. */
void descriptors_load_gdt(const uint64_t *entries);
/* Load them on c itself: GDT, all segments, TR. Keeps the base of %gs. */
void descriptors_load(const struct cpu *c);

#endif
