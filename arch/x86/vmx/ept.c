/* SPDX-License-Identifier: MIT */
/*
 * Extended page tables (SDM Vol. 3C, section 28.2): guest-physical to machine addresses.
 *
 * The caller holds the domain's lock, and after a removal calls virt_flush(). Other processors walk the tables
 * meanwhile: each entry changes by one store.
 */
#include "arch/x86/vmx/vmx.h"

#include "arch/x86/mtrr.h"
#include "arch/x86/paging.h"
#include "arch/x86/regs.h"
#include "guest/abi/errno.h"
#include "kernel/door.h"

#define ENTRIES 512
#define EPT_READ 1ULL
#define EPT_WRITE 2ULL
#define EPT_EXECUTE 4ULL
#define EPT_TABLE (EPT_READ | EPT_WRITE | EPT_EXECUTE)
#define EPT_PRESENT (EPT_READ | EPT_WRITE | EPT_EXECUTE)
#define EPT_TYPE(type) ((uint64_t)(type) << 3)
#define EPT_LARGE (1ULL << 7)
#define EPT_ADDRESS 0x000ffffffffff000ULL
#define EPT_LEVEL_BITS 9
#define ORDER_2M 9
#define EPTP_WALK_4 (3ULL << 3)

_Static_assert(sizeof(struct vmx_domain) <= PAGE_SIZE, "one page a domain");

int vmx_domain_init(struct arch_domain *d)
{
    uint64_t own = door_alloc_frames(0), root = door_alloc_frames(0);

    if (!own || !root) {
        if (own)
            door_free_frames(own, 0);
        if (root)
            door_free_frames(root, 0);
        return -XEN_ENOMEM;
    }
    struct vmx_domain *vd = mfn_to_virt(own);
    vd->root_mfn = root;
    /* A table that stood in this frame before may still be remembered: each CPU begins with an INVEPT. */
    for (unsigned i = 0; i < MAX_CPUS; i++)
        vd->flushed[i] = d->flush_gen - 1;
    d->hw = vd;
    return 0;
}

uint64_t vmx_ept_pointer(const struct arch_domain *d)
{
    const struct vmx_domain *vd = d->hw;
    return vd->root_mfn << PAGE_SHIFT | EPTP_WALK_4 | MEMORY_WB;
}

static uint64_t entry_mfn(uint64_t entry)
{
    return (entry & EPT_ADDRESS) >> PAGE_SHIFT;
}

static void set_entry(uint64_t *entry, uint64_t value)
{
    __atomic_store_n(entry, value, __ATOMIC_RELEASE);
}

static void free_table(uint64_t mfn, unsigned level)
{
    const uint64_t *table = mfn_to_virt(mfn);

    for (unsigned i = 0; level > 1 && i < ENTRIES; i++)
        if ((table[i] & EPT_PRESENT) && !(table[i] & EPT_LARGE))
            free_table(entry_mfn(table[i]), level - 1);
    door_free_frames(mfn, 0);
}

void vmx_domain_free(struct arch_domain *d)
{
    struct vmx_domain *vd = d->hw;

    if (!vd)
        return;
    free_table(vd->root_mfn, 4);
    door_free_frames(virt_to_mfn(vd), 0);
    d->hw = NULL;
}

/* Replace a 2 MiB mapping by a table of 512 pages that map the same. */
static int split(uint64_t *entry)
{
    uint64_t table_mfn = door_alloc_frames(0);

    if (!table_mfn)
        return -XEN_ENOMEM;
    uint64_t *table = mfn_to_virt(table_mfn);
    uint64_t page = *entry & ~EPT_LARGE;
    for (unsigned i = 0; i < ENTRIES; i++)
        table[i] = page + ((uint64_t)i << PAGE_SHIFT);
    set_entry(entry, table_mfn << PAGE_SHIFT | EPT_TABLE);
    return 0;
}

/*
 * The entry for gfn at `level` (1 or 2). Tables on the way are made if create; a large mapping on the way is split.
 * *slot is NULL if there is none and create is false.
 */
static int find_entry(struct vmx_domain *vd, uint64_t gfn, unsigned level, bool create, uint64_t **slot)
{
    uint64_t table_mfn = vd->root_mfn;

    *slot = NULL;
    for (unsigned at = 4;; at--) {
        uint64_t *table = mfn_to_virt(table_mfn);
        uint64_t *entry = &table[(gfn >> (at - 1) * EPT_LEVEL_BITS) & (ENTRIES - 1)];
        if (at == level) {
            *slot = entry;
            return 0;
        }
        if ((*entry & EPT_LARGE) && split(entry))
            return -XEN_ENOMEM;
        if (!(*entry & EPT_PRESENT)) {
            if (!create)
                return 0;
            uint64_t made = door_alloc_frames(0);
            if (!made)
                return -XEN_ENOMEM;
            set_entry(entry, made << PAGE_SHIFT | EPT_TABLE);
        }
        table_mfn = entry_mfn(*entry);
    }
}

static int map_page(struct vmx_domain *vd, uint64_t gfn, uint64_t mfn, uint64_t rights)
{
    uint64_t *entry;
    int rc = find_entry(vd, gfn, 1, true, &entry);

    if (!rc)
        set_entry(entry, mfn << PAGE_SHIFT | rights | EPT_TYPE(mtrr_type(mfn << PAGE_SHIFT)));
    return rc;
}

/* 2 MiB at once where the processor can and the memory is of one type throughout; else 512 pages. */
static int map_large(struct vmx_domain *vd, uint64_t gfn, uint64_t mfn, uint64_t rights)
{
    uint64_t *entry;
    int rc = find_entry(vd, gfn, 2, true, &entry);
    bool can = vmx_capability.ept_vpid & EPT_CAP_2M;

    if (rc)
        return rc;
    if (can && !(*entry & EPT_PRESENT) && mtrr_is_uniform(mfn << PAGE_SHIFT, 1ULL << (PAGE_SHIFT + ORDER_2M))) {
        set_entry(entry, mfn << PAGE_SHIFT | rights | EPT_LARGE | EPT_TYPE(mtrr_type(mfn << PAGE_SHIFT)));
        return 0;
    }
    for (unsigned i = 0; !rc && i < ENTRIES; i++)
        rc = map_page(vd, gfn + i, mfn + i, rights);
    return rc;
}

int vmx_map(struct arch_domain *d, uint64_t gfn, uint64_t mfn, unsigned order, bool writable)
{
    uint64_t rights = EPT_READ | EPT_EXECUTE | (writable ? EPT_WRITE : 0);
    return order == ORDER_2M ? map_large(d->hw, gfn, mfn, rights) : map_page(d->hw, gfn, mfn, rights);
}

int vmx_unmap(struct arch_domain *d, uint64_t gfn)
{
    uint64_t *entry;
    int rc = find_entry(d->hw, gfn, 1, false, &entry);

    if (!rc && entry)
        set_entry(entry, 0);
    return rc;
}
