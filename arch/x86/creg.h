/* SPDX-License-Identifier: MIT */
/* Control registers, caches of translations, CPUID. */
#ifndef ARCH_X86_CREG_H
#define ARCH_X86_CREG_H

#include <stdint.h>

#define CREG(name)                                                       \
    static inline uint64_t read_##name(void)                             \
    {                                                                    \
        uint64_t value;                                                  \
        __asm__ volatile("movq %%" #name ", %0" : "=r"(value));          \
        return value;                                                    \
    }                                                                    \
    static inline void write_##name(uint64_t value)                      \
    {                                                                    \
        __asm__ volatile("movq %0, %%" #name : : "r"(value) : "memory"); \
    }

CREG(cr0)
CREG(cr2)
CREG(cr3)
CREG(cr4)

static inline void invlpg(uint64_t va)
{
    __asm__ volatile("invlpg (%0)" : : "r"(va) : "memory");
}

static inline uint64_t read_rflags(void)
{
    uint64_t value;
    __asm__ volatile("pushfq; popq %0" : "=r"(value));
    return value;
}

struct cpuid {
    uint32_t eax, ebx, ecx, edx;
};

/* Leaves above the highest basic or extended leaf read as zero (real ones repeat other leaves there). */
static inline struct cpuid cpuid(uint32_t leaf, uint32_t subleaf)
{
    struct cpuid r;
    __asm__ volatile("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx) : "a"(leaf & 0xffff0000U), "c"(0));
    if (r.eax < leaf || (r.eax ^ leaf) >> 16)
        return (struct cpuid){0};
    __asm__ volatile("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx) : "a"(leaf), "c"(subleaf));
    return r;
}

static inline uint64_t rdtsc(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

/* Not before earlier instructions are done (LFENCE; SDM vol. 2, RDTSC). */
static inline uint64_t rdtsc_ordered(void)
{
    uint32_t low, high;
    __asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

#endif
