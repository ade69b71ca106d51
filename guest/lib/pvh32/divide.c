/* SPDX-License-Identifier: MIT */
/*
 * 64-bit division. A compiler for 32-bit code calls these functions by name; its own library of them may not be
 * installed for the target.
 */
#include <stdint.h>

uint64_t __udivmoddi4(uint64_t a, uint64_t b, uint64_t *remainder);
uint64_t __udivdi3(uint64_t a, uint64_t b);
uint64_t __umoddi3(uint64_t a, uint64_t b);

/* Long division, a bit at a time. a / 0 is all ones. */
uint64_t __udivmoddi4(uint64_t a, uint64_t b, uint64_t *remainder)
{
    uint64_t quotient = 0, rest = 0;

    for (int bit = 63; bit >= 0; bit--) {
        uint64_t carry = rest >> 63;

        rest = rest << 1 | (a >> bit & 1);
        quotient <<= 1;
        if (carry || rest >= b) {
            rest -= b;
            quotient |= 1;
        }
    }
    if (remainder)
        *remainder = rest;
    return quotient;
}

uint64_t __udivdi3(uint64_t a, uint64_t b)
{
    return __udivmoddi4(a, b, 0);
}

uint64_t __umoddi3(uint64_t a, uint64_t b)
{
    uint64_t rest;

    __udivmoddi4(a, b, &rest);
    return rest;
}
