/* SPDX-License-Identifier: MIT */
/* Processors of one machine that differ: common subset or refusal (cpu_words.h has the rules). */
#ifndef ARCH_X86_UNEQUAL_H
#define ARCH_X86_UNEQUAL_H

#include <stdbool.h>

#include "arch/x86/creg.h"

/* Note what the boot CPU has. Before the first unequal_this_cpu(), behind the choice of the container. */
void unequal_boot_cpu(void);

/*
 * May this CPU run beside the boot CPU? NULL: yes, and what it lacks is taken from the common subset; else why not, in
 * a few words. Each other CPU once, one at a time, before any domain; exceptions are caught already.
 */
const char *unequal_this_cpu(void);

/* Did a CPU make the common subset smaller than what the boot CPU has? */
bool unequal_found(void);

/* A CPUID leaf of this CPU, without the features that some CPU of the machine lacks: what guests may see. */
struct cpuid cpuid_common(uint32_t leaf, uint32_t subleaf);

#endif
