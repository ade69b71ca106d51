/* SPDX-License-Identifier: MIT */
/* Rules of the controls (SDM Vol. 3C, section 26.2.1). */
#include "arch/x86/vmx/check.h"

/* Appendix A.3 to A.5: the low half must be 1, the high half may be 1. */
static bool control_reserved(uint32_t controls, uint64_t capability)
{
    return bits_not_fixed(controls, (uint32_t)capability, capability >> 32);
}

/* --- VM-execution controls (26.2.1.1). */
static bool pin_reserved(const struct vmx_entry *e)
{
    return control_reserved(e->pin, e->cap->pin);
}

static bool cpu_reserved(const struct vmx_entry *e)
{
    return control_reserved(e->cpu, e->cap->cpu);
}

static bool cpu2_reserved(const struct vmx_entry *e)
{
    return (e->cpu & CPU_SECONDARY) && control_reserved(e->cpu2, e->cap->cpu2);
}

static bool too_many_cr3_targets(const struct vmx_entry *e)
{
    return e->s->cr3_target_count > VMX_MISC_CR3_TARGETS(e->cap->misc);
}

static bool io_bitmap_bad(const struct vmx_entry *e)
{
    return (e->cpu & CPU_IO_BITMAPS) && not_a_page(e, e->value);
}

static bool msr_bitmap_bad(const struct vmx_entry *e)
{
    return (e->cpu & CPU_MSR_BITMAPS) && not_a_page(e, e->value);
}

static bool virtual_apic_page_bad(const struct vmx_entry *e)
{
    return (e->cpu & CPU_TPR_SHADOW) && not_a_page(e, e->value);
}

static bool tpr_threshold_high(const struct vmx_entry *e)
{
    return (e->cpu & CPU_TPR_SHADOW) && !(e->cpu2 & CPU2_INTERRUPT_DELIVERY) && (e->s->tpr_threshold & ~0xfULL);
}

static bool x2apic_without_shadow(const struct vmx_entry *e)
{
    return (e->cpu2 & CPU2_X2APIC) && !(e->cpu & CPU_TPR_SHADOW);
}

static bool apic_registers_without_shadow(const struct vmx_entry *e)
{
    return (e->cpu2 & CPU2_APIC_REGISTERS) && !(e->cpu & CPU_TPR_SHADOW);
}

static bool delivery_without_shadow(const struct vmx_entry *e)
{
    return (e->cpu2 & CPU2_INTERRUPT_DELIVERY) && !(e->cpu & CPU_TPR_SHADOW);
}

static bool virtual_nmis_without_exiting(const struct vmx_entry *e)
{
    return (e->pin & PIN_VIRTUAL_NMIS) && !(e->pin & PIN_NMI);
}

static bool nmi_window_without_virtual_nmis(const struct vmx_entry *e)
{
    return (e->cpu & CPU_NMI_WINDOW) && !(e->pin & PIN_VIRTUAL_NMIS);
}

static bool apic_access_page_bad(const struct vmx_entry *e)
{
    return (e->cpu2 & CPU2_APIC_ACCESSES) && not_a_page(e, e->value);
}

static bool x2apic_with_apic_accesses(const struct vmx_entry *e)
{
    return (e->cpu2 & CPU2_X2APIC) && (e->cpu2 & CPU2_APIC_ACCESSES);
}

static bool delivery_without_exiting(const struct vmx_entry *e)
{
    return (e->cpu2 & CPU2_INTERRUPT_DELIVERY) && !(e->pin & PIN_EXTERNAL_INTERRUPT);
}

static bool posted_without_delivery(const struct vmx_entry *e)
{
    return (e->pin & PIN_POSTED_INTERRUPTS) && !(e->cpu2 & CPU2_INTERRUPT_DELIVERY);
}

static bool posted_without_acknowledge(const struct vmx_entry *e)
{
    return (e->pin & PIN_POSTED_INTERRUPTS) && !(e->exit & EXIT_ACK_INTERRUPT);
}

