/* SPDX-License-Identifier: MIT */
/*
 * Model-specific registers of a pv guest: a table of those that exist. Any other access is #GP. The values are those
 * that the real Xen shows where they don't come from the machine: PV-EMU-19 to 22.
 */
#include "arch/x86/pv/emulate.h"

#include "arch/x86/creg.h"
#include "arch/x86/layout.h"
#include "arch/x86/pv/env.h"
#include "arch/x86/regs.h"
#include "guest/abi/hvm.h"
#include "guest/abi/pv.h"

#define MSR_BIOS_SIGN_ID 0x8b
#define MSR_PLATFORM_INFO 0xce
#define MSR_MISC_FEATURES 0x140
#define MSR_MISC_ENABLE 0x1a0

#define APIC_BASE_ENABLED 0xfee00800
#define APIC_BASE_BOOT_CPU (1U << 8)
#define MISC_ENABLE_SHOWN 0x1801 /* fast strings; no branch trace, no PEBS */
#define PAT_POWER_ON 0x0007040600070406

struct msr_rule {
    uint32_t msr;
    bool (*read)(struct arch_vcpu *v, uint64_t *value); /* NULL: #GP */
    bool (*write)(struct arch_vcpu *v, uint64_t value); /* NULL: #GP */
};

/* --- Values */

static bool read_zero(struct arch_vcpu *v, uint64_t *value)
{
    (void)v;
    *value = 0;
    return true;
}

static bool write_zero(struct arch_vcpu *v, uint64_t value)
{
    (void)v;
    return value == 0;
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
    *value = rdtsc();
    return true;
}

static bool read_apic_base(struct arch_vcpu *v, uint64_t *value)
{
    *value = APIC_BASE_ENABLED | (v->id == 0 ? APIC_BASE_BOOT_CPU : 0);
    return true;
}

static bool read_misc_enable(struct arch_vcpu *v, uint64_t *value)
{
    (void)v;
    *value = MISC_ENABLE_SHOWN;
    return true;
}

static bool read_pat(struct arch_vcpu *v, uint64_t *value)
{
    (void)v;
    *value = PAT_POWER_ON;
    return true;
}

#define EFER_SHOWN (EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE)

static bool read_efer(struct arch_vcpu *v, uint64_t *value)
{
    (void)v;
    *value = EFER_SHOWN;
    return true;
}

static bool write_efer(struct arch_vcpu *v, uint64_t value)
{
    (void)v;
    return value == EFER_SHOWN;
}

/* --- Bases: what the hypercall set_segment_base does */

static bool read_fs_base(struct arch_vcpu *v, uint64_t *value)
{
    *value = pv_segment_base(v, PV_SEG_FS);
    return true;
}

static bool read_gs_base(struct arch_vcpu *v, uint64_t *value)
{
    *value = pv_segment_base(v, PV_SEG_GS);
    return true;
}

static bool read_user_gs_base(struct arch_vcpu *v, uint64_t *value)
{
    *value = pv_guest(v)->gs_base_user;
    return true;
}

static bool set_base(struct arch_vcpu *v, uint64_t which, uint64_t value)
{
    uint64_t args[] = {which, value};

    return pv_set_segment_base(v, args) == 0;
}

static bool write_fs_base(struct arch_vcpu *v, uint64_t value)
{
    return set_base(v, SEGBASE_FS, value);
}

static bool write_gs_base(struct arch_vcpu *v, uint64_t value)
{
    return set_base(v, SEGBASE_GS_KERNEL, value);
}

static bool write_user_gs_base(struct arch_vcpu *v, uint64_t value)
{
    return set_base(v, SEGBASE_GS_USER, value);
}

/* --- The hypercall page (arch-x86/cpuid.h, leaf 2): a machine address; bits 11:0 are the page's index, there is one.
 */
static bool write_hypercall_page(struct arch_vcpu *v, uint64_t value)
{
    uint64_t mfn = value >> PAGE_SHIFT;

    if ((value & (PAGE_SIZE - 1)) || !pv_frame_get(v->dom, mfn))
        return false;
    pv_fill_hypercall_page(pv_env_map(mfn));
    pv_frame_put(v->dom, mfn);
    return true;
}

static const struct msr_rule msr_rules[] = {
    {MSR_TSC, read_tsc, NULL},
    {MSR_APIC_BASE, read_apic_base, NULL},
    {MSR_BIOS_SIGN_ID, read_zero, NULL},
    {MSR_PLATFORM_INFO, read_zero, NULL},
    {MSR_MISC_FEATURES, read_zero, write_zero},
    {MSR_MISC_ENABLE, read_misc_enable, write_ignored},
    {MSR_PAT, read_pat, NULL},
    {XEN_CPUID_FIRST_LEAF, read_zero, write_hypercall_page},
    {MSR_EFER, read_efer, write_efer},
    {MSR_FS_BASE, read_fs_base, write_fs_base},
    {MSR_GS_BASE, read_gs_base, write_gs_base},
    {MSR_KERNEL_GS_BASE, read_user_gs_base, write_user_gs_base},
};

static const struct msr_rule *find_rule(uint32_t msr)
{
    for (unsigned i = 0; i < sizeof msr_rules / sizeof msr_rules[0]; i++)
        if (msr_rules[i].msr == msr)
            return &msr_rules[i];
    return NULL;
}

bool pv_rdmsr(struct arch_vcpu *v, uint32_t msr, uint64_t *value)
{
    const struct msr_rule *rule = find_rule(msr);
    return rule && rule->read && rule->read(v, value);
}

bool pv_wrmsr(struct arch_vcpu *v, uint32_t msr, uint64_t value)
{
    const struct msr_rule *rule = find_rule(msr);
    return rule && rule->write && rule->write(v, value);
}
