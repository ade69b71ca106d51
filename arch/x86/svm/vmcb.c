/* SPDX-License-Identifier: MIT */
/* The control structure: its life, and the state that a vcpu starts with. */
#include "arch/x86/svm/svm.h"

#include "arch/x86/paging.h"
#include "arch/x86/regs.h"
#include "common/string.h"
#include "guest/abi/errno.h"
#include "kernel/door.h"

#define PAT_AT_RESET 0x0007040600070406ULL
#define DR6_AT_RESET 0xffff0ff0ULL
#define DR7_AT_RESET 0x400ULL

#define EXCEPTION_DB 1
#define EXCEPTION_AC 17
#define EXCEPTION_MC 18

/* What leaves the guest, by word of vmcb.intercept (APM Vol. 2, section 15.7 and on). */
static const uint32_t intercepts[6] = {
    [0] = 1U << (16 + 4), /* writes to CR4 */
    [1] = 0xffffffff,     /* all debug registers, until the guest uses one */
    [2] = 1U << EXCEPTION_DB | 1U << EXCEPTION_AC | 1U << EXCEPTION_MC, /* #DB, #AC: no endless loop in microcode */
    [3] = SVM_INTERCEPT_INTR | SVM_INTERCEPT_NMI | SVM_INTERCEPT_SMI | SVM_INTERCEPT_INIT | SVM_INTERCEPT_RDPMC |
          SVM_INTERCEPT_CPUID | SVM_INTERCEPT_RSM | SVM_INTERCEPT_INVD | SVM_INTERCEPT_HLT | SVM_INTERCEPT_INVLPGA |
          SVM_INTERCEPT_IOIO | SVM_INTERCEPT_MSR | SVM_INTERCEPT_TASK_SWITCH | SVM_INTERCEPT_FERR |
          SVM_INTERCEPT_SHUTDOWN,
    [4] = SVM_INTERCEPT_VMRUN | SVM_INTERCEPT_VMMCALL | SVM_INTERCEPT_VMLOAD | SVM_INTERCEPT_VMSAVE |
          SVM_INTERCEPT_STGI | SVM_INTERCEPT_CLGI | SVM_INTERCEPT_SKINIT | SVM_INTERCEPT_RDTSCP | SVM_INTERCEPT_WBINVD |
          SVM_INTERCEPT_MONITOR | SVM_INTERCEPT_MWAIT | SVM_INTERCEPT_MWAIT_ARMED | SVM_INTERCEPT_XSETBV |
          SVM_INTERCEPT_RDPRU,
};

int svm_vcpu_init(struct arch_vcpu *v)
{
    uint64_t own = door_alloc_frames(0), vmcb = door_alloc_frames(0);

    if (!own || !vmcb || fpu_init(v)) {
        if (own)
            door_free_frames(own, 0);
        if (vmcb)
            door_free_frames(vmcb, 0);
        return -XEN_ENOMEM;
    }
    struct svm_vcpu *sv = mfn_to_virt(own);
    sv->vmcb = mfn_to_virt(vmcb);
    sv->vmcb_pa = vmcb << PAGE_SHIFT;
    v->hw = sv;
    return 0;
}

void svm_vcpu_free(struct arch_vcpu *v)
{
    struct svm_vcpu *sv = svm_vcpu(v);

    fpu_free(v);
    if (!sv)
        return;
    door_free_frames(sv->vmcb_pa >> PAGE_SHIFT, 0);
    door_free_frames(virt_to_mfn(sv), 0);
    v->hw = NULL;
}

/* The VMCB packs the access rights of a segment into 12 bits: bits 8-11 of the memory format are left out. */
static struct svm_segment segment(const struct vcpu_segment *s)
{
    return (struct svm_segment){
        .selector = s->selector,
        .attrib = (uint16_t)((s->ar & 0xff) | ((s->ar >> 4) & 0xf00)),
        .limit = s->limit,
        .base = s->base,
    };
}

void svm_vcpu_start(struct arch_vcpu *v, const struct vcpu_start *start)
{
    struct svm_vcpu *sv = svm_vcpu(v);
    struct vmcb *vmcb = sv->vmcb;

    memset(vmcb, 0, sizeof(*vmcb));
    memcpy(vmcb->intercept, intercepts, sizeof(intercepts));
    vmcb->iopm_base = svm_iopm_pa;
    vmcb->msrpm_base = svm_msrpm_pa;
    vmcb->vintr = SVM_V_INTR_MASKING;
    vmcb->nested_control = 1;
    vmcb->nested_cr3 = v->dom->nested_root << PAGE_SHIFT;

    vmcb->cs = segment(&start->cs);
    vmcb->ds = segment(&start->ds);
    vmcb->es = segment(&start->es);
    vmcb->ss = segment(&start->ss);
    vmcb->fs = vmcb->gs = (struct svm_segment){0};
    vmcb->tr = segment(&start->tr);
    vmcb->ldtr = (struct svm_segment){.attrib = 0x82}; /* LDT, present, empty */
    vmcb->cpl = (start->ss.ar >> 5) & 3;
    vmcb->cr0 = start->cr0;
    vmcb->cr3 = start->cr3;
    vmcb->cr4 = start->cr4;
    vmcb->efer = start->efer | EFER_SVME; /* VMRUN demands it; the guest does not see it */
    vmcb->dr6 = DR6_AT_RESET;
    vmcb->dr7 = DR7_AT_RESET;
    vmcb->g_pat = PAT_AT_RESET;

    v->regs = start->regs;
    v->regs.rflags |= RFLAGS_FIXED;
    sv->asid_generation = 0;
    sv->debug_loaded = false;
    sv->nmi_blocked = false;
    sv->vmmcall_length = 0;
    memset(sv->dr, 0, sizeof(sv->dr));
    fpu_reset(v);
}
