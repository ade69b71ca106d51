/* SPDX-License-Identifier: MIT */
/*
 * Translations of pv guests that processors remember. The hypervisor's own are global and never change while anyone may
 * remember them; those of hvm guests are the business of nested.c and the back ends.
 */
#ifndef ARCH_X86_TLB_H
#define ARCH_X86_TLB_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/x86/cpu.h"

/* As pv_env_tlb_time() and pv_env_tlb_flush_since() of arch/x86/pv/env.h. No lock held; the latter may wait until other
 * CPUs have left their guests. */
uint32_t tlb_time(void);
void tlb_flush_since(uint32_t time);
/* Has every CPU flushed since, and did not only promise to? This one does it now if not; others are told to do it at
 * once: ask again later. */
bool tlb_is_flushed_since(uint32_t time);
/* On return the CPUs of the set (by number) have flushed or will before they enter a pv guest. No lock held. */
void tlb_forget(uint64_t cpu_set);

/* The same for this CPU. */
static inline void tlb_forget_own(void)
{
    __atomic_store_n(&this_cpu()->tlb_wanted, 1, __ATOMIC_RELAXED);
}

/* Everything but global translations is forgotten: by a new root, or with the old one. */
void tlb_write_cr3(uint64_t mfn);
void tlb_flush(void);

static inline void tlb_use_end(struct cpu *c)
{
    __atomic_store_n(&c->tlb_using, c->tlb_using + 1, __ATOMIC_RELEASE);
}

/*
 * The hypervisor reads or writes memory of the pv guest whose root is loaded, at the guest's addresses. Whoever asks
 * for a flush in between waits for tlb_use_end(): so nothing but an access and its fault may lie between the two.
 * False: a flush has been asked for, and is still to come; there is no tlb_use_end().
 */
static inline bool tlb_use_begin(struct cpu *c)
{
    __atomic_store_n(&c->tlb_using, c->tlb_using + 1, __ATOMIC_SEQ_CST);
    if (__builtin_expect(!__atomic_load_n(&c->tlb_wanted, __ATOMIC_SEQ_CST), 1))
        return true;
    tlb_use_end(c);
    return false;
}

/*
 * cpu_enter_guest() of a pv guest, with what tlb_forget() has asked of this CPU. Whoever sees the new in_hv sees the
 * new tlb_entered as well.
 */
static inline void tlb_enter_guest(struct cpu *c)
{
    uint32_t inside = c->in_hv + 1;
    __atomic_store_n(&c->tlb_entered, inside, __ATOMIC_RELEASE);
    __atomic_store_n(&c->in_hv, inside, __ATOMIC_SEQ_CST);
    if (__builtin_expect(__atomic_load_n(&c->tlb_wanted, __ATOMIC_SEQ_CST), 0))
        tlb_flush();
}

#endif
