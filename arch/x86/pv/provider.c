/* SPDX-License-Identifier: MIT */
/* What the memory core asks of its host (env.h), but pv_env_load_ldt(), pv_env_set_m2p() and env_frames.h. */
#include <stddef.h>

#include "arch/x86/creg.h"
#include "arch/x86/paging.h"
#include "arch/x86/pv/container.h"
#include "arch/x86/pv/env.h"
#include "arch/x86/pv/vcpu_set.h"
#include "arch/x86/tlb.h"
#include "kernel/door.h"

_Static_assert(offsetof(struct pv_guest, mmu) == 0 && offsetof(struct pv_container, mmu) == 0, "found by their mmu");

/* --- Frames */

uint16_t pv_env_owner(uint64_t mfn)
{
    return door_page_owner(mfn);
}

/* --- Translations */

uint32_t pv_env_tlb_time(void)
{
    return tlb_time();
}

void pv_env_tlb_flush_since(uint32_t time)
{
    tlb_flush_since(time);
}

static bool is_in_set(const struct pv_vcpu_set *set, unsigned id)
{
    return set->word[id / 64] >> id % 64 & 1;
}

/*
 * The CPUs that have a vcpu of the set loaded. One that loads such a vcpu later does so with all forgotten: load() says
 * whose state the CPU has before it writes CR3.
 */
static uint64_t cpus_of(const struct pv_domain *d, const struct pv_vcpu_set *set)
{
    uint64_t cpu_set = 0;

    for (unsigned i = 0; i < nr_cpus; i++) {
        const struct arch_vcpu *v = __atomic_load_n(&cpus[i].vcpu, __ATOMIC_SEQ_CST);
        if (v && v->dom->hw == d && is_in_set(set, v->id))
            cpu_set |= 1ULL << i;
    }
    return cpu_set;
}

void pv_env_flush_own(const struct pv_vcpu *v, uint64_t va)
{
    (void)v;
    if (va == PV_ALL_ADDRESSES)
        tlb_forget_own();
    else
        invlpg(va);
}

/* A single address is worth an instruction on this CPU, but not a message to others about which one it is. */
void pv_env_flush(struct pv_domain *d, const struct pv_vcpu_set *set, uint64_t va)
{
    uint64_t cpu_set, self = 1ULL << this_cpu()->id;

    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    cpu_set = cpus_of(d, set);
    if (va != PV_ALL_ADDRESSES && (cpu_set & self)) {
        invlpg(va);
        cpu_set &= ~self;
    }
    if (cpu_set)
        tlb_forget(cpu_set);
}

void pv_write_cr3(uint64_t mfn)
{
    tlb_write_cr3(mfn);
}

void pv_env_load_root(struct pv_vcpu *v)
{
    const struct pv_guest *p = (const struct pv_guest *)v;
    pv_write_cr3(p->kernel_mode ? v->kernel_root : v->user_root);
}

const uint64_t *pv_env_reserved_slots(void)
{
    return paging_reserved_slots();
}

uint64_t pv_env_nx(void)
{
    return paging_nx();
}

/* --- The rest */

int pv_env_copy_in(void *dst, uint64_t guest_addr, size_t n)
{
    return door_copy_in(dst, guest_addr, n);
}

int pv_env_copy_out(uint64_t guest_addr, const void *src, size_t n)
{
    return door_copy_out(guest_addr, src, n);
}

int pv_env_may_name(struct pv_domain *d, uint16_t domid)
{
    (void)d;
    return door_may_name(domid);
}

bool pv_env_should_yield(void)
{
    return cpu_should_yield();
}

void pv_env_lock(uint32_t *lock)
{
    while (__atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE))
        while (__atomic_load_n(lock, __ATOMIC_RELAXED))
            __builtin_ia32_pause();
}

void pv_env_unlock(uint32_t *lock)
{
    __atomic_store_n(lock, 0, __ATOMIC_RELEASE);
}
