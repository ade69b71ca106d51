/* SPDX-License-Identifier: MIT */
/* Sets of physical ranges: disjoint, page-aligned, in no order. Pure code. */
#ifndef ARCH_X86_RANGES_H
#define ARCH_X86_RANGES_H

#include <stdbool.h>
#include <stdint.h>

#define RANGES_MAX 512

struct range {
    uint64_t start, end;
};

struct ranges {
    unsigned nr;
    struct range r[RANGES_MAX];
};

/* Take [start, end) away; pages that it touches in part go too. What no longer fits into the array is lost. */
void ranges_remove(struct ranges *set, uint64_t start, uint64_t end);
/* Put the whole pages of [start, end) in. */
void ranges_add(struct ranges *set, uint64_t start, uint64_t end);
/* Cut size bytes (whole pages) off the top of the range that reaches highest below limit; their address, or 0. */
uint64_t ranges_take(struct ranges *set, uint64_t size, uint64_t limit);

#endif
