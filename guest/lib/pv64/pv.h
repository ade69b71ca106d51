/* SPDX-License-Identifier: MIT */
/*
 * The pv64 environment. Memory is mapped as in the pvh environments: address = 4096 * pfn. But page tables hold machine
 * frames, only the hypervisor writes to them, and every entry goes through it.
 */
#ifndef GUEST_LIB_PV64_PV_H
#define GUEST_LIB_PV64_PV_H

#include "guest/abi/pv.h"
#include "guest/lib/env.h"

/* Bits of an entry of a page table. The user bit is the hypervisor's business: all of the guest is in ring 3. */
#define PTE_PRESENT 0x1U
#define PTE_WRITABLE 0x2U
#define PTE_USER 0x4U
#define PTE_ACCESSED 0x20U
#define PTE_DIRTY 0x40U
#define PTE_READ_ONLY (PTE_PRESENT | PTE_USER | PTE_ACCESSED)
#define PTE_ALL (PTE_READ_ONLY | PTE_WRITABLE | PTE_DIRTY) /* also of an entry that names a table */

#define PV_ENTRIES 512U /* of a page table */

/* The kernel's code segment as the hypervisor shows it in frames, and takes it in the iret hypercall: ring 0. */
#define PV_KERNEL_CS (FLAT_RING3_CS64 & ~3)

/* --- paging.c --- */

/* What was true at the start of day; the p2m list is also what env_frame() answers from. */
extern const struct start_info *pv_start_info;

/* Machine address of the byte at p, as it was mapped at the start. */
uint64_t pv_machine(const volatile void *p);

/* The live table of this level (1 to 4) that serves an address, and the index of the address in it. */
uint64_t *pv_table_at(const volatile void *p, unsigned level);
unsigned pv_index_at(const volatile void *p, unsigned level);

/* The page at a machine address, which is the guest's; e.g. the table that an entry names. */
void *pv_page(uint64_t machine);

/* Map with `entry` what the page table has at the address of p, whose table exists. 0 or -XEN_E*. */
int pv_set_mapping(const volatile void *p, uint64_t entry);

/* Let the page at p, of our memory, be the one at this machine address from now on, also for env_frame(). */
int pv_replace_page(const void *p, uint64_t machine);

/* Write entry `index` of a live page table. 0 or -XEN_E*. */
int pv_set_entry(const uint64_t *table, unsigned index, uint64_t entry);

/* Make the page at `table` ready to become a page table: mapped read-only. 0 or -XEN_E*. */
int pv_make_table(const uint64_t *table);

/* Map all memory of the domain, at most 1 GiB. What `free` says first is the end of what the hypervisor used; tables
 * are taken from there, and it moves on. Returns where memory ends. */
guest_word pv_map_memory(guest_word *free);

/* --- traps.c --- */

/* Give this vcpu its exceptions and callbacks; events stay masked. */
void pv_load_traps(void);

/* The same for a vcpu that does not run yet. */
void pv_fill_traps(struct vcpu_guest_context *context);

#endif
