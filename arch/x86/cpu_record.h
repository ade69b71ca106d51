/* SPDX-License-Identifier: MIT */
/*
 * What a processor says of itself, as raw values: leaves of CPUID and model-specific registers. Everything that decides
 * whether and how guests can run is a pure function of it, so that a record made on one machine (the start-up report
 * prints it) can be judged on another, by the host tests.
 */
#ifndef ARCH_X86_CPU_RECORD_H
#define ARCH_X86_CPU_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/x86/creg.h"

#define MSR_ARCH_CAPABILITIES 0x10a
#define RECORD_MAX_LEAVES 48
#define RECORD_MAX_MSRS 112

struct cpu_record {
    unsigned nr_leaves;
    struct record_leaf {
        uint32_t leaf, subleaf;
        struct cpuid value;
    } leaves[RECORD_MAX_LEAVES];
    unsigned nr_msrs;
    struct record_msr {
        uint32_t msr;
        uint64_t value;
    } msrs[RECORD_MAX_MSRS]; /* only those that can be read */
};

enum cpu_vendor { VENDOR_OTHER, VENDOR_INTEL, VENDOR_AMD };

/* All zero if the processor has no such leaf. */
struct cpuid record_cpuid(const struct cpu_record *r, uint32_t leaf, uint32_t subleaf);
/* False, and *value is 0, if reading the register faults. */
bool record_msr(const struct cpu_record *r, uint32_t msr, uint64_t *value);
/* The same: 0 if it can't be read. */
uint64_t record_msr_or_0(const struct cpu_record *r, uint32_t msr);

/* Vendor and signature (CPUID 0 and 1). Hygon's processors are AMD's here. */
enum cpu_vendor record_vendor(const struct cpu_record *r);
uint32_t record_family(const struct cpu_record *r);
uint32_t record_model(const struct cpu_record *r);
uint32_t record_stepping(const struct cpu_record *r);
/* Brand string without blanks around it; size at least 49. */
void record_brand(const struct cpu_record *r, char *text, size_t size);
/* Revision of the microcode (SDM Vol. 3A, 9.11.7; AMD: the patch level). False: the processor does not tell. */
bool record_microcode(const struct cpu_record *r, uint32_t *revision);
/* System-management interrupts since reset (MSR_SMI_COUNT; Intel's only). False: it is not counted. */
bool record_smi_count(const struct cpu_record *r, uint32_t *count);

/* Code in ring 3 can read all memory that is mapped (Meltdown), as far as the processor does not deny it: Intel's,
 * unless bit RDCL_NO of IA32_ARCH_CAPABILITIES is set (SDM Vol. 4, table 2-2). */
bool record_may_melt_down(const struct cpu_record *r);

/*
 * Of this CPU, now. It is read completely each time: about a hundred instructions, none of which has an effect but the
 * one that makes an Intel processor tell its microcode's revision. Needs the exception table (cpu_init_bsp()).
 */
void cpu_record_read(struct cpu_record *r);

/* record_smi_count() of this CPU now. */
bool cpu_smi_count(uint32_t *count);

/* The boot CPU as the firmware left it: cpu_init_bsp() reads it. */
extern struct cpu_record boot_cpu_record;

#endif
