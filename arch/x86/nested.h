/* SPDX-License-Identifier: MIT */
/*
 * Nested page tables: guest-physical to machine addresses. AMD's NPT and Intel's EPT have the same shape, four levels
 * of 512 entries, and the same meaning of the bits that the tables themselves are made of:
 *
 *   0       present (EPT: readable, which all our entries are)
 *   2:0     all set: a table, with all rights left to the entries below
 *   7       at level 2: maps 2 MiB
 *   51:12   frame
 *
 * The other bits of entries that map memory are the back end's (svm/npt.c, vmx/ept.c).
 *
 * The caller holds the domain's lock, and after a removal calls virt_flush(). Other processors walk the tables
 * meanwhile: each entry changes by one store.
 */
#ifndef ARCH_X86_NESTED_H
#define ARCH_X86_NESTED_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/x86/virt.h"

#define NESTED_ENTRIES 512
#define NESTED_PRESENT 1ULL
#define NESTED_TABLE 7ULL
#define NESTED_LARGE (1ULL << 7)
#define NESTED_ORDER_2M 9

/* d->nested_root: an empty table. 0, or -XEN_ENOMEM. */
int nested_init(struct arch_domain *d);
/* Give back every table. Nobody uses them any more. */
void nested_free(struct arch_domain *d);

/*
 * *slot becomes the entry for gfn at `level`: 1 maps a page, 2 maps 2 MiB or leads to a table. Tables on the way are
 * made if `create`, else *slot is NULL where there is none; a large mapping on the way is split. 0, or -XEN_ENOMEM.
 */
int nested_find(const struct arch_domain *d, uint64_t gfn, unsigned level, bool create, uint64_t **slot);

static inline void nested_set(uint64_t *entry, uint64_t value)
{
    __atomic_store_n(entry, value, __ATOMIC_RELEASE);
}

/* A 2 MiB mapping could stand here, but a table does, left by earlier small ones. */
static inline bool nested_is_table(uint64_t entry)
{
    return (entry & NESTED_PRESENT) && !(entry & NESTED_LARGE);
}

/* For struct virt_ops: remove one page. */
int nested_unmap(struct arch_domain *d, uint64_t gfn);

#endif
