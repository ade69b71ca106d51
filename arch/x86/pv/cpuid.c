/* SPDX-License-Identifier: MIT */
/*
 * CPUID of pv guests: what the machine's table shows, but what ring 3 can't have. A plain CPUID in ring 3 is not
 * intercepted and shows the processor; what is here is behind the forced-emulation prefix (PV-EMU-32 to 36).
 */
#include "arch/x86/guest_cpuid.h"
#include "arch/x86/layout.h"
#include "arch/x86/pv/emulate.h"
#include "arch/x86/regs.h"
#include "guest/abi/hvm.h"
#include "kernel/door.h"

#define BIT(n) (1U << (n))
#define ALL UINT32_MAX

/* Paging is the hypervisor's; SYSENTER has no entry in long mode on all processors. */
#define HIDDEN_EDX (BIT(1) /* VME */ | BIT(3) /* PSE */ | BIT(13) /* PGE */ | BIT(17) /* PSE36 */)

static const struct cpuid_hidden hidden[] = {
    {0x00000001, {.ecx = BIT(17) /* PCID */, .edx = HIDDEN_EDX | BIT(11) /* SEP */}},
    {0x00000007, {.ebx = BIT(7) /* SMEP */ | BIT(20) /* SMAP */, .ecx = BIT(2) /* UMIP */ | BIT(3) /* PKU */}},
    {0x0000000b, {ALL, ALL, ALL, ALL}},
    {0x80000001, {.edx = HIDDEN_EDX | BIT(26) /* PAGE1GB */}},
};

/* Bits of a machine address: leaf 5, bits 7:0. */
static uint32_t machine_address_width(void)
{
    uint64_t last = (door_nr_frames() - 1) << PAGE_SHIFT;

    return 64 - (uint32_t)__builtin_clzll(last | 1);
}

/* Xen's leaves (arch-x86/cpuid.h) but those of time: eax ebx ecx edx. */
static struct cpuid xen_leaf(const struct cpuid_context *c, uint32_t index)
{
    switch (index) {
    case 0:
        return (struct cpuid){XEN_CPUID_FIRST_LEAF + 5, XEN_CPUID_SIGNATURE_EBX, XEN_CPUID_SIGNATURE_ECX,
                              XEN_CPUID_SIGNATURE_EDX};
    case 1:
        return (struct cpuid){.eax = 4U << 16 | 17};
    case 2:
        return (struct cpuid){.eax = 1, .ebx = XEN_CPUID_FIRST_LEAF, .ecx = XEN_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD};
    case 3:
        return cpuid_xen_time_leaf(c->subleaf);
    case 5:
        return (struct cpuid){.ebx = machine_address_width()};
    default:
        return (struct cpuid){0};
    }
}

static const struct cpuid_policy policy = {hidden, sizeof hidden / sizeof hidden[0], xen_leaf};

/* OSXSAVE is the processor's: XGETBV works, whatever the guest's CR4 says. */
void pv_cpuid(struct arch_vcpu *v)
{
    guest_cpuid(&policy, v, CR4_OSXSAVE);
}

static const struct {
    uint32_t cr4;
    uint32_t leaf;
    uint8_t reg; /* 1 ebx, 2 ecx, 3 edx */
    uint8_t bit;
} choices[] = {
    {CR4_TSD, 1, 3, 4},
    {CR4_DE, 1, 3, 2},
    {CR4_FSGSBASE, 7, 1, 0},
    {CR4_OSXSAVE, 1, 2, 26},
};

uint64_t pv_cr4_choices(void)
{
    static const struct arch_vcpu nobody;
    struct cpuid_context c = {&nobody, 0, 0};
    uint64_t bits = 0;

    for (unsigned i = 0; i < sizeof choices / sizeof choices[0]; i++) {
        struct cpuid r = cpuid_machine_leaf(&policy, &c, choices[i].leaf);
        uint32_t regs[] = {r.eax, r.ebx, r.ecx, r.edx};
        if (regs[choices[i].reg] >> choices[i].bit & 1)
            bits |= choices[i].cr4;
    }
    return bits;
}
