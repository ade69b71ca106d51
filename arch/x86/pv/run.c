/* SPDX-License-Identifier: MIT */
/* The loop around the world switch. */
#include <stddef.h>

#include "arch/x86/cpu.h"
#include "arch/x86/offsets.h"
#include "arch/x86/pv/container.h"
#include "arch/x86/pv/return.h"
#include "arch/x86/tlb.h"
#include "arch/x86/traps.h"
#include "common/string.h"
#include "kernel/door.h"

#define SYSCALL_LENGTH 2

_Static_assert(offsetof(struct arch_vcpu, regs) == 0, "entry.S");
_Static_assert(offsetof(struct arch_vcpu, hw) == VCPU_HW, "entry.S");
_Static_assert(offsetof(struct pv_guest, exit.vector) == PV_GUEST_VECTOR, "entry.S");
_Static_assert(offsetof(struct pv_guest, exit.error) == PV_GUEST_ERROR, "entry.S");
_Static_assert(offsetof(struct pv_guest, cs) == PV_GUEST_CS, "entry.S");
_Static_assert(offsetof(struct pv_guest, ss) == PV_GUEST_SS && PV_GUEST_SS == PV_GUEST_CS + 2, "entry.S");
_Static_assert(offsetof(struct cpu, vcpu) == CPU_VCPU, "entry.S");
_Static_assert(offsetof(struct cpu, pv_stack) == CPU_PV_STACK, "entry.S");
_Static_assert(offsetof(struct cpu, pv_scratch) == CPU_PV_SCRATCH, "entry.S");
_Static_assert(PV_FLAT_CS32 == SEL_GUEST_CODE32 && PV_FLAT_DS32 == SEL_GUEST_DATA, "arch-x86/xen-x86_64.h");
_Static_assert(PV_FLAT_SS == SEL_GUEST_DATA && PV_FLAT_CS64 == SEL_GUEST_CODE64, "arch-x86/xen-x86_64.h");

/* Events wait (byte 0 of the vcpu_info), and are not masked (byte 1). */
static bool events_due(const struct arch_vcpu *v)
{
    uint16_t word = __atomic_load_n((const uint16_t *)(const void *)v->upcall_pending, __ATOMIC_RELAXED);

    return (uint16_t)(word - 1) < 0xff;
}

static void inject_nmi(struct arch_vcpu *v)
{
    if (pv_guest(v)->nmi_masked)
        return;
    v->nmi_pending = false;
    pv_inject_nmi(v);
}

/* ds, es, fs and gs stay in struct pv_guest until the frame of the failsafe callback shows them. */
static void report_lost_segments(struct arch_vcpu *v)
{
    pv_inject_failsafe(v);
    pv_guest(v)->segments_lost = false;
}

/* What the guest finds when it goes on; each of these writes to its stack. */
static void inject(struct arch_vcpu *v, const struct pv_guest *p)
{
    if (p->segments_lost)
        report_lost_segments(v);
    if (v->nmi_pending)
        inject_nmi(v);
    if (events_due(v))
        pv_inject_events(v);
}

static bool has_to_inject(const struct arch_vcpu *v, const struct pv_guest *p)
{
    return __builtin_expect(p->segments_lost, 0) || __builtin_expect(v->nmi_pending, 0) || events_due(v);
}

static bool by_sysret(const struct arch_vcpu *v, const struct pv_guest *p)
{
    uint32_t cs_ss;

    memcpy(&cs_ss, &p->cs, sizeof cs_ss);
    return p->exit.vector == PV_EXIT_SYSCALL && pv_sysret_allowed(&v->regs, cs_ss);
}

/* A hypercall, or a system call of the guest's: users have nothing else. */
static void system_call(struct arch_vcpu *v, const struct pv_guest *p)
{
    if (!p->kernel_mode)
        pv_inject_syscall(v);
    else if (!door_hypercall64(v))
        v->regs.rip -= SYSCALL_LENGTH;
}

/*
 * Interrupts are off from the look at cpu->work on: one that comes after it waits for the guest's first instruction.
 * Between tlb_enter_guest() and cpu_leave_guest() nothing may touch memory of guests: others believe that this CPU will
 * flush before it does.
 */
void pv_run(struct arch_vcpu *v)
{
    struct cpu *cpu = this_cpu();
    struct pv_guest *p = pv_guest(v);

    while (!__atomic_load_n(&cpu->work, __ATOMIC_RELAXED)) {
        if (__atomic_load_n(&p->mmu.dom->doomed, __ATOMIC_RELAXED) && pv_drain(p->mmu.dom))
            continue;
        if (has_to_inject(v, p)) {
            inject(v, p);
            if (__atomic_load_n(&cpu->work, __ATOMIC_RELAXED))
                continue; /* that was its end: a guest that has crashed executes nothing more */
        }
        bool sysret = by_sysret(v, p);
        if (!sysret && __builtin_expect(!pv_address_is_canonical(v->regs.rip), 0)) {
            pv_check_return(v);
            continue;
        }
        tlb_enter_guest(cpu);
        unsigned vector = pv_switch(v, sysret);
        cpu_leave_guest(cpu);
        v->exits++;
        if (vector == PV_EXIT_SYSCALL)
            system_call(v, p);
        else
            pv_handle_exit(v);
    }
}
