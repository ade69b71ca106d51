/* SPDX-License-Identifier: MIT */
/*
 * Into the guest's handlers. The frame, from %rsp up (public headers arch-x86/xen-x86_64.h, arch-x86/xen.h):
 *
 *     rcx  r11  [ds es fs gs]  [error code]  rip  cs  rflags  rsp  ss
 *
 * The segment registers are in that of the failsafe callback. Bits 39:32 of the word with cs are the upcall mask from
 * before; IF in rflags is its opposite. The RPL of cs says which mode was left: 3 user, 0 kernel.
 */
#include "arch/x86/pv/container.h"
#include "arch/x86/pv/env.h"
#include "arch/x86/regs.h"
#include "common/string.h"
#include "guest/abi/callback.h"
#include "guest/abi/pv.h"
#include "guest/abi/xen.h"
#include "kernel/door.h"

#define VECTOR_NMI 2
#define VECTOR_BP 3
#define VECTOR_OF 4
#define VECTOR_UD 6
#define VECTOR_NM 7
#define VECTOR_GP 13
#define VECTOR_PF 14
#define VECTOR_SYSTEM_CALL 0x80
#define HAS_ERROR_CODE (1U << 8 | 1U << 10 | 1U << 11 | 1U << 12 | 1U << 13 | 1U << 14 | 1U << 17 | 1U << 21)

#define SYSCALL_LENGTH 2 /* of SYSCALL and of SYSENTER */

/* What the guest's rflags lose on the way: a handler starts like one of a processor's. */
#define CLEARED (RFLAGS_TF | RFLAGS_IOPL | RFLAGS_NT | RFLAGS_RF | RFLAGS_VM | RFLAGS_AC)

struct entry {
    uint64_t address;
    bool masks; /* events are masked in the handler */
    bool has_error;
    bool has_segments;
    uint32_t error;
    const char *name; /* of what is to be handled */
};

#define FRAME_WORDS_MAX 12

struct frame {
    uint64_t word[FRAME_WORDS_MAX];
    unsigned n;
};

static void push(struct frame *f, uint64_t word)
{
    f->word[f->n++] = word;
}

static void push_segments(struct frame *f, const struct pv_guest *p)
{
    push(f, p->ds);
    push(f, p->es);
    push(f, p->fs);
    push(f, p->gs);
}

/* rflags as the guest has them: its own interrupt flag, and its own IOPL if it asked for that. */
uint64_t pv_guest_rflags(const struct arch_vcpu *v)
{
    const struct pv_guest *p = pv_guest(v);
    uint64_t flags = v->regs.rflags & ~(uint64_t)(RFLAGS_IF | RFLAGS_IOPL);

    if (!pv_events_masked(v))
        flags |= RFLAGS_IF;
    if (pv_assists(v, VMASST_TYPE_architectural_iopl))
        flags |= (uint64_t)p->iopl << RFLAGS_IOPL_SHIFT;
    return flags;
}

static void make_frame(struct arch_vcpu *v, const struct entry *e, struct frame *f)
{
    const struct pv_guest *p = pv_guest(v);
    const struct guest_regs *r = &v->regs;

    f->n = 0;
    push(f, r->rcx);
    push(f, r->r11);
    if (e->has_segments)
        push_segments(f, p);
    if (e->has_error)
        push(f, e->error);
    push(f, r->rip);
    push(f, (p->kernel_mode ? p->cs & ~3U : p->cs) | (uint64_t)pv_events_masked(v) << 32);
    push(f, pv_guest_rflags(v));
    push(f, r->rsp);
    push(f, p->ss);
}

static void crash(struct arch_vcpu *v, const struct entry *e, uint64_t sp, const char *why)
{
    door_dump_line(v, "vcpu %u can't handle %s (error code 0x%x, cr2 0x%llx): handler 0x%llx, stack 0x%llx", v->id,
                   e->name, e->has_error ? e->error : 0, (unsigned long long)pv_guest(v)->exit.cr2,
                   (unsigned long long)e->address, (unsigned long long)sp);
    door_guest_crash(v, why);
}

/* Segments are as the processor has them in 64-bit mode, whatever the row of the trap table says. */
static void begin_handler(struct arch_vcpu *v, const struct entry *e, uint64_t sp)
{
    struct pv_guest *p = pv_guest(v);

    v->regs.rip = e->address;
    v->regs.rsp = sp;
    v->regs.rflags = (v->regs.rflags & ~(uint64_t)CLEARED) | RFLAGS_IF | RFLAGS_FIXED;
    p->cs = PV_FLAT_CS64;
    p->ss = PV_FLAT_SS;
    if (e->masks)
        pv_mask_events(v, true);
}

/* On the kernel's stack if the guest comes from its user mode, else on the one that it is on; aligned to 16 bytes. */
static void enter(struct arch_vcpu *v, const struct entry *e)
{
    struct pv_guest *p = pv_guest(v);
    uint64_t sp = (p->kernel_mode ? v->regs.rsp : p->kernel_sp) & ~15ULL;
    struct frame f;

    if (!e->address || !pv_address_is_canonical(e->address)) {
        crash(v, e, sp, e->address ? "its handler's address is not canonical" : "it has no handler");
        return;
    }
    make_frame(v, e, &f);
    if (!p->kernel_mode)
        pv_enter_kernel_mode(v);
    sp -= f.n * sizeof f.word[0];
    if (!pv_env_copy_out(sp, f.word, f.n * sizeof f.word[0]))
        begin_handler(v, e, sp);
    else
        crash(v, e, sp, "the stack for its handler can't be written");
}

