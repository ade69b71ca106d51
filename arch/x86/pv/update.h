/* SPDX-License-Identifier: MIT */
/* One entry of a live page table changes. */
#ifndef ARCH_X86_PV_UPDATE_H
#define ARCH_X86_PV_UPDATE_H

#include <stdbool.h>
#include <stdint.h>

struct pv_domain;

struct pv_update {
    uint64_t mfn; /* of the table */
    unsigned index;
    uint64_t value;       /* as the guest gives it */
    bool preserve;        /* "accessed" and "dirty" of the old entry stay */
    uint16_t table_owner; /* whose frame the table must be, and the tables that it leads to */
    uint16_t data_owner;  /* whose frame an L1 entry may map */
    bool conditional;     /* -XEN_ERESTART unless the entry is */
    uint64_t expected;
};

/*
 * The entry becomes value, in one step, if that is allowed; no translation is flushed. A frame that is not a page table
 * is written to, if it may be mapped writable. 0; -XEN_EINVAL; an error of pv_entry_get; -XEN_ERESTART: come again,
 * nothing has changed.
 */
int pv_update_entry(struct pv_domain *d, const struct pv_update *u) __attribute__((warn_unused_result));
/* The same, but the frame must be a table of this level. */
int pv_update_table(struct pv_domain *d, const struct pv_update *u, unsigned level) __attribute__((warn_unused_result));

#endif