static bool posted_vector_high(const struct vmx_entry *e)
{
    return (e->pin & PIN_POSTED_INTERRUPTS) && e->s->posted_interrupt_vector > 255;
}

static bool posted_descriptor_bad(const struct vmx_entry *e)
{
    return (e->pin & PIN_POSTED_INTERRUPTS) && ((e->value & 63) || not_physical(e, e->value));
}

static bool vpid_zero(const struct vmx_entry *e)
{
    return (e->cpu2 & CPU2_VPID) && e->s->vpid == 0;
}

static bool ept_type_unsupported(const struct vmx_entry *e)
{
    unsigned type = e->s->ept_pointer & 7;

    if (!(e->cpu2 & CPU2_EPT))
        return false;
    return !(type == 0 && (e->cap->ept_vpid & EPT_CAP_UC)) && !(type == 6 && (e->cap->ept_vpid & EPT_CAP_WB));
}

static bool ept_walk_unsupported(const struct vmx_entry *e)
{
    unsigned levels = ((e->s->ept_pointer >> 3) & 7) + 1;

    if (!(e->cpu2 & CPU2_EPT))
        return false;
    return !(levels == 4 && (e->cap->ept_vpid & EPT_CAP_WALK_4)) &&
           !(levels == 5 && (e->cap->ept_vpid & EPT_CAP_WALK_5));
}

static bool ept_ad_unsupported(const struct vmx_entry *e)
{
    return (e->cpu2 & CPU2_EPT) && (e->s->ept_pointer & (1 << 6)) && !(e->cap->ept_vpid & EPT_CAP_AD);
}

static bool ept_reserved(const struct vmx_entry *e)
{
    uint64_t low = e->cap->ept_vpid & EPT_CAP_SHADOW_STACK ? 0xf00 : 0xf80;
    return (e->cpu2 & CPU2_EPT) && ((e->s->ept_pointer & low) || e->s->ept_pointer >> e->cap->physical_bits);
}

/* One row for each of these, so that the text can name it. */
static bool needs_ept(const struct vmx_entry *e, uint32_t control)
{
    return (e->cpu2 & control) && !(e->cpu2 & CPU2_EPT);
}

static bool pml_without_ept(const struct vmx_entry *e)
{
    return needs_ept(e, CPU2_PML);
}

static bool pml_address_bad(const struct vmx_entry *e)
{
    return (e->cpu2 & CPU2_PML) && not_a_page(e, e->value);
}

static bool unrestricted_without_ept(const struct vmx_entry *e)
{
    return needs_ept(e, CPU2_UNRESTRICTED);
}

static bool mode_based_execute_without_ept(const struct vmx_entry *e)
{
    return needs_ept(e, CPU2_MODE_BASED_EXECUTE);
}

static bool sub_page_without_ept(const struct vmx_entry *e)
{
    return needs_ept(e, CPU2_SUB_PAGE);
}

static bool sub_page_table_bad(const struct vmx_entry *e)
{
    return (e->cpu2 & CPU2_SUB_PAGE) && not_a_page(e, e->value);
}

static bool vm_functions_reserved(const struct vmx_entry *e)
{
    return (e->cpu2 & CPU2_VMFUNC) && (e->s->vm_function_controls & ~e->cap->vmfunc);
}

static bool switches_eptp(const struct vmx_entry *e)
{
    return (e->cpu2 & CPU2_VMFUNC) && (e->s->vm_function_controls & 1);
}

static bool eptp_switching_without_ept(const struct vmx_entry *e)
{
    return switches_eptp(e) && !(e->cpu2 & CPU2_EPT);
}

static bool eptp_list_bad(const struct vmx_entry *e)
{
    return switches_eptp(e) && not_a_page(e, e->value);
}

static bool shadowing_bitmap_bad(const struct vmx_entry *e)
{
    return (e->cpu2 & CPU2_VMCS_SHADOWING) && not_a_page(e, e->value);
}

