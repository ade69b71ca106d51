/* SPDX-License-Identifier: MIT */
/*
 * The address space is walked from boundary to boundary of the firmware's regions; between two of them nothing changes.
 * Quadratic, but for a few hundred regions that is less than a millisecond, and it needs neither sorting nor memory.
 */
#include "boot/memory_map.h"
#include "guest/abi/memory.h"

#define HOLE 0

/* The higher one wins. */
static const uint8_t rank[] = {
    [HOLE] = 0, [E820_RAM] = 1, [E820_ACPI] = 2, [E820_NVS] = 3, [E820_RESERVED] = 4, [E820_UNUSABLE] = 5,
};

struct map {
    const struct boot_region *regions;
    unsigned n;
};

/* Moves *next down to the boundary if that lies between pa and it. */
static void consider(uint64_t boundary, uint64_t pa, uint64_t *next)
{
    if (boundary > pa && (*next <= pa || boundary < *next))
        *next = boundary;
}

/* The first address above pa where a region starts or ends; pa itself if there is none. */
static uint64_t next_boundary(struct map in, uint64_t pa)
{
    uint64_t next = pa;

    for (unsigned i = 0; i < in.n; i++) {
        consider(in.regions[i].start, pa, &next);
        consider(in.regions[i].start + in.regions[i].size, pa, &next);
    }
    return next;
}

/* The type that wins at pa, or HOLE. */
static uint32_t type_at(struct map in, uint64_t pa, bool *conflict)
{
    uint32_t type = HOLE;

    for (unsigned i = 0; i < in.n; i++) {
        const struct boot_region *region = &in.regions[i];

        if (pa < region->start || pa - region->start >= region->size)
            continue;
        *conflict |= type != HOLE && type != region->type;
        if (rank[region->type] > rank[type])
            type = region->type;
    }
    return type;
}

unsigned memory_map_sanitise(const struct boot_region *in, unsigned n, struct boot_region *out, unsigned max,
                             const char **warning)
{
    struct map map = {in, n};
    bool conflict = false;
    unsigned used = 0;

    *warning = NULL;
    for (uint64_t pa = 0, next; (next = next_boundary(map, pa)) != pa; pa = next) {
        uint32_t type = type_at(map, pa, &conflict);
        struct boot_region *last = used ? &out[used - 1] : NULL;

        if (type == HOLE)
            continue;
        if (last && last->type == type && last->start + last->size == pa) {
            last->size += next - pa;
        } else if (used == max) {
            *warning = "the memory map falls into too many regions; the highest were left out";
            return used;
        } else {
            out[used++] = (struct boot_region){.start = pa, .size = next - pa, .type = type};
        }
    }
    if (conflict)
        *warning = "regions of the memory map overlap; what is not RAM in all of them is not used";
    return used;
}
