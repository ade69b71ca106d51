/* SPDX-License-Identifier: MIT */
/*
 * Nested paging (APM Vol. 2, section 15.25): guest-physical to machine addresses, in the format of long mode's
 * four-level tables. Every nested access counts as a user access, so PTE_USER is set throughout.
 *
 * The caller holds the domain's lock, and after a removal calls virt_flush(). Walks by other CPUs' processors go on
 * meanwhile: each entry changes by one store.
 */
#include "arch/x86/svm/svm.h"

#include "arch/x86/paging.h"
#include "arch/x86/regs.h"
#include "guest/abi/errno.h"
#include "kernel/door.h"

#define ENTRIES 512
#define NPT_TABLE (PTE_PRESENT | PTE_WRITE | PTE_USER)
#define NPT_LEVEL_BITS 9
#define ORDER_2M 9

_Static_assert(sizeof(struct svm_domain) <= PAGE_SIZE, "one page a domain");

int svm_domain_init(struct arch_domain *d)
{
    uint64_t own = door_alloc_frames(0), root = door_alloc_frames(0);

    if (!own || !root) {
        if (own)
            door_free_frames(own, 0);
        if (root)
            door_free_frames(root, 0);
        return -XEN_ENOMEM;
    }
    struct svm_domain *sd = mfn_to_virt(own);
    sd->root_mfn = root;
    d->hw = sd;
    return 0;
}

static uint64_t entry_mfn(uint64_t entry)
{
    return (entry & PTE_ADDRESS) >> PAGE_SHIFT;
}

static void set_entry(uint64_t *entry, uint64_t value)
{
    __atomic_store_n(entry, value, __ATOMIC_RELEASE);
}

/* Level 4 is the root; entries of level 1 map pages. */
static void free_table(uint64_t mfn, unsigned level)
{
    const uint64_t *table = mfn_to_virt(mfn);

    for (unsigned i = 0; level > 1 && i < ENTRIES; i++)
        if ((table[i] & PTE_PRESENT) && !(table[i] & PTE_LARGE))
            free_table(entry_mfn(table[i]), level - 1);
    door_free_frames(mfn, 0);
}

void svm_domain_free(struct arch_domain *d)
{
    struct svm_domain *sd = d->hw;

    if (!sd)
        return;
    free_table(sd->root_mfn, 4);
    door_free_frames(virt_to_mfn(sd), 0);
    d->hw = NULL;
}

/* Replace a 2 MiB mapping by a table of 512 pages that map the same. */
static int split(uint64_t *entry)
{
    uint64_t table_mfn = door_alloc_frames(0);

    if (!table_mfn)
        return -XEN_ENOMEM;
    uint64_t *table = mfn_to_virt(table_mfn);
    uint64_t page = *entry & ~(uint64_t)PTE_LARGE;
    for (unsigned i = 0; i < ENTRIES; i++)
        table[i] = page + ((uint64_t)i << PAGE_SHIFT);
    set_entry(entry, table_mfn << PAGE_SHIFT | NPT_TABLE);
    return 0;
}

/*
 * The entry for gfn at `level` (1 or 2). Tables on the way are made if create; a large mapping on the way is split.
 * *slot is NULL if there is none and create is false.
 */
static int find_entry(struct svm_domain *sd, uint64_t gfn, unsigned level, bool create, uint64_t **slot)
{
    uint64_t table_mfn = sd->root_mfn;

    *slot = NULL;
    for (unsigned at = 4;; at--) {
        uint64_t *table = mfn_to_virt(table_mfn);
        uint64_t *entry = &table[(gfn >> (at - 1) * NPT_LEVEL_BITS) & (ENTRIES - 1)];
        if (at == level) {
            *slot = entry;
            return 0;
        }
        if ((*entry & PTE_LARGE) && split(entry))
            return -XEN_ENOMEM;
        if (!(*entry & PTE_PRESENT)) {
            if (!create)
                return 0;
            uint64_t made = door_alloc_frames(0);
            if (!made)
                return -XEN_ENOMEM;
            set_entry(entry, made << PAGE_SHIFT | NPT_TABLE);
        }
        table_mfn = entry_mfn(*entry);
    }
}

/* A table that stands where a 2 MiB mapping is to be, left by earlier small ones: fill it instead of freeing it, since
 * another CPU's processor may still remember it. */
static void fill_table(uint64_t table_entry, uint64_t mfn, uint64_t bits)
{
    uint64_t *table = mfn_to_virt(entry_mfn(table_entry));

    for (unsigned i = 0; i < ENTRIES; i++)
        set_entry(&table[i], (mfn + i) << PAGE_SHIFT | bits);
}

int svm_map(struct arch_domain *d, uint64_t gfn, uint64_t mfn, unsigned order, bool writable)
{
    uint64_t bits = PTE_PRESENT | PTE_USER | (writable ? PTE_WRITE : 0);
    uint64_t *entry;
    int rc = find_entry(d->hw, gfn, order == ORDER_2M ? 2 : 1, true, &entry);

    if (rc)
        return rc;
    if (order != ORDER_2M)
        set_entry(entry, mfn << PAGE_SHIFT | bits);
    else if ((*entry & PTE_PRESENT) && !(*entry & PTE_LARGE))
        fill_table(*entry, mfn, bits);
    else
        set_entry(entry, mfn << PAGE_SHIFT | bits | PTE_LARGE);
    return 0;
}

int svm_unmap(struct arch_domain *d, uint64_t gfn)
{
    uint64_t *entry;
    int rc = find_entry(d->hw, gfn, 1, false, &entry);

    if (!rc && entry)
        set_entry(entry, 0);
    return rc;
}
