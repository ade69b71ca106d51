/* SPDX-License-Identifier: MIT */
/* Sets of vcpus whose translations are to be flushed. */
#ifndef ARCH_X86_PV_VCPU_SET_H
#define ARCH_X86_PV_VCPU_SET_H

#include "arch/x86/pv/mmu.h"

/* All vcpus of the domain. */
struct pv_vcpu_set pv_set_all(const struct pv_domain *d);
/* The bitmap at a guest address, of which vcpus that the domain has count. 0 or -XEN_EFAULT. */
int pv_set_read(const struct pv_domain *d, uint64_t guest_addr, struct pv_vcpu_set *set)
    __attribute__((warn_unused_result));

#endif
