/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls. The page that the hypervisor filled has 32 bytes of code per hypercall number; calling into it works in
 * every container and on every processor.
 */
#ifndef GUEST_LIB_HYPERCALL_H
#define GUEST_LIB_HYPERCALL_H

#include "guest/lib/word.h"

extern uint8_t hypercall_page[GUEST_PAGE_SIZE];

/* Hypercall `number` with up to five arguments. Returns the result, negative -XEN_E* on failure. */
static inline guest_result hypercall5(unsigned number, guest_word a1, guest_word a2, guest_word a3, guest_word a4,
                                      guest_word a5)
{
    guest_result result;
    const uint8_t *entry = &hypercall_page[number * 32];

#ifdef __x86_64__
    register guest_word r10 __asm__("r10") = a4;
    register guest_word r8 __asm__("r8") = a5;

    __asm__ volatile("call *%[entry]"
                     : "=a"(result), "+D"(a1), "+S"(a2), "+d"(a3), "+r"(r10), "+r"(r8)
                     : [entry] "0"(entry)
                     : "rcx", "r9", "r11", "memory", "cc");
#else
    __asm__ volatile("call *%[entry]"
                     : "=a"(result), "+b"(a1), "+c"(a2), "+d"(a3), "+S"(a4), "+D"(a5)
                     : [entry] "0"(entry)
                     : "memory", "cc");
#endif
    return result;
}

static inline guest_result hypercall3(unsigned number, guest_word a1, guest_word a2, guest_word a3)
{
    return hypercall5(number, a1, a2, a3, 0, 0);
}

static inline guest_result hypercall2(unsigned number, guest_word a1, guest_word a2)
{
    return hypercall5(number, a1, a2, 0, 0, 0);
}

/* The hypercalls by name. `arg` is the address of the subcommand's structure. */

static inline guest_result hv_event_channel_op(unsigned cmd, void *arg)
{
    return hypercall2(__HYPERVISOR_event_channel_op, cmd, guest_address(arg));
}

static inline guest_result hv_sched_op(unsigned cmd, const void *arg)
{
    return hypercall2(__HYPERVISOR_sched_op, cmd, guest_address(arg));
}

static inline guest_result hv_vcpu_op(unsigned cmd, unsigned vcpu, const void *arg)
{
    return hypercall3(__HYPERVISOR_vcpu_op, cmd, vcpu, guest_address(arg));
}

static inline guest_result hv_memory_op(unsigned cmd, void *arg)
{
    return hypercall2(__HYPERVISOR_memory_op, cmd, guest_address(arg));
}

static inline guest_result hv_physdev_op(unsigned cmd, void *arg)
{
    return hypercall2(__HYPERVISOR_physdev_op, cmd, guest_address(arg));
}

static inline guest_result hv_xen_version(unsigned cmd, void *arg)
{
    return hypercall2(__HYPERVISOR_xen_version, cmd, guest_address(arg));
}

static inline guest_result hv_hvm_op(unsigned cmd, void *arg)
{
    return hypercall2(__HYPERVISOR_hvm_op, cmd, guest_address(arg));
}

static inline guest_result hv_console_io(unsigned cmd, guest_word count, const void *buffer)
{
    return hypercall3(__HYPERVISOR_console_io, cmd, count, guest_address(buffer));
}

static inline guest_result hv_multicall(guest_multicall_entry *list, guest_word count)
{
    return hypercall2(__HYPERVISOR_multicall, guest_address(list), count);
}

/* deadline: ns of system time; 0 = no timer. Only a 32-bit hypervisor call has a second half. */
static inline guest_result hv_set_timer_op(uint64_t deadline)
{
    return hypercall2(__HYPERVISOR_set_timer_op, (guest_word)deadline, (guest_word)(deadline >> 32));
}

#endif
