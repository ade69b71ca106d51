/* SPDX-License-Identifier: MIT */
/* The VM-entry checker: what it must not refuse, and rules that must not hide behind the state of another field. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/host/vmx_check.h"

#define JUNK 0xdeadbeefdeadbeefULL

/* Nothing legal in the fields that only optional controls look at. */
static void fill_with_junk(struct vmcs_snapshot *s)
{
    s->virtual_apic_page = s->apic_access_page = s->tpr_threshold = JUNK;
    s->posted_interrupt_vector = s->posted_interrupt_descriptor = s->pml_address = JUNK;
    s->vm_function_controls = s->eptp_list = s->vmread_bitmap = s->vmwrite_bitmap = JUNK;
    s->ve_information = s->sub_page_table = JUNK;
    s->exit_msr_store_address = s->exit_msr_load_address = s->entry_msr_load_address = JUNK;
    s->entry_interrupt_info = (uint32_t)~INTERRUPT_VALID;
    s->entry_exception_error = s->entry_instruction_length = JUNK;
    s->host_perf_global = s->host_pkrs = s->host_s_cet = s->host_ssp = s->host_ssp_table = JUNK;
    s->guest_perf_global = s->guest_pkrs = s->guest_s_cet = s->guest_ssp = s->guest_ssp_table = JUNK;
    s->guest_bndcfgs = JUNK;
}

void what_is_off_is_not_looked_at(void **state)
{
    (void)state;
    GOOD(long, fill_with_junk(s));
    GOOD(pae, fill_with_junk(s), s->cpu2_controls = 0, c->ept_vpid = 0, s->ept_pointer = JUNK, s->vpid = 0,
         s->pdpte0 = JUNK);
    GOOD(long, CLEAR(s->cpu_controls, CPU_IO_BITMAPS | CPU_MSR_BITMAPS), s->io_bitmap_a = s->msr_bitmap = JUNK);
    GOOD(long, s->cpu2_controls |= CPU2_VMFUNC, s->eptp_list = JUNK);
    GOOD(long, CLEAR(s->exit_controls, EXIT_LOAD_PAT | EXIT_LOAD_EFER), s->host_pat = s->host_efer = JUNK);
    GOOD(long, CLEAR(s->entry_controls, ENTRY_LOAD_PAT | ENTRY_LOAD_EFER), s->guest_pat = s->guest_efer = JUNK);
    GOOD(long, CLEAR(s->entry_controls, ENTRY_LOAD_EFER), s->guest_efer = EFER_LME);
    GOOD(long, CLEAR(s->entry_controls, ENTRY_LOAD_EFER), s->guest_efer = EFER_LMA);
    GOOD(long, CLEAR(s->entry_controls, ENTRY_LOAD_DEBUG), s->guest_dr7 = s->guest_debugctl = JUNK);
    GOOD(long, s->ds_ar = s->es_ar = s->fs_ar = s->gs_ar = AR_UNUSABLE | 0xf08, s->ds_base = s->es_base = JUNK);
    GOOD(long, s->ldtr_ar = AR_UNUSABLE | AR_S, s->ldtr_base = NOT_CANONICAL, s->ldtr_selector = 4);
    GOOD(long, s->ss_ar = AR_UNUSABLE, s->ss_base = JUNK);
    GOOD(pae, s->ds_selector = 0x13, s->ds_ar = AR_UNUSABLE);
    /* Without them activated, the secondary controls are as if 0. */
    GOOD(pae, CLEAR(s->cpu_controls, CPU_SECONDARY), s->cpu2_controls = UINT32_MAX, c->cpu2 |= 1, s->ept_pointer = 3);
    GOOD(pae, CLEAR(s->cpu_controls, CPU_SECONDARY), s->cpu2_controls = 0, c->cpu2 |= 1);
}

