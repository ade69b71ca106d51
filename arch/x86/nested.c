/* SPDX-License-Identifier: MIT */
#include "arch/x86/nested.h"

#include "arch/x86/layout.h"
#include "arch/x86/paging.h"
#include "arch/x86/regs.h"
#include "guest/abi/errno.h"
#include "kernel/door.h"

#define TOP_LEVEL 4
#define LEVEL_BITS 9

int nested_init(struct arch_domain *d)
{
    d->nested_root = door_alloc_frames(0);
    return d->nested_root ? 0 : -XEN_ENOMEM;
}

static uint64_t entry_mfn(uint64_t entry)
{
    return (entry & PTE_ADDRESS) >> PAGE_SHIFT;
}

static void free_table(uint64_t mfn, unsigned level)
{
    const uint64_t *table = mfn_to_virt(mfn);

    for (unsigned i = 0; level > 1 && i < NESTED_ENTRIES; i++)
        if (nested_is_table(table[i]))
            free_table(entry_mfn(table[i]), level - 1);
    door_free_frames(mfn, 0);
}

void nested_free(struct arch_domain *d)
{
    if (d->nested_root)
        free_table(d->nested_root, TOP_LEVEL);
    d->nested_root = 0;
}

/* Replace a 2 MiB mapping by a table of 512 pages that map the same. */
static int split(uint64_t *entry)
{
    uint64_t table_mfn = door_alloc_frames(0);

    if (!table_mfn)
        return -XEN_ENOMEM;
    uint64_t *table = mfn_to_virt(table_mfn);
    uint64_t page = *entry & ~NESTED_LARGE;
    for (unsigned i = 0; i < NESTED_ENTRIES; i++)
        table[i] = page + ((uint64_t)i << PAGE_SHIFT);
    nested_set(entry, table_mfn << PAGE_SHIFT | NESTED_TABLE);
    return 0;
}

int nested_find(const struct arch_domain *d, uint64_t gfn, unsigned level, bool create, uint64_t **slot)
{
    uint64_t table_mfn = d->nested_root;

    *slot = NULL;
    for (unsigned at = TOP_LEVEL;; at--) {
        uint64_t *table = mfn_to_virt(table_mfn);
        uint64_t *entry = &table[(gfn >> (at - 1) * LEVEL_BITS) & (NESTED_ENTRIES - 1)];
        if (at == level) {
            *slot = entry;
            return 0;
        }
        if ((*entry & NESTED_LARGE) && split(entry))
            return -XEN_ENOMEM;
        if (!(*entry & NESTED_PRESENT)) {
            if (!create)
                return 0;
            uint64_t made = door_alloc_frames(0);
            if (!made)
                return -XEN_ENOMEM;
            nested_set(entry, made << PAGE_SHIFT | NESTED_TABLE);
        }
        table_mfn = entry_mfn(*entry);
    }
}

int nested_unmap(struct arch_domain *d, uint64_t gfn)
{
    uint64_t *entry;
    int rc = nested_find(d, gfn, 1, false, &entry);

    if (!rc && entry)
        nested_set(entry, 0);
    return rc;
}
