/* SPDX-License-Identifier: MIT */
#include "arch/x86/pv/table.h"

#include "arch/x86/pv/env.h"
#include "arch/x86/pv/frame.h"
#include "arch/x86/regs.h"
#include "common/error.h"
#include "guest/abi/errno.h"

#define PTE_GUEST_KERNEL (1ULL << 52) /* ignored by processors: the guest's entry had no "user" (PV-MMU-02) */

/* What the bits of a present entry may be, by level. SDM Vol. 3A, 4.5; PV-MMU-01 to PV-MMU-06. */
static const struct level_rule {
    uint64_t refused;
    uint64_t added;   /* ring 3 has the guest's kernel too; processors need not write "accessed" into upper tables */
    uint64_t removed; /* global translations would outlive the change from kernel to user mode */
} rules[] = {
    /* The guest's memory is ordinary memory, and cached as such: no PWT, PCD, PAT (bit 7). */
    [1] = {PTE_PWT | PTE_PCD | PTE_LARGE, PTE_USER, PTE_GLOBAL},
    /* Bit 7 would map 2 MiB or 1 GiB. */
    [2] = {PTE_PWT | PTE_PCD | PTE_LARGE | PTE_GLOBAL, PTE_USER | PTE_ACCESSED, 0},
    [3] = {PTE_PWT | PTE_PCD | PTE_LARGE | PTE_GLOBAL, PTE_USER | PTE_ACCESSED, 0},
    [4] = {PTE_PWT | PTE_PCD | PTE_LARGE | PTE_GLOBAL, PTE_USER | PTE_ACCESSED, 0},
};

static uint64_t frame_of(uint64_t entry)
{
    return (entry & PTE_ADDRESS) >> 12;
}

int pv_entry_check(unsigned level, uint64_t entry)
{
    if (!(entry & PTE_PRESENT))
        return 0;
    if ((entry & rules[level].refused) || ((entry & PTE_NX) && !pv_env_nx()))
        return xen_error(XEN_EINVAL);
    return 0;
}

uint64_t pv_entry_adjust(unsigned level, uint64_t entry)
{
    if (!(entry & PTE_PRESENT))
        return entry;
    if (level == 1 && !(entry & PTE_USER))
        entry |= PTE_GUEST_KERNEL;
    return (entry | rules[level].added) & ~rules[level].removed;
}

bool pv_entry_holds_same(unsigned level, uint64_t a, uint64_t b)
{
    uint64_t matters = PTE_PRESENT | PTE_ADDRESS | (level == 1 ? PTE_WRITE : 0);

    if (!((a | b) & PTE_PRESENT))
        return true;
    return (a & matters) == (b & matters);
}

/* -XEN_EPERM: no memory, and a guest has no devices; -XEN_EBUSY: not the owner's, or in use as something else. */
static int get_mapped(struct pv_domain *d, uint64_t entry, uint16_t owner)
{
    uint64_t mfn = frame_of(entry);

    if (!pv_env_type(mfn))
        return xen_error(XEN_EPERM);
    if (!pv_env_get_page(mfn, owner))
        return xen_error(XEN_EBUSY);
    int rc = entry & PTE_WRITE ? pv_get_type(d, mfn, PV_WRITABLE) : 0;
    if (rc)
        pv_env_put_page(mfn);
    return rc == -XEN_EINVAL ? xen_error(XEN_EBUSY) : rc;
}

int pv_entry_get(struct pv_domain *d, unsigned level, uint64_t entry, uint16_t table_owner, uint16_t data_owner)
{
    if (!(entry & PTE_PRESENT))
        return 0;
    if (level == 1)
        return get_mapped(d, entry, data_owner);
    return pv_get_page_and_type(d, frame_of(entry), table_owner, (enum pv_type)(level - 1));
}

void pv_entry_put(struct pv_domain *d, unsigned level, uint64_t entry)
{
    if (!(entry & PTE_PRESENT))
        return;
    if (level > 1 || (entry & PTE_WRITE))
        pv_put_type(d, frame_of(entry));
    pv_env_put_page(frame_of(entry));
}

/* --- Whole tables. They are at most four deep, and so is the recursion through pv_entry_get. */

static int adopt_entry(struct pv_domain *d, unsigned level, uint64_t *at, uint16_t owner)
{
    uint64_t entry = __atomic_load_n(at, __ATOMIC_RELAXED);

    if (!(entry & PTE_PRESENT))
        return 0; /* as most are */
    int rc = pv_entry_check(level, entry);
    if (!rc)
        rc = pv_entry_get(d, level, entry, owner, owner);
    if (!rc && pv_entry_adjust(level, entry) != entry)
        __atomic_store_n(at, pv_entry_adjust(level, entry), __ATOMIC_RELAXED);
    return rc;
}

/* A look at the clock costs as much as several entries; the tables below take looks of their own. */
static bool is_time_to_look(unsigned index)
{
    return index % (PV_ENTRIES / 8) == 0 && index % PV_ENTRIES != 0;
}

int pv_table_adopt(struct pv_domain *d, uint64_t mfn, unsigned level, unsigned *index)
{
    uint64_t *table = pv_env_map(mfn);
    uint16_t owner = pv_env_owner(mfn);

    while (*index < PV_ENTRIES) {
        uint64_t *at = &table[*index];
        if (pv_slot_is_reserved(level, *index)) {
            __atomic_store_n(at, pv_env_reserved_slots()[*index - PV_RESERVED_FIRST], __ATOMIC_RELAXED);
        } else {
            int rc = adopt_entry(d, level, at, owner);
            if (rc)
                return rc;
        }
        (*index)++;
        if (is_time_to_look(*index) && pv_env_should_yield())
            return -XEN_ERESTART;
    }
    return 0;
}

/* The hypervisor's entries leave with the table; the guest's stay as they are, for it to read. */
int pv_table_release(struct pv_domain *d, uint64_t mfn, unsigned level, unsigned *index)
{
    uint64_t *table = pv_env_map(mfn);

    while (*index > 0) {
        uint64_t *at = &table[--*index], entry = __atomic_load_n(at, __ATOMIC_RELAXED);
        if (pv_slot_is_reserved(level, *index))
            __atomic_store_n(at, 0, __ATOMIC_RELAXED);
        else if (entry & PTE_PRESENT)
            pv_entry_put(d, level, entry);
        if (is_time_to_look(*index) && pv_env_should_yield())
            return -XEN_ERESTART;
    }
    return 0;
}
