/* SPDX-License-Identifier: MIT */
/*
 * A 64-bit pv guest: its start of day, the state of a vcpu, traps, segments and modes; public headers xen.h,
 * arch-x86/xen.h and arch-x86/xen-x86_64.h. There are no 32-bit pv guests here. Page tables are in mmu.h.
 */
#ifndef GUEST_ABI_PV_H
#define GUEST_ABI_PV_H

#include <stdint.h>

/* --- Start of day: vcpu 0 begins with the address of this in %rsi --- */

#define MAX_GUEST_CMDLINE 1024

#define SIF_MULTIBOOT_MOD (1U << 2)   /* the module is a list of multiboot modules */
#define SIF_MOD_START_PFN (1U << 3)   /* mod_start is a pfn, and nothing maps the module */
#define SIF_VIRT_P2M_4TOOLS (1U << 4) /* tools understand a p2m list that only an address names */

struct start_info {
    char magic[32];       /* "xen-<version>-<platform>" */
    uint64_t nr_pages;    /* of the domain */
    uint64_t shared_info; /* machine address */
    uint32_t flags;       /* SIF_* */
    uint32_t pad0;
    uint64_t store_mfn;    /* machine frame of the store's page */
    uint32_t store_evtchn; /* port of the store */
    uint32_t pad1;
    union {
        struct {
            uint64_t mfn;    /* machine frame of the console's page */
            uint32_t evtchn; /* port of the console */
            uint32_t pad;
        } domU;
        struct {
            uint32_t info_off;  /* console_info: bytes from the start of this structure */
            uint32_t info_size; /* and its size */
        } dom0;
    } console;
    uint64_t pt_base;                   /* address of the L4 table */
    uint64_t nr_pt_frames;              /* page tables, from there on */
    uint64_t mfn_list;                  /* address of the p2m list, nr_pages machine frames */
    uint64_t mod_start;                 /* address of the module, or SIF_MOD_START_PFN */
    uint64_t mod_len;                   /* its bytes */
    int8_t cmd_line[MAX_GUEST_CMDLINE]; /* as theirs: of the sign, too */
    uint64_t first_p2m_pfn; /* with a list at an address that the guest chose: where it lies in memory ... */
    uint64_t nr_p2m_frames; /* ... and its frames */
};

/* --- The address space --- */

#define HYPERVISOR_VIRT_START 0xFFFF800000000000 /* up to ..._END: nothing of the guest's is here */
#define HYPERVISOR_VIRT_END 0xFFFF880000000000
#define MACH2PHYS_VIRT_START 0xFFFF800000000000 /* uint64_t[]: the pfn of each machine frame, readable */
#define MACH2PHYS_VIRT_END 0xFFFF804000000000

/* --- Segments: what every descriptor table of a pv guest has, and the bases --- */

#define FLAT_RING3_CS32 0xe023
#define FLAT_RING3_CS64 0xe033
#define FLAT_RING3_DS32 0xe02b
#define FLAT_RING3_DS64 0x0000
#define FLAT_RING3_SS32 0xe02b
#define FLAT_RING3_SS64 0xe02b

#define SEGBASE_FS 0
#define SEGBASE_GS_USER 1
#define SEGBASE_GS_KERNEL 2
#define SEGBASE_GS_USER_SEL 3 /* bits 15:0 of the base are a selector for user mode's %gs */

/* --- Traps --- */

/* set_trap_table takes a list of these, ended by one whose address is 0. */
struct trap_info {
    uint8_t vector;
    uint8_t flags; /* TI_* */
    uint16_t cs;
    uint32_t pad;
    uint64_t address; /* 0: no handler */
};

/* Their TI_GET_DPL and TI_GET_IF are for these bits of trap_info.flags. */
#define GUEST_ABI_TI_DPL 3U /* who may raise it by INT: 0 nobody, 1 and 2 the kernel, 3 all */
#define GUEST_ABI_TI_IF 4U  /* the handler starts with events masked */

/*
 * The stack of a handler, from %rsp up: rcx, r11, [error code], rip, cs, rflags, rsp, ss. Bits 32 to 39 of the word
 * with cs are the upcall mask from before (saved_upcall_mask).
 */

