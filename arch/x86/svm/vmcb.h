/* SPDX-License-Identifier: MIT */
/*
 * The virtual machine control block and its constants (APM Vol. 2, section 15 and appendix B).
 */
#ifndef ARCH_X86_SVM_VMCB_H
#define ARCH_X86_SVM_VMCB_H

#include <stdint.h>

/* Intercepts of vmcb.intercept[3], the first miscellaneous word (APM Vol. 2, table B-1). */
#define SVM_INTERCEPT_INTR (1U << 0)
#define SVM_INTERCEPT_NMI (1U << 1)
#define SVM_INTERCEPT_SMI (1U << 2)
#define SVM_INTERCEPT_INIT (1U << 3)
#define SVM_INTERCEPT_VINTR (1U << 4)
#define SVM_INTERCEPT_RDPMC (1U << 15)
#define SVM_INTERCEPT_CPUID (1U << 18)
#define SVM_INTERCEPT_RSM (1U << 19)
#define SVM_INTERCEPT_IRET (1U << 20)
#define SVM_INTERCEPT_INVD (1U << 22)
#define SVM_INTERCEPT_HLT (1U << 24)
#define SVM_INTERCEPT_INVLPGA (1U << 26)
#define SVM_INTERCEPT_IOIO (1U << 27)
#define SVM_INTERCEPT_MSR (1U << 28)
#define SVM_INTERCEPT_TASK_SWITCH (1U << 29)
#define SVM_INTERCEPT_FERR (1U << 30)
#define SVM_INTERCEPT_SHUTDOWN (1U << 31)
/* ... and of vmcb.intercept[4], the second. */
#define SVM_INTERCEPT_VMRUN (1U << 0)
#define SVM_INTERCEPT_VMMCALL (1U << 1)
#define SVM_INTERCEPT_VMLOAD (1U << 2)
#define SVM_INTERCEPT_VMSAVE (1U << 3)
#define SVM_INTERCEPT_STGI (1U << 4)
#define SVM_INTERCEPT_CLGI (1U << 5)
#define SVM_INTERCEPT_SKINIT (1U << 6)
#define SVM_INTERCEPT_RDTSCP (1U << 7)
#define SVM_INTERCEPT_WBINVD (1U << 9)
#define SVM_INTERCEPT_MONITOR (1U << 10)
#define SVM_INTERCEPT_MWAIT (1U << 11)
#define SVM_INTERCEPT_MWAIT_ARMED (1U << 12)
#define SVM_INTERCEPT_XSETBV (1U << 13)
#define SVM_INTERCEPT_RDPRU (1U << 14)

/* Exit codes (APM Vol. 2, appendix C). */
#define SVM_EXIT_CR_WRITE(n) (0x10U + (n))
#define SVM_EXIT_DR_READ(n) (0x20U + (n))
#define SVM_EXIT_DR_WRITE(n) (0x30U + (n))
#define SVM_EXIT_EXCEPTION(n) (0x40U + (n))
#define SVM_EXIT_INTR 0x60U
#define SVM_EXIT_NMI 0x61U
#define SVM_EXIT_SMI 0x62U
#define SVM_EXIT_INIT 0x63U
#define SVM_EXIT_VINTR 0x64U
#define SVM_EXIT_RDTSC 0x6EU
#define SVM_EXIT_RDPMC 0x6FU
#define SVM_EXIT_CPUID 0x72U
#define SVM_EXIT_RSM 0x73U
#define SVM_EXIT_IRET 0x74U
#define SVM_EXIT_INVD 0x76U
#define SVM_EXIT_HLT 0x78U
#define SVM_EXIT_INVLPGA 0x7AU
#define SVM_EXIT_IOIO 0x7BU
#define SVM_EXIT_MSR 0x7CU
#define SVM_EXIT_TASK_SWITCH 0x7DU
#define SVM_EXIT_FERR 0x7EU
#define SVM_EXIT_SHUTDOWN 0x7FU
#define SVM_EXIT_VMRUN 0x80U
#define SVM_EXIT_VMMCALL 0x81U
#define SVM_EXIT_VMLOAD 0x82U
#define SVM_EXIT_VMSAVE 0x83U
#define SVM_EXIT_STGI 0x84U
#define SVM_EXIT_CLGI 0x85U
#define SVM_EXIT_SKINIT 0x86U
#define SVM_EXIT_RDTSCP 0x87U
#define SVM_EXIT_WBINVD 0x89U
#define SVM_EXIT_MONITOR 0x8AU
#define SVM_EXIT_MWAIT 0x8BU
#define SVM_EXIT_MWAIT_ARMED 0x8CU
#define SVM_EXIT_XSETBV 0x8DU
#define SVM_EXIT_RDPRU 0x8EU
#define SVM_NR_EXITS 0x8FU
#define SVM_EXIT_NPF 0x400U
#define SVM_EXIT_INVALID UINT64_MAX

