/* SPDX-License-Identifier: MIT */
/*
 * A vcpu comes to a CPU and leaves it, and goes from one of its modes to the other. While it is loaded the processor
 * has its page tables, descriptors, segments, debug registers and floating-point state, in the hypervisor too; an hvm
 * container brings all of these along itself, but finds the hypervisor's own where it saves them.
 *
 * In the hypervisor KERNEL_GS_BASE is the guest's base of %gs (entry.S).
 */
#include "arch/x86/cpu.h"
#include "arch/x86/creg.h"
#include "arch/x86/descriptors.h"
#include "arch/x86/fpu.h"
#include "arch/x86/msr.h"
#include "arch/x86/paging.h"
#include "arch/x86/pv/container.h"
#include "arch/x86/pv/env.h"
#include "arch/x86/pv/setup.h"
#include "arch/x86/traps.h"

#define MSR_SYSENTER_CS 0x174
#define CR4_OF_GUESTS (CR4_DE | CR4_TSD | CR4_FSGSBASE)
#define DR7_NONE 0x400ULL

/* --- Modes */
static uint64_t root_of(const struct pv_guest *p)
{
    return p->kernel_mode ? p->mmu.kernel_root : p->mmu.user_root;
}

void pv_enter_kernel_mode(struct arch_vcpu *v)
{
    struct pv_guest *p = pv_guest(v);

    p->gs_base_user = rdmsr(MSR_KERNEL_GS_BASE);
    wrmsr(MSR_KERNEL_GS_BASE, p->gs_base_kernel);
    p->kernel_mode = true;
    pv_write_cr3(root_of(p));
}

void pv_enter_user_mode(struct arch_vcpu *v)
{
    struct pv_guest *p = pv_guest(v);

    p->gs_base_kernel = rdmsr(MSR_KERNEL_GS_BASE);
    wrmsr(MSR_KERNEL_GS_BASE, p->gs_base_user);
    p->kernel_mode = false;
    pv_write_cr3(root_of(p));
}

/* --- Segment registers */

/* Load one in ring 0: 0, or the exception. The base of %gs that changes is the guest's. */
#define LOADER(name, before, after)                                            \
    static unsigned load_##name(uint16_t selector)                             \
    {                                                                          \
        uint64_t vector = 0;                                                   \
        __asm__ volatile(before "1: movl %k1, %%" #name "\n"                   \
                                "2:\n" after ".pushsection .ex_table, \"a\"\n" \
                                ".balign 8\n"                                  \
                                ".quad 1b, 2b, 1\n"                            \
                                ".popsection\n"                                \
                         : "+a"(vector)                                        \
                         : "d"(selector)                                       \
                         : "rcx", "memory");                                   \
        return (unsigned)vector;                                               \
    }
LOADER(ds, "", "")
LOADER(es, "", "")
LOADER(fs, "", "")
LOADER(gs, "swapgs\n", "swapgs\n")

/* A page of the LDT that was not there may be now. */
static bool load_selector(struct arch_vcpu *v, unsigned (*load)(uint16_t), uint16_t selector)
{
    unsigned vector = load(selector);

    if (vector == VEC_PF && !pv_ldt_map(pv_guest(v), read_cr2()))
        vector = load(selector);
    if (vector)
        (void)load(0);
    return !vector;
}

SELECTOR_READER(ds)
SELECTOR_READER(es)
SELECTOR_READER(fs)
SELECTOR_READER(gs)

static uint64_t *gs_base_of_mode(struct pv_guest *p)
{
    return p->kernel_mode ? &p->gs_base_kernel : &p->gs_base_user;
}

void pv_segments_save(struct arch_vcpu *v)
{
    struct pv_guest *p = pv_guest(v);

    if (p->segments_lost)
        return;
    p->ds = selector_ds();
    p->es = selector_es();
    p->fs = selector_fs();
    p->gs = selector_gs();
    p->fs_base = rdmsr(MSR_FS_BASE);
    *gs_base_of_mode(p) = rdmsr(MSR_KERNEL_GS_BASE);
}

static void clear_selectors(void)
{
    (void)load_ds(0);
    (void)load_es(0);
    (void)load_fs(0);
    (void)load_gs(0);
}

/* A base that no selector brings is loaded behind it. */
static void load_segments(struct arch_vcpu *v)
{
    struct pv_guest *p = pv_guest(v);
    bool ok = load_selector(v, load_ds, p->ds);

    ok &= load_selector(v, load_es, p->es);
    ok &= load_selector(v, load_fs, p->fs);
    ok &= load_selector(v, load_gs, p->gs);
    if (!ok)
        clear_selectors();
    wrmsr(MSR_FS_BASE, p->fs_base);
    wrmsr(MSR_KERNEL_GS_BASE, *gs_base_of_mode(p));
    p->segments_lost = !ok;
}