/* What the iret hypercall finds at %rsp. */
struct iret_context {
    uint64_t rax, r11, rcx;
    uint64_t flags; /* VGCF_in_syscall or 0 */
    uint64_t rip;
    uint64_t cs; /* RPL 0 to 2: the kernel; 3: user mode */
    uint64_t rflags;
    uint64_t rsp;
    uint64_t ss;
};

/* --- VCPUOP_initialise --- */

struct cpu_user_regs {
    uint64_t r15, r14, r13, r12;
    uint64_t rbp, rbx;
    uint64_t r11, r10, r9, r8;
    uint64_t rax, rcx, rdx, rsi, rdi;
    uint32_t error_code, entry_vector; /* the hypervisor's own */
    uint64_t rip;
    uint16_t cs, pad0[1];
    uint8_t saved_upcall_mask;
    uint8_t pad1[3];
    uint64_t rflags; /* IF is !saved_upcall_mask */
    uint64_t rsp;
    uint16_t ss, pad2[3];
    uint16_t es, pad3[3];
    uint16_t ds, pad4[3];
    uint16_t fs, pad5[3];
    uint16_t gs, pad6[3];
};

/* vcpu_guest_context.flags; VGCF_in_syscall is for iret_context.flags. */
#define VGCF_I387_VALID (1 << 0)
#define VGCF_in_kernel (1 << 2)
#define VGCF_failsafe_disables_events (1 << 3)
#define VGCF_syscall_disables_events (1 << 4)
#define VGCF_online (1 << 5)
#define VGCF_in_syscall (1 << 8)

struct vcpu_guest_context {
    char fpu_ctxt[512]; /* as FXSAVE writes it */
    uint64_t flags;     /* VGCF_* */
    struct cpu_user_regs user_regs;
    struct trap_info trap_ctxt[256];
    uint64_t ldt_base, ldt_ents;
    uint64_t gdt_frames[16], gdt_ents; /* machine frames */
    uint64_t kernel_ss, kernel_sp;     /* as by stack_switch */
    uint64_t ctrlreg[8]; /* CR0 to CR7; 3 is the root of the kernel, 1 of user mode, both GUEST_ABI_PFN_TO_CR3 */
    uint64_t debugreg[8];
    uint64_t event_callback_eip;
    uint64_t failsafe_callback_eip;
    uint64_t syscall_callback_eip;
    uint64_t vm_assist; /* bits VMASST_TYPE_* */
    uint64_t fs_base, gs_base_kernel, gs_base_user;
};

/* Their xen_pfn_to_cr3() for 64 bits: a frame number as it stands in ctrlreg[]. */
#define GUEST_ABI_PFN_TO_CR3(pfn) ((uint64_t)(pfn) << 12)

/* --- vm_assist: cmd, type --- */

#define VMASST_CMD_enable 0
#define VMASST_CMD_disable 1

#define VMASST_TYPE_4gb_segments 0
#define VMASST_TYPE_4gb_segments_notify 1
#define VMASST_TYPE_writable_pagetables 2
#define VMASST_TYPE_pae_extended_cr3 3
#define VMASST_TYPE_architectural_iopl 4 /* the guest's IOPL counts, as rflags of an iret has it */
#define VMASST_TYPE_runstate_update_flag 5
#define VMASST_TYPE_m2p_strict 32 /* user mode does not see the machine-to-physical table */

_Static_assert(sizeof(struct start_info) == 1168, "ABI");
_Static_assert(__builtin_offsetof(struct start_info, pt_base) == 88, "ABI");
_Static_assert(__builtin_offsetof(struct start_info, cmd_line) == 128, "ABI");
_Static_assert(sizeof(struct trap_info) == 16, "ABI");
_Static_assert(sizeof(struct iret_context) == 72, "ABI");
_Static_assert(sizeof(struct cpu_user_regs) == 200, "ABI");
_Static_assert(sizeof(struct vcpu_guest_context) == 5168, "ABI");

#endif
