/* SPDX-License-Identifier: MIT */
/* MTRR registers (SDM Vol. 3A, section 11.11.2) and arithmetic (11.11.4), without the machine. */
#include "arch/x86/mtrr.h"

#define MSR_MTRR_CAP 0xfe
#define MSR_MTRR_DEF_TYPE 0x2ff
#define MSR_MTRR_VARIABLE(n) (0x200 + 2 * (n))
#define CAP_FIXED (1U << 8)
#define DEF_TYPE_FIXED (1U << 10)
#define DEF_TYPE_ENABLED (1U << 11)
#define MASK_VALID (1ULL << 11)
#define ADDRESS_BITS 0x000ffffffffff000ULL
#define ONE_MIB 0x100000ULL

static const uint16_t fixed_msrs[11] = {0x250, 0x258, 0x259, 0x268, 0x269, 0x26a, 0x26b, 0x26c, 0x26d, 0x26e, 0x26f};

/* Reserved types must not get into an EPT entry: that would be a misconfiguration (SDM Vol. 3C, section 28.2.3.1). */
static uint8_t known_type(uint64_t field)
{
    static const bool known[8] = {
        [MEMORY_UC] = true, [MEMORY_WC] = true, [MEMORY_WT] = true, [MEMORY_WP] = true, [MEMORY_WB] = true};
    uint8_t type = (uint8_t)field;

    return type < 8 && known[type] ? type : MEMORY_UC;
}

static bool read_fixed(struct mtrr_state *s, bool (*read)(uint32_t msr, uint64_t *value))
{
    for (unsigned i = 0; i < 11; i++) {
        uint64_t types;

        if (!read(fixed_msrs[i], &types))
            return false;
        for (unsigned j = 0; j < 8; j++, types >>= 8)
            s->fixed[i * 8 + j] = known_type(types);
    }
    return true;
}

bool mtrr_state_read(struct mtrr_state *s, bool (*read)(uint32_t msr, uint64_t *value))
{
    uint64_t cap, def;

    *s = (struct mtrr_state){0};
    if (!read(MSR_MTRR_CAP, &cap) || !read(MSR_MTRR_DEF_TYPE, &def))
        return false;
    s->enabled = def & DEF_TYPE_ENABLED;
    s->fixed_enabled = (cap & CAP_FIXED) && (def & DEF_TYPE_FIXED);
    s->default_type = known_type(def);
    s->nr_variable = (cap & 0xff) < MTRR_MAX_VARIABLE ? (unsigned)(cap & 0xff) : MTRR_MAX_VARIABLE;
    for (uint32_t i = 0; i < s->nr_variable; i++)
        if (!read(MSR_MTRR_VARIABLE(i), &s->variable[i].base) || !read(MSR_MTRR_VARIABLE(i) + 1, &s->variable[i].mask))
            return false;
    return !s->fixed_enabled || read_fixed(s, read);
}

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
        uint8_t here = known_type(s->variable[i].base);
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
