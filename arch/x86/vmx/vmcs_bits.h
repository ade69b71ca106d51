/* SPDX-License-Identifier: MIT */
/* Bits of VMCS controls and of interruption information (SDM Vol. 3C, sections 24.6 to 24.9). */
#ifndef ARCH_X86_VMX_VMCS_BITS_H
#define ARCH_X86_VMX_VMCS_BITS_H

/* Pin-based (24.6.1). */
#define PIN_EXTERNAL_INTERRUPT (1U << 0)
#define PIN_NMI (1U << 3)
#define PIN_VIRTUAL_NMIS (1U << 5)
#define PIN_PREEMPTION_TIMER (1U << 6)
#define PIN_POSTED_INTERRUPTS (1U << 7)

/* Primary processor-based (24.6.2). */
#define CPU_INTERRUPT_WINDOW (1U << 2)
#define CPU_TSC_OFFSETTING (1U << 3)
#define CPU_HLT (1U << 7)
#define CPU_INVLPG (1U << 9)
#define CPU_MWAIT (1U << 10)
#define CPU_RDPMC (1U << 11)
#define CPU_RDTSC (1U << 12)
#define CPU_CR3_LOAD (1U << 15)
#define CPU_CR3_STORE (1U << 16)
#define CPU_CR8_LOAD (1U << 19)
#define CPU_CR8_STORE (1U << 20)
#define CPU_TPR_SHADOW (1U << 21)
#define CPU_NMI_WINDOW (1U << 22)
#define CPU_MOV_DR (1U << 23)
#define CPU_UNCONDITIONAL_IO (1U << 24)
#define CPU_IO_BITMAPS (1U << 25)
#define CPU_MONITOR_TRAP (1U << 27)
#define CPU_MSR_BITMAPS (1U << 28)
#define CPU_MONITOR (1U << 29)
#define CPU_PAUSE (1U << 30)
#define CPU_SECONDARY (1U << 31)

/* Secondary processor-based. */
#define CPU2_APIC_ACCESSES (1U << 0)
#define CPU2_EPT (1U << 1)
#define CPU2_DESCRIPTOR_TABLE (1U << 2)
#define CPU2_RDTSCP (1U << 3)
#define CPU2_X2APIC (1U << 4)
#define CPU2_VPID (1U << 5)
#define CPU2_WBINVD (1U << 6)
#define CPU2_UNRESTRICTED (1U << 7)
#define CPU2_APIC_REGISTERS (1U << 8)
#define CPU2_INTERRUPT_DELIVERY (1U << 9)
#define CPU2_PAUSE_LOOP (1U << 10)
#define CPU2_RDRAND (1U << 11)
#define CPU2_INVPCID (1U << 12)
#define CPU2_VMFUNC (1U << 13)
#define CPU2_VMCS_SHADOWING (1U << 14)
#define CPU2_ENCLS (1U << 15)
#define CPU2_RDSEED (1U << 16)
#define CPU2_PML (1U << 17)
#define CPU2_VE (1U << 18)
#define CPU2_XSAVES (1U << 20)
#define CPU2_MODE_BASED_EXECUTE (1U << 22)
#define CPU2_SUB_PAGE (1U << 23)
#define CPU2_PT_GUEST_PHYSICAL (1U << 24)
#define CPU2_TSC_SCALING (1U << 25)

/* VM exit (24.7). */
#define EXIT_SAVE_DEBUG (1U << 2)
#define EXIT_HOST_64 (1U << 9)
#define EXIT_LOAD_PERF_GLOBAL (1U << 12)
#define EXIT_ACK_INTERRUPT (1U << 15)
#define EXIT_SAVE_PAT (1U << 18)
#define EXIT_LOAD_PAT (1U << 19)
#define EXIT_SAVE_EFER (1U << 20)
#define EXIT_LOAD_EFER (1U << 21)
#define EXIT_SAVE_PREEMPTION_TIMER (1U << 22)
#define EXIT_CLEAR_RTIT (1U << 25)
#define EXIT_LOAD_CET (1U << 28)
#define EXIT_LOAD_PKRS (1U << 29)

/* VM entry (24.8). */
#define ENTRY_LOAD_DEBUG (1U << 2)
#define ENTRY_GUEST_64 (1U << 9)
#define ENTRY_SMM (1U << 10)
#define ENTRY_DUAL_MONITOR (1U << 11)
#define ENTRY_LOAD_PERF_GLOBAL (1U << 13)
#define ENTRY_LOAD_PAT (1U << 14)
#define ENTRY_LOAD_EFER (1U << 15)
#define ENTRY_LOAD_BNDCFGS (1U << 16)
#define ENTRY_LOAD_RTIT (1U << 18)
#define ENTRY_LOAD_CET (1U << 20)
#define ENTRY_LOAD_PKRS (1U << 22)

