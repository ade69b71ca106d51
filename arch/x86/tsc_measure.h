/* SPDX-License-Identifier: MIT */
/*
 * How fast is the TSC? Pure code: clocks are read through pointers, so that a test can hand in those that stand still,
 * jump or lie (tests/host/test_tsc_measure.c). tsc_calibrate.c has the real ones.
 */
#ifndef ARCH_X86_TSC_MEASURE_H
#define ARCH_X86_TSC_MEASURE_H

#include <stdint.h>

#include "arch/x86/creg.h"

/* A counter of known speed that counts up, as many bits of it as mask has. */
struct tsc_clock {
    uint64_t (*read)(void);
    uint64_t hz;
    uint64_t mask; /* 2^n - 1 */
};

/*
 * The TSC's frequency in Hz, by a clock; 0 if the clock, or the TSC, does not run. Takes a fiftieth of a second, or a
 * twentieth if something disturbs it, and ends in any case: after 200,000 readings of a clock that stands still.
 */
uint64_t tsc_measure(const struct tsc_clock *clock, uint64_t (*tsc)(void));

/*
 * In Hz, from CPUID leaf 15H: a crystal and a ratio; 0 if it is not told. Processors that tell the ratio alone are
 * known by their family and model, leaf 1 (SDM Vol. 3B, 18.7.3).
 */
uint64_t tsc_hz_of_crystal(struct cpuid leaf1, struct cpuid leaf15);

/* In Hz, from CPUID leaf 16H: the processor's base frequency, which the TSC has too, in whole MHz; 0 if not told. */
uint64_t tsc_hz_of_base(struct cpuid leaf15, struct cpuid leaf16);

/* Who may know the frequency. */
struct tsc_source {
    const char *name;
    uint64_t (*hz)(void); /* 0: does not know */
};

struct tsc_choice {
    uint64_t hz;           /* 0: nobody knows */
    const char *source;    /* who said so */
    const char *confirmed; /* who agrees, or NULL: nobody else knows, or all disagree */
    const char *doubted;   /* the first who is outvoted or disagrees, or NULL */
    uint64_t doubted_hz;   /* what it says */
};

/*
 * Ask the sources in order, the best first, until two of them agree to a hundredth: the first of the two is right. If
 * no two do, the first that knows is. Frequencies that no processor has count as not known.
 */
struct tsc_choice tsc_choose(const struct tsc_source *sources, unsigned n);

#endif