static bool ve_information_bad(const struct vmx_entry *e)
{
    return (e->cpu2 & CPU2_VE) && not_a_page(e, e->value);
}

static bool trace_controls_missing(const struct vmx_entry *e)
{
    bool all = (e->cpu2 & CPU2_EPT) && (e->entry & ENTRY_LOAD_RTIT) && (e->exit & EXIT_CLEAR_RTIT);
    return (e->cpu2 & CPU2_PT_GUEST_PHYSICAL) && !all;
}

static bool tsc_multiplier_zero(const struct vmx_entry *e)
{
    return (e->cpu2 & CPU2_TSC_SCALING) && e->s->tsc_multiplier == 0;
}

/* --- VM-exit controls (26.2.1.2). */
static bool exit_reserved(const struct vmx_entry *e)
{
    return control_reserved(e->exit, e->cap->exit);
}

static bool timer_saved_but_off(const struct vmx_entry *e)
{
    return (e->exit & EXIT_SAVE_PREEMPTION_TIMER) && !(e->pin & PIN_PREEMPTION_TIMER);
}

/* An area without entries may be anywhere. That a count is above what IA32_VMX_MISC recommends is not checked. */
static bool msr_area_bad(const struct vmx_entry *e, uint64_t count)
{
    return count && ((e->value & 15) || not_physical(e, e->value) || not_physical(e, e->value + 16 * count - 1));
}

static bool exit_msr_store_bad(const struct vmx_entry *e)
{
    return msr_area_bad(e, e->s->exit_msr_store_count);
}

static bool exit_msr_load_bad(const struct vmx_entry *e)
{
    return msr_area_bad(e, e->s->exit_msr_load_count);
}

/* --- VM-entry controls (26.2.1.3). */
static bool entry_reserved(const struct vmx_entry *e)
{
    return control_reserved(e->entry, e->cap->entry);
}

static bool event_type_reserved(const struct vmx_entry *e)
{
    return injects(e, 1U << 8) || (injects(e, INTERRUPT_TYPE_OTHER) && !(e->cap->cpu >> 32 & CPU_MONITOR_TRAP));
}

static bool nmi_vector_bad(const struct vmx_entry *e)
{
    return injects(e, INTERRUPT_TYPE_NMI) && INTERRUPT_VECTOR(e->event) != 2;
}

static bool exception_vector_bad(const struct vmx_entry *e)
{
    return injects(e, INTERRUPT_TYPE_EXCEPTION) && INTERRUPT_VECTOR(e->event) > 31;
}

static bool other_vector_bad(const struct vmx_entry *e)
{
    return injects(e, INTERRUPT_TYPE_OTHER) && INTERRUPT_VECTOR(e->event) != 0;
}

/* #DF, #TS, #NP, #SS, #GP, #PF and #AC; some processors leave it to us, whatever the vector (appendix A.1). */
static bool vector_has_error(const struct vmx_entry *e)
{
    unsigned vector = INTERRUPT_VECTOR(e->event);
    return vector < 32 && (0x27d00U >> vector & 1);
}

static bool error_code_possible(const struct vmx_entry *e)
{
    return injects(e, INTERRUPT_TYPE_EXCEPTION) && (!e->unrestricted || (e->s->guest_cr0 & CR0_PE));
}

static bool any_error_code(const struct vmx_entry *e)
{
    return e->cap->basic & VMX_BASIC_ANY_ERROR_CODE;
}

static bool error_code_missing(const struct vmx_entry *e)
{
    return error_code_possible(e) && vector_has_error(e) && !any_error_code(e) && !(e->event & INTERRUPT_ERROR_VALID);
}

static bool delivers_error_code(const struct vmx_entry *e)
{
    return (e->event & INTERRUPT_VALID) && (e->event & INTERRUPT_ERROR_VALID);
}

static bool error_code_unwanted(const struct vmx_entry *e)
{
    return delivers_error_code(e) && (!error_code_possible(e) || (!vector_has_error(e) && !any_error_code(e)));
}

