/* SPDX-License-Identifier: MIT */
#ifndef ARCH_X86_MULDIV_H
#define ARCH_X86_MULDIV_H

#include <stdint.h>

/* a * b / c with 128 bits in between; UINT64_MAX if the result is larger or c is 0. */
static inline uint64_t mul_div(uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t low, high;
    __asm__("mulq %3" : "=a"(low), "=d"(high) : "0"(a), "rm"(b) : "cc");
    if (high >= c)
        return UINT64_MAX;
    __asm__("divq %2" : "+a"(low), "+d"(high) : "rm"(c) : "cc");
    return low;
}

#endif
