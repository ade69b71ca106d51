/* SPDX-License-Identifier: MIT */
/* Extended page tables (SDM Vol. 3C, section 28.2): the entries of nested.h's tables, with memory types. */
#include "arch/x86/mtrr.h"
#include "arch/x86/nested.h"
#include "arch/x86/paging.h"
#include "arch/x86/vmx/vmx.h"
#include "guest/abi/errno.h"
#include "kernel/door.h"

#define EPT_READ NESTED_PRESENT
#define EPT_WRITE 2ULL
#define EPT_EXECUTE 4ULL
#define EPT_TYPE(type) ((uint64_t)(type) << 3)
#define EPTP_WALK_4 (3ULL << 3)

_Static_assert((EPT_READ | EPT_WRITE | EPT_EXECUTE) == NESTED_TABLE, "SDM Vol. 3C, table 28-2");
_Static_assert(sizeof(struct vmx_domain) <= PAGE_SIZE, "one page a domain");

int vmx_domain_init(struct arch_domain *d)
{
    uint64_t own = door_alloc_frames(0);

    if (!own || nested_init(d)) {
        if (own)
            door_free_frames(own, 0);
        return -XEN_ENOMEM;
    }
    struct vmx_domain *vd = mfn_to_virt(own);
    /* A table that stood in this frame before may still be remembered: each CPU begins with an INVEPT. */
    for (unsigned i = 0; i < MAX_CPUS; i++)
        vd->flushed[i] = d->flush_gen - 1;
    d->hw = vd;
    return 0;
}

uint64_t vmx_ept_pointer(const struct arch_domain *d)
{
    return d->nested_root << PAGE_SHIFT | EPTP_WALK_4 | MEMORY_WB;
}

void vmx_domain_free(struct arch_domain *d)
{
    nested_free(d);
    if (d->hw)
        door_free_frames(virt_to_mfn(d->hw), 0);
    d->hw = NULL;
}

static int map_page(struct arch_domain *d, uint64_t gfn, uint64_t mfn, uint64_t rights)
{
    uint64_t *entry;
    int rc = nested_find(d, gfn, 1, true, &entry);

    if (!rc)
        nested_set(entry, mfn << PAGE_SHIFT | rights | EPT_TYPE(mtrr_type(mfn << PAGE_SHIFT)));
    return rc;
}

/* 2 MiB at once where the processor can and the memory is of one type throughout; else 512 pages. */
static int map_large(struct arch_domain *d, uint64_t gfn, uint64_t mfn, uint64_t rights)
{
    uint64_t *entry;
    int rc = nested_find(d, gfn, 2, true, &entry);
    bool can = vmx_capability.ept_vpid & EPT_CAP_2M;

    if (rc)
        return rc;
    if (can && !(*entry & NESTED_PRESENT) &&
        mtrr_is_uniform(mfn << PAGE_SHIFT, 1ULL << (PAGE_SHIFT + NESTED_ORDER_2M))) {
        nested_set(entry, mfn << PAGE_SHIFT | rights | NESTED_LARGE | EPT_TYPE(mtrr_type(mfn << PAGE_SHIFT)));
        return 0;
    }
    for (unsigned i = 0; !rc && i < NESTED_ENTRIES; i++)
        rc = map_page(d, gfn + i, mfn + i, rights);
    return rc;
}

int vmx_map(struct arch_domain *d, uint64_t gfn, uint64_t mfn, unsigned order, bool writable)
{
    uint64_t rights = EPT_READ | EPT_EXECUTE | (writable ? EPT_WRITE : 0);
    return order == NESTED_ORDER_2M ? map_large(d, gfn, mfn, rights) : map_page(d, gfn, mfn, rights);
}
