/* SPDX-License-Identifier: MIT */
/*
 * Reading what a guest hands over, at its own address: most hypercalls have a few bytes of arguments, and a walk
 * through the guest's tables (access.c) costs more than many of them.
 *
 * This CPU may believe in a translation that others have asked it to forget, and that it will forget before it enters
 * the guest. What it leads to was the guest's own when that was asked, and belongs to nobody else before this CPU has
 * left the hypervisor (env.h, pv_env_put_page): so to read there shows a guest nothing but its own memory. To write
 * there would not do; that goes through access.c.
 */
#include "arch/x86/cpu.h"
#include "arch/x86/creg.h"
#include "arch/x86/msr.h"
#include "arch/x86/pv/container.h"
#include "arch/x86/pv/table.h"

#define STAC ".byte 0x0f, 0x01, 0xcb\n" /* SMAP off and on (SDM Vol. 2) */
#define CLAC ".byte 0x0f, 0x01, 0xca\n"

#define MOVE(before, after)                                         \
    __asm__ volatile("xorl %k3, %k3\n" before "1: rep movsq\n"      \
                     "movq %4, %%rcx\n"                             \
                     "2: rep movsb\n"                               \
                     "movl $1, %k3\n"                               \
                     "3:\n" after EX_TABLE(1b, 3b) EX_TABLE(2b, 3b) \
                     : "+D"(to), "+S"(from), "+c"(words), "=&r"(ok) \
                     : "r"(n % 8)                                   \
                     : "memory")

static bool move(void *to, uint64_t from, size_t n)
{
    size_t words = n / 8;
    uint32_t ok;

    if (read_cr4() & CR4_SMAP)
        MOVE(STAC, CLAC);
    else
        MOVE("", "");
    return ok;
}

/* The reserved addresses are none of the guest's; one that is not canonical faults. */
bool pv_copy_in(struct arch_vcpu *v, void *dst, uint64_t va, size_t n)
{
    if (this_cpu()->vcpu != v || n > (1U << 30) || pv_address_is_reserved(va) || pv_address_is_reserved(va + n))
        return false;
    return move(dst, va, n);
}
