/* SPDX-License-Identifier: MIT */
/*
 * A vcpu begins with the state of a struct vcpu_guest_context (public header arch-x86/xen.h), from the domain builder
 * or from another vcpu of the guest, by VCPUOP_initialise.
 *
 * First everything is looked at; then frames are taken, the roots before the GDT: a root that is being validated keeps
 * its place over a -XEN_ERESTART, and one that has been taken stays in mmu.kernel_root; then the rest is copied.
 */
#include "arch/x86/layout.h"
#include "arch/x86/pv/container.h"
#include "arch/x86/pv/env.h"
#include "arch/x86/pv/setup.h"
#include "arch/x86/pv/table.h"
#include "arch/x86/regs.h"
#include "arch/x86/xsave.h"
#include "common/error.h"
#include "common/string.h"
#include "guest/abi/callback.h"
#include "guest/abi/errno.h"
#include "guest/abi/pv.h"

/* --- Look */

static bool addresses_allowed(const struct vcpu_guest_context *c)
{
    const uint64_t all[] = {
        c->user_regs.rip,        c->user_regs.rsp, c->kernel_sp,      c->event_callback_eip, c->failsafe_callback_eip,
        c->syscall_callback_eip, c->fs_base,       c->gs_base_kernel, c->gs_base_user,
    };

    for (unsigned i = 0; i < sizeof all / sizeof all[0]; i++)
        if (!pv_address_is_canonical(all[i]))
            return false;
    for (unsigned i = 0; i < PV_NR_TRAPS; i++)
        if (!pv_address_is_canonical(c->trap_ctxt[i].address))
            return false;
    return true;
}

static bool ldt_allowed(const struct vcpu_guest_context *c)
{
    uint64_t last = c->ldt_base + c->ldt_ents * 8 - 1;

    return !c->ldt_ents || (c->ldt_ents <= PV_LDT_PAGES * PV_ENTRIES && !(c->ldt_base & (PAGE_SIZE - 1)) &&
                            !pv_address_is_reserved(c->ldt_base) && !pv_address_is_reserved(last));
}

static bool roots_allowed(const struct vcpu_guest_context *c)
{
    return c->ctrlreg[3] && ((c->flags & VGCF_in_kernel) || c->ctrlreg[1]);
}

/* --- Take */

/* The vcpu's root becomes this frame, unless it is already, from the last attempt. 0: none. */
static int take_root(struct pv_vcpu *v, uint64_t *root, uint64_t mfn)
{
    if (*root == mfn)
        return 0;
    int rc = mfn ? pv_get_page_and_type(v->dom, mfn, v->dom->domid, PV_L4) : 0;
    if (rc)
        return rc;
    if (*root)
        pv_put_page_and_type(v->dom, *root);
    *root = mfn;
    return 0;
}

static int take_frames(struct pv_guest *p, const struct vcpu_guest_context *c)
{
    int rc = take_root(&p->mmu, &p->mmu.kernel_root, c->ctrlreg[3] >> 12);
    if (!rc)
        rc = take_root(&p->mmu, &p->mmu.user_root, c->ctrlreg[1] >> 12);
    if (!rc)
        rc = pv_install_gdt(p, c->gdt_frames, (unsigned)c->gdt_ents);
    if (rc && rc != -XEN_ERESTART)
        pv_release_roots(&p->mmu);
    return rc;
}

/* --- Copy */

