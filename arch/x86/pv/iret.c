/* SPDX-License-Identifier: MIT */
/*
 * The iret hypercall: back from a handler, to either mode (public header arch-x86/xen-x86_64.h). Whatever the guest
 * asks for, it returns to ring 3, with interrupts on and IOPL 0. Where it wants to go is looked at only when it goes
 * there: an event that is due comes first, and its frame has what the guest asked for.
 */
#include "arch/x86/pv/container.h"
#include "arch/x86/pv/env.h"
#include "arch/x86/pv/table.h"
#include "arch/x86/regs.h"
#include "guest/abi/errno.h"
#include "guest/abi/pv.h"
#include "kernel/door.h"

#define VECTOR_GP 13
#define VECTOR_PF 14

/* The flags of the guest: what the processor gets of them, and what is kept here. */
static void set_rflags(struct arch_vcpu *v, uint64_t flags)
{
    struct pv_guest *p = pv_guest(v);

    v->regs.rflags = (flags & PV_RFLAGS) | PV_RFLAGS_ALWAYS;
    if (pv_assists(v, VMASST_TYPE_architectural_iopl))
        p->iopl = flags >> RFLAGS_IOPL_SHIFT & 3;
    pv_mask_events(v, !(flags & RFLAGS_IF));
}

/* Where SYSRET goes: rcx and r11 are lost, as it needs them itself. */
static void as_sysret(struct arch_vcpu *v)
{
    struct pv_guest *p = pv_guest(v);

    v->regs.rcx = v->regs.rip;
    v->regs.r11 = v->regs.rflags;
    p->cs = PV_FLAT_CS64;
    p->ss = PV_FLAT_SS;
}

static void restore(struct arch_vcpu *v, const struct iret_context *c)
{
    struct pv_guest *p = pv_guest(v);

    v->regs.rip = c->rip;
    v->regs.rsp = c->rsp;
    set_rflags(v, c->rflags);
    if (c->flags & VGCF_in_syscall) {
        as_sysret(v);
        return;
    }
    v->regs.rcx = c->rcx;
    v->regs.r11 = c->r11;
    p->cs = (uint16_t)(c->cs | 3);
    p->ss = (uint16_t)(c->ss | 3);
}

/* The RPL of cs is 3 for user mode; to the kernel all other rings are its own. */
static bool leaves_kernel(const struct iret_context *c)
{
    return (c->cs & 3) == 3;
}

int64_t pv_iret(struct arch_vcpu *v, uint64_t *args)
{
    struct pv_guest *p = pv_guest(v);
    struct iret_context c;

    (void)args;
    if (pv_env_copy_in(&c, v->regs.rsp, sizeof c)) {
        door_dump_line(v, "vcpu %u: iret with its stack at 0x%llx", v->id, (unsigned long long)v->regs.rsp);
        door_guest_crash(v, "the stack for its iret can't be read");
        return -XEN_EFAULT;
    }
    if (leaves_kernel(&c) && !p->mmu.user_root) {
        door_guest_crash(v, "iret to user mode, which has no page tables");
        return -XEN_EINVAL;
    }
    if (leaves_kernel(&c))
        pv_enter_user_mode(v);
    p->nmi_masked = false;
    restore(v, &c);
    return (int64_t)c.rax;
}

void pv_check_return(struct arch_vcpu *v)
{
    if (!pv_address_is_canonical(v->regs.rip))
        pv_inject(v, VECTOR_GP, 0);
}

void pv_inject_bad_return(struct arch_vcpu *v)
{
    const struct pv_exit *e = &pv_guest(v)->exit;
    unsigned vector = e->error >> 16;
    uint32_t error = e->error & 0xffff;

    if (vector != VECTOR_PF || !pv_ldt_fault(v, e->cr2, error))
        pv_inject(v, vector, error);
}
