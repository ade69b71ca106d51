/* SPDX-License-Identifier: MIT */
/* Bits of registers and page-table entries (SDM vol. 3, 2.5, 4.5; APM vol. 2, 3). Included by assembly too. */
#ifndef ARCH_X86_REGS_H
#define ARCH_X86_REGS_H

#define RFLAGS_FIXED (1 << 1)
#define RFLAGS_TF (1 << 8)
#define RFLAGS_IF (1 << 9)
#define RFLAGS_IOPL (3 << 12)
#define RFLAGS_IOPL_SHIFT 12
#define RFLAGS_NT (1 << 14)
#define RFLAGS_RF (1 << 16)
#define RFLAGS_VM (1 << 17)
#define RFLAGS_AC (1 << 18)
#define RFLAGS_ID (1 << 21)

#define CR0_PE (1 << 0)
#define CR0_MP (1 << 1)
#define CR0_EM (1 << 2)
#define CR0_TS (1 << 3)
#define CR0_ET (1 << 4)
#define CR0_NE (1 << 5)
#define CR0_WP (1 << 16)
#define CR0_AM (1 << 18)
#define CR0_NW (1 << 29)
#define CR0_CD (1 << 30)
#define CR0_PG 0x80000000

#define DR6_SINGLE_STEP (1 << 14)

#define CR4_TSD (1 << 2)
#define CR4_DE (1 << 3)
#define CR4_PSE (1 << 4)
#define CR4_PAE (1 << 5)
#define CR4_MCE (1 << 6)
#define CR4_PGE (1 << 7)
#define CR4_OSFXSR (1 << 9)
#define CR4_OSXMMEXCPT (1 << 10)
#define CR4_UMIP (1 << 11)
#define CR4_PCIDE (1 << 17)
#define CR4_FSGSBASE (1 << 16)
#define CR4_OSXSAVE (1 << 18)
#define CR4_SMEP (1 << 20)
#define CR4_SMAP (1 << 21)

#define MSR_APIC_BASE 0x1b
#define MSR_TSC 0x10
#define MSR_PAT 0x277
#define MSR_X2APIC_BASE 0x800
#define MSR_EFER 0xc0000080
#define MSR_STAR 0xc0000081
#define MSR_LSTAR 0xc0000082
#define MSR_CSTAR 0xc0000083
#define MSR_FMASK 0xc0000084
#define MSR_FS_BASE 0xc0000100
#define MSR_GS_BASE 0xc0000101
#define MSR_KERNEL_GS_BASE 0xc0000102

#define EFER_SCE (1 << 0)
#define EFER_LME (1 << 8)
#define EFER_LMA (1 << 10)
#define EFER_NXE (1 << 11)
#define EFER_SVME (1 << 12)

#define CPUID_1_EDX_TSC (1 << 4)
#define CPUID_1_EDX_APIC (1 << 9)
#define CPUID_1_EDX_PGE (1 << 13)
#define CPUID_1_EDX_MCE (1 << 7)
#define CPUID_1_ECX_X2APIC (1 << 21)
#define CPUID_1_ECX_TSC_DEADLINE (1 << 24)
#define CPUID_1_ECX_XSAVE (1 << 26)
#define CPUID_1_ECX_HYPERVISOR 0x80000000
#define CPUID_7_EBX_SMEP (1 << 7)
#define CPUID_7_EBX_SMAP (1 << 20)
#define CPUID_7_ECX_UMIP (1 << 2)
#define CPUID_80000007_EDX_INVARIANT_TSC (1 << 8)
#define CPUID_80000001_EDX_NX (1 << 20)
#define CPUID_80000001_EDX_PAGE1GB (1 << 26)
#define CPUID_80000001_EDX_LM (1 << 29)

#define PAGE_FAULT_PRESENT (1 << 0) /* error code of a page fault */
#define PAGE_FAULT_WRITE (1 << 1)
#define PAGE_FAULT_USER (1 << 2)

#define PTE_PRESENT 0x1
#define PTE_WRITE 0x2
#define PTE_USER 0x4
#define PTE_PWT 0x8
#define PTE_PCD 0x10
#define PTE_ACCESSED 0x20
#define PTE_DIRTY 0x40
#define PTE_LARGE 0x80
#define PTE_GLOBAL 0x100
#define PTE_NX 0x8000000000000000
#define PTE_ADDRESS 0x000ffffffffff000

#define L4_SLOT(va) (((va) >> 39) & 511)

#endif
