/* SPDX-License-Identifier: MIT */
/*
 * What a guest hands over, and what it gets back, at its own address: most hypercalls have a few bytes of arguments,
 * and a walk through the guest's tables (access.c) costs more than many of them. The processor looks at the guest's
 * entries, as it does for the guest: what can't be read or written there faults.
 *
 * Others may have asked this CPU to forget translations, which it would do only before it enters the guest. A table
 * that it remembers may be an ordinary page by now, and lead anywhere. So it says that it is using them
 * (arch/x86/tlb.h): what was asked for before is done first, and who asks now waits.
 */
#include "arch/x86/cpu.h"
#include "arch/x86/creg.h"
#include "arch/x86/msr.h"
#include "arch/x86/pv/container.h"
#include "arch/x86/pv/table.h"
#include "arch/x86/tlb.h"

#define STAC ".byte 0x0f, 0x01, 0xcb\n" /* SMAP off and on (SDM Vol. 2) */
#define CLAC ".byte 0x0f, 0x01, 0xca\n"

#define COPY_MAX 4096U /* others may be waiting */

#define MOVE(before, after)                                         \
    __asm__ volatile("xorl %k3, %k3\n" before "1: rep movsq\n"      \
                     "movq %4, %%rcx\n"                             \
                     "2: rep movsb\n"                               \
                     "movl $1, %k3\n"                               \
                     "3:\n" after EX_TABLE(1b, 3b) EX_TABLE(2b, 3b) \
                     : "+D"(to), "+S"(from), "+c"(words), "=&r"(ok) \
                     : "r"(n % 8)                                   \
                     : "memory")

static bool move(uint64_t to, uint64_t from, size_t n)
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
static bool is_possible(const struct arch_vcpu *v, uint64_t va, size_t n)
{
    return this_cpu()->vcpu == v && n <= COPY_MAX && !pv_address_is_reserved(va) && !pv_address_is_reserved(va + n);
}

bool pv_copy_in(struct arch_vcpu *v, void *dst, uint64_t va, size_t n)
{
    if (!is_possible(v, va, n))
        return false;
    tlb_use_begin(this_cpu());
    bool ok = move((uint64_t)dst, va, n);
    tlb_use_end(this_cpu());
    return ok;
}

bool pv_copy_out(struct arch_vcpu *v, uint64_t va, const void *src, size_t n)
{
    if (!is_possible(v, va, n))
        return false;
    tlb_use_begin(this_cpu());
    bool ok = move(va, (uint64_t)src, n);
    tlb_use_end(this_cpu());
    return ok;
}
