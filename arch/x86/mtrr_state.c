/* SPDX-License-Identifier: MIT */
/* MTRR arithmetic (SDM Vol. 3A, section 11.11.4), without the machine. */
#include "arch/x86/mtrr.h"

#define MASK_VALID (1ULL << 11)
#define ADDRESS_BITS 0x000ffffffffff000ULL
#define ONE_MIB 0x100000ULL

static uint8_t fixed_type(const struct mtrr_state *s, uint64_t pa)
{
    if (pa < 0x80000)
        return s->fixed[pa >> 16];
    if (pa < 0xc0000)
        return s->fixed[8 + ((pa - 0x80000) >> 14)];
    return s->fixed[24 + ((pa - 0xc0000) >> 12)];
}

/* Where ranges overlap: UC wins, then WT over WB; other mixtures are undefined, and UC is the safe answer. */
static uint8_t combine(uint8_t a, uint8_t b)
{
    if (a == b)
        return a;
    if ((a == MEMORY_WT && b == MEMORY_WB) || (a == MEMORY_WB && b == MEMORY_WT))
        return MEMORY_WT;
    return MEMORY_UC;
}

uint8_t mtrr_state_type(const struct mtrr_state *s, uint64_t pa)
{
    bool found = false;
    uint8_t type = s->default_type;

    if (!s->enabled)
        return MEMORY_UC;
    if (pa < ONE_MIB && s->fixed_enabled)
        return fixed_type(s, pa);
    for (unsigned i = 0; i < s->nr_variable; i++) {
        uint64_t mask = s->variable[i].mask & ADDRESS_BITS;
        if (!(s->variable[i].mask & MASK_VALID) || (pa & mask) != (s->variable[i].base & mask))
            continue;
        uint8_t here = (uint8_t)s->variable[i].base;
        type = found ? combine(type, here) : here;
        found = true;
    }
    return type;
}

/* A range register divides the block if it covers part of it: its mask tells addresses inside apart, and it meets it.
 */
static bool divides(uint64_t base, uint64_t mask, uint64_t pa, uint64_t size)
{
    uint64_t inside = size - 1, bits = mask & ADDRESS_BITS;

    if (!(mask & MASK_VALID) || !(bits & inside))
        return false;
    return (pa & bits & ~inside) == (base & bits & ~inside);
}

bool mtrr_state_is_uniform(const struct mtrr_state *s, uint64_t pa, uint64_t size)
{
    if (!s->enabled)
        return true;
    if (pa < ONE_MIB && s->fixed_enabled)
        return false;
    for (unsigned i = 0; i < s->nr_variable; i++)
        if (divides(s->variable[i].base, s->variable[i].mask, pa, size))
            return false;
    return true;
}
