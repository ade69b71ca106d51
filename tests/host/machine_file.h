/* SPDX-License-Identifier: MIT */
/*
 * Recorded machines: tests/host/machines/NAME.txt, made by tools/report_fixture.py from a report that somebody has
 * sent.
 *
 *   # the processor: where it was recorded
 *   e820 START END TYPE                           hexadecimal, END is the last byte
 *   cpuid LEAF SUBLEAF EAX EBX ECX EDX            hexadecimal
 *   msr NUMBER VALUE                              hexadecimal
 *   controls PIN PROCESSOR SECONDARY EXIT ENTRY   what was chosen for VMX, if it could be used
 *   obstacle NAME                                 each capability that was in the way
 *   verdict TEXT
 */
#ifndef TESTS_HOST_MACHINE_FILE_H
#define TESTS_HOST_MACHINE_FILE_H

#include <stdbool.h>

#include "arch/x86/cpu_record.h"
#include "arch/x86/vmx/resolve.h"
#include "boot/boot_info.h"

#define MACHINE_FOLDER "tests/host/machines"
#define MACHINE_MAX_OBSTACLES 64
#define MACHINE_MAX_REGIONS 256

struct machine {
    char name[64];
    struct cpu_record record;
    unsigned nr_regions;
    struct boot_region regions[MACHINE_MAX_REGIONS]; /* as the firmware gave them */
    bool has_controls;
    struct vmx_controls controls;
    unsigned nr_obstacles;
    char obstacles[MACHINE_MAX_OBSTACLES][64];
    char verdict[512];
};

/* Read MACHINE_FOLDER/NAME.txt; a line that is not understood fails the test. */
void machine_load(const char *name, struct machine *m);
/* A register gets another value, or a first one. */
void machine_set_msr(struct machine *m, uint32_t msr, uint64_t value);
/* Reading it faults from now on. */
void machine_remove_msr(struct machine *m, uint32_t msr);

#endif
