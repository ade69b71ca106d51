/* SPDX-License-Identifier: MIT */
/* Randomness: a generator, or the bytes of a coverage-guided fuzzer. */
#include "tests/fuzz/reference/script.h"

static uint64_t state;
static const uint8_t *bytes;
static size_t bytes_left;
static bool from_bytes;

void chance_seed(uint64_t seed)
{
    state = (seed + 1) * 0x9e3779b97f4a7c15ULL;
    from_bytes = false;
}

void chance_bytes(const uint8_t *data, size_t size)
{
    bytes = data;
    bytes_left = size;
    from_bytes = true;
}

bool chance_is_from_bytes(void)
{
    return from_bytes;
}

bool chance_is_over(void)
{
    return from_bytes && !bytes_left;
}

static uint32_t byte(void)
{
    if (!bytes_left)
        return 0;
    bytes_left--;
    return *bytes++;
}

uint32_t random32(void)
{
    if (from_bytes)
        return (byte() << 8 | byte()) * 0x10001;
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (uint32_t)((state * 0x2545f4914f6cdd1dULL) >> 32);
}

uint32_t below(uint32_t n)
{
    return (uint32_t)((uint64_t)random32() * n >> 32);
}

bool chance(unsigned percent)
{
    return below(100) < percent;
}
