/* SPDX-License-Identifier: MIT */
/* Numbers that a scheduler cannot foresee, and a test can repeat. */
#ifndef GUEST_LIB_RANDOM_H
#define GUEST_LIB_RANDOM_H

#include <stdint.h>

/* Marsaglia's xorshift with 32 bits. *state must not be 0, and never becomes it. */
static inline uint32_t random_next(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* n numbers in another order (Fisher and Yates). */
static inline void random_shuffle(uint32_t *state, unsigned *list, unsigned n)
{
    for (; n > 1; n--) {
        unsigned i = random_next(state) % n, last = list[n - 1];

        list[n - 1] = list[i];
        list[i] = last;
    }
}

#endif
