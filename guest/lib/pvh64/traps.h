/* SPDX-License-Identifier: MIT */
/* Descriptors, exceptions and ring 3 in the pvh64 environment. */
#ifndef GUEST_LIB_PVH64_TRAPS_H
#define GUEST_LIB_PVH64_TRAPS_H

#include <stdint.h>

#include "guest/lib/env.h"

#define SELECTOR_KERNEL_CODE 0x08
#define SELECTOR_KERNEL_DATA 0x10
#define SELECTOR_USER_DATA 0x1B
#define SELECTOR_USER_CODE 0x23
#define SELECTOR_TSS 0x28

#define VECTOR_UPCALL 0x40

struct trap_frame {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
    uint64_t rbp, rdi, rsi, rdx, rcx, rbx, rax;
    uint64_t vector, error;
    uint64_t rip, cs, rflags, rsp, ss;
};

/* traps.S */
extern const uint8_t trap_stubs[256][16];
extern const uint8_t trap_caught[];
void pvh64_wait(void);
extern const uint8_t pvh64_wait_hlt[], pvh64_wait_end[];
int trap_call(void (*fn)(void *), void *arg, guest_word *catch_sp);
void pvh64_enter_user(uintptr_t rip, guest_word rdi, guest_word rsi, guest_word rdx, uintptr_t rsp)
    __attribute__((noreturn));

/* Load this vcpu's own descriptor tables. */
void traps_init_vcpu(unsigned id);

/* Ring 3 for trap_try(): run the code at `code` in ring 3 with three arguments, until an exception ends it. */
void pvh64_user_call(const void *code, guest_word rdi, guest_word rsi, guest_word rdx) __attribute__((noreturn));

void trap_dispatch(struct trap_frame *frame);

#endif
