/* SPDX-License-Identifier: MIT */
/*
 * CPUID as a guest sees it: what all CPUs of the machine have, masked by a table, Xen's leaves at 0x40000000 made here.
 * A leaf that is not in the table reads as zeros. A bit is shown only if the hypervisor lets the guest use what it
 * promises.
 *
 * The bit names are those of SDM Vol. 2A, CPUID, and APM Vol. 3, appendix E.
 */
#include "arch/x86/hvm.h"

#include "arch/x86/creg.h"
#include "arch/x86/fpu.h"
#include "arch/x86/regs.h"
#include "arch/x86/time.h"
#include "arch/x86/unequal.h"
#include "guest/abi/hvm.h"
#include "kernel/door.h"

#define ALL UINT32_MAX
#define BIT(n) (1U << (n))

/* What changes from guest to guest in a leaf. */
struct cpuid_context {
    const struct arch_vcpu *v;
    uint64_t guest_cr4;
    uint32_t subleaf;
};

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

static struct cpuid machine_leaf(const struct cpuid_context *c, uint32_t leaf)
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
    return r;
}

/* Leaf 0x40000003, subleaf 0: the clock's facts (arch-x86/cpuid.h): TSC mode 0, kHz, incarnation. */
static struct cpuid xen_time_leaf(uint32_t subleaf)
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

/* The five leaves of arch-x86/cpuid.h. */
static struct cpuid xen_leaf(const struct cpuid_context *c, uint32_t index)
{
    switch (index) {
    case 0:
        return (struct cpuid){XEN_CPUID_FIRST_LEAF + 4, XEN_CPUID_SIGNATURE_EBX, XEN_CPUID_SIGNATURE_ECX,
                              XEN_CPUID_SIGNATURE_EDX};
    case 1:
        return (struct cpuid){.eax = 4U << 16 | 17};
    case 2:
        return (struct cpuid){.eax = 1, .ebx = XEN_CPUID_FIRST_LEAF};
    case 3:
        return xen_time_leaf(c->subleaf);
    case 4:
        return (struct cpuid){.eax = XEN_HVM_CPUID_VCPU_ID_PRESENT | XEN_HVM_CPUID_DOMID_PRESENT,
                              .ebx = c->v->id,
                              .ecx = c->v->dom->domid};
    default:
        return (struct cpuid){0};
    }
}

void hvm_cpuid(struct arch_vcpu *v, uint64_t guest_cr4)
{
    uint32_t leaf = (uint32_t)v->regs.rax;
    struct cpuid_context c = {v, guest_cr4, (uint32_t)v->regs.rcx};
    struct cpuid r;

    if (leaf >= XEN_CPUID_FIRST_LEAF && leaf < XEN_CPUID_FIRST_LEAF + 0x100)
        r = xen_leaf(&c, leaf - XEN_CPUID_FIRST_LEAF);
    else
        r = machine_leaf(&c, leaf);
    v->regs.rax = r.eax;
    v->regs.rbx = r.ebx;
    v->regs.rcx = r.ecx;
    v->regs.rdx = r.edx;
}

/* Which CPUID bit must show for a bit of CR4 to be the guest's (SDM Vol. 3A, section 2.5). */
static const struct {
    uint32_t cr4;
    uint32_t leaf;
    uint8_t reg; /* 1 ebx, 2 ecx, 3 edx */
    uint8_t bit;
} cr4_rules[] = {
    {1U << 0, 1, 3, 1},   /* VME */
    {1U << 1, 1, 3, 1},   /* PVI */
    {1U << 2, 1, 3, 4},   /* TSD */
    {1U << 3, 1, 3, 2},   /* DE */
    {1U << 4, 1, 3, 3},   /* PSE */
    {1U << 5, 1, 3, 6},   /* PAE */
    {1U << 7, 1, 3, 13},  /* PGE */
    {1U << 8, 1, 3, 4},   /* PCE: RDPMC itself is refused */
    {1U << 9, 1, 3, 24},  /* OSFXSR */
    {1U << 10, 1, 3, 25}, /* OSXMMEXCPT */
    {1U << 11, 7, 2, 2},  /* UMIP */
    {1U << 16, 7, 1, 0},  /* FSGSBASE */
    {1U << 17, 1, 2, 17}, /* PCIDE */
    {1U << 18, 1, 2, 26}, /* OSXSAVE */
    {1U << 20, 7, 1, 7},  /* SMEP */
    {1U << 21, 7, 1, 20}, /* SMAP */
    {CR4_PKE, 7, 2, 3},   /* PKE */
};

static bool machine_shows(uint32_t leaf, unsigned reg, unsigned bit)
{
    static const struct arch_vcpu nobody;
    struct cpuid_context c = {&nobody, 0, 0};
    struct cpuid r = machine_leaf(&c, leaf);
    uint32_t value = reg == 1 ? r.ebx : reg == 2 ? r.ecx : r.edx;

    return value >> bit & 1;
}

uint64_t hvm_cr4_allowed(void)
{
    static uint64_t allowed;

    if (!allowed) {
        uint64_t bits = CR4_MCE; /* harmless, and set by guests that do not ask */
        for (unsigned i = 0; i < sizeof(cr4_rules) / sizeof(cr4_rules[0]); i++)
            if (machine_shows(cr4_rules[i].leaf, cr4_rules[i].reg, cr4_rules[i].bit))
                bits |= cr4_rules[i].cr4;
        allowed = bits;
    }
    return allowed;
}

uint64_t hvm_efer_allowed(void)
{
    static uint64_t allowed;

    if (!allowed) {
        uint64_t bits = EFER_SCE | EFER_LME | EFER_LMA;
        if (machine_shows(0x80000001, 3, 20))
            bits |= EFER_NXE;
        allowed = bits;
    }
    return allowed;
}
