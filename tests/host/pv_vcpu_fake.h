/* SPDX-License-Identifier: MIT */
/*
 * A vcpu of the pv container without a processor: what arch/x86/pv/load.c would do to one is noted. Its memory is
 * pv_fake.h's, of domain 1: guest addresses 16 to 4095 are memory, nothing else is.
 */
#ifndef TESTS_HOST_PV_VCPU_FAKE_H
#define TESTS_HOST_PV_VCPU_FAKE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arch/x86/pv/container.h"
#include "guest/abi/errno.h"
#include "guest/abi/xen.h"
#include "tests/host/pv_fake.h"

#define NOWHERE 0x700000000000ULL /* canonical, and nothing there */
#define NOT_CANONICAL 0x800000000000ULL
#define HYPERVISOR 0xffff830000000000ULL

/* What the processor has. */
struct fake_processor {
    bool kernel_root, task_switched, debug_loaded;
    uint64_t fs_base, gs_base;
    uint16_t user_gs;
    uint64_t gdt[PV_TABLE_PAGES], ldt[PV_TABLE_PAGES]; /* frames that are mapped */
    unsigned ldt_entries;
};

extern struct arch_vcpu vcpu;
extern struct fake_processor processor;
extern const char *crashed; /* why, or NULL */

#define P (pv_guest(&vcpu))

/* In kernel mode, events open, with handlers at HANDLER(n) and callbacks at CALLBACK(type); stacks in memory. */
#define HANDLER(n) (0x100000ULL + 16 * (n))
#define CALLBACK(type) (0x200000ULL + 16 * (type))
#define STACK 2048U        /* rsp */
#define KERNEL_STACK 3072U /* of stack_switch */
int fake_vcpu_reset(void **state);

void fake_user_mode(void);
/* 64-bit words of the guest's memory. */
uint64_t word_at(uint64_t address);
/* n bytes for a hypercall to read: the address. */
uint64_t argument(const void *data, size_t n);

static inline struct vcpu_info64 *vcpu_info(void)
{
    return (struct vcpu_info64 *)vcpu.upcall_pending;
}

#endif
