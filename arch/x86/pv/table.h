/* SPDX-License-Identifier: MIT */
/*
 * Entries of page tables: which are allowed, and what they hold references to. Present entries of L2 to L4 hold a page
 * and a type reference to the table below; those of L1 a page reference, and if writable a type reference PV_WRITABLE.
 */
#ifndef ARCH_X86_PV_TABLE_H
#define ARCH_X86_PV_TABLE_H

#include <stdbool.h>
#include <stdint.h>

struct pv_domain;

/* The explorer of interleavings (tests/model/pv/) builds this with shorter tables. */
#ifndef PV_ENTRIES
#define PV_ENTRIES 512U
#endif
/* L4 slots of the hypervisor: 0xffff800000000000-0xffff87ffffffffff. */
#define PV_RESERVED_FIRST 256U
#define PV_RESERVED_END 272U

static inline bool pv_slot_is_reserved(unsigned level, unsigned index)
{
    return level == 4 && index >= PV_RESERVED_FIRST && index < PV_RESERVED_END;
}

#define PV_LOW_END (1ULL << 47)
#define PV_HIGH_START (0xffffULL << 48 | (uint64_t)PV_RESERVED_END << 39)
_Static_assert(PV_RESERVED_FIRST == PV_LOW_END >> 39, "non-canonical addresses end where the reserved slots begin");

/* Is the address in the hypervisor's slots, or not canonical? */
static inline bool pv_address_is_reserved(uint64_t va)
{
    return va >= PV_LOW_END && va < PV_HIGH_START;
}

/* 0, or -XEN_EINVAL: a present entry of this level has bits that a guest must not set. */
int pv_entry_check(unsigned level, uint64_t entry) __attribute__((warn_unused_result));
/* The entry as it is written: what the guest may leave out is added, what has no effect is taken away. */
uint64_t pv_entry_adjust(unsigned level, uint64_t entry);
/* Do both hold the same references? */
bool pv_entry_holds_same(unsigned level, uint64_t a, uint64_t b);

/*
 * Take the references of an entry that is not in a table yet. Tables must be table_owner's, what L1 maps data_owner's.
 * 0 (also if it is not present); -XEN_ERESTART; -XEN_EINVAL: no such table, or not fit to be one; of what L1 maps
 * -XEN_EPERM: that is no memory, -XEN_EBUSY: not data_owner's, or not to be written to (PV-MMU-10, PV-MMU-11). The
 * errors of what a table maps are those of a table.
 */
int pv_entry_get(struct pv_domain *d, unsigned level, uint64_t entry, uint16_t table_owner, uint16_t data_owner)
    __attribute__((warn_unused_result));
/* Give back those of an entry that is in no table any more. */
void pv_entry_put(struct pv_domain *d, unsigned level, uint64_t entry);

/*
 * The frame is to become a table of this level; nobody else changes it. Takes the references of its entries, from
 * *index on. 0; an error as of pv_entry_get; -XEN_ERESTART: later. *index says how many entries hold references. At
 * least one entry is looked at in each call that returns -XEN_ERESTART for time.
 */
int pv_table_adopt(struct pv_domain *d, uint64_t mfn, unsigned level, unsigned *index)
    __attribute__((warn_unused_result));
/* The reverse, for the entries below *index, last one first. 0; -XEN_ERESTART: later. */
int pv_table_release(struct pv_domain *d, uint64_t mfn, unsigned level, unsigned *index)
    __attribute__((warn_unused_result));

#endif
