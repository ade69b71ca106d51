/* SPDX-License-Identifier: MIT */
/* Code in the processor mode of the other width: 32-bit code in a 64-bit guest, 64-bit code in a 32-bit guest. */
#ifndef GUEST_LIB_PVH_OTHER_H
#define GUEST_LIB_PVH_OTHER_H

#include "guest/lib/word.h"

#ifdef __x86_64__
#define OTHER_BITS 32U
typedef uint32_t other_word;
typedef struct evtchn_register_3level32 other_register_3level;
#else
#define OTHER_BITS 64U
typedef uint64_t other_word;
typedef struct evtchn_register_3level64 other_register_3level;
#endif

/* Once, before the first call. */
void other_init(void);

/* Call the code at `code` in the other mode with a1 to a3 in the registers of a hypercall of that mode, interrupts
 * off. Everything lies below 1 GiB; the result is its %eax. */
uint32_t other_call(uint32_t code, uint32_t a1, uint32_t a2, uint32_t a3);

/* Code for other_call(): write a2 to MSR a1. */
extern const uint8_t other_wrmsr[];

/* Hypercall `nr` from the other mode. Addresses are below 4 GiB. */
int other_hypercall(unsigned nr, uint32_t a1, uint32_t a2, uint32_t a3);

/* An address as an argument of other_hypercall(). */
static inline uint32_t other_address(const volatile void *p)
{
    return (uint32_t)guest_address(p);
}

/* Write the hypercall-page MSR from this mode, or from the other: the word size becomes that mode's (WS-01). */
void latch_native(void);
void latch_other(void);
/* Either, whichever makes it `bits`. */
void latch(unsigned bits);

#endif
