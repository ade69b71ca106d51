/* SPDX-License-Identifier: MIT */
/* The parts of the program, and what they share: calls from the other mode, and which word size is in force. */
#ifndef GUEST_MODE_MODE_H
#define GUEST_MODE_MODE_H

#include "guest/mode/other.h"

/* Hypercall `nr` from the other mode. Addresses are below 4 GiB. */
int other_hypercall(unsigned nr, uint32_t a1, uint32_t a2, uint32_t a3);

/* An address as an argument of other_hypercall(). */
static inline uint32_t other_address(const volatile void *p)
{
    return (uint32_t)guest_address(p);
}

/* Write the hypercall-page MSR from this mode, or from the other: the word size becomes that mode's. */
void latch_native(void);
void latch_other(void);
/* Either, whichever makes it `bits`. */
void latch(unsigned bits);

/* The word size by which the hypervisor raises an event: 64 or 32, from where the selector bit and the mask are. */
unsigned word_size(void);

void mode_calls(void);  /* arguments and results follow the caller, areas follow the word size */
void mode_3level(void); /* 3-level freezes the word size */

#endif
