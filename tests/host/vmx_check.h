/* SPDX-License-Identifier: MIT */
/* What the cases of the VM-entry checker share: guests that may enter, and ways to say what is wrong with one. */
#ifndef TESTS_HOST_VMX_CHECK_H
#define TESTS_HOST_VMX_CHECK_H

#include <stdbool.h>

#include "arch/x86/vmx/check.h"

#define NOT_CANONICAL 0x0000800000000000ULL
#define TOO_WIDE (1ULL << 40)

/* A VMCS and the processor that is to enter it. */
struct vm {
    struct vmcs_snapshot s;
    struct vmx_capability c;
};

struct vm long_guest(void); /* 64-bit mode, paging, everything usable */
struct vm pvh_guest(void);  /* as PVH enters a kernel: flat 32-bit protected mode without paging */
struct vm real_guest(void);
struct vm v86_guest(void);
struct vm pae_guest(void); /* without the unrestricted-guest control, hence with paging: PAE */

/* Fails the test unless the checker names this rule; alone: and no other rule is broken. line: of the case. */
void expect(int line, const struct vm *vm, const char *section, const char *text, bool alone);
void expect_good(int line, const struct vm *vm);

/* BREAKS: just this rule; FIRST: others follow from it, but this one comes first. */
#define CASE(alone, kind, section, text, ...)        \
    do {                                             \
        struct vm vm = kind##_guest();               \
        struct vmcs_snapshot *s = &vm.s;             \
        struct vmx_capability *c = &vm.c;            \
        (void)s, (void)c;                            \
        __VA_ARGS__;                                 \
        expect(__LINE__, &vm, section, text, alone); \
    } while (0)
#define BREAKS(kind, section, text, ...) CASE(true, kind, section, text, __VA_ARGS__)
#define FIRST(kind, section, text, ...) CASE(false, kind, section, text, __VA_ARGS__)
#define GOOD(kind, ...)                   \
    do {                                  \
        struct vm vm = kind##_guest();    \
        struct vmcs_snapshot *s = &vm.s;  \
        struct vmx_capability *c = &vm.c; \
        (void)s, (void)c;                 \
        __VA_ARGS__;                      \
        expect_good(__LINE__, &vm);       \
    } while (0)
#define CLEAR(field, bits) (field &= ~(uint64_t)(bits))
#define EVENT(type, vector) (INTERRUPT_VALID | INTERRUPT_TYPE_##type | (vector))

#define CANONICAL(section, owner, field, name) \
    BREAKS(long, section, owner " " name " must be canonical", s->field = NOT_CANONICAL)

/* What must be let in (vmx_check_edges.c). */
void what_is_off_is_not_looked_at(void **state);
void what_is_on_and_right_is_let_in(void **state);
void guests_at_the_edge_are_let_in(void **state);
void events_are_let_in(void **state);
void rules_do_not_hide_behind_other_fields(void **state);

/* The cases of guest state (vmx_check_guest.c). */
void guest_control_registers(void **state);
void guest_msrs(void **state);
void data_segments(void **state);
void code_and_stack_segments(void **state);
void system_segments_and_v86(void **state);
void tables_and_flow(void **state);
void activity(void **state);
void interruptibility(void **state);
void pending_and_link(void **state);
void page_directory_pointers(void **state);

#endif
