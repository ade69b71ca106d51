/* SPDX-License-Identifier: MIT */
/*
 * What a guest hands over, and what it gets back, at its own address: most hypercalls have a few bytes of arguments,
 * and a walk through the guest's tables (access.c) costs more than many of them. The processor looks at the guest's
 * entries, as it does for the guest: what can't be read or written there faults, and only then is walked for.
 *
 * Others may have asked this CPU to forget translations, which it would do only before it enters the guest. A table
 * that it remembers may be an ordinary page by now, and lead anywhere. So it says that it is using them
 * (arch/x86/tlb.h): if it was asked before it walks as well, and who asks now waits.
 */
#include "arch/x86/cpu.h"
#include "arch/x86/creg.h"
#include "arch/x86/layout.h"
#include "arch/x86/msr.h"
#include "arch/x86/pv/container.h"
#include "arch/x86/tlb.h"
#include "common/error.h"
#include "common/string.h"
#include "guest/abi/errno.h"

#define STAC ".byte 0x0f, 0x01, 0xcb\n" /* SMAP off and on (SDM Vol. 2) */
#define CLAC ".byte 0x0f, 0x01, 0xca\n"

#define COPY_MAX 4096U /* others may be waiting */

/* The guest's addresses, but for those from which COPY_MAX bytes would lead out of them. */
#define LOW_END (0x0000800000000000ULL - COPY_MAX)
#define HIGH_START DIRECTMAP_END
#define HIGH_END (UINT64_MAX - COPY_MAX)

#define MOVE(before, after)                                         \
    __asm__ volatile("xorl %k3, %k3\n" before "1: rep movsq\n"      \
                     "movl %k4, %%ecx\n"                            \
                     "2: rep movsb\n"                               \
                     "movl $1, %k3\n"                               \
                     "3:\n" after EX_TABLE(1b, 3b) EX_TABLE(2b, 3b) \
                     : "+D"(to), "+S"(from), "+c"(words), "=&r"(ok) \
                     : "r"((uint32_t)n % 8)                         \
                     : "memory")

static inline bool move(uint64_t to, uint64_t from, size_t n)
{
    size_t words = n / 8;
    uint32_t ok;

    if (read_cr4() & CR4_SMAP)
        MOVE(STAC, CLAC);
    else
        MOVE("", "");
    return ok;
}

/* By the processor, at the guest's address va. False: not so. */
static inline bool copy_in_place(const struct arch_vcpu *v, uint64_t to, uint64_t from, uint64_t va, size_t n)
{
    struct cpu *cpu = this_cpu();

    if (cpu->vcpu != v || n > COPY_MAX || !(va < LOW_END || (va >= HIGH_START && va < HIGH_END)))
        return false;
    if (!tlb_use_begin(cpu))
        return false;
    bool ok = move(to, from, n);
    tlb_use_end(cpu);
    return ok;
}

/* Bytes from va on that lie in its page, at most n. */
static size_t room_at(uint64_t va, size_t n)
{
    size_t left = PAGE_SIZE - (va & (PAGE_SIZE - 1));
    return left < n ? left : n;
}

static __attribute__((noinline)) int walk_in(struct arch_vcpu *v, uint8_t *to, uint64_t va, size_t n)
{
    for (size_t room; n > 0; to += room, va += room, n -= room) {
        const uint8_t *from = pv_reach(v, va, false);
        room = room_at(va, n);
        if (!from)
            return xen_error(XEN_EFAULT);
        memcpy(to, from, room);
        pv_leave(v, from, false);
    }
    return 0;
}

static __attribute__((noinline)) int walk_out(struct arch_vcpu *v, uint64_t va, const uint8_t *from, size_t n)
{
    for (size_t room; n > 0; from += room, va += room, n -= room) {
        uint8_t *to = pv_reach(v, va, true);
        room = room_at(va, n);
        if (!to)
            return xen_error(XEN_EFAULT);
        memcpy(to, from, room);
        pv_leave(v, to, true);
    }
    return 0;
}

int pv_copy_in(struct arch_vcpu *v, void *dst, uint64_t va, size_t n)
{
    return copy_in_place(v, (uint64_t)dst, va, va, n) ? 0 : walk_in(v, dst, va, n);
}

int pv_copy_out(struct arch_vcpu *v, uint64_t va, const void *src, size_t n)
{
    return copy_in_place(v, va, (uint64_t)src, va, n) ? 0 : walk_out(v, va, src, n);
}
