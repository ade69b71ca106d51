/* SPDX-License-Identifier: MIT */
/* The guest's GDT and LDT, and the bases of its segments. */
#include "arch/x86/layout.h"
#include "arch/x86/pv/container.h"
#include "arch/x86/pv/descriptor.h"
#include "arch/x86/pv/env.h"
#include "arch/x86/pv/setup.h"
#include "arch/x86/pv/table.h"
#include "arch/x86/regs.h"
#include "common/error.h"
#include "common/string.h"
#include "guest/abi/errno.h"
#include "guest/abi/pv.h"

/* --- GDT: a list of frames, each a page of descriptors as long as it is in the table */

static void put_frames(struct pv_domain *d, const uint64_t *frames, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        pv_put_page_and_type(d, frames[i]);
}

/* All of them or none. */
static int get_frames(struct pv_domain *d, const uint64_t *frames, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        int rc = pv_get_page_and_type(d, frames[i], d->domid, PV_DESCRIPTORS);
        if (rc) {
            put_frames(d, frames, i);
            return rc;
        }
    }
    return 0;
}

static unsigned pages_of(unsigned entries)
{
    return (entries + PV_ENTRIES - 1) / PV_ENTRIES;
}

/* Only what is mapped is held: the old pages go when nothing leads to them any more. */
static void map_frames(struct pv_guest *p, const uint64_t *frames, unsigned entries)
{
    unsigned had = pages_of(p->gdt_entries), n = pages_of(entries);
    uint64_t old[PV_GDT_PAGES];

    memcpy(old, p->gdt, sizeof old);
    for (unsigned i = 0; i < n || i < had; i++) {
        p->gdt[i] = i < n ? frames[i] : 0;
        pv_map_gdt(p, i, p->gdt[i]);
    }
    p->gdt_entries = entries;
    put_frames(p->mmu.dom, old, had);
}

int pv_install_gdt(struct pv_guest *p, const uint64_t *frames, unsigned entries)
{
    int rc = get_frames(p->mmu.dom, frames, pages_of(entries));
    if (!rc)
        map_frames(p, frames, entries);
    return rc;
}

/* args: list of frames, number of entries. */
int64_t pv_set_gdt(struct arch_vcpu *v, uint64_t *args)
{
    uint64_t frames[PV_GDT_PAGES];
    uint32_t entries = (uint32_t)args[1];

    if (entries > PV_GDT_ENTRIES)
        return xen_error(XEN_EINVAL);
    if (entries && pv_env_copy_in(frames, args[0], pages_of(entries) * sizeof frames[0]))
        return xen_error(XEN_EFAULT);
    return pv_install_gdt(pv_guest(v), frames, entries);
}

/* --- update_descriptor */

/* A page of descriptors stays one while it is written to; any other must be one that the guest may write to itself. */
static int hold_descriptor_page(struct pv_domain *d, uint64_t mfn)
{
    int rc = pv_get_type(d, mfn, PV_WRITABLE);

    if (rc == -XEN_EINVAL && pv_word_type(__atomic_load_n(pv_env_type(mfn), __ATOMIC_ACQUIRE)) == PV_DESCRIPTORS)
        rc = pv_get_type(d, mfn, PV_DESCRIPTORS);
    return rc;
}

/* args: machine address, descriptor. */
int64_t pv_update_descriptor(struct arch_vcpu *v, uint64_t *args)
{
    struct pv_domain *d = pv_guest(v)->mmu.dom;
    uint64_t at = args[0], mfn = at >> 12, descriptor = args[1];

    if ((at & 7) || !pv_descriptor_adjust(&descriptor) || !pv_env_get_page(mfn, d->domid))
        return xen_error(XEN_EINVAL);
    int rc = hold_descriptor_page(d, mfn);
    if (!rc) {
        __atomic_store_n(&pv_env_map(mfn)[at >> 3 & (PV_ENTRIES - 1)], descriptor, __ATOMIC_RELAXED);
        pv_put_type(d, mfn);
    }
    pv_env_put_page(mfn);
    return rc;
}

