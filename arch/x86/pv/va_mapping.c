/* SPDX-License-Identifier: MIT */
/* update_va_mapping (xen.h): the entry that maps an address in the caller's address space. */
#include "arch/x86/pv/env.h"
#include "arch/x86/pv/mmu.h"
#include "arch/x86/pv/table.h"
#include "arch/x86/pv/update.h"
#include "arch/x86/pv/vcpu_set.h"
#include "arch/x86/regs.h"
#include "common/error.h"
#include "guest/abi/errno.h"
#include "guest/abi/mmu.h"
#include "guest/abi/xen.h"

static unsigned index_at(uint64_t va, unsigned level)
{
    return (unsigned)(va >> (12 + 9 * (level - 1)) & (PV_ENTRIES - 1));
}

/* The frame that the entry for va leads to, or 0. */
static inline uint64_t follow(uint64_t table, uint64_t va, unsigned level)
{
    uint64_t entry = __atomic_load_n(&pv_env_map(table)[index_at(va, level)], __ATOMIC_ACQUIRE);
    uint64_t mfn = (entry & PTE_ADDRESS) >> 12;

    return (entry & PTE_PRESENT) && pv_env_type(mfn) ? mfn : 0;
}

/*
 * The frame of the L1 table for va, or 0. Others may change the tables meanwhile, and what has been one may be
 * anything: so each frame that is met need only exist, and the last one is checked by who updates it.
 */
uint64_t pv_find_l1(const struct pv_vcpu *v, uint64_t va)
{
    uint64_t l4 = v->kernel_root, l3 = l4 ? follow(l4, va, 4) : 0, l2 = l3 ? follow(l3, va, 3) : 0;

    return l2 ? follow(l2, va, 2) : 0;
}

/* What flags say to whom; -XEN_EFAULT: a bitmap that can't be read. */
static int flush(const struct pv_vcpu *v, uint64_t va, uint64_t flags)
{
    uint64_t who = flags & ~(uint64_t)UVMF_FLUSHTYPE_MASK;
    uint64_t what = flags & UVMF_INVLPG ? va : PV_ALL_ADDRESSES;
    struct pv_vcpu_set set;

    if (who == UVMF_LOCAL) {
        pv_env_flush_own(v, what);
        return 0;
    }
    if (who == UVMF_ALL)
        set = pv_set_all(v->dom);
    else if (pv_set_read(v->dom, who, &set))
        return xen_error(XEN_EFAULT);
    pv_env_flush(v->dom, &set, what);
    return 0;
}

/* The entry changes first: an error of the flush leaves it changed (PV-MMU-62). */
static int64_t update(struct pv_vcpu *v, const uint64_t *args, uint16_t data_owner)
{
    uint64_t va = args[0];

    if (pv_address_is_reserved(va))
        return xen_error(XEN_EINVAL);
    struct pv_update u = {
        .mfn = pv_find_l1(v, va),
        .index = index_at(va, 1),
        .value = args[1],
        .table_owner = v->dom->domid,
        .data_owner = data_owner,
    };
    int rc = pv_update_table(v->dom, &u, 1);
    return rc || (args[2] & UVMF_FLUSHTYPE_MASK) == UVMF_NONE ? rc : flush(v, va, args[2]);
}

/* args: address, entry, flags. */
int64_t pv_update_va_mapping(struct pv_vcpu *v, uint64_t *args)
{
    return update(v, args, v->dom->domid);
}

/* args: address, entry, flags, whose frame the entry maps. */
int64_t pv_update_va_mapping_otherdomain(struct pv_vcpu *v, uint64_t *args)
{
    uint16_t owner;
    int rc = pv_resolve_domid(v, (uint16_t)args[3], &owner);

    return rc ? rc : update(v, args, owner);
}