void what_is_on_and_right_is_let_in(void **state)
{
    (void)state;
    GOOD(long, s->cpu_controls |= CPU_TPR_SHADOW, s->tpr_threshold = 0xf);
    GOOD(long, s->cpu_controls |= CPU_TPR_SHADOW, s->tpr_threshold = 0x10,
         s->cpu2_controls |= CPU2_X2APIC | CPU2_APIC_REGISTERS | CPU2_INTERRUPT_DELIVERY);
    GOOD(long, s->cpu2_controls |= CPU2_APIC_ACCESSES | CPU2_PML | CPU2_SUB_PAGE | CPU2_VMCS_SHADOWING | CPU2_VE);
    GOOD(long, CLEAR(s->pin_controls, PIN_EXTERNAL_INTERRUPT | PIN_NMI | PIN_VIRTUAL_NMIS));
    GOOD(long, CLEAR(s->pin_controls, PIN_VIRTUAL_NMIS));
    GOOD(long, s->cpu_controls |= CPU_NMI_WINDOW);
    GOOD(long, s->cpu2_controls |= CPU2_VMFUNC, s->eptp_list = 0x7000, s->vm_function_controls = 1);
    GOOD(long, s->ept_pointer = 0x5018, CLEAR(c->ept_vpid, EPT_CAP_AD));
    GOOD(long, c->ept_vpid |= EPT_CAP_WALK_5 | EPT_CAP_SHADOW_STACK, s->ept_pointer = 0x50e6);
    GOOD(long, s->cpu2_controls |= CPU2_PT_GUEST_PHYSICAL | CPU2_TSC_SCALING, s->tsc_multiplier = 1,
         s->entry_controls |= ENTRY_LOAD_RTIT, s->exit_controls |= EXIT_CLEAR_RTIT);
    GOOD(long, s->pin_controls |= PIN_PREEMPTION_TIMER, s->exit_controls |= EXIT_SAVE_PREEMPTION_TIMER);
    GOOD(long, s->exit_msr_load_count = 2, s->exit_msr_load_address = TOO_WIDE - 32);
    GOOD(long, s->exit_controls |= EXIT_LOAD_PERF_GLOBAL | EXIT_LOAD_CET | EXIT_LOAD_PKRS, s->host_perf_global = 0xf,
         s->host_pkrs = UINT32_MAX, s->host_s_cet = 0x3f, s->host_ssp = s->host_ssp_table = 0xffff800000000000);
    GOOD(long, s->entry_controls |= ENTRY_LOAD_PERF_GLOBAL | ENTRY_LOAD_CET | ENTRY_LOAD_PKRS | ENTRY_LOAD_BNDCFGS,
         s->guest_perf_global = 0xf, s->guest_pkrs = UINT32_MAX, s->guest_s_cet = 0x3f, s->guest_bndcfgs = 0x1003,
         s->guest_ssp = 0x00007f0000000000);
    GOOD(pvh, s->entry_controls |= ENTRY_LOAD_CET, s->guest_ssp = 0x1000);
    GOOD(long, s->host_cr4 |= CR4_CET | CR4_PCIDE, s->guest_cr4 |= CR4_CET | CR4_PCIDE);
    GOOD(long, CLEAR(s->host_cr0, CR0_WP), CLEAR(s->guest_cr0, CR0_WP));
    GOOD(long, s->guest_debugctl = 0xffc3);
    GOOD(long, s->vmcs_link = 0x6000);
}

void guests_at_the_edge_are_let_in(void **state)
{
    (void)state;
    GOOD(long, s->guest_rip = NOT_CANONICAL - 1);
    GOOD(long, s->guest_rip = NOT_CANONICAL);
    GOOD(long, s->cs_ar = 0xa0fb, s->ss_ar = s->ds_ar = 0xc0f3);
    GOOD(long, s->cs_ar = 0xa09f);
    GOOD(long, s->ss_ar = 0xc097, s->ds_ar = 0xc091);
    GOOD(long, s->ldtr_ar = 0x82, s->ldtr_base = 0xffff800000000000);
    GOOD(pvh, s->cs_ar = 0xc093);
    GOOD(pvh, s->cs_ar = 0xe09b);
    GOOD(pvh, s->tr_ar = 0x83);
    GOOD(pvh, s->cs_selector = s->ds_selector = 0x13);
    GOOD(pvh, s->guest_cr4 |= CR4_PAE, s->pdpte0 = JUNK);
    GOOD(pae, CLEAR(s->guest_cr4, CR4_PAE), s->pdpte0 = JUNK);
    GOOD(pae, s->ds_ar = 0xc09f, s->ds_selector = 0x13);
    GOOD(v86, CLEAR(s->cpu2_controls, CPU2_UNRESTRICTED), s->guest_cr0 |= CR0_PG, s->ss_selector = 0x13,
         s->ss_base = 0x130);
}

void events_are_let_in(void **state)
{
    (void)state;
    GOOD(long, s->entry_interrupt_info = EVENT(EXTERNAL, 0xf3), s->guest_rflags |= RFLAGS_IF);
    GOOD(long, s->entry_interrupt_info = EVENT(EXCEPTION, 14) | INTERRUPT_ERROR_VALID, s->entry_exception_error = 7);
    GOOD(long, s->entry_interrupt_info = EVENT(EXCEPTION, 6), s->entry_exception_error = JUNK);
    GOOD(real, s->entry_interrupt_info = EVENT(EXCEPTION, 13));
    GOOD(long, s->entry_interrupt_info = EVENT(EXCEPTION, 13), c->basic |= VMX_BASIC_ANY_ERROR_CODE);
    GOOD(long, s->entry_interrupt_info = EVENT(SOFT_INT, 13), s->entry_instruction_length = 15);
    GOOD(long, s->entry_interrupt_info = EVENT(SOFT_INT, 0x80), s->entry_instruction_length = 2,
         CLEAR(c->misc, VMX_MISC_ZERO_LENGTH));
    GOOD(long, s->entry_interrupt_info = EVENT(SOFT_EXCEPTION, 3));
    GOOD(long, s->entry_interrupt_info = EVENT(NMI, 2), CLEAR(c->cpu, (uint64_t)CPU_MONITOR_TRAP << 32));
    GOOD(long, s->entry_interrupt_info = EVENT(OTHER, 0), s->activity = ACTIVITY_HLT);
    GOOD(long, s->entry_interrupt_info = EVENT(NMI, 2), s->activity = ACTIVITY_HLT);
    GOOD(long, s->entry_interrupt_info = EVENT(EXCEPTION, 1), s->activity = ACTIVITY_HLT);
    GOOD(long, s->entry_interrupt_info = EVENT(EXCEPTION, 18), s->activity = ACTIVITY_HLT);
    GOOD(long, s->entry_interrupt_info = EVENT(EXTERNAL, 32), s->activity = ACTIVITY_HLT, s->guest_rflags |= RFLAGS_IF);
    GOOD(long, s->entry_interrupt_info = EVENT(NMI, 2), s->activity = ACTIVITY_SHUTDOWN);
    GOOD(long, s->entry_interrupt_info = EVENT(EXCEPTION, 18), s->activity = ACTIVITY_SHUTDOWN);
    GOOD(long, s->entry_interrupt_info = EVENT(NMI, 2), s->interruptibility = BLOCKED_BY_NMI,
         CLEAR(s->pin_controls, PIN_VIRTUAL_NMIS));
    GOOD(long, s->entry_interrupt_info = EVENT(EXCEPTION, 6), s->interruptibility = BLOCKED_BY_NMI);
    GOOD(long, s->interruptibility = BLOCKED_BY_STI, s->guest_rflags |= RFLAGS_IF | RFLAGS_TF,
         s->pending_debug = 0x4000);
    GOOD(long, s->guest_rflags |= RFLAGS_TF);
    GOOD(long, s->pending_debug = 0x500f);
    GOOD(long, c->rtm = 1, s->pending_debug = 0x11000);
}

