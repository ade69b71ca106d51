/* SPDX-License-Identifier: MIT */
/* Model-specific registers and XCR0, plain and with faults caught. */
#ifndef ARCH_X86_MSR_H
#define ARCH_X86_MSR_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/x86/regs.h"

/* If the instruction at label `fault` raises an exception, go on at label `resume` (struct ex_entry). */
#define EX_TABLE(fault, resume)          \
    ".pushsection .ex_table, \"a\"\n"    \
    ".balign 8\n"                        \
    ".quad " #fault ", " #resume ", 0\n" \
    ".popsection\n"

static inline uint64_t rdmsr(uint32_t msr)
{
    uint32_t low, high;
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr) : "memory");
    return (uint64_t)high << 32 | low;
}

static inline void wrmsr(uint32_t msr, uint64_t value)
{
    __asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)) : "memory");
}

/* False if the processor refused (#GP): *value is 0 then. */
static inline bool rdmsr_safe(uint32_t msr, uint64_t *value)
{
    uint32_t low, high, ok;
    __asm__ volatile("xorl %2, %2\n"
                     "1: rdmsr\n"
                     "movl $1, %2\n"
                     "2:\n" EX_TABLE(1b, 2b)
                     : "=a"(low), "=d"(high), "=&r"(ok)
                     : "c"(msr), "0"(0), "1"(0)
                     : "memory");
    *value = (uint64_t)high << 32 | low;
    return ok;
}

static inline bool wrmsr_safe(uint32_t msr, uint64_t value)
{
    uint32_t ok;
    __asm__ volatile("xorl %0, %0\n"
                     "1: wrmsr\n"
                     "movl $1, %0\n"
                     "2:\n" EX_TABLE(1b, 2b)
                     : "=&r"(ok)
                     : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
                     : "memory");
    return ok;
}

/* CR4.OSXSAVE must be set. */
static inline bool xsetbv_safe(uint32_t xcr, uint64_t value)
{
    uint32_t ok;
    __asm__ volatile("xorl %0, %0\n"
                     "1: xsetbv\n"
                     "movl $1, %0\n"
                     "2:\n" EX_TABLE(1b, 2b)
                     : "=&r"(ok)
                     : "c"(xcr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
                     : "memory");
    return ok;
}

static inline uint64_t xgetbv(uint32_t xcr)
{
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(xcr));
    return (uint64_t)high << 32 | low;
}

#endif
