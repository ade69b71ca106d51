/* SPDX-License-Identifier: MIT */
/*
 * The waking of one CPU, as the boot CPU sees it. Pure code: interrupts and time come through pointers, so that a test
 * can play CPUs that come late, never, or half (tests/host/test_smp_wake.c). smp.c has the real ones.
 */
#ifndef ARCH_X86_SMP_WAKE_H
#define ARCH_X86_SMP_WAKE_H

#include <stdbool.h>
#include <stdint.h>

struct acpi_cpu;
struct cpu;

/* How far a CPU is; struct cpu has it. A step away from CPU_STARTING is taken once, by who is first. */
enum cpu_state {
    CPU_UNUSED,
    CPU_STARTING, /* by the boot CPU, before it wakes it */
    CPU_ONLINE,   /* by itself */
    CPU_REFUSED,  /* by itself: it halts, and its slot is free again */
    CPU_GIVEN_UP, /* by the boot CPU: if it ever comes it halts, and its slot stays its own */
};

/* What to do with a CPU of the MADT, wherever in it the boot CPU stands. */
enum smp_candidate {
    SMP_START,
    SMP_PASS_OVER,    /* not enabled: the firmware may plug it in later; or running already */
    SMP_NEEDS_X2APIC, /* no xAPIC interrupt reaches its id */
};

enum smp_candidate smp_candidate(const struct acpi_cpu *a, bool running, bool x2apic);

struct smp_wake_ops {
    void (*init)(uint32_t apic_id);    /* send INIT */
    void (*startup)(uint32_t apic_id); /* send STARTUP */
    uint64_t (*now)(void);             /* ns */
    void (*relax)(void);               /* a turn of waiting */
};

enum smp_outcome { SMP_ONLINE, SMP_REFUSED, SMP_SILENT, SMP_HANGS };

/* All that CPUs which never come may cost together beyond the least, in ns. */
#define SMP_PATIENCE 10000000000ULL

/*
 * INIT, then STARTUP again and again (SDM Vol. 3A, 9.4.4 asks for two; a CPU that has started ignores it, and an
 * emulator's may have slept over the first ones) until the CPU takes *claim, which becomes NULL, or three seconds have
 * passed; then up to ten seconds until it leaves CPU_STARTING. What silent CPUs cost is taken from *patience; when
 * that is used up the wait for the claim is 210 ms.
 *
 * SMP_SILENT: the claim was taken back: one that comes now finds nothing. SMP_HANGS: it has taken the claim and not
 * come further: *state is CPU_GIVEN_UP.
 */
enum smp_outcome smp_wake(const struct smp_wake_ops *ops, struct cpu **claim, struct cpu *cpu, enum cpu_state *state,
                          uint32_t apic_id, uint64_t *patience);

/* The CPU's own step from CPU_STARTING. False: it has been given up and must halt. */
bool smp_step(enum cpu_state *state, enum cpu_state to);

#endif