/* --- Exceptions and software interrupts: the trap table */

static const char *exception_name(unsigned vector)
{
    static const char *const names[32] = {"#DE", "#DB", "NMI", "#BP", "#OF", "#BR", "#UD", "#NM", "#DF", NULL,  "#TS",
                                          "#NP", "#SS", "#GP", "#PF", NULL,  "#MF", "#AC", "#MC", "#XM", "#VE", "#CP"};

    return vector < 32 && names[vector] ? names[vector] : "an interrupt";
}

static struct entry entry_of_gate(const struct pv_guest *p, unsigned vector)
{
    const struct pv_gate *gate = &p->trap[vector];

    return (struct entry){
        .address = gate->address,
        .masks = gate->disables_events,
        .name = exception_name(vector),
    };
}

/* A guest that gets #NM gets it once: TS is clear in the handler (arch-x86/xen.h, fpu_taskswitch). */
static void clear_task_switched(struct arch_vcpu *v)
{
    pv_guest(v)->cr0 &= ~(uint64_t)CR0_TS;
    pv_load_task_switched(v);
}

void pv_inject(struct arch_vcpu *v, unsigned vector, uint32_t error)
{
    struct entry e = entry_of_gate(pv_guest(v), vector);

    e.has_error = vector < 32 && (HAS_ERROR_CODE >> vector & 1);
    e.error = error;
    if (vector == VECTOR_NM)
        clear_task_switched(v);
    enter(v, &e);
}

/* Both modes are ring 3; in the error code that the guest gets, the user bit says which of its modes it was. */
void pv_inject_page_fault(struct arch_vcpu *v, uint64_t cr2, uint32_t error)
{
    struct pv_guest *p = pv_guest(v);

    p->exit.cr2 = cr2;
    memcpy(v->upcall_pending + __builtin_offsetof(struct vcpu_info64, arch_cr2), &cr2, sizeof cr2);
    error = (error & ~(uint32_t)PAGE_FAULT_USER) | (p->kernel_mode ? 0 : PAGE_FAULT_USER);
    pv_inject(v, VECTOR_PF, error);
}

/* These have gates of their own in the processor's table, for speed: nobody asks the guest's. */
static bool always_allowed(unsigned vector)
{
    return vector == VECTOR_BP || vector == VECTOR_OF || vector == VECTOR_SYSTEM_CALL;
}

bool pv_inject_software(struct arch_vcpu *v, unsigned vector)
{
    const struct pv_guest *p = pv_guest(v);
    struct entry e = entry_of_gate(p, vector);
    unsigned ring = p->kernel_mode ? 1 : 3;

    if (!e.address || (p->trap[vector].dpl < ring && !always_allowed(vector)))
        return false;
    v->regs.rflags &= ~(uint64_t)RFLAGS_RF; /* the fault by which the hypervisor met it has set it */
    enter(v, &e);
    return true;
}

/* --- Callbacks */

static void enter_callback(struct arch_vcpu *v, unsigned type, const char *name)
{
    const struct pv_callback *callback = &pv_guest(v)->callback[type];

    enter(v, &(struct entry){
                 .address = callback->address,
                 .masks = callback->disables_events,
                 .has_segments = type == CALLBACKTYPE_failsafe,
                 .name = name,
             });
}

void pv_inject_events(struct arch_vcpu *v)
{
    const struct pv_callback *callback = &pv_guest(v)->callback[CALLBACKTYPE_event];

    enter(v, &(struct entry){.address = callback->address, .masks = true, .name = "events"});
}

/* The frame has what could not be loaded. */
void pv_inject_failsafe(struct arch_vcpu *v)
{
    struct pv_guest *p = pv_guest(v);

    enter_callback(v, CALLBACKTYPE_failsafe, "segments that are no more");
    p->ds = p->es = p->fs = p->gs = 0;
}

/* Until the handler is left by iret there is no other one. A guest without a handler loses it. */
void pv_inject_nmi(struct arch_vcpu *v)
{
    struct entry e = entry_of_gate(pv_guest(v), VECTOR_NMI);

    if (!e.address)
        return;
    pv_guest(v)->nmi_masked = true;
    enter(v, &e);
}

/* Without a callback it is the exception that a processor raises where the instruction is not enabled. */
void pv_inject_syscall(struct arch_vcpu *v)
{
    struct pv_guest *p = pv_guest(v);
    static const struct {
        uint8_t type, exception;
    } ways[] = {
        [PV_EXIT_SYSCALL - PV_EXIT_SYSCALL] = {CALLBACKTYPE_syscall, VECTOR_UD},
        [PV_EXIT_SYSCALL32 - PV_EXIT_SYSCALL] = {CALLBACKTYPE_syscall32, VECTOR_UD},
        [PV_EXIT_SYSENTER - PV_EXIT_SYSCALL] = {CALLBACKTYPE_sysenter, VECTOR_GP},
    };
    unsigned way = p->exit.vector - PV_EXIT_SYSCALL;

    if (p->callback[ways[way].type].address) {
        enter_callback(v, ways[way].type, "a system call");
        return;
    }
    v->regs.rip -= SYSCALL_LENGTH;
    pv_inject(v, ways[way].exception, 0);
}
