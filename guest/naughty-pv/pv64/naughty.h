/* SPDX-License-Identifier: MIT */
#ifndef GUEST_NAUGHTY_PV_NAUGHTY_H
#define GUEST_NAUGHTY_PV_NAUGHTY_H

#include <stdbool.h>
#include <stdint.h>

#include "guest/lib/pv64/hypercalls.h"
#include "guest/lib/pv64/pv.h"
#include "guest/lib/trap.h"
#include "guest/lib/verdict.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

#define PTE_LARGE 0x80U
#define PTE_ADDRESS 0x000FFFFFFFFFF000ULL
#define NON_CANONICAL 0x800000000000ULL
#define HYPERVISOR_FIRST_SLOT 256U
#define HYPERVISOR_END_SLOT 272U

/* --- tools.c --- */

/* Is this one of the domain's own frames? */
bool is_mine(uint64_t mfn);
/* The machine's frames end here. */
uint64_t machine_frames(void);
/* Initial domain of the real Xen: it may do much that others may not. */
bool is_initial(void);

/* One mmuext_op with these arguments: 0 or -XEN_E*. */
int mmuext(unsigned cmd, uint64_t arg1, uint64_t arg2);
int pin(unsigned level, const void *table);
int unpin(const void *table);

/* A page that is mapped read-only, or writable again. */
void make_read_only(const void *page);
int make_writable(const void *page);

/*
 * Get this entry into a table of this level, by each way there is: mmu_update, update_va_mapping (and ..._otherdomain),
 * stores and exchanges to the live table, a table that is pinned with it in place. The number of ways that worked; what
 * they did is undone.
 */
unsigned ways_in(unsigned level, uint64_t entry);
/* None may work: else a failure that says `what`. */
void refused(unsigned level, uint64_t entry, const char *what);

/* An address whose L1 entry is free to be changed. */
uint8_t *spare_address(void);

/* trap_try(), and then flags as the rest of the program needs them. */
int try(void (*fn)(void *), void *arg);

/* Run these bytes of code, which return or trap: TRAP_NONE or the vector. rax is `a` before, and *a after. */
int run_code(const void *code, unsigned length, uint64_t *a);

/* Can %fs be loaded with this selector? It is 0 afterwards. */
bool loads_fs(unsigned selector);

/* --- The attacks --- */

void attack_frames(void);
void attack_aliases(void);
void attack_pins(void);
void attack_slots(void);
void attack_tables(void);
void attack_bits(void);
void attack_descriptors(void);
void attack_ldt(void);
void attack_returns(void);
void attack_flags(void);
void attack_instructions(void);
void attack_interrupts(void);
void attack_selectors(void);
void attack_debug(void);
void attack_pointers(void);
void attack_reservation(void);
void attack_long(void);
void attack_races(void);
void attack_walks(void);
void attack_random(void);

/* Those that end the domain. */
void fatal_stack_nowhere(void);
void fatal_stack_hypervisor(void);
void fatal_stack_table(void);
void fatal_stack_non_canonical(void);
void fatal_kernel_stack(void);
void fatal_no_handler(void);
void fatal_handler_nowhere(void);
void fatal_empty_root(void);
void fatal_iret_nowhere(void);
void fatal_own_code(void);
void fatal_wild(void);

#endif
