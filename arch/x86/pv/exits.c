/* SPDX-License-Identifier: MIT */
/* Where each way out of the guest leads. */
#include "arch/x86/creg.h"
#include "arch/x86/layout.h"
#include "arch/x86/pv/container.h"
#include "arch/x86/traps.h"
#include "kernel/door.h"

#define VEC_UD 6
#define VEC_GP 13
#define NR_EXCEPTIONS 32
#define NR_EXITS (PV_EXIT_BAD_RETURN + 1)
#define DR6_NONE 0xffff0ff0ULL

static void interrupt(struct arch_vcpu *v)
{
    trap_interrupt(pv_guest(v)->exit.vector);
}

/* SYSRET would leave NMIs blocked, and another vcpu's exits are not ours to wait for. */
static void nmi(struct arch_vcpu *v)
{
    interrupt(v);
    trap_unmask_nmis();
}

static void exception(struct arch_vcpu *v)
{
    const struct pv_exit *e = &pv_guest(v)->exit;

    pv_inject(v, e->vector, e->error);
}

static void debug_exception(struct arch_vcpu *v)
{
    uint64_t dr6;

    __asm__ volatile("movq %%dr6, %0" : "=r"(dr6));
    __asm__ volatile("movq %0, %%dr6" : : "r"(DR6_NONE));
    pv_debug_exception(v, dr6);
}

static void invalid_opcode(struct arch_vcpu *v)
{
    if (!pv_emulate_forced(v))
        exception(v);
}

static void general_protection(struct arch_vcpu *v)
{
    if (!pv_emulate_privileged(v, pv_guest(v)->exit.error))
        exception(v);
}

static void page_fault(struct arch_vcpu *v)
{
    struct pv_guest *p = pv_guest(v);
    uint64_t cr2 = read_cr2();

    p->exit.cr2 = cr2;
    if (cr2 - VMAP_PV_TABLES < VMAP_END - VMAP_PV_TABLES && pv_ldt_fault(v, cr2, p->exit.error))
        return;
    if (!p->kernel_mode || !pv_emulate_table_write(v, cr2, p->exit.error))
        pv_inject_page_fault(v, cr2, p->exit.error);
}

static void bad_return(struct arch_vcpu *v)
{
    pv_guest(v)->exit.cr2 = read_cr2();
    pv_inject_bad_return(v);
}

typedef void (*exit_handler)(struct arch_vcpu *v);

static const exit_handler handlers[NR_EXITS] = {
    [0 ... NR_EXCEPTIONS - 1] = exception,
    [VEC_DB] = debug_exception,
    [VEC_NMI] = nmi,
    [VEC_UD] = invalid_opcode,
    [VEC_DF] = interrupt,
    [VEC_GP] = general_protection,
    [VEC_PF] = page_fault,
    [VEC_MC] = interrupt,
    [NR_EXCEPTIONS... NR_VECTORS - 1] = interrupt,
    [PV_EXIT_SYSCALL32] = pv_inject_syscall,
    [PV_EXIT_SYSENTER] = pv_inject_syscall,
    [PV_EXIT_BAD_RETURN] = bad_return,
};

void pv_handle_exit(struct arch_vcpu *v)
{
    handlers[pv_guest(v)->exit.vector](v);
}
