/* SPDX-License-Identifier: MIT */
/* What every processor does once, for itself. */
#ifndef ARCH_X86_CPU_INIT_H
#define ARCH_X86_CPU_INIT_H

#include "arch/x86/cpu.h"

/* Load descriptors and interrupt table: exceptions and NMIs are caught. descriptors_init(c) was before. Once. */
void cpu_load_tables(const struct cpu *c);

/* Then: set CR0, CR4, XCR0, PAT. This CPU is c. */
void cpu_init_this(struct cpu *c);

#endif
