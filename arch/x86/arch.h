/* SPDX-License-Identifier: MIT */
/*
 * Start-up of the processor and the machine: what kmain() calls, in this order. Boot CPU, interrupts off; each call
 * once.
 *
 *   console_device_init()                 (arch/x86/console.h)
 *   cpu_catch_exceptions()
 *   boot_info_parse(.., arch_window, ..)  (boot/boot_info.h)
 *   console_boot_info(&info)              (arch/x86/console.h)
 *   arch_memory_init(&info)
 *   arch_early_alloc(..) for the array of pages; pages_add() of all RAM but what arch_early_reserved() lists
 *   cpu_init_bsp()
 *   arch_acpi_init(&info)
 *   apic_init(wish)
 *   time_init(clock)
 *   smp_start(max)                        (arch/x86/cpu.h)
 */
#ifndef ARCH_X86_ARCH_H
#define ARCH_X86_ARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/x86/apic_mode.h"
#include "arch/x86/time.h"

struct boot_info;

/*
 * A boot_window_fn: n bytes of physical memory, read-only, or NULL if they can't be reached. Before arch_memory_init()
 * it is the low 4 GiB; afterwards any address: what the direct map lacks (firmware tables) is mapped on the first call.
 */
const void *arch_window(uint64_t pa, size_t n);

/*
 * Leave the early page tables for the final ones: image W^X, direct map of all RAM, guard pages, no identity mapping.
 * Returns one more than the highest frame number of RAM. Panics if the memory map leaves no room for the tables.
 */
uint64_t arch_memory_init(const struct boot_info *info);

/*
 * Zeroed memory for ever, page-aligned, in the direct map, from RAM that nothing uses; NULL if no region has as much.
 * Only between arch_memory_init() and the first use of arch_early_reserved().
 */
void *arch_early_alloc(uint64_t bytes);

/* Frames that became page tables of the hypervisor's own since then. They stay that. */
uint64_t arch_late_tables(void);

/*
 * The physical ranges [*start, *end) that must not become free memory: the first MiB, the image, the page tables and
 * arch_early_alloc()'s. False when i is past the last. They may overlap and are page-aligned. (Modules are not in it.)
 */
bool arch_early_reserved(unsigned i, uint64_t *start, uint64_t *end);

/* Descriptors and interrupt table of the boot CPU: from here on exceptions are reported, and NMIs counted. */
void cpu_catch_exceptions(void);

/* Protections of the boot CPU: WP, SMEP, SMAP, UMIP. */
void cpu_init_bsp(void);

/* Find and read the ACPI tables: CPUs, timers, power-off. Without them: one CPU, no PM timer; says so. */
void arch_acpi_init(const struct boot_info *info);

/* Mask the 8259s, turn on the local APIC (x2APIC where there is one). Panics if there is none. */
void apic_init(enum apic_wish wish);

/*
 * Calibrate TSC and local timer, read the clock of the machine; time_now() starts at 0. Before it, time_now() is 0.
 * Panics if there is no clock to measure the TSC by, or not the one that is asked for.
 */
void time_init(enum time_clock clock);

/* From panic(): stop the other CPUs where they are, by NMI; they do not come back. Any context. */
void arch_panic_stop_others(void);

/* One line on the processor's protections for the start-up report: "W^X with NX, WP SMEP SMAP UMIP". */
const char *cpu_protections(void);

#endif
