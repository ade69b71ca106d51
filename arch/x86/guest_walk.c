/* SPDX-License-Identifier: MIT */
/*
 * Walks a guest's page tables as the processor would for a supervisor access (SDM Vol. 3A, chapter 4; APM Vol. 2,
 * chapter 5). The guest may change its tables meanwhile: each entry is read once. Accessed and dirty bits are left
 * alone.
 */
#include "arch/x86/hvm.h"

#include "arch/x86/layout.h"
#include "arch/x86/regs.h"
#include "guest/abi/errno.h"
#include "kernel/door.h"

/* One way in which the tables can be laid out. */
struct walk_format {
    unsigned levels;
    unsigned entry_size;   /* bytes */
    unsigned index_bits;   /* per level, but the top one of PAE */
    unsigned large_levels; /* bit n: an entry at level n (1 = lowest) may map a large page */
    uint64_t root_mask;    /* of CR3 */
};

static const struct walk_format format_4level = {4, 8, 9, 1U << 2 | 1U << 3, PTE_ADDRESS};
static const struct walk_format format_pae = {3, 8, 9, 1U << 2, 0xffffffe0ULL};
static const struct walk_format format_32bit = {2, 4, 10, 1U << 2, 0xfffff000ULL};

static const struct walk_format *walk_format(const struct guest_paging *paging)
{
    if (paging->efer & EFER_LMA)
        return &format_4level;
    return paging->cr4 & CR4_PAE ? &format_pae : &format_32bit;
}

static bool read_entry(const struct arch_vcpu *v, uint64_t table, uint64_t index, unsigned size, uint64_t *entry)
{
    uint64_t gpa = table + index * size;
    const uint8_t *frame = door_guest_frame(v, gpa >> PAGE_SHIFT);

    if (!frame)
        return false;
    if (size == 8)
        *entry = __atomic_load_n((const uint64_t *)(const void *)(frame + (gpa & 0xff8)), __ATOMIC_RELAXED);
    else
        *entry = __atomic_load_n((const uint32_t *)(const void *)(frame + (gpa & 0xffc)), __ATOMIC_RELAXED);
    return true;
}

static bool canonical(uint64_t va)
{
    return (uint64_t)((int64_t)(va << 16) >> 16) == va;
}

/* PSE-36: a 4 MiB page has its high address bits in bits 13..20 of the entry. */
static uint64_t page_base(const struct walk_format *format, uint64_t entry, unsigned shift, bool large)
{
    uint64_t offset_mask = (1ULL << shift) - 1;

    if (format->entry_size == 4 && large)
        return (entry & 0xffc00000ULL) | (entry & 0x1fe000ULL) << 19;
    return entry & PTE_ADDRESS & ~offset_mask;
}

int guest_walk(const struct arch_vcpu *v, const struct guest_paging *paging, uint64_t va, bool write, uint64_t *gpa)
{
    const struct walk_format *format = walk_format(paging);
    bool must_be_writable = write && (paging->cr0 & CR0_WP);
    uint64_t table = paging->cr3 & format->root_mask;

    if (!(paging->cr0 & CR0_PG)) {
        *gpa = (uint32_t)va;
        return 0;
    }
    if (format->levels == 4 ? !canonical(va) : va >> 32 != 0)
        return -XEN_EFAULT;

    for (unsigned level = format->levels;; level--) {
        unsigned shift = PAGE_SHIFT + (level - 1) * format->index_bits;
        uint64_t index = (va >> shift) & ((1ULL << format->index_bits) - 1);
        bool pdpte = format == &format_pae && level == 3; /* has no writable bit */
        uint64_t entry;

        if (!read_entry(v, table, index, format->entry_size, &entry) || !(entry & PTE_PRESENT))
            return -XEN_EFAULT;
        if (must_be_writable && !pdpte && !(entry & PTE_WRITE))
            return -XEN_EFAULT;
        bool large = (format->large_levels & 1U << level) && (entry & PTE_LARGE) &&
                     (format != &format_32bit || (paging->cr4 & CR4_PSE));
        if (level == 1 || large) {
            *gpa = page_base(format, entry, shift, large) | (va & ((1ULL << shift) - 1));
            return 0;
        }
        table = entry & PTE_ADDRESS;
    }
}
