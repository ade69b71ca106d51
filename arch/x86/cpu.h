/* SPDX-License-Identifier: MIT */
/*
 * The processors: identity, per-CPU data, start-up, interrupts between them.
 *
 * The hypervisor runs with interrupts off, everywhere but in cpu_idle(), in cpu_should_yield() and while a guest runs:
 * an interrupt handler only notes what happened in cpu->work and the run loop acts on it.
 */
#ifndef ARCH_X86_CPU_H
#define ARCH_X86_CPU_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/x86/layout.h"
#include "arch/x86/smp_wake.h"

/* Bits of cpu->work: why the run loop should be entered. Set by interrupt handlers, other CPUs and exit handlers. */
#define CPU_WORK_TIMER (1U << 0)   /* the local timer has fired */
#define CPU_WORK_RESCHED (1U << 1) /* another vcpu may be due, or the current one can't run on */
#define CPU_WORK_STOP (1U << 2)    /* stop this CPU for good */
#define CPU_WORK_SYNC (1U << 3)    /* come out of the guest once (see cpu_sync_others) */
#define CPU_WORK_FLUSH (1U << 4)   /* forget translations at once (tlb_flush) */

struct arch_vcpu;
struct tss;

/* One CPU's data; %gs:0 holds its address in the hypervisor. Fields used by assembly have offsets in
 * arch/x86/offsets.h. */
struct cpu {
    struct cpu *self;
    uint32_t id;            /* 0..nr_cpus-1 */
    uint32_t apic_id;       /* of the local APIC */
    uint32_t work;          /* CPU_WORK_*; atomic: any CPU may set bits */
    uint32_t in_hv;         /* odd: runs hypervisor code; even: in a guest or idle. Written by this CPU only. */
    struct arch_vcpu *vcpu; /* whose state the processor holds, or NULL */
    uint64_t stack_start;   /* of the main stack */
    uint64_t pv_stack;      /* %rsp inside pv_switch() (arch/x86/pv/entry.S), while a pv guest runs */
    uint64_t pv_scratch;    /* a guest's %rsp for a moment */
    uint32_t tlb_wanted;    /* atomic: this CPU is to forget translations before it enters a pv guest (tlb.c) */
    uint32_t tlb_using;     /* atomic: odd while the hypervisor itself uses translations of a pv guest */
    uint32_t tlb_entered;   /* atomic: in_hv when this CPU entered a pv guest last */
    uint64_t stacks;        /* address of the stretch that stacks.h draws */
    struct tss *tss;
    uint64_t *gdt;        /* its own entries, from SEL_FIRST on */
    void *virt;           /* the back end's per-CPU pages (host save area, VMXON region) */
    uint64_t xcr0;        /* what XCR0 holds now */
    enum cpu_state state; /* atomic while it starts */
    const char *refusal;  /* CPU_REFUSED: why, a sentence */
};

extern struct cpu cpus[MAX_CPUS];
extern unsigned nr_cpus; /* started; set before kmain's first domain */

static inline struct cpu *this_cpu(void)
{
    struct cpu *c;
    __asm__("movq %%gs:0, %0" : "=r"(c));
    return c;
}

/* Ask a CPU to enter its run loop; sends an interrupt if it is not this one. Any context. */
void cpu_request_work(unsigned cpu, uint32_t work);

/*
 * Wait until each other online CPU has been outside hypervisor code (in a guest, idle, or between two rounds of the run
 * loop) at least once since the call; with kick, those inside a guest are made to leave it as well (for TLB flushes).
 * No spinlock may be held, and two CPUs must not be in it at once (kernel/evtchn_env.c holds the token).
 */
void cpu_sync_others(bool kick);
/* The run loop calls this between two rounds: it is not inside any critical section. */
static inline void cpu_quiescent(void)
{
    struct cpu *c = this_cpu();
    __atomic_store_n(&c->in_hv, c->in_hv + 2, __ATOMIC_SEQ_CST);
}

/*
 * Around a guest's execution, in a back end's run(), interrupts off (SVM: GIF clear), and around cpu_idle()'s sleep:
 *
 *   cpu_enter_guest()                 in_hv becomes even
 *   look at flush_gen                 only now; cpu->work may be looked at before, since its interrupt is pending then
 *   world switch
 *   cpu_leave_guest()                 in_hv becomes odd
 *
 * Who sets work or flush_gen for this CPU does so before it reads in_hv, and this CPU changes in_hv before it reads
 * them; with a full barrier in between on both sides one of the two sees the other. So a CPU that looks even has either
 * seen the request or gets the interrupt inside the guest, which ends it. The same holds on the way out: what was
 * unlinked before in_hv was read as even is seen as unlinked by all that this CPU reads after cpu_leave_guest().
 */
static inline void cpu_enter_guest(struct cpu *c)
{
    __atomic_store_n(&c->in_hv, c->in_hv + 1, __ATOMIC_SEQ_CST);
}

static inline void cpu_leave_guest(struct cpu *c)
{
    __atomic_store_n(&c->in_hv, c->in_hv + 1, __ATOMIC_SEQ_CST);
}

/* Let pending interrupts in, for one instruction. */
static inline void cpu_take_interrupts(void)
{
    __asm__ volatile("sti; nop; cli" : : : "memory");
}

/*
 * Should a long operation stop here, and be continued when the run loop has been entered? Interrupts are off in
 * hypervisor code, so this lets them in: without that the timer would wait for the operation's end. No lock may be
 * held.
 */
static inline bool cpu_should_yield(void)
{
    cpu_take_interrupts();
    return __atomic_load_n(&this_cpu()->work, __ATOMIC_RELAXED) != 0;
}

/* Sleep until an interrupt or cpu->work is not 0; handles the interrupt. Run loop only. */
void cpu_idle(void);

/* Starts every CPU of the MADT up to max; each calls door_cpu_main(). Returns how many run. Boot CPU, once. */
unsigned smp_start(unsigned max);

/* Ends of the machine: neither returns. ok becomes the emulator's exit code (isa-debug-exit: 33 good, 35 bad). */
__attribute__((noreturn)) void machine_power_off(bool ok);
__attribute__((noreturn)) void machine_reboot(void);
/* Returns on a machine that offers no exit made for emulators (isa-debug-exit, Bochs' shutdown port). */
void machine_leave_emulator(bool ok);

/* For the start-up report. */
const char *cpu_model(void); /* brand string */

#endif
