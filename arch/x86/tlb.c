/* SPDX-License-Identifier: MIT */
/*
 * A CPU that is to flush is told so by its flag tlb_wanted, which it looks at before it enters a pv guest. If it is in
 * one now, it is called out of it; if it is in the hypervisor, it need not be waited for, so that two CPUs can't wait
 * for each other. Idle CPUs and those in hvm guests have an even in_hv as well; tlb_entered tells them from CPUs in pv
 * guests.
 *
 *   who asks:  wanted = true;        read in_hv, then entered  (equal: call it out, wait)
 *   the CPU:   entered, in_hv = ..;  read wanted               (true: flush)
 *
 * In the same way a CPU in the hypervisor says that it uses translations of its guest itself, for a copy of a few
 * bytes: it makes tlb_using odd before it reads tlb_wanted, and is waited for until it is even again.
 *
 * Each writes before it reads, with full barriers: one of the two sees the other. (tests/model/pv/tlb.c goes through
 * all orders.)
 */
#include "arch/x86/tlb.h"

#include "arch/x86/creg.h"
#include "arch/x86/tlb_clock.h"

static struct tlb_clock clock = {TLB_CLOCK_START};

static struct tlb {
    uint64_t flushed; /* atomic; written by the own CPU after a flush: what the clock said just before it */
} __attribute__((aligned(64))) tlbs[MAX_CPUS];

_Static_assert(MAX_CPUS <= 64, "a set of CPUs is a word");

uint32_t tlb_time(void)
{
    return tlb_clock_time(&clock);
}

/*
 * Asked-for flushes are served by this one; who asks from now on is served by the next. What the clock says before the
 * flush is noted after it: who reads it may believe that nothing older is remembered.
 */
static void flush(struct cpu *c, uint64_t cr3)
{
    if (__atomic_load_n(&c->tlb_wanted, __ATOMIC_RELAXED))
        __atomic_store_n(&c->tlb_wanted, 0, __ATOMIC_SEQ_CST);
    uint64_t now = tlb_clock_read(&clock);
    write_cr3(cr3);
    __atomic_store_n(&tlbs[c->id].flushed, now, __ATOMIC_RELEASE);
}

void tlb_write_cr3(uint64_t mfn)
{
    flush(this_cpu(), mfn << PAGE_SHIFT);
}

void tlb_flush(void)
{
    flush(this_cpu(), read_cr3());
}

/* Called out of its pv guest, if it is in one; *seen is what in_hv was then. */
static bool call_out(unsigned cpu, uint32_t *seen)
{
    *seen = __atomic_load_n(&cpus[cpu].in_hv, __ATOMIC_SEQ_CST);
    if ((*seen & 1) || __atomic_load_n(&cpus[cpu].tlb_entered, __ATOMIC_SEQ_CST) != *seen)
        return false;
    cpu_request_work(cpu, CPU_WORK_SYNC);
    return true;
}

/* A CPU that copies to or from its guest does so with interrupts off, and waits for nobody. */
static void wait_for_use(unsigned cpu)
{
    uint32_t seen = __atomic_load_n(&cpus[cpu].tlb_using, __ATOMIC_SEQ_CST);

    while ((seen & 1) && __atomic_load_n(&cpus[cpu].tlb_using, __ATOMIC_SEQ_CST) == seen)
        __builtin_ia32_pause();
}

void tlb_forget(uint64_t cpu_set)
{
    uint32_t seen[MAX_CPUS];
    uint64_t inside = 0;

    for (unsigned i = 0; i < nr_cpus; i++)
        if (cpu_set >> i & 1)
            __atomic_store_n(&cpus[i].tlb_wanted, 1, __ATOMIC_SEQ_CST);
    for (unsigned i = 0; i < nr_cpus; i++)
        if ((cpu_set >> i & 1) && &cpus[i] != this_cpu() && call_out(i, &seen[i]))
            inside |= 1ULL << i;
    for (unsigned i = 0; i < nr_cpus; i++)
        if ((cpu_set >> i & 1) && &cpus[i] != this_cpu())
            wait_for_use(i);
    for (unsigned i = 0; i < nr_cpus; i++)
        while ((inside >> i & 1) && __atomic_load_n(&cpus[i].in_hv, __ATOMIC_SEQ_CST) == seen[i])
            __builtin_ia32_pause();
}

static uint64_t not_flushed_since(uint32_t time)
{
    uint64_t set = 0;

    for (unsigned i = 0; i < nr_cpus; i++)
        if (!tlb_clock_is_later(&clock, __atomic_load_n(&tlbs[i].flushed, __ATOMIC_ACQUIRE), time))
            set |= 1ULL << i;
    return set;
}

void tlb_flush_since(uint32_t time)
{
    uint64_t set = not_flushed_since(time);
    if (set)
        tlb_forget(set);
}

bool tlb_is_flushed_since(uint32_t time)
{
    uint64_t set = not_flushed_since(time), self = 1ULL << this_cpu()->id;

    if (set & self)
        tlb_flush();
    set &= ~self;
    for (unsigned i = 0; i < nr_cpus; i++)
        if (set >> i & 1)
            cpu_request_work(i, CPU_WORK_FLUSH);
    return !set;
}
