/* SPDX-License-Identifier: MIT */
/*
 * The virtual-machine control structure: its fields with their encodings (SDM Vol. 3, appendix B), in tables by role,
 * and the bits of its controls (SDM Vol. 3C, chapter 24). A field is reached by vmx_read(VMCS_name), or all at once in
 * a struct vmcs_snapshot.
 */
#ifndef ARCH_X86_VMX_VMCS_H
#define ARCH_X86_VMX_VMCS_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/x86/vmx/vmcs_bits.h"

/* F(name, encoding) */
#define VMCS_CONTROL_FIELDS(F)          \
    F(pin_controls, 0x4000)             \
    F(cpu_controls, 0x4002)             \
    F(cpu2_controls, 0x401e)            \
    F(exit_controls, 0x400c)            \
    F(entry_controls, 0x4012)           \
    F(exception_bitmap, 0x4004)         \
    F(page_fault_error_mask, 0x4006)    \
    F(page_fault_error_match, 0x4008)   \
    F(cr3_target_count, 0x400a)         \
    F(exit_msr_store_count, 0x400e)     \
    F(exit_msr_load_count, 0x4010)      \
    F(entry_msr_load_count, 0x4014)     \
    F(entry_interrupt_info, 0x4016)     \
    F(entry_exception_error, 0x4018)    \
    F(entry_instruction_length, 0x401a) \
    F(tpr_threshold, 0x401c)            \
    F(vpid, 0x0000)                     \
    F(posted_interrupt_vector, 0x0002)  \
    F(io_bitmap_a, 0x2000)              \
    F(io_bitmap_b, 0x2002)              \
    F(msr_bitmap, 0x2004)               \
    F(exit_msr_store_address, 0x2006)   \
    F(exit_msr_load_address, 0x2008)    \
    F(entry_msr_load_address, 0x200a)   \
    F(tsc_offset, 0x2010)               \
    F(virtual_apic_page, 0x2012)        \
    F(apic_access_page, 0x2014)         \
    F(ept_pointer, 0x201a)              \
    F(xss_exiting_bitmap, 0x202c)       \
    F(cr0_mask, 0x6000)                 \
    F(cr4_mask, 0x6002)                 \
    F(cr0_shadow, 0x6004)               \
    F(cr4_shadow, 0x6006)

#define VMCS_HOST_FIELDS(F)      \
    F(host_es, 0x0c00)           \
    F(host_cs, 0x0c02)           \
    F(host_ss, 0x0c04)           \
    F(host_ds, 0x0c06)           \
    F(host_fs, 0x0c08)           \
    F(host_gs, 0x0c0a)           \
    F(host_tr, 0x0c0c)           \
    F(host_pat, 0x2c00)          \
    F(host_efer, 0x2c02)         \
    F(host_sysenter_cs, 0x4c00)  \
    F(host_cr0, 0x6c00)          \
    F(host_cr3, 0x6c02)          \
    F(host_cr4, 0x6c04)          \
    F(host_fs_base, 0x6c06)      \
    F(host_gs_base, 0x6c08)      \
    F(host_tr_base, 0x6c0a)      \
    F(host_gdtr_base, 0x6c0c)    \
    F(host_idtr_base, 0x6c0e)    \
    F(host_sysenter_esp, 0x6c10) \
    F(host_sysenter_eip, 0x6c12) \
    F(host_rsp, 0x6c14)          \
    F(host_rip, 0x6c16)

/* S(name, selector, limit, access rights, base): segments are in order of their encodings. */
#define VMCS_SEGMENTS(S)                    \
    S(es, 0x0800, 0x4800, 0x4814, 0x6806)   \
    S(cs, 0x0802, 0x4802, 0x4816, 0x6808)   \
    S(ss, 0x0804, 0x4804, 0x4818, 0x680a)   \
    S(ds, 0x0806, 0x4806, 0x481a, 0x680c)   \
    S(fs, 0x0808, 0x4808, 0x481c, 0x680e)   \
    S(gs, 0x080a, 0x480a, 0x481e, 0x6810)   \
    S(ldtr, 0x080c, 0x480c, 0x4820, 0x6812) \
    S(tr, 0x080e, 0x480e, 0x4822, 0x6814)

#define VMCS_GUEST_FIELDS(F)      \
    F(es_selector, 0x0800)        \
    F(es_limit, 0x4800)           \
    F(es_ar, 0x4814)              \
    F(es_base, 0x6806)            \
    F(cs_selector, 0x0802)        \
    F(cs_limit, 0x4802)           \
    F(cs_ar, 0x4816)              \
    F(cs_base, 0x6808)            \
    F(ss_selector, 0x0804)        \
    F(ss_limit, 0x4804)           \
    F(ss_ar, 0x4818)              \
    F(ss_base, 0x680a)            \
    F(ds_selector, 0x0806)        \
    F(ds_limit, 0x4806)           \
    F(ds_ar, 0x481a)              \
    F(ds_base, 0x680c)            \
    F(fs_selector, 0x0808)        \
    F(fs_limit, 0x4808)           \
    F(fs_ar, 0x481c)              \
    F(fs_base, 0x680e)            \
    F(gs_selector, 0x080a)        \
    F(gs_limit, 0x480a)           \
    F(gs_ar, 0x481e)              \
    F(gs_base, 0x6810)            \
    F(ldtr_selector, 0x080c)      \
    F(ldtr_limit, 0x480c)         \
    F(ldtr_ar, 0x4820)            \
    F(ldtr_base, 0x6812)          \
    F(tr_selector, 0x080e)        \
    F(tr_limit, 0x480e)           \
    F(tr_ar, 0x4822)              \
    F(tr_base, 0x6814)            \
    F(gdtr_limit, 0x4810)         \
    F(gdtr_base, 0x6816)          \
    F(idtr_limit, 0x4812)         \
    F(idtr_base, 0x6818)          \
    F(guest_cr0, 0x6800)          \
    F(guest_cr3, 0x6802)          \
    F(guest_cr4, 0x6804)          \
    F(guest_dr7, 0x681a)          \
    F(guest_rsp, 0x681c)          \
    F(guest_rip, 0x681e)          \
    F(guest_rflags, 0x6820)       \
    F(guest_debugctl, 0x2802)     \
    F(guest_pat, 0x2804)          \
    F(guest_efer, 0x2806)         \
    F(guest_sysenter_cs, 0x482a)  \
    F(guest_sysenter_esp, 0x6824) \
    F(guest_sysenter_eip, 0x6826) \
    F(interruptibility, 0x4824)   \
    F(activity, 0x4826)           \
    F(pending_debug, 0x6822)      \
    F(vmcs_link, 0x2800)          \
    F(pdpte0, 0x280a)             \
    F(pdpte1, 0x280c)             \
    F(pdpte2, 0x280e)             \
    F(pdpte3, 0x2810)

