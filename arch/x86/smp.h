/* SPDX-License-Identifier: MIT */
/* Start and stop of the other processors (smp_start() is in cpu.h). */
#ifndef ARCH_X86_SMP_H
#define ARCH_X86_SMP_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/x86/descriptors.h"
#include "arch/x86/smp_wake.h"

struct cpu;

/* boot/trampoline.S: a started CPU takes this (and leaves NULL); it halts if there is nothing to take. */
extern struct cpu *smp_claim;
extern uint64_t smp_root; /* what it loads into CR3 before */
/* And goes on here, on its own stack, with %gs set. */
__attribute__((noreturn)) void smp_cpu_main(struct cpu *c);
/*
 * Halt for ever, on what no running CPU uses: these tables, and a stack that all parked CPUs share; *state, if it is
 * not NULL, goes from CPU_STARTING to CPU_REFUSED then. INIT ends it. smp_parked is where NMIs and machine checks lead
 * to.
 */
__attribute__((noreturn)) void smp_park(enum cpu_state *state);
extern const uint8_t smp_parked[];
extern struct table_pointer smp_park_idt, smp_park_gdt;

/* Has another CPU called arch_panic_stop_others()? For the NMI handler. */
bool smp_is_stopping(void);

/* A trap may have come while %gs was a guest's: find the CPU by the stack that is in use, and set %gs. */
void smp_recover_this_cpu(void);

#endif