static bool event_bits_reserved(const struct vmx_entry *e)
{
    return (e->event & INTERRUPT_VALID) && (e->event & 0x7ffff000U);
}

static bool error_code_high(const struct vmx_entry *e)
{
    return delivers_error_code(e) && e->s->entry_exception_error >> 16;
}

static bool instruction_length_bad(const struct vmx_entry *e)
{
    uint64_t length = e->s->entry_instruction_length;

    if (!injects(e, INTERRUPT_TYPE_SOFT_INT) && !injects(e, INTERRUPT_TYPE_PRIV_EXCEPTION) &&
        !injects(e, INTERRUPT_TYPE_SOFT_EXCEPTION))
        return false;
    return length > 15 || (length == 0 && !(e->cap->misc & VMX_MISC_ZERO_LENGTH));
}

static bool entry_msr_load_bad(const struct vmx_entry *e)
{
    return msr_area_bad(e, e->s->entry_msr_load_count);
}

static bool entry_to_smm(const struct vmx_entry *e)
{
    return e->entry & ENTRY_SMM;
}

static bool dual_monitor_off(const struct vmx_entry *e)
{
    return e->entry & ENTRY_DUAL_MONITOR;
}

#define EXECUTION(broken, text) RULE(broken, "26.2.1.1", text)
#define PAGE(broken, field, name) \
    FIELD_RULE(broken, field, "26.2.1.1", name " must be page-aligned and inside the physical-address width")
#define EXIT(broken, text) RULE(broken, "26.2.1.2", text)
#define ENTRY(broken, text) RULE(broken, "26.2.1.3", text)
#define MSR_AREA(broken, field, section, name) \
    FIELD_RULE(broken, field, section, name " must be 16-byte-aligned and lie inside the physical-address width")

