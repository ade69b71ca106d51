/* SPDX-License-Identifier: MIT */
/*
 * CPUID as guests see it. What the machine has is masked by one table (guest_cpuid.c); each kind of container has a
 * policy, which hides more, and makes Xen's leaves.
 */
#ifndef ARCH_X86_GUEST_CPUID_H
#define ARCH_X86_GUEST_CPUID_H

#include <stdint.h>

#include "arch/x86/creg.h"
#include "arch/x86/virt.h"

/* What changes from guest to guest in a leaf. */
struct cpuid_context {
    const struct arch_vcpu *v;
    uint64_t guest_cr4;
    uint32_t subleaf;
};

/* Bits that guests don't see, though the table would show them. */
struct cpuid_hidden {
    uint32_t leaf;
    struct cpuid bits;
};

struct cpuid_policy {
    const struct cpuid_hidden *hidden;
    unsigned nr_hidden;
    /* Leaf 0x40000000 + index, below 0x100. */
    struct cpuid (*xen_leaf)(const struct cpuid_context *c, uint32_t index);
};

/* CPUID: regs.rax, rcx in; rax, rbx, rcx, rdx out. */
void guest_cpuid(const struct cpuid_policy *policy, struct arch_vcpu *v, uint64_t guest_cr4);
/* A leaf of the machine's, as the policy shows it. */
struct cpuid cpuid_machine_leaf(const struct cpuid_policy *policy, const struct cpuid_context *c, uint32_t leaf);
/* Xen's leaf 3. */
struct cpuid cpuid_xen_time_leaf(uint32_t subleaf);

#endif