/* Read-only: what the exit tells. */
#define VMCS_EXIT_FIELDS(F)            \
    F(instruction_error, 0x4400)       \
    F(exit_reason, 0x4402)             \
    F(exit_interrupt_info, 0x4404)     \
    F(exit_interrupt_error, 0x4406)    \
    F(idt_vectoring_info, 0x4408)      \
    F(idt_vectoring_error, 0x440a)     \
    F(exit_instruction_length, 0x440c) \
    F(exit_instruction_info, 0x440e)   \
    F(exit_qualification, 0x6400)      \
    F(guest_linear_address, 0x640a)    \
    F(guest_physical_address, 0x2400)

/* Of features that we leave off; the entry checker knows their rules all the same. Not every processor has them. */
#define VMCS_OPTIONAL_FIELDS(F)            \
    F(preemption_timer, 0x482e)            \
    F(pml_address, 0x200e)                 \
    F(posted_interrupt_descriptor, 0x2016) \
    F(vm_function_controls, 0x2018)        \
    F(eptp_list, 0x2024)                   \
    F(vmread_bitmap, 0x2026)               \
    F(vmwrite_bitmap, 0x2028)              \
    F(ve_information, 0x202a)              \
    F(sub_page_table, 0x2030)              \
    F(tsc_multiplier, 0x2032)              \
    F(guest_perf_global, 0x2808)           \
    F(guest_bndcfgs, 0x2812)               \
    F(guest_pkrs, 0x2818)                  \
    F(guest_s_cet, 0x6828)                 \
    F(guest_ssp, 0x682a)                   \
    F(guest_ssp_table, 0x682c)             \
    F(host_perf_global, 0x2c04)            \
    F(host_pkrs, 0x2c06)                   \
    F(host_s_cet, 0x6c18)                  \
    F(host_ssp, 0x6c1a)                    \
    F(host_ssp_table, 0x6c1c)

#define VMCS_FIELDS(F)     \
    VMCS_CONTROL_FIELDS(F) \
    VMCS_HOST_FIELDS(F) VMCS_GUEST_FIELDS(F) VMCS_EXIT_FIELDS(F) VMCS_OPTIONAL_FIELDS(F)

enum vmcs_field {
#define F(name, encoding) VMCS_##name = encoding,
    VMCS_FIELDS(F)
#undef F
};

/* All fields at one moment. A field that the processor does not have is 0. */
struct vmcs_snapshot {
#define F(name, encoding) uint64_t name;
    VMCS_FIELDS(F)
#undef F
};

/* The capability MSRs that the controls and fixed bits are resolved against (SDM Vol. 3, appendix A). */
struct vmx_capability {
    uint64_t basic;                 /* IA32_VMX_BASIC */
    uint64_t pin, cpu, exit, entry; /* true controls where there are any, else the plain ones */
    uint64_t cpu2;                  /* IA32_VMX_PROCBASED_CTLS2, 0 = none */
    uint64_t misc, ept_vpid;        /* IA32_VMX_MISC, IA32_VMX_EPT_VPID_CAP */
    uint64_t cr0_fixed0, cr0_fixed1, cr4_fixed0, cr4_fixed1;
    unsigned physical_bits; /* CPUID 0x80000008 */
    unsigned linear_bits;
    uint64_t vmfunc;      /* IA32_VMX_VMFUNC, 0 = none */
    uint64_t perf_global; /* bits that may be 1 in IA32_PERF_GLOBAL_CTRL (CPUID 0xa), 0 = no such MSR */
    uint64_t rtm;         /* not 0: restricted transactional memory (CPUID 7 EBX bit 11) */
};

/* A rule of VM entry that is broken. */
struct vmx_rule {
    const char *section; /* of SDM Vol. 3C, chapter 26 "VM entries": "26.2.1.1" */
    const char *text;
};

/*
 * The processor's checks at VM entry (SDM Vol. 3C, chapter 26: controls 26.2.1, host state 26.2.2-26.2.4, guest state
 * 26.3.1), in the processor's order of groups, as a pure function. NULL: no rule known to us is broken.
 */
const struct vmx_rule *vmx_check_entry(const struct vmcs_snapshot *s, const struct vmx_capability *capability);

/* Is this page-directory-pointer-table entry of PAE paging present, with a reserved bit set? (Vol. 3A, table 4-8) */
bool vmx_pdpte_reserved(uint64_t pdpte, unsigned physical_bits);

#endif