void rules_do_not_hide_behind_other_fields(void **state)
{
    static const char trace[] = "tracing to guest-physical addresses needs EPT and RTIT_CTL loaded and cleared";

    (void)state;
    BREAKS(long, "26.2.1.1", trace, s->cpu2_controls |= CPU2_PT_GUEST_PHYSICAL, s->entry_controls |= ENTRY_LOAD_RTIT);
    BREAKS(long, "26.2.1.1", trace, s->cpu2_controls |= CPU2_PT_GUEST_PHYSICAL, s->exit_controls |= EXIT_CLEAR_RTIT);
    BREAKS(long, "26.2.1.2",
           "the VM-exit MSR-load area must be 16-byte-aligned and lie inside the physical-address width",
           s->exit_msr_load_count = 2, s->exit_msr_load_address = ~15ULL);
    BREAKS(long, "26.2.1.3", "an injected hardware exception must have a vector below 32",
           s->entry_interrupt_info = EVENT(EXCEPTION, 40));
    /* In a restricted guest, that PE is 0 is the only mistake. */
    FIRST(pae, "26.3.1.1", "the guest's CR0 must have the bits fixed in VMX operation (PE and PG unless unrestricted)",
          CLEAR(s->guest_cr0, CR0_PE | CR0_PG), s->entry_interrupt_info = EVENT(EXCEPTION, 13) | INTERRUPT_ERROR_VALID);
    BREAKS(pvh, "26.2.4", "the host address-space size must be 1, for the hypervisor runs in IA-32e mode",
           CLEAR(s->exit_controls, EXIT_HOST_64 | EXIT_LOAD_EFER), CLEAR(s->host_cr4, CR4_PAE), s->host_rip = 0x1000);
    BREAKS(long, "26.3.1.2", "CS must be present", s->cs_ar = (0xa09bU & ~AR_P) | AR_UNUSABLE);
    BREAKS(long, "26.3.1.2", "CS must have a base below 4 GiB", s->cs_ar |= AR_UNUSABLE, s->cs_base = 1ULL << 32);
    BREAKS(long, "26.3.1.2", "CS must have the DPL of SS if it is not conforming", s->cs_ar = 0xa0f9);
    BREAKS(long, "26.3.1.2", "CS must not have a DPL above that of SS if it is conforming", s->cs_ar = 0xa0bd);
    FIRST(long, "26.3.1.2", "TR must be present", s->tr_ar = 0x0b | AR_UNUSABLE);
    BREAKS(long, "26.3.1.2", "TR must be a busy 64-bit TSS (type 11) in IA-32e mode", s->tr_ar = 0x89);
    BREAKS(v86, "26.3.1.2", "TR must be present", s->tr_ar = 0x0b);
    BREAKS(v86, "26.3.1.2", "LDTR must be present", s->ldtr_ar = 0x02);
    BREAKS(v86, "26.3.1.2", "ES must have the access rights 0xf3 in virtual-8086 mode", s->es_ar = 0x73);
    BREAKS(v86, "26.3.1.2", "CS must have the access rights 0xf3 in virtual-8086 mode", s->cs_ar = 0x9b);
    BREAKS(pvh, "26.3.1.4", "the guest's RIP[63:32] must be 0 outside 64-bit code", s->cs_ar = 0xa09b,
           s->guest_rip = 1ULL << 50);
    BREAKS(long, "26.3.1.5", "an event injected in HLT must be one that wakes: interrupt, NMI, #DB, #MC, MTF",
           s->activity = ACTIVITY_HLT, s->entry_interrupt_info = EVENT(SOFT_INT, 1));
}