/* --- LDT: pages are taken when a descriptor is loaded from them, found by the guest's page tables of then */

static void release_ldt(struct pv_guest *p)
{
    for (unsigned i = 0; i < PV_LDT_PAGES; i++) {
        uint64_t mfn = p->ldt[i];
        if (!mfn)
            continue;
        p->ldt[i] = 0;
        pv_map_ldt(p, i, 0);
        pv_put_page_and_type(p->mmu.dom, mfn);
    }
}

void pv_env_load_ldt(struct pv_vcpu *v)
{
    struct pv_guest *p = (struct pv_guest *)((char *)v - __builtin_offsetof(struct pv_guest, mmu));

    release_ldt(p);
    pv_load_ldtr(p);
}

void pv_release_tables(struct pv_guest *p)
{
    release_ldt(p);
    map_frames(p, p->gdt, 0); /* none of them */
}

/* The page of the LDT at the guest's address va becomes page n of what the processor sees. */
static int map_ldt_page(struct pv_guest *p, unsigned n, uint64_t va)
{
    uint64_t l1 = pv_address_is_reserved(va) ? 0 : pv_find_l1(&p->mmu, va);
    uint64_t entry = l1 ? __atomic_load_n(&pv_env_map(l1)[PV_L1_INDEX(va)], __ATOMIC_ACQUIRE) : 0;
    uint64_t mfn = (entry & PTE_ADDRESS) >> 12;

    if (!(entry & PTE_PRESENT))
        return xen_error(XEN_EINVAL);
    int rc = pv_get_page_and_type(p->mmu.dom, mfn, p->mmu.dom->domid, PV_DESCRIPTORS);
    if (!rc) {
        p->ldt[n] = mfn;
        pv_map_ldt(p, n, mfn);
    }
    return rc;
}

/* Of an address in the processor's view of the LDT; beyond its end if there is none of it. */
static uint64_t ldt_offset(const struct pv_guest *p, uint64_t address)
{
    return address - (uint64_t)(uintptr_t)p->tables - PV_TABLE_PAGES * PAGE_SIZE;
}

int pv_ldt_map(struct pv_guest *p, uint64_t cr2)
{
    uint64_t offset = ldt_offset(p, cr2);
    unsigned n = (unsigned)(offset / PAGE_SIZE);

    if (offset >= p->mmu.ldt_entries * 8ULL || p->ldt[n])
        return xen_error(XEN_EINVAL);
    return map_ldt_page(p, n, p->mmu.ldt_base + n * (uint64_t)PAGE_SIZE);
}

bool pv_ldt_fault(struct arch_vcpu *v, uint64_t cr2, uint32_t error)
{
    struct pv_guest *p = pv_guest(v);
    uint64_t offset = ldt_offset(p, cr2);

    if ((error & PAGE_FAULT_USER) || offset >= p->mmu.ldt_entries * 8ULL)
        return false;
    int rc = pv_ldt_map(p, cr2);
    if (rc && rc != -XEN_ERESTART)
        pv_inject_page_fault(v, p->mmu.ldt_base + offset, error);
    return true;
}

/* --- Bases. The caller is the guest's kernel. */

static void set_user_gs_base(struct arch_vcpu *v, uint64_t base)
{
    pv_guest(v)->gs_base_user = base;
}

/* args: SEGBASE_*, base or selector. */
int64_t pv_set_segment_base(struct arch_vcpu *v, uint64_t *args)
{
    static void (*const bases[])(struct arch_vcpu * v, uint64_t base) = {
        [SEGBASE_FS] = pv_load_fs_base,
        [SEGBASE_GS_USER] = set_user_gs_base,
        [SEGBASE_GS_KERNEL] = pv_load_gs_base,
    };
    uint32_t which = (uint32_t)args[0];

    if (which == SEGBASE_GS_USER_SEL) {
        (void)pv_load_user_gs(v, (uint16_t)args[1]);
        return 0;
    }
    if (which >= sizeof bases / sizeof bases[0] || !pv_address_is_canonical(args[1]))
        return xen_error(XEN_EINVAL);
    bases[which](v, args[1]);
    return 0;
}
