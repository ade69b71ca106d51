/* SPDX-License-Identifier: MIT */
// links: boot/memory_map.c
/*
 * Memory maps of any kind. The first byte is the room for the answer; then regions: start, size (8 bytes each, or one
 * if bit 7 of the first byte is set, so that they meet often), type. Sorted, disjoint, and right at every edge.
 */
#include <assert.h>
#include <string.h>

#include "boot/memory_map.h"

#define MAX_REGIONS 48

static const uint8_t rank[6] = {0, 1, 4, 2, 3, 5}; /* by E820 type */

static unsigned take_regions(const uint8_t *data, size_t size, size_t width, struct boot_region *in)
{
    unsigned n = 0;

    for (; size >= 2 * width + 1 && n < MAX_REGIONS; data += 2 * width + 1, size -= 2 * width + 1) {
        struct boot_region region = {.type = data[2 * width] % 5 + 1U};

        memcpy(&region.start, data, width);
        memcpy(&region.size, data + width, width);
        if (region.size > UINT64_MAX - region.start)
            region.size = UINT64_MAX - region.start;
        if (region.size != 0)
            in[n++] = region;
    }
    return n;
}

static uint32_t type_at(const struct boot_region *regions, unsigned n, uint64_t pa)
{
    uint32_t type = 0;

    for (unsigned i = 0; i < n; i++)
        if (pa >= regions[i].start && pa < regions[i].start + regions[i].size && rank[regions[i].type] > rank[type])
            type = regions[i].type;
    return type;
}

static void check_order(const struct boot_region *out, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        assert(out[i].size != 0 && out[i].size <= UINT64_MAX - out[i].start);
        if (i == 0)
            continue;
        uint64_t last_end = out[i - 1].start + out[i - 1].size;
        assert(last_end < out[i].start || (last_end == out[i].start && out[i - 1].type != out[i].type));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct boot_region in[MAX_REGIONS], out[128];
    const char *warning = "not set";
    unsigned n, nr_out;
    uint64_t known = UINT64_MAX; /* up to here the answer is complete */

    if (size < 1)
        return 0;
    n = take_regions(data + 1, size - 1, data[0] & 0x80 ? 1 : 8, in);
    nr_out = memory_map_sanitise(in, n, out, data[0] & 0x7f, &warning);
    assert(nr_out <= (data[0] & 0x7fU) && nr_out <= 2 * MAX_REGIONS);
    check_order(out, nr_out);
    if (warning && strstr(warning, "too many"))
        known = nr_out ? out[nr_out - 1].start + out[nr_out - 1].size : 0;
    for (unsigned i = 0; i < n; i++) {
        const uint64_t end = in[i].start + in[i].size;
        const uint64_t edges[] = {in[i].start, in[i].start - 1, end, end - 1};

        for (unsigned k = 0; k < 4; k++)
            if (edges[k] < known)
                assert(type_at(in, n, edges[k]) == type_at(out, nr_out, edges[k]));
    }
    return 0;
}
