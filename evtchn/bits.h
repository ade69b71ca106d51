/* SPDX-License-Identifier: MIT */
/*
 * Bits and words of bitmaps that the guest shares, in words of w bits, on top of the seam (evtchn/shm.h). In every
 * caller w is a constant after inlining, so no width is chosen at run time. A bit operation touches exactly its word.
 */
#ifndef EVTCHN_BITS_H
#define EVTCHN_BITS_H

#include <stdbool.h>
#include <stdint.h>

#include "evtchn/shm.h"

#define BITS_INLINE static inline __attribute__((always_inline))

/* log2(w) */
BITS_INLINE unsigned bits_shift(unsigned w)
{
    return w == 64 ? 6 : 5;
}

/* Set a bit; was it set? */
BITS_INLINE bool bits_test_and_set(void *map, uint32_t bit, unsigned w)
{
    if (w == 64) {
        uint64_t m = 1ULL << (bit & 63);
        return (shm_or64((uint64_t *)map + (bit >> 6), m) & m) != 0;
    }
    uint32_t m = 1U << (bit & 31);
    return (shm_or32((uint32_t *)map + (bit >> 5), m) & m) != 0;
}

/* Clear a bit; was it set? */
BITS_INLINE bool bits_test_and_clear(void *map, uint32_t bit, unsigned w)
{
    if (w == 64) {
        uint64_t m = 1ULL << (bit & 63);
        return (shm_and64((uint64_t *)map + (bit >> 6), ~m) & m) != 0;
    }
    uint32_t m = 1U << (bit & 31);
    return (shm_and32((uint32_t *)map + (bit >> 5), ~m) & m) != 0;
}

BITS_INLINE bool bits_test(const void *map, uint32_t bit, unsigned w)
{
    if (w == 64)
        return (shm_read64((const uint64_t *)map + (bit >> 6)) >> (bit & 63)) & 1;
    return (shm_read32((const uint32_t *)map + (bit >> 5)) >> (bit & 31)) & 1;
}

/* Replace word number index; what was there. */
BITS_INLINE uint64_t bits_xchg_word(void *map, uint32_t index, uint64_t value, unsigned w)
{
    if (w == 64)
        return shm_xchg64((uint64_t *)map + index, value);
    return shm_xchg32((uint32_t *)map + index, (uint32_t)value);
}

BITS_INLINE uint64_t bits_read_word(const void *map, uint32_t index, unsigned w)
{
    if (w == 64)
        return shm_read64((const uint64_t *)map + index);
    return shm_read32((const uint32_t *)map + index);
}

BITS_INLINE void bits_or_word(void *map, uint32_t index, uint64_t value, unsigned w)
{
    if (w == 64)
        (void)shm_or64((uint64_t *)map + index, value);
    else
        (void)shm_or32((uint32_t *)map + index, (uint32_t)value);
}

BITS_INLINE void bits_and_word(void *map, uint32_t index, uint64_t value, unsigned w)
{
    if (w == 64)
        (void)shm_and64((uint64_t *)map + index, value);
    else
        (void)shm_and32((uint32_t *)map + index, (uint32_t)value);
}

#endif
