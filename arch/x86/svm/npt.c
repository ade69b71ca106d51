/* SPDX-License-Identifier: MIT */
/*
 * Nested paging (APM Vol. 2, section 15.25): the entries of nested.h's tables are those of long mode. Every nested
 * access counts as a user access, so PTE_USER is set throughout.
 */
#include "arch/x86/nested.h"
#include "arch/x86/paging.h"
#include "arch/x86/regs.h"
#include "arch/x86/svm/svm.h"

/* A table that stands where a 2 MiB mapping is to be: fill it instead of freeing it, since another CPU's processor may
 * still remember it. */
static void fill_table(uint64_t table_entry, uint64_t mfn, uint64_t bits)
{
    uint64_t *table = mfn_to_virt((table_entry & PTE_ADDRESS) >> PAGE_SHIFT);

    for (unsigned i = 0; i < NESTED_ENTRIES; i++)
        nested_set(&table[i], (mfn + i) << PAGE_SHIFT | bits);
}

int svm_map(struct arch_domain *d, uint64_t gfn, uint64_t mfn, unsigned order, bool writable)
{
    uint64_t bits = PTE_PRESENT | PTE_USER | (writable ? PTE_WRITE : 0);
    uint64_t *entry;
    int rc = nested_find(d, gfn, order == NESTED_ORDER_2M ? 2 : 1, true, &entry);

    if (rc)
        return rc;
    if (order != NESTED_ORDER_2M)
        nested_set(entry, mfn << PAGE_SHIFT | bits);
    else if (nested_is_table(*entry))
        fill_table(*entry, mfn, bits);
    else
        nested_set(entry, mfn << PAGE_SHIFT | bits | PTE_LARGE);
    return 0;
}
