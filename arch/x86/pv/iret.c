/* SPDX-License-Identifier: MIT */
/*
 * The iret hypercall: back from a handler, to either mode (public header arch-x86/xen-x86_64.h). Whatever the guest
 * asks for, it returns to ring 3, with interrupts on and IOPL 0; a state that the processor refuses all the same (a
 * selector that can't be loaded) comes back as PV_EXIT_BAD_RETURN.
 */
#include "arch/x86/pv/container.h"
#include "arch/x86/pv/env.h"
#include "arch/x86/pv/table.h"
#include "arch/x86/regs.h"
#include "guest/abi/errno.h"
#include "guest/abi/pv.h"
#include "kernel/door.h"

/* CF PF AF ZF SF TF DF OF NT RF AC ID: the others are the hypervisor's, or reserved. */
#define RFLAGS_OF_GUESTS 0x254dd5U

/* The flags of the guest: what the processor gets of them, and what is kept here. */
static void set_rflags(struct arch_vcpu *v, uint64_t flags)
{
    struct pv_guest *p = pv_guest(v);

    v->regs.rflags = (flags & RFLAGS_OF_GUESTS) | RFLAGS_IF | RFLAGS_FIXED;
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
    v->regs.rax = c.rax;
    if (!pv_address_is_canonical(c.rip))
        pv_inject_failsafe(v);
    return (int64_t)v->regs.rax;
}