static void set_registers(struct arch_vcpu *v, const struct cpu_user_regs *u)
{
    struct pv_guest *p = pv_guest(v);

    v->regs = (struct guest_regs){
        .rax = u->rax,
        .rcx = u->rcx,
        .rdx = u->rdx,
        .rbx = u->rbx,
        .rsp = u->rsp,
        .rbp = u->rbp,
        .rsi = u->rsi,
        .rdi = u->rdi,
        .r8 = u->r8,
        .r9 = u->r9,
        .r10 = u->r10,
        .r11 = u->r11,
        .r12 = u->r12,
        .r13 = u->r13,
        .r14 = u->r14,
        .r15 = u->r15,
        .rip = u->rip,
        .rflags = (u->rflags & PV_RFLAGS) | PV_RFLAGS_ALWAYS,
    };
    p->iopl = u->rflags >> RFLAGS_IOPL_SHIFT & 3;
    p->cs = u->cs | 3;
    p->ss = u->ss | 3;
    p->ds = u->ds;
    p->es = u->es;
    p->fs = u->fs;
    p->gs = u->gs;
}

static void set_handlers(struct pv_guest *p, const struct vcpu_guest_context *c)
{
    for (unsigned i = 0; i < PV_NR_TRAPS; i++)
        pv_set_gate(p, i, &c->trap_ctxt[i]);
    memset(p->callback, 0, sizeof p->callback);
    p->callback[CALLBACKTYPE_event] = (struct pv_callback){c->event_callback_eip, true};
    p->callback[CALLBACKTYPE_failsafe] =
        (struct pv_callback){c->failsafe_callback_eip, c->flags & VGCF_failsafe_disables_events};
    p->callback[CALLBACKTYPE_syscall] =
        (struct pv_callback){c->syscall_callback_eip, c->flags & VGCF_syscall_disables_events};
    p->kernel_ss = (uint16_t)(c->kernel_ss | 3);
    p->kernel_sp = c->kernel_sp;
}

static void set_segments(struct pv_guest *p, const struct vcpu_guest_context *c)
{
    p->fs_base = c->fs_base;
    p->gs_base_kernel = c->gs_base_kernel;
    p->gs_base_user = c->gs_base_user;
    p->mmu.ldt_base = c->ldt_ents ? c->ldt_base : 0;
    p->mmu.ldt_entries = (uint16_t)c->ldt_ents;
}

/* One that can't be is left out. */
static void set_debug_registers(struct pv_guest *p, const uint64_t *values)
{
    static const uint8_t numbers[] = {0, 1, 2, 3, 6, 7};

    for (unsigned i = 0; i < sizeof numbers; i++)
        (void)!pv_debugreg_set(p, numbers[i], values[numbers[i]]);
}

/* The legacy part of an XSAVE area is what FXSAVE writes; a reserved bit of MXCSR would fault in the hypervisor. */
static void set_fpu(struct arch_vcpu *v, const char *fxsave)
{
    struct xsave_area *a = v->xsave;

    memcpy(a, fxsave, XSAVE_LEGACY_SIZE);
    a->mxcsr &= MXCSR_DEFINED;
    a->xstate_bv = XSTATE_X87 | XSTATE_SSE;
}

int pv_vcpu_initialise(struct arch_vcpu *v, const void *context)
{
    const struct vcpu_guest_context *c = context;
    struct pv_guest *p = pv_guest(v);

    if (!addresses_allowed(c) || !ldt_allowed(c) || !roots_allowed(c) || c->gdt_ents > PV_GDT_ENTRIES)
        return xen_error(XEN_EINVAL);
    int rc = take_frames(p, c);
    if (rc)
        return rc;
    p->cr0 = c->ctrlreg[0];
    p->cr4 = c->ctrlreg[4] & pv_cr4_choices();
    set_debug_registers(p, c->debugreg);
    p->kernel_mode = c->flags & VGCF_in_kernel;
    set_registers(v, &c->user_regs);
    set_handlers(p, c);
    set_segments(p, c);
    if (c->flags & VGCF_I387_VALID)
        set_fpu(v, c->fpu_ctxt);
    if (v->id == 0)
        __atomic_store_n(&pv_container(v->dom)->vm_assist, pv_known_assists(c->vm_assist), __ATOMIC_RELAXED);
    if (v->upcall_pending)
        pv_mask_events(v, true);
    return 0;
}
