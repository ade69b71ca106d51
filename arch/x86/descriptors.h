/* SPDX-License-Identifier: MIT */
/* Segments and the task-state segment: one set for each CPU. */
#ifndef ARCH_X86_DESCRIPTORS_H
#define ARCH_X86_DESCRIPTORS_H

#include <stdint.h>

#include "arch/x86/stacks.h"

#define GDT_ENTRIES 6

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

struct cpu;

/* Make the tables for c, whose stacks lie at address stacks (stacks.h). */
void descriptors_init(struct cpu *c, uint64_t stacks);
/* Load them on c itself: GDT, all segments, TR. Keeps the base of %gs. */
void descriptors_load(const struct cpu *c);

#endif
