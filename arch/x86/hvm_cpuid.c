/* SPDX-License-Identifier: MIT */
/* CPUID of hvm guests, and what follows from it for their control registers. */
#include "arch/x86/hvm.h"

#include "arch/x86/guest_cpuid.h"
#include "arch/x86/regs.h"
#include "guest/abi/hvm.h"

#define CR4_PKE (1U << 22)

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
        return cpuid_xen_time_leaf(c->subleaf);
    case 4:
        return (struct cpuid){.eax = XEN_HVM_CPUID_VCPU_ID_PRESENT | XEN_HVM_CPUID_DOMID_PRESENT,
                              .ebx = c->v->id,
                              .ecx = c->v->dom->domid};
    default:
        return (struct cpuid){0};
    }
}

static const struct cpuid_policy policy = {.xen_leaf = xen_leaf};

void hvm_cpuid(struct arch_vcpu *v, uint64_t guest_cr4)
{
    guest_cpuid(&policy, v, guest_cr4);
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
    struct cpuid r = cpuid_machine_leaf(&policy, &c, leaf);
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