static const struct vmx_entry_rule rules[] = {
    EXECUTION(pin_reserved, "the pin-based controls must be what IA32_VMX_PINBASED_CTLS allows"),
    EXECUTION(cpu_reserved, "the primary processor-based controls must be what IA32_VMX_PROCBASED_CTLS allows"),
    EXECUTION(cpu2_reserved, "the secondary processor-based controls must be what IA32_VMX_PROCBASED_CTLS2 allows"),
    EXECUTION(too_many_cr3_targets, "the CR3-target count must not exceed what IA32_VMX_MISC says (4)"),
    PAGE(io_bitmap_bad, io_bitmap_a, "I/O bitmap A"),
    PAGE(io_bitmap_bad, io_bitmap_b, "I/O bitmap B"),
    PAGE(msr_bitmap_bad, msr_bitmap, "the MSR bitmap"),
    PAGE(virtual_apic_page_bad, virtual_apic_page, "the virtual-APIC page"),
    EXECUTION(tpr_threshold_high, "TPR threshold[31:4] must be 0 without virtual-interrupt delivery"),
    EXECUTION(x2apic_without_shadow, "virtualizing x2APIC mode needs the TPR shadow"),
    EXECUTION(apic_registers_without_shadow, "APIC-register virtualization needs the TPR shadow"),
    EXECUTION(delivery_without_shadow, "virtual-interrupt delivery needs the TPR shadow"),
    EXECUTION(virtual_nmis_without_exiting, "virtual NMIs need NMI exiting"),
    EXECUTION(nmi_window_without_virtual_nmis, "NMI-window exiting needs virtual NMIs"),
    PAGE(apic_access_page_bad, apic_access_page, "the APIC-access page"),
    EXECUTION(x2apic_with_apic_accesses, "x2APIC mode and APIC accesses must not both be virtualized"),
    EXECUTION(delivery_without_exiting, "virtual-interrupt delivery needs external-interrupt exiting"),
    EXECUTION(posted_without_delivery, "posted interrupts need virtual-interrupt delivery"),
    EXECUTION(posted_without_acknowledge, "posted interrupts need acknowledging the interrupt on exit"),
    EXECUTION(posted_vector_high, "the posted-interrupt notification vector must be 0 to 255"),
    FIELD_RULE(posted_descriptor_bad, posted_interrupt_descriptor, "26.2.1.1",
               "the posted-interrupt descriptor must be 64-byte-aligned and inside the physical-address width"),
    EXECUTION(vpid_zero, "the VPID must not be 0 where VPIDs are enabled"),
    EXECUTION(ept_type_unsupported, "the EPT pointer's memory type must be one that the processor supports"),
    EXECUTION(ept_walk_unsupported, "the EPT pointer's page-walk length must be one that the processor supports"),
    EXECUTION(ept_ad_unsupported, "the EPT pointer must not enable accessed and dirty flags that there are not"),
    EXECUTION(ept_reserved, "reserved bits of the EPT pointer must be 0"),
    EXECUTION(pml_without_ept, "page-modification logging needs EPT"),
    PAGE(pml_address_bad, pml_address, "the page-modification log"),
    EXECUTION(unrestricted_without_ept, "an unrestricted guest needs EPT"),
    EXECUTION(mode_based_execute_without_ept, "mode-based execute control needs EPT"),
    EXECUTION(sub_page_without_ept, "sub-page write permissions need EPT"),
    PAGE(sub_page_table_bad, sub_page_table, "the sub-page-permission table"),
    EXECUTION(vm_functions_reserved, "the VM-function controls must be what IA32_VMX_VMFUNC allows"),
    EXECUTION(eptp_switching_without_ept, "EPTP switching needs EPT"),
    PAGE(eptp_list_bad, eptp_list, "the EPTP list"),
    PAGE(shadowing_bitmap_bad, vmread_bitmap, "the VMREAD bitmap"),
    PAGE(shadowing_bitmap_bad, vmwrite_bitmap, "the VMWRITE bitmap"),
    PAGE(ve_information_bad, ve_information, "the virtualization-exception information"),
    EXECUTION(trace_controls_missing, "tracing to guest-physical addresses needs EPT and RTIT_CTL loaded and cleared"),
    EXECUTION(tsc_multiplier_zero, "the TSC multiplier must not be 0 where TSC scaling is used"),

    EXIT(exit_reserved, "the VM-exit controls must be what IA32_VMX_EXIT_CTLS allows"),
    EXIT(timer_saved_but_off, "the preemption timer must not be saved where it is not active"),
    MSR_AREA(exit_msr_store_bad, exit_msr_store_address, "26.2.1.2", "the VM-exit MSR-store area"),
    MSR_AREA(exit_msr_load_bad, exit_msr_load_address, "26.2.1.2", "the VM-exit MSR-load area"),

    ENTRY(entry_reserved, "the VM-entry controls must be what IA32_VMX_ENTRY_CTLS allows"),
    ENTRY(event_type_reserved, "the type of the injected event must not be reserved"),
    ENTRY(nmi_vector_bad, "an injected NMI must have vector 2"),
    ENTRY(exception_vector_bad, "an injected hardware exception must have a vector below 32"),
    ENTRY(other_vector_bad, "an injected other event must have vector 0"),
    ENTRY(error_code_missing, "an injected exception that has an error code must deliver it in protected mode"),
    ENTRY(error_code_unwanted, "only a hardware exception that has an error code may deliver one, in protected mode"),
    ENTRY(event_bits_reserved, "bits 30:12 of the VM-entry interruption information must be 0"),
    ENTRY(error_code_high, "the injected error code must have 16 bits"),
    ENTRY(instruction_length_bad, "an injected software event must have an instruction length of 1 to 15"),
    MSR_AREA(entry_msr_load_bad, entry_msr_load_address, "26.2.1.3", "the VM-entry MSR-load area"),
    ENTRY(entry_to_smm, "entry to SMM must be 0 outside SMM"),
    ENTRY(dual_monitor_off, "deactivating dual-monitor treatment must be 0 outside SMM"),
};

const struct vmx_entry_group vmx_check_controls = GROUP(rules);
