/* SPDX-License-Identifier: MIT */
/* Hypercalls that do a list of things: (list, count, address of the number done, domains). */
#ifndef ARCH_X86_PV_LIST_H
#define ARCH_X86_PV_LIST_H

#include <stddef.h>
#include <stdint.h>

#include "arch/x86/pv/mmu.h"

#define PV_LIST_ENTRY_MAX 24

/* Whose frames the list is about. */
struct pv_list_owners {
    uint16_t data;  /* FD */
    uint16_t table; /* PFD */
};

typedef int (*pv_list_fn)(struct pv_vcpu *v, const void *entry, const struct pv_list_owners *owners);

/*
 * args as the guest gave them, or as the last call left them. Does one entry of `size` bytes after another until one
 * fails; then the guest knows how many were done, if that can be written (PV-MMU-31). 0; the error of the entry;
 * -XEN_EFAULT: an entry can't be read, or the list is where no guest's memory is; -XEN_ERESTART: args are what is left.
 */
int64_t pv_list_run(struct pv_vcpu *v, uint64_t *args, size_t size, const struct pv_list_owners *owners, pv_list_fn fn);

#endif
