/* SPDX-License-Identifier: MIT */
/*
 * How the hypervisor reaches memory of pv guests: through its own mapping of all RAM, after a walk of the guest's
 * tables, with references to what it found. Others may change the tables meanwhile, and what has been one may be
 * anything. So each frame on the way need only exist; and the last one is good if it is the guest's own, and (to be
 * written to) one that the guest might map writable. Then nothing was reached that the guest could not reach.
 */
#include <stddef.h>

#include "arch/x86/paging.h"
#include "arch/x86/pv/container.h"
#include "arch/x86/pv/env.h"
#include "arch/x86/pv/table.h"
#include "arch/x86/regs.h"
#include "guest/abi/errno.h"

#define ATTEMPTS 1000U /* against other vcpus that are at the frame, and long lists of doomed tables */

static unsigned index_at(uint64_t va, unsigned level)
{
    return (unsigned)(va >> (PAGE_SHIFT + 9 * (level - 1)) & (PV_ENTRIES - 1));
}

uint64_t pv_walk(uint64_t root, uint64_t va, bool write)
{
    uint64_t needed = PTE_PRESENT | PTE_USER | (write ? PTE_WRITE : 0), mfn = root;

    for (unsigned level = 4; level > 0; level--) {
        if (!pv_env_type(mfn))
            return 0;
        uint64_t entry = __atomic_load_n(&pv_env_map(mfn)[index_at(va, level)], __ATOMIC_ACQUIRE);
        if ((entry & needed) != needed)
            return 0;
        mfn = (entry & PTE_ADDRESS) >> PAGE_SHIFT;
    }
    return mfn;
}

/* As a writable page; false: it is none. It may be one in a moment, when tables of the guest's that nobody uses any
 * more have been taken apart. */
static bool get_writable(struct pv_domain *d, uint64_t mfn)
{
    int rc = -XEN_ERESTART;

    for (unsigned i = 0; i < ATTEMPTS && rc == -XEN_ERESTART; i++) {
        if (i > 0)
            __builtin_ia32_pause();
        rc = pv_get_page_and_type(d, mfn, d->domid, PV_WRITABLE);
    }
    return rc == 0;
}

uint8_t *pv_reach(struct arch_vcpu *v, uint64_t va, bool write)
{
    const struct pv_guest *p = pv_guest(v);
    struct pv_domain *d = p->mmu.dom;

    if (pv_address_is_reserved(va))
        return NULL;
    uint64_t mfn = pv_walk(p->kernel_mode ? p->mmu.kernel_root : p->mmu.user_root, va, write);
    bool held = mfn && (write ? get_writable(d, mfn) : pv_env_get_page(mfn, d->domid));
    return held ? (uint8_t *)pv_env_map(mfn) + (va & (PAGE_SIZE - 1)) : NULL;
}

void pv_leave(struct arch_vcpu *v, const void *byte, bool write)
{
    if (write)
        pv_put_page_and_type(pv_guest(v)->mmu.dom, virt_to_mfn(byte));
    else
        pv_env_put_page(virt_to_mfn(byte));
}

bool pv_frame_get(struct arch_domain *a, uint64_t mfn)
{
    if (!get_writable(&pv_container(a)->mmu, mfn))
        return false;
    __atomic_fetch_add(&pv_container(a)->held, 1, __ATOMIC_ACQ_REL);
    return true;
}

void pv_frame_put(struct arch_domain *a, uint64_t mfn)
{
    __atomic_fetch_sub(&pv_container(a)->held, 1, __ATOMIC_ACQ_REL);
    pv_put_page_and_type(&pv_container(a)->mmu, mfn);
}
