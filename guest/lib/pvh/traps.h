/* SPDX-License-Identifier: MIT */
/*
 * Descriptors, exceptions and ring 3 in the pvh environments. What depends on the width of the processor's structures
 * is in pvh64/ and pvh32/, the rest in pvh/.
 */
#ifndef GUEST_LIB_PVH_TRAPS_H
#define GUEST_LIB_PVH_TRAPS_H

#include <stdint.h>

#include "guest/abi/vcpu.h"
#include "guest/lib/env.h"

#define SELECTOR_KERNEL_CODE 0x08
#define SELECTOR_KERNEL_DATA 0x10
#define SELECTOR_USER_DATA 0x1B
#define SELECTOR_USER_CODE 0x23
#define SELECTOR_TSS 0x28

#define VECTOR_UPCALL 0x40

struct trap_frame; /* guest/lib/frame.h */

/* traps.S */
extern const uint8_t trap_stubs[256][16];

/* --- Of each width --- */

extern const char pvh_name[];
extern const uint64_t pvh_mapped_end; /* the page tables map every address below it one to one */

/* Load this vcpu's own descriptor tables. */
void pvh_load_tables(unsigned id);
/* The stack on which exceptions from ring 3 arrive. */
void pvh_set_kernel_stack(unsigned id, guest_word sp);
/* The state in which a vcpu enters fn() with paging on and the stack pointer at sp. */
void pvh_start_state(struct vcpu_hvm_context *context, void (*fn)(void), guest_word sp);

/* Write entry `index` (0-127) of the page table that serves guest/lib/window.h; the address that it maps. */
guest_word pvh_set_window_entry(unsigned index, guest_word entry);

/* traps.S: sleep until an interrupt has been taken. */
void pvh_wait(void);
extern const uint8_t pvh_wait_hlt[], pvh_wait_end[];
/* traps.S: to the code at ip in ring 3. */
void pvh_enter_user(guest_word ip, guest_word sp) __attribute__((noreturn));

/* --- Of both --- */

/* Called by the stubs of traps.S with the frame that they built. */
void trap_dispatch(struct trap_frame *f);

#endif
