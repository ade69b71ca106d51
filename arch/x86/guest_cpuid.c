/* SPDX-License-Identifier: MIT */
/*
 * The machine's leaves: what all its CPUs have, masked by a table. A leaf that is not in the table reads as zeros. A
 * bit is shown only if the hypervisor lets the guest use what it promises.
 *
 * The bit names are those of SDM Vol. 2A, CPUID, and APM Vol. 3, appendix E.
 */
#include "arch/x86/guest_cpuid.h"

#include "arch/x86/fpu.h"
#include "arch/x86/regs.h"
#include "arch/x86/time.h"
#include "arch/x86/unequal.h"
#include "guest/abi/hvm.h"

#define ALL UINT32_MAX
#define BIT(n) (1U << (n))

typedef void (*cpuid_fix_fn)(const struct cpuid_context *context, struct cpuid *r);

struct cpuid_row {
    uint32_t leaf;
    bool has_subleaves;
    struct cpuid mask; /* bits of the machine that show */
    cpuid_fix_fn fix;  /* what is then set or replaced; may be NULL */
};

/* Leaf 1: no MCE (7), APIC (9), MTRR (12), MCA (14), PSN, DS, ACPI, SS, HTT, TM, PBE. */
#define LEAF1_EDX                                                                                                     \
    (BIT(0) /* FPU */ | BIT(1) /* VME */ | BIT(2) /* DE */ | BIT(3) /* PSE */ | BIT(4) /* TSC */ | BIT(5) /* MSR */ | \
     BIT(6) /* PAE */ | BIT(8) /* CX8 */ | BIT(11) /* SEP */ | BIT(13) /* PGE */ | BIT(15) /* CMOV */ |               \
     BIT(16) /* PAT */ | BIT(17) /* PSE36 */ | BIT(19) /* CLFSH */ | BIT(23) /* MMX */ | BIT(24) /* FXSR */ |         \
     BIT(25) /* SSE */ | BIT(26) /* SSE2 */)
#define LEAF1_ECX                                                                                                    \
    (BIT(0) /* SSE3 */ | BIT(1) /* PCLMULQDQ */ | BIT(9) /* SSSE3 */ | BIT(12) /* FMA */ | BIT(13) /* CX16 */ |      \
     BIT(17) /* PCID */ | BIT(19) /* SSE4.1 */ | BIT(20) /* SSE4.2 */ | BIT(22) /* MOVBE */ | BIT(23) /* POPCNT */ | \
     BIT(25) /* AES */ | BIT(26) /* XSAVE */ | BIT(28) /* AVX */ | BIT(29) /* F16C */ | BIT(30) /* RDRAND */)
#define ECX_OSXSAVE BIT(27)
#define ECX_HYPERVISOR BIT(31)
#define LEAF7_EBX                                                                                                    \
    (BIT(0) /* FSGSBASE */ | BIT(3) /* BMI1 */ | BIT(5) /* AVX2 */ | BIT(7) /* SMEP */ | BIT(8) /* BMI2 */ |         \
     BIT(9) /* ERMS */ | BIT(16) /* AVX512F */ | BIT(17) /* AVX512DQ */ | BIT(18) /* RDSEED */ | BIT(19) /* ADX */ | \
     BIT(20) /* SMAP */ | BIT(21) /* AVX512IFMA */ | BIT(23) /* CLFLUSHOPT */ | BIT(24) /* CLWB */ |                 \
     BIT(28) /* AVX512CD */ | BIT(29) /* SHA */ | BIT(30) /* AVX512BW */ | BIT(31) /* AVX512VL */)
#define LEAF7_ECX                                                                                                    \
    (BIT(1) /* AVX512VBMI */ | BIT(2) /* UMIP */ | BIT(3) /* PKU */ | BIT(6) /* AVX512VBMI2 */ | BIT(8) /* GFNI */ | \
     BIT(9) /* VAES */ | BIT(10) /* VPCLMULQDQ */ | BIT(11) /* AVX512VNNI */ | BIT(12) /* AVX512BITALG */ |          \
     BIT(14) /* VPOPCNTDQ */)
#define LEAF7_ECX_PKU BIT(3)
#define LEAF7_ECX_OSPKE BIT(4)
#define LEAF7_EDX (BIT(4) /* FSRM */)
#define LEAF81_ECX                                                                                                     \
    (BIT(0) /* LAHF */ | BIT(5) /* LZCNT */ | BIT(6) /* SSE4A */ | BIT(7) /* MISALIGNSSE */ | BIT(8) /* 3DNOWPREF */ | \
     BIT(11) /* XOP */ | BIT(16) /* FMA4 */ | BIT(21) /* TBM */)
