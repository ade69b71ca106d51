/* SPDX-License-Identifier: MIT */
#include "arch/x86/ranges.h"
#include "arch/x86/layout.h"

#define ROUND_DOWN(x) ((x) & ~(uint64_t)(PAGE_SIZE - 1))

/* Saturates: the last page of the address space is never anybody's. */
static uint64_t round_up(uint64_t x)
{
    return ROUND_DOWN(x > UINT64_MAX - PAGE_SIZE ? UINT64_MAX : x + PAGE_SIZE - 1);
}

static void append(struct ranges *set, uint64_t start, uint64_t end)
{
    if (start < end && set->nr < RANGES_MAX)
        set->r[set->nr++] = (struct range){start, end};
}

void ranges_remove(struct ranges *set, uint64_t start, uint64_t end)
{
    start = ROUND_DOWN(start);
    end = round_up(end);
    if (start >= end)
        return;
    for (unsigned i = 0; i < set->nr;) {
        struct range old = set->r[i];
        if (old.end <= start || old.start >= end) {
            i++;
            continue;
        }
        set->r[i] = set->r[--set->nr]; /* look at place i again: another range is there now */
        append(set, old.start, start < old.end ? start : old.end);
        append(set, end > old.start ? end : old.start, old.end);
    }
}

void ranges_add(struct ranges *set, uint64_t start, uint64_t end)
{
    start = round_up(start);
    end = ROUND_DOWN(end);
    if (start >= end)
        return;
    ranges_remove(set, start, end);
    append(set, start, end);
}

uint64_t ranges_take(struct ranges *set, uint64_t size, uint64_t limit)
{
    struct range *best = 0;
    uint64_t best_end = 0;
    size = round_up(size);
    for (unsigned i = 0; size && i < set->nr; i++) {
        struct range *r = &set->r[i];
        uint64_t end = r->end < limit ? r->end : limit;
        if (end > best_end && end > r->start && end - r->start >= size) {
            best = r;
            best_end = end;
        }
    }
    if (!best)
        return 0;
    uint64_t pa = best_end - size;
    ranges_remove(set, pa, best_end);
    return pa;
}
