/* SPDX-License-Identifier: MIT */
#include "arch/x86/pv/vcpu_set.h"

#include "arch/x86/pv/env.h"
#include "common/error.h"
#include "guest/abi/errno.h"

struct pv_vcpu_set pv_set_all(const struct pv_domain *d)
{
    struct pv_vcpu_set set = {{0}};
    for (unsigned i = 0; i < d->nr_vcpus; i++)
        set.word[i / 64] |= 1ULL << i % 64;
    return set;
}

int pv_set_read(const struct pv_domain *d, uint64_t guest_addr, struct pv_vcpu_set *set)
{
    struct pv_vcpu_set all = pv_set_all(d);

    *set = (struct pv_vcpu_set){{0}};
    if (pv_env_copy_in(set->word, guest_addr, (d->nr_vcpus + 7U) / 8))
        return xen_error(XEN_EFAULT);
    for (unsigned i = 0; i < PV_MAX_VCPUS / 64; i++)
        set->word[i] &= all.word[i];
    return 0;
}
