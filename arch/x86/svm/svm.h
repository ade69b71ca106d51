/* SPDX-License-Identifier: MIT */
/*
 * What the five files of the SVM back end share:
 *   vmcb.c    control structure: its life, the state that a vcpu starts with (vmcb_check.c: its rules, its fields)
 *   caps.c    capabilities: what the processor has, turning it on and off
 *   switch.S  world switch
 *   exits.c   exit handling
 *   npt.c     nested paging (the tables themselves: arch/x86/nested.c)
 * run.c binds them to struct virt_ops.
 */
#ifndef ARCH_X86_SVM_SVM_H
#define ARCH_X86_SVM_SVM_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/x86/cpu.h"
#include "arch/x86/fpu.h"
#include "arch/x86/hvm.h"
#include "arch/x86/svm/judge.h"
#include "arch/x86/svm/vmcb.h"
#include "arch/x86/virt.h"

/* Hangs on arch_vcpu.hw. Only the CPU that has the vcpu loaded touches it. */
struct svm_vcpu {
    struct vmcb *vmcb;
    uint64_t vmcb_pa;
    uint64_t asid_generation; /* svm_cpu.generation when vmcb->asid was taken; 0 = none */
    uint32_t asid_cpu;
    bool nmi_blocked;  /* an NMI was injected and the guest has not executed IRET since */
    bool debug_loaded; /* the guest uses debug registers: DR0-DR3 are switched, accesses not intercepted */
    uint64_t dr[4];
    /* Where the last VMMCALL was decoded, and how long it is: a guest's hypercalls come from few places. */
    uint64_t vmmcall_rip, vmmcall_cr3;
    unsigned vmmcall_length;
};

/* Hangs on cpu.virt, in a page of its own. */
struct svm_cpu {
    uint64_t host_vmcb_pa; /* where VMSAVE keeps the hypervisor's FS, GS, TR, ... */
    uint64_t save_area_pa; /* VM_HSAVE_PA */
    uint64_t generation;   /* of ASIDs; a new one begins with a flush of all */
    uint32_t next_asid;
    bool flush_all; /* the next entry flushes */
};

extern struct svm_caps svm_caps;
extern uint64_t svm_iopm_pa;  /* I/O permission map: everything intercepted */
extern uint64_t svm_msrpm_pa; /* MSR permission map: see caps.c */

static inline struct svm_vcpu *svm_vcpu(const struct arch_vcpu *v)
{
    return v->hw;
}

static inline struct vmcb *svm_vmcb(const struct arch_vcpu *v)
{
    return svm_vcpu(v)->vmcb;
}

/* caps.c */
int svm_probe(struct virt_report *report);
int svm_cpu_enable(void);
void svm_cpu_disable(void);

/* vmcb.c */
int svm_vcpu_init(struct arch_vcpu *v);
void svm_vcpu_free(struct arch_vcpu *v);
void svm_vcpu_start(struct arch_vcpu *v, const struct vcpu_start *start);

/* switch.S: runs the guest until the next exit. General registers but rax and rsp are loaded from and stored to *regs;
 * FS, GS, TR, ... are the guest's inside and the hypervisor's outside. Called and returns with GIF = 0. */
void svm_switch(struct guest_regs *regs, uint64_t vmcb_pa, uint64_t host_vmcb_pa);

/* exits.c: acts on vmcb->exit_code. rip, rsp, rax, rflags are in v->regs, before and after. */
void svm_handle_exit(struct arch_vcpu *v);
/* Queue an exception for the next entry; error is ignored for vectors without an error code. */
void svm_inject_exception(struct arch_vcpu *v, unsigned vector, uint32_t error);

/* run.c */
extern const struct virt_ops svm_ops;
struct guest_paging svm_paging(const struct arch_vcpu *v);
bool svm_is_64bit(const struct arch_vcpu *v);
void svm_debug_unload(struct svm_vcpu *sv); /* save DR0-DR3 and intercept accesses again */
void svm_debug_load(struct svm_vcpu *sv);   /* the other way round */

/* npt.c */
int svm_map(struct arch_domain *d, uint64_t gfn, uint64_t mfn, unsigned order, bool writable);

#endif