/* 0x80000001 edx repeats leaf 1 on AMD (bits 0-9, 12-17, 23, 24), then SYSCALL, NX, MMXEXT, PAGE1GB, LM. */
#define LEAF81_EDX                                                                                 \
    ((LEAF1_EDX & 0x0183f3ffU) | BIT(11) /* SYSCALL */ | BIT(20) /* NX */ | BIT(22) /* MMXEXT */ | \
     BIT(26) /* PAGE1GB */ | BIT(29) /* LM */)

#define CR4_PKE (1U << 22)

static uint32_t apic_id(const struct cpuid_context *c)
{
    return c->v->id;
}

static uint32_t max_u32(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

static uint32_t min_u32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Highest standard leaf: those of the table. */
static void fix_max_leaf(const struct cpuid_context *c, struct cpuid *r)
{
    (void)c;
    r->eax = min_u32(r->eax, 0x16);
}

static void fix_leaf1(const struct cpuid_context *c, struct cpuid *r)
{
    r->ebx = (r->ebx & 0xff00) | 1U << 16 | apic_id(c) << 24;
    if (!fpu_xcr0_allowed())
        r->ecx &= ~(BIT(26) | BIT(28) | BIT(29) | BIT(12));
    if ((r->ecx & BIT(26)) && (c->guest_cr4 & CR4_OSXSAVE))
        r->ecx |= ECX_OSXSAVE;
    r->ecx |= ECX_HYPERVISOR;
}

/* Cache parameters: one core, one thread. */
static void fix_leaf4(const struct cpuid_context *c, struct cpuid *r)
{
    (void)c;
    r->eax &= 0x3fff;
}

static void fix_leaf7(const struct cpuid_context *c, struct cpuid *r)
{
    if (c->subleaf != 0) {
        *r = (struct cpuid){0};
        return;
    }
    r->eax = 0;
    if ((r->ecx & LEAF7_ECX_PKU) && (c->guest_cr4 & CR4_PKE))
        r->ecx |= LEAF7_ECX_OSPKE;
}

/* Topology: every vcpu is a package of one thread (level 0 SMT, level 1 core). */
static void fix_topology(const struct cpuid_context *c, struct cpuid *r)
{
    static const uint32_t level_type[] = {1, 2};
    uint32_t level = c->subleaf;

    *r = (struct cpuid){.ecx = level & 0xff, .edx = apic_id(c)};
    if (level < 2) {
        r->ebx = 1;
        r->ecx |= level_type[level] << 8;
    }
}

/* XSAVE: the components that the guest may enable. Sizes come from the machine, whose XCR0 is the guest's now. */
static void fix_xsave(const struct cpuid_context *c, struct cpuid *r)
{
    uint64_t allowed = fpu_xcr0_allowed();

    if (!allowed) {
        *r = (struct cpuid){0};
    } else if (c->subleaf == 0) {
        uint32_t size = 576;
        for (unsigned i = 2; i < 63; i++) {
            struct cpuid component = cpuid(0xD, i);
            if (allowed & 1ULL << i)
                size = max_u32(size, component.eax + component.ebx);
        }
        r->eax = (uint32_t)allowed;
        r->ecx = size;
        r->edx = (uint32_t)(allowed >> 32);
    } else if (c->subleaf == 1) {
        *r = (struct cpuid){.eax = r->eax & 7}; /* XSAVEOPT, XSAVEC, XGETBV(1); no XSAVES */
    } else if (c->subleaf > 62 || !(allowed & 1ULL << c->subleaf)) {
        *r = (struct cpuid){0};
    }
}

static void fix_max_extended(const struct cpuid_context *c, struct cpuid *r)
{
    (void)c;
    r->eax = min_u32(r->eax, 0x80000008);
}

/* Address sizes show; core counts don't. */
static void fix_leaf88(const struct cpuid_context *c, struct cpuid *r)
{
    (void)c;
    r->eax &= 0xffff;
    if (((r->eax >> 8) & 0xff) > 48)
        r->eax = (r->eax & 0xff) | 48 << 8;
}

static const struct cpuid_row cpuid_rows[] = {
    {0x00000000, false, {ALL, ALL, ALL, ALL}, fix_max_leaf},
    {0x00000001, false, {ALL, 0xff00, LEAF1_ECX, LEAF1_EDX}, fix_leaf1},
    {0x00000004, true, {ALL, ALL, ALL, ALL}, fix_leaf4},
    {0x00000007, true, {0, LEAF7_EBX, LEAF7_ECX, LEAF7_EDX}, fix_leaf7},
    {0x0000000b, true, {0, 0, 0, 0}, fix_topology},
    {0x0000000d, true, {ALL, ALL, ALL, ALL}, fix_xsave},
    {0x00000015, false, {ALL, ALL, ALL, 0}, NULL},
    {0x00000016, false, {ALL, ALL, ALL, 0}, NULL},
    {0x80000000, false, {ALL, ALL, ALL, ALL}, fix_max_extended},
    {0x80000001, false, {ALL, 0, LEAF81_ECX, LEAF81_EDX}, NULL},
    {0x80000002, false, {ALL, ALL, ALL, ALL}, NULL},
    {0x80000003, false, {ALL, ALL, ALL, ALL}, NULL},
    {0x80000004, false, {ALL, ALL, ALL, ALL}, NULL},
    {0x80000005, false, {ALL, ALL, ALL, ALL}, NULL},
    {0x80000006, false, {0, ALL, ALL, ALL}, NULL},
    {0x80000007, false, {0, 0, 0, BIT(8) /* invariant TSC */}, NULL},
    {0x80000008, false, {ALL, 0, 0, 0}, fix_leaf88},
};

static const struct cpuid_row *find_row(uint32_t leaf)
{
    for (unsigned i = 0; i < sizeof(cpuid_rows) / sizeof(cpuid_rows[0]); i++)
        if (cpuid_rows[i].leaf == leaf)
            return &cpuid_rows[i];
    return NULL;
}

/* What a policy keeps from its guests is taken away last, also from what a fix has set. */
static void hide(const struct cpuid_policy *policy, uint32_t leaf, struct cpuid *r)
{
    for (unsigned i = 0; i < policy->nr_hidden; i++) {
        const struct cpuid_hidden *hidden = &policy->hidden[i];
        if (hidden->leaf != leaf)
            continue;
        r->eax &= ~hidden->bits.eax;
        r->ebx &= ~hidden->bits.ebx;
        r->ecx &= ~hidden->bits.ecx;
        r->edx &= ~hidden->bits.edx;
    }
}

struct cpuid cpuid_machine_leaf(const struct cpuid_policy *policy, const struct cpuid_context *c, uint32_t leaf)
{
    const struct cpuid_row *row = find_row(leaf);
    struct cpuid r = {0};

    if (!row)
        return r;
    r = cpuid_common(leaf, row->has_subleaves ? c->subleaf : 0);
    r.eax &= row->mask.eax;
    r.ebx &= row->mask.ebx;
    r.ecx &= row->mask.ecx;
    r.edx &= row->mask.edx;
    if (row->fix)
        row->fix(c, &r);
    hide(policy, leaf, &r);
    return r;
}

/* Leaf 0x40000003, subleaf 0: the clock's facts (arch-x86/cpuid.h): TSC mode 0, kHz, incarnation. */
struct cpuid cpuid_xen_time_leaf(uint32_t subleaf)
{
    switch (subleaf) {
    case 0:
        return (struct cpuid){.ecx = (uint32_t)(tsc_hz / 1000)};
    case 1:
        return (struct cpuid){.ecx = time_scale.mul, .edx = (uint32_t)(int32_t)time_scale.shift};
    case 2:
        return (struct cpuid){.eax = (uint32_t)(tsc_hz / 1000)};
    default:
        return (struct cpuid){0};
    }
}

void guest_cpuid(const struct cpuid_policy *policy, struct arch_vcpu *v, uint64_t guest_cr4)
{
    uint32_t leaf = (uint32_t)v->regs.rax;
    struct cpuid_context c = {v, guest_cr4, (uint32_t)v->regs.rcx};
    struct cpuid r;

    if (leaf >= XEN_CPUID_FIRST_LEAF && leaf < XEN_CPUID_FIRST_LEAF + 0x100)
        r = policy->xen_leaf(&c, leaf - XEN_CPUID_FIRST_LEAF);
    else
        r = cpuid_machine_leaf(policy, &c, leaf);
    v->regs.rax = r.eax;
    v->regs.rbx = r.ebx;
    v->regs.rcx = r.ecx;
    v->regs.rdx = r.edx;
}
