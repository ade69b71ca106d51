/* SPDX-License-Identifier: MIT */
/* Control registers, for the parts of this program that write what they should not. */
#ifndef GUEST_NAUGHTY_PVH_CONTROL_H
#define GUEST_NAUGHTY_PVH_CONTROL_H

#include <stdbool.h>

#include "guest/lib/cpu.h"
#include "guest/lib/word.h"

#define CR0_NE ((guest_word)1 << 5)
#define CR0_CD ((guest_word)1 << 30)
#define CR0_PG ((guest_word)1 << 31)
#define CR4_DE ((guest_word)1 << 3)
#define CR4_PAE ((guest_word)1 << 5)
#define CR4_PGE ((guest_word)1 << 7)

#define CONTROL_REGISTER(n)                                                \
    static inline guest_word read_cr##n(void)                              \
    {                                                                      \
        guest_word value;                                                  \
        __asm__ volatile("mov %%cr" #n ", %0" : "=r"(value) : : "memory"); \
        return value;                                                      \
    }                                                                      \
    static inline void write_cr##n(guest_word value)                       \
    {                                                                      \
        __asm__ volatile("mov %0, %%cr" #n : : "r"(value) : "memory");     \
    }
CONTROL_REGISTER(0)
CONTROL_REGISTER(3)
CONTROL_REGISTER(4)

/* Is the processor Intel's, by its vendor string? Then the hypervisor's back end is VMX. */
static inline bool is_intel(void)
{
    return cpu_cpuid(0, 0).ebx == 0x756E6547; /* "Genu" */
}

#endif