/* vmcb.vintr (APM Vol. 2, section 15.21). */
#define SVM_V_IRQ (1ULL << 8)
#define SVM_V_INTR_PRIO(n) ((uint64_t)(n) << 16)
#define SVM_V_IGN_TPR (1ULL << 20)
#define SVM_V_INTR_MASKING (1ULL << 24)

/* vmcb.event_inject and vmcb.exit_int_info (APM Vol. 2, section 15.20). */
#define SVM_EVENT_VECTOR(e) ((uint8_t)(e))
#define SVM_EVENT_TYPE_MASK (7ULL << 8)
#define SVM_EVENT_TYPE_INTR (0ULL << 8)
#define SVM_EVENT_TYPE_NMI (2ULL << 8)
#define SVM_EVENT_TYPE_EXCEPTION (3ULL << 8)
#define SVM_EVENT_TYPE_SOFT_INT (4ULL << 8)
#define SVM_EVENT_ERROR_VALID (1ULL << 11)
#define SVM_EVENT_VALID (1ULL << 31)

#define SVM_TLB_FLUSH_ALL 1U /* vmcb.tlb_control */

#define SVM_INTERRUPT_SHADOW 1ULL /* vmcb.interrupt_shadow */

struct svm_segment {
    uint16_t selector;
    uint16_t attrib; /* type:4 s:1 dpl:2 p:1 avl:1 l:1 db:1 g:1 */
    uint32_t limit;
    uint64_t base;
};

struct vmcb {
    uint32_t intercept[6]; /* CR, DR, exceptions, misc 1, misc 2, misc 3 */
    uint8_t reserved0[0x03C - 0x018];
    uint16_t pause_filter_threshold;
    uint16_t pause_filter_count;
    uint64_t iopm_base;
    uint64_t msrpm_base;
    uint64_t tsc_offset;
    uint32_t asid;
    uint8_t tlb_control;
    uint8_t reserved1[3];
    uint64_t vintr;
    uint64_t interrupt_shadow;
    uint64_t exit_code;
    uint64_t exit_info1;
    uint64_t exit_info2;
    uint64_t exit_int_info;
    uint64_t nested_control;
    uint8_t reserved2[0x0A8 - 0x098];
    uint64_t event_inject;
    uint64_t nested_cr3;
    uint64_t lbr_control;
    uint64_t clean;
    uint64_t next_rip;
    uint8_t reserved3[0x400 - 0x0D0];

    struct svm_segment es, cs, ss, ds, fs, gs, gdtr, ldtr, idtr, tr;
    uint8_t reserved4[0x4CB - 0x4A0];
    uint8_t cpl;
    uint32_t reserved5;
    uint64_t efer;
    uint8_t reserved6[0x548 - 0x4D8];
    uint64_t cr4, cr3, cr0, dr7, dr6, rflags, rip;
    uint8_t reserved7[0x5D8 - 0x580];
    uint64_t rsp;
    uint8_t reserved8[0x5F8 - 0x5E0];
    uint64_t rax;
    uint64_t star, lstar, cstar, sfmask, kernel_gs_base;
    uint64_t sysenter_cs, sysenter_esp, sysenter_eip;
    uint64_t cr2;
    uint8_t reserved9[0x668 - 0x648];
    uint64_t g_pat;
    uint64_t dbgctl, br_from, br_to, last_excp_from, last_excp_to;
    uint8_t reserved10[0x1000 - 0x698];
};

#define VMCB_AT(field, offset) _Static_assert(__builtin_offsetof(struct vmcb, field) == (offset), "APM table B")
VMCB_AT(pause_filter_threshold, 0x03C);
VMCB_AT(iopm_base, 0x040);
VMCB_AT(asid, 0x058);
VMCB_AT(tlb_control, 0x05C);
VMCB_AT(vintr, 0x060);
VMCB_AT(exit_code, 0x070);
VMCB_AT(nested_control, 0x090);
VMCB_AT(event_inject, 0x0A8);
VMCB_AT(nested_cr3, 0x0B0);
VMCB_AT(clean, 0x0C0);
VMCB_AT(next_rip, 0x0C8);
VMCB_AT(es, 0x400);
VMCB_AT(tr, 0x490);
VMCB_AT(cpl, 0x4CB);
VMCB_AT(efer, 0x4D0);
VMCB_AT(cr4, 0x548);
VMCB_AT(rip, 0x578);
VMCB_AT(rsp, 0x5D8);
VMCB_AT(rax, 0x5F8);
VMCB_AT(star, 0x600);
VMCB_AT(cr2, 0x640);
VMCB_AT(g_pat, 0x668);
_Static_assert(sizeof(struct vmcb) == 4096, "APM table B");

/*
 * The processor's own consistency checks at VMRUN (APM Vol. 2, section 15.5.1), as a pure function: the first rule that
 * the block breaks, in words, or NULL. Called when an entry failed.
 */
const char *vmcb_broken_rule(const struct vmcb *vmcb);
/* Every field that matters for an entry, with its name, to the console. */
void vmcb_dump(const struct vmcb *vmcb);

#endif