void pv_load_fs_base(struct arch_vcpu *v, uint64_t base)
{
    (void)v;
    wrmsr(MSR_FS_BASE, base);
}

void pv_load_gs_base(struct arch_vcpu *v, uint64_t base)
{
    (void)v;
    wrmsr(MSR_KERNEL_GS_BASE, base);
}

bool pv_load_user_gs(struct arch_vcpu *v, uint16_t selector)
{
    uint64_t kernel_base = rdmsr(MSR_KERNEL_GS_BASE);

    wrmsr(MSR_KERNEL_GS_BASE, 0);
    bool ok = load_selector(v, load_gs, selector);
    pv_guest(v)->gs_base_user = rdmsr(MSR_KERNEL_GS_BASE);
    wrmsr(MSR_KERNEL_GS_BASE, kernel_base);
    return ok;
}

/* --- Control and debug registers */
void pv_load_task_switched(struct arch_vcpu *v)
{
    uint64_t cr0 = read_cr0(), wanted = (cr0 & ~(uint64_t)CR0_TS) | (pv_guest(v)->cr0 & CR0_TS);

    if (cr0 != wanted)
        write_cr0(wanted);
}

static void load_cr4(uint64_t bits)
{
    uint64_t cr4 = read_cr4(), wanted = (cr4 & ~(uint64_t)CR4_OF_GUESTS) | (bits & CR4_OF_GUESTS);

    if (cr4 != wanted)
        write_cr4(wanted);
}

void pv_load_cr4(struct arch_vcpu *v)
{
    load_cr4(pv_guest(v)->cr4);
}

static void write_dr7(uint64_t value)
{
    __asm__ volatile("movq %0, %%dr7" : : "r"(value));
}

void pv_load_debug_registers(struct arch_vcpu *v)
{
    struct pv_guest *p = pv_guest(v);
    uint64_t control = pv_debug_control(p);

    if (p->debug_loaded)
        write_dr7(DR7_NONE);
    p->debug_loaded = control != 0;
    if (!p->debug_loaded)
        return;
    __asm__ volatile("movq %0, %%dr0" : : "r"(p->dr[0]));
    __asm__ volatile("movq %0, %%dr1" : : "r"(p->dr[1]));
    __asm__ volatile("movq %0, %%dr2" : : "r"(p->dr[2]));
    __asm__ volatile("movq %0, %%dr3" : : "r"(p->dr[3]));
    write_dr7(control);
}

static void unload_debug_registers(struct pv_guest *p)
{
    if (p->debug_loaded)
        write_dr7(DR7_NONE);
    p->debug_loaded = false;
}

/* --- The vcpu */

/* SYSENTER stays what it is without an entry point: a #GP. */
static void load_system_call_msrs(void)
{
    wrmsr(MSR_STAR, (uint64_t)SEL_GUEST_CODE32 << 48 | (uint64_t)SEL_CODE64 << 32);
    wrmsr(MSR_LSTAR, (uint64_t)pv_syscall);
    wrmsr(MSR_CSTAR, (uint64_t)pv_syscall32);
    wrmsr(MSR_FMASK, PV_SYSCALL_MASK);
    wrmsr(MSR_SYSENTER_CS, 0);
}

void pv_load(struct arch_vcpu *v)
{
    struct cpu *cpu = this_cpu();
    struct pv_guest *p = pv_guest(v);

    v->cpu = cpu->id;
    __atomic_store_n(&cpu->vcpu, v, __ATOMIC_SEQ_CST);
    pv_write_cr3(root_of(p));
    load_system_call_msrs();
    pv_load_gdt(p);
    pv_load_ldtr(p);
    load_cr4(p->cr4);
    load_segments(v);
    fpu_load(v);
    pv_load_task_switched(v);
    pv_load_debug_registers(v);
    p->exit.vector = PV_EXIT_NONE;
}

/* What the processor may not keep: selectors of a table that is no longer there, and the guest's page tables. */
void pv_unload(struct arch_vcpu *v)
{
    struct cpu *cpu = this_cpu();

    pv_segments_save(v);
    unload_debug_registers(pv_guest(v));
    write_cr0(read_cr0() & ~(uint64_t)CR0_TS);
    fpu_save(v);
    clear_selectors();
    __asm__ volatile("lldt %0" : : "r"((uint16_t)0) : "memory");
    descriptors_load_gdt(cpu->gdt);
    load_cr4(0);
    pv_write_cr3(paging_root() >> PAGE_SHIFT);
    __atomic_store_n(&cpu->vcpu, NULL, __ATOMIC_SEQ_CST);
}