/* Interruption information: entry (24.8.3), exit (24.9.2), IDT vectoring (24.9.3). */
#define INTERRUPT_VECTOR(i) ((uint8_t)(i))
#define INTERRUPT_TYPE_MASK (7U << 8)
#define INTERRUPT_TYPE_EXTERNAL (0U << 8)
#define INTERRUPT_TYPE_NMI (2U << 8)
#define INTERRUPT_TYPE_EXCEPTION (3U << 8)
#define INTERRUPT_TYPE_SOFT_INT (4U << 8)
#define INTERRUPT_TYPE_PRIV_EXCEPTION (5U << 8)
#define INTERRUPT_TYPE_SOFT_EXCEPTION (6U << 8)
#define INTERRUPT_TYPE_OTHER (7U << 8)
#define INTERRUPT_ERROR_VALID (1U << 11)
#define IRET_UNBLOCKED_NMI (1U << 12) /* at exits: by an IRET that did not complete (27.2.3) */
#define INTERRUPT_VALID (1U << 31)

/* Interruptibility (24.4.2). */
#define BLOCKED_BY_STI (1U << 0)
#define BLOCKED_BY_MOV_SS (1U << 1)
#define BLOCKED_BY_SMI (1U << 2)
#define BLOCKED_BY_NMI (1U << 3)
#define ENCLAVE_INTERRUPTED (1U << 4)

/* Activity (24.4.2). */
#define ACTIVITY_ACTIVE 0
#define ACTIVITY_HLT 1
#define ACTIVITY_SHUTDOWN 2
#define ACTIVITY_WAIT_SIPI 3

/* Segment access rights (24.4.1). */
#define AR_TYPE(ar) ((ar)&15)
#define AR_S (1U << 4)
#define AR_DPL(ar) (((ar) >> 5) & 3)
#define AR_P (1U << 7)
#define AR_L (1U << 13)
#define AR_DB (1U << 14)
#define AR_G (1U << 15)
#define AR_UNUSABLE (1U << 16)

/* Capability MSRs (appendix A). */
#define MSR_FEATURE_CONTROL 0x3a
#define FEATURE_CONTROL_LOCKED (1U << 0)
#define FEATURE_CONTROL_VMX_IN_SMX (1U << 1)
#define FEATURE_CONTROL_VMX (1U << 2)
#define MSR_VMX_BASIC 0x480
#define MSR_VMX_PIN 0x481
#define MSR_VMX_CPU 0x482
#define MSR_VMX_EXIT 0x483
#define MSR_VMX_ENTRY 0x484
#define MSR_VMX_MISC 0x485
#define MSR_VMX_CR0_FIXED0 0x486
#define MSR_VMX_CR0_FIXED1 0x487
#define MSR_VMX_CR4_FIXED0 0x488
#define MSR_VMX_CR4_FIXED1 0x489
#define MSR_VMX_CPU2 0x48b
#define MSR_VMX_EPT_VPID 0x48c
#define MSR_VMX_TRUE_PIN 0x48d
#define MSR_VMX_TRUE_CPU 0x48e
#define MSR_VMX_TRUE_EXIT 0x48f
#define MSR_VMX_TRUE_ENTRY 0x490
#define MSR_VMX_VMFUNC 0x491
#define VMX_BASIC_TRUE_CONTROLS (1ULL << 55)
#define VMX_BASIC_32BIT_ADDRESSES (1ULL << 48)
#define VMX_BASIC_ANY_ERROR_CODE (1ULL << 56)

/* IA32_VMX_MISC (appendix A.6). */
#define VMX_MISC_HLT (1ULL << 6)
#define VMX_MISC_SHUTDOWN (1ULL << 7)
#define VMX_MISC_WAIT_SIPI (1ULL << 8)
#define VMX_MISC_CR3_TARGETS(misc) (((misc) >> 16) & 0x1ff)
#define VMX_MISC_ZERO_LENGTH (1ULL << 30)

/* IA32_VMX_EPT_VPID_CAP (appendix A.10). */
#define EPT_CAP_WALK_4 (1ULL << 6)
#define EPT_CAP_WALK_5 (1ULL << 7)
#define EPT_CAP_UC (1ULL << 8)
#define EPT_CAP_WB (1ULL << 14)
#define EPT_CAP_2M (1ULL << 16)
#define EPT_CAP_1G (1ULL << 17)
#define EPT_CAP_INVEPT (1ULL << 20)
#define EPT_CAP_AD (1ULL << 21)
#define EPT_CAP_SHADOW_STACK (1ULL << 23)
#define EPT_CAP_INVEPT_CONTEXT (1ULL << 25)
#define EPT_CAP_INVEPT_ALL (1ULL << 26)
#define VPID_CAP_INVVPID (1ULL << 32)
#define VPID_CAP_CONTEXT (1ULL << 41)
#define VPID_CAP_ALL (1ULL << 42)

#endif
