/* SPDX-License-Identifier: MIT */
/*
 * Model-specific registers of a guest: a table of those that exist. Any other access is #GP. No value of the machine's
 * shows but the time stamp counter, which the pvclock ABI needs.
 */
#include "arch/x86/hvm.h"

#include "arch/x86/regs.h"
#include "guest/abi/hvm.h"
#include "kernel/door.h"

#define MSR_PLATFORM_ID 0x17
#define MSR_BIOS_SIGN_ID 0x8b
#define MSR_MISC_ENABLE 0x1a0

#define HYPERCALL_MSR XEN_CPUID_FIRST_LEAF

struct msr_rule {
    uint32_t msr;
    bool (*read)(struct arch_vcpu *v, uint64_t *value); /* NULL: #GP */
    bool (*write)(struct arch_vcpu *v, uint64_t value); /* NULL: #GP */
};

static bool read_zero(struct arch_vcpu *v, uint64_t *value)
{
    (void)v;
    *value = 0;
    return true;
}

static bool write_ignored(struct arch_vcpu *v, uint64_t value)
{
    (void)v;
    (void)value;
    return true;
}

static bool read_tsc(struct arch_vcpu *v, uint64_t *value)
{
    (void)v;
    *value = __builtin_ia32_rdtsc();
    return true;
}

/* Bits 11..0 are the index of a page of the hypercall area, of which there is one (arch-x86/cpuid.h, leaf 2). */
static bool write_hypercall_page(struct arch_vcpu *v, uint64_t value)
{
    return (value & 0xfff) == 0 && door_hypercall_page(v, value >> 12);
}

static const struct msr_rule msr_rules[] = {
    {MSR_TSC, read_tsc, write_ignored},           {MSR_PLATFORM_ID, read_zero, NULL},
    {MSR_BIOS_SIGN_ID, read_zero, write_ignored}, {MSR_MISC_ENABLE, read_zero, write_ignored},
    {HYPERCALL_MSR, NULL, write_hypercall_page},
};

static const struct msr_rule *find_rule(uint32_t msr)
{
    for (unsigned i = 0; i < sizeof(msr_rules) / sizeof(msr_rules[0]); i++)
        if (msr_rules[i].msr == msr)
            return &msr_rules[i];
    return NULL;
}

bool hvm_rdmsr(struct arch_vcpu *v, uint32_t msr, uint64_t *value)
{
    const struct msr_rule *rule = find_rule(msr);
    return rule && rule->read && rule->read(v, value);
}

bool hvm_wrmsr(struct arch_vcpu *v, uint32_t msr, uint64_t value)
{
    const struct msr_rule *rule = find_rule(msr);
    return rule && rule->write && rule->write(v, value);
}

bool hvm_efer_valid(uint64_t old, uint64_t value, uint64_t cr0)
{
    if (value & ~hvm_efer_allowed())
        return false;
    return !((old ^ value) & EFER_LME) || !(cr0 & CR0_PG);
}

bool hvm_pat_valid(uint64_t value)
{
    for (unsigned i = 0; i < 8; i++, value >>= 8) {
        uint8_t type = (uint8_t)value;
        if (type > 7 || type == 2 || type == 3)
            return false;
    }
    return true;
}
