/* SPDX-License-Identifier: MIT */
/* The record of this CPU: which leaves and which registers are looked at. */
#include "arch/x86/cpu_record.h"
#include "arch/x86/msr.h"

#define MSR_MICROCODE 0x8b

struct cpu_record boot_cpu_record;

/* Subleaves from 0 to last. Leaves that a processor lacks are left out. */
static const struct {
    uint32_t leaf, last;
} leaves[] = {
    {0x0, 0},        {0x1, 0},        {0x6, 0},        {0x7, 1},        {0xa, 0},        {0xb, 1},
    {0xd, 1},        {0x15, 0},       {0x16, 0},       {0x40000000, 0}, {0x40000001, 0}, {0x40000010, 0},
    {0x80000000, 0}, {0x80000001, 0}, {0x80000002, 0}, {0x80000003, 0}, {0x80000004, 0}, {0x80000007, 0},
    {0x80000008, 0}, {0x8000000a, 0}, {0x8000001f, 0},
};

/* Registers from first to last. What faults is left out. */
static const struct {
    uint32_t first, last;
} msrs[] = {
    {0x1b, 0x1b}, /* IA32_APIC_BASE */
    {0x34, 0x34}, /* MSR_SMI_COUNT */
    {0x3a, 0x3a}, /* IA32_FEATURE_CONTROL */
    {0x8b, 0x8b}, /* IA32_BIOS_SIGN_ID: microcode */
    {0xfe, 0xfe}, /* IA32_MTRRCAP */
    {MSR_ARCH_CAPABILITIES, MSR_ARCH_CAPABILITIES},
    {0x1a0, 0x1a0},           /* IA32_MISC_ENABLE */
    {0x200, 0x213},           /* ten variable ranges of the MTRRs */
    {0x250, 0x250},           /* and the fixed ones */
    {0x258, 0x259},           /* of 16 KiB */
    {0x268, 0x26f},           /* of 4 KiB */
    {0x2ff, 0x2ff},           /* IA32_MTRR_DEF_TYPE */
    {0x480, 0x493},           /* VMX capabilities (SDM Vol. 3D, appendix A) */
    {0xc0000080, 0xc0000080}, /* EFER */
    {0xc0010010, 0xc0010010}, /* SYSCFG */
    {0xc0010015, 0xc0010015}, /* HWCR */
    {0xc001001a, 0xc001001a}, /* TOP_MEM */
    {0xc001001d, 0xc001001d}, /* TOP_MEM2 */
    {0xc0010055, 0xc0010055}, /* interrupt pending message: C1E */
    {0xc0010114, 0xc0010114}, /* VM_CR */
};

static void read_leaves(struct cpu_record *r)
{
    for (unsigned i = 0; i < sizeof(leaves) / sizeof(leaves[0]); i++)
        for (uint32_t sub = 0; sub <= leaves[i].last && r->nr_leaves < RECORD_MAX_LEAVES; sub++) {
            struct cpuid c = cpuid(leaves[i].leaf, sub);
            if (c.eax | c.ebx | c.ecx | c.edx)
                r->leaves[r->nr_leaves++] = (struct record_leaf){leaves[i].leaf, sub, c};
        }
}

/* A register that is 0 says no more than one that is not there. These two do. */
static bool tells_with_0(uint32_t msr)
{
    return msr == 0x34 || msr == 0x2ff;
}

static void read_msrs(struct cpu_record *r)
{
    for (unsigned i = 0; i < sizeof(msrs) / sizeof(msrs[0]); i++)
        for (uint32_t msr = msrs[i].first; msr <= msrs[i].last && r->nr_msrs < RECORD_MAX_MSRS; msr++) {
            uint64_t value;
            if (rdmsr_safe(msr, &value) && (value || tells_with_0(msr)))
                r->msrs[r->nr_msrs++] = (struct record_msr){msr, value};
        }
}

/* An Intel processor tells the revision when CPUID is executed after the register was cleared (SDM 9.11.7.1). */
static void ask_for_microcode(const struct cpu_record *r)
{
    if (record_vendor(r) != VENDOR_INTEL)
        return;
    (void)wrmsr_safe(MSR_MICROCODE, 0);
    (void)cpuid(1, 0);
}

void cpu_record_read(struct cpu_record *r)
{
    r->nr_leaves = r->nr_msrs = 0;
    read_leaves(r);
    ask_for_microcode(r);
    read_msrs(r);
}

bool cpu_smi_count(uint32_t *count)
{
    static struct cpu_record now;
    cpu_record_read(&now);
    return record_smi_count(&now, count);
}
