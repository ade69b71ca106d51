/* SPDX-License-Identifier: MIT */
/*
 * The hypercalls by which a pv guest changes its page tables, and what they know of domains and vcpus.
 *
 * Letters as in kernel/domain.h: [I] immutable, [a] atomic, [l] guarded by pv_domain.lock, [c] only the vcpu's own CPU.
 */
#ifndef ARCH_X86_PV_MMU_H
#define ARCH_X86_PV_MMU_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/x86/pv/frame.h"

#define PV_MAX_VCPUS 128

struct pv_domain {
    uint16_t domid;    /* [I] */
    uint16_t nr_vcpus; /* [I] */
    uint32_t lock;     /* innermost: nothing is called with it held */
    uint32_t doomed;   /* [l], [a] to read: first frame of the list of doomed tables, 0 = none */
};

/* Is there something for pv_drain()? One look at a word: it is asked before each step of a list. */
static inline bool pv_has_doomed(const struct pv_domain *d)
{
    return __builtin_expect(__atomic_load_n(&d->doomed, __ATOMIC_RELAXED), 0);
}

struct pv_vcpu {
    struct pv_domain *dom; /* [I] */
    uint16_t id;           /* [I] */
    uint16_t ldt_entries;  /* [c] 0 = no LDT */
    uint64_t ldt_base;     /* [c] guest address */
    uint64_t kernel_root;  /* [c] mfn of an L4 table, with both references; 0 = none yet */
    uint64_t user_root;    /* [c] the same for user mode, 0 = none */
};

struct pv_vcpu_set {
    uint64_t word[PV_MAX_VCPUS / 64];
};

/*
 * Hypercalls, with arguments as in the ABI. v runs on this CPU. They return what the guest gets; or -XEN_ERESTART: the
 * guest is to make the same call again with args as they are left.
 */
int64_t pv_mmu_update(struct pv_vcpu *v, uint64_t *args);
int64_t pv_update_va_mapping(struct pv_vcpu *v, uint64_t *args);
int64_t pv_update_va_mapping_otherdomain(struct pv_vcpu *v, uint64_t *args);
int64_t pv_mmuext_op(struct pv_vcpu *v, uint64_t *args);

/*
 * The entry of an L1 table that maps va in the guest's kernel mode: the frame of the table, 0 if there is none. Others
 * may change all of it meanwhile.
 */
uint64_t pv_find_l1(const struct pv_vcpu *v, uint64_t va);
#define PV_L1_INDEX(va) ((unsigned)((va) >> 12 & 511))

/* MMUEXT_NEW_BASEPTR, of the calling vcpu. 0; -XEN_EINVAL: no L4 table of its own; -XEN_ERESTART. */
int pv_new_kernel_root(struct pv_vcpu *v, uint64_t mfn) __attribute__((warn_unused_result));

/* The vcpu is going for good: let go of its roots. It runs nowhere, no CPU has them loaded. */
void pv_release_roots(struct pv_vcpu *v);

/* FD of the ABI: the domid that is meant; -XEN_ESRCH: one's own is called DOMID_SELF; or an error as pv_env_may_name().
 */
int pv_resolve_domid(const struct pv_vcpu *v, uint16_t domid, uint16_t *owner) __attribute__((warn_unused_result));

#endif
