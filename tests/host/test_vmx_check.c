/* SPDX-License-Identifier: MIT */
/*
 * The VM-entry checker: guests that may enter, and for each rule one that breaks just it. A rule that no case breaks
 * fails the last test, so nobody adds one without its case.
 */
// links: arch/x86/vmx/check*.c tests/host/vmx_check*.c
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/host/vmx_check.h"

/* --- A processor that has everything, and guests that it lets in. */
static const struct vmx_capability everything = {
    .basic = VMX_BASIC_TRUE_CONTROLS | 0x400,
    .pin = 0x000000ff00000016,
    .cpu = 0xfff9fffe04006172,
    .cpu2 = 0x03dfffff00000000,
    .exit = 0x33ffffff00036dfb,
    .entry = 0x0055ffff000011fb,
    .misc = 0x7004c1e7,
    .ept_vpid = EPT_CAP_WALK_4 | EPT_CAP_UC | EPT_CAP_WB | EPT_CAP_AD,
    .cr0_fixed0 = 0x80000021,
    .cr0_fixed1 = 0xffffffff,
    .cr4_fixed0 = 0x2000,
    .cr4_fixed1 = 0x00f77fff,
    .physical_bits = 40,
    .linear_bits = 48,
    .vmfunc = 1,
    .perf_global = 0xf,
};

static void set_host(struct vmcs_snapshot *s)
{
    s->host_cr0 = 0x80050033;
    s->host_cr3 = 0x8000;
    s->host_cr4 = 0x26a0;
    s->host_pat = 0x0007040600070406;
    s->host_efer = 0xd01;
    s->host_cs = 0x8;
    s->host_ss = 0x10;
    s->host_tr = 0x18;
    s->host_gdtr_base = s->host_idtr_base = s->host_tr_base = s->host_gs_base = 0xffff800000010000;
    s->host_rip = s->host_rsp = 0xffff800000020000;
}

static void set_controls(struct vmcs_snapshot *s)
{
    s->pin_controls = 0x16 | PIN_EXTERNAL_INTERRUPT | PIN_NMI | PIN_VIRTUAL_NMIS;
    s->cpu_controls = 0x04006172 | CPU_HLT | CPU_IO_BITMAPS | CPU_MSR_BITMAPS | CPU_SECONDARY;
    s->cpu2_controls = CPU2_EPT | CPU2_VPID | CPU2_UNRESTRICTED;
    s->exit_controls =
        0x36dfb | EXIT_SAVE_DEBUG | EXIT_HOST_64 | EXIT_SAVE_PAT | EXIT_LOAD_PAT | EXIT_SAVE_EFER | EXIT_LOAD_EFER;
    s->entry_controls = 0x11fb | ENTRY_LOAD_DEBUG | ENTRY_LOAD_PAT | ENTRY_LOAD_EFER;
    s->vpid = 1;
    s->io_bitmap_a = 0x1000;
    s->io_bitmap_b = 0x2000;
    s->msr_bitmap = 0x3000;
    s->ept_pointer = 0x505e;
    s->vmcs_link = UINT64_MAX;
}

/* CS, the five others, TR; LDTR can't be used. */
static void set_segments(struct vmcs_snapshot *s, uint32_t cs, uint32_t data, uint32_t limit)
{
#define SET(name) s->name##_selector = 0x10, s->name##_limit = limit, s->name##_ar = data
    SET(es), SET(ss), SET(ds), SET(fs), SET(gs), SET(cs);
#undef SET
    s->cs_ar = cs;
    s->tr_selector = 0x20;
    s->tr_limit = 0x67;
    s->tr_ar = 0x8b;
    s->ldtr_ar = AR_UNUSABLE;
}

static struct vm vm_with(uint32_t cs, uint32_t data, uint32_t limit)
{
    struct vm vm = {.c = everything};

    set_controls(&vm.s);
    set_host(&vm.s);
    set_segments(&vm.s, cs, data, limit);
    vm.s.guest_cr4 = 0x2000;
    vm.s.guest_dr7 = 0x400;
    vm.s.guest_rflags = 0x2;
    vm.s.guest_pat = 0x0007040600070406;
    return vm;
}

struct vm long_guest(void)
{
    struct vm vm = vm_with(0xa09b, 0xc093, 0xffffffff);

    vm.s.entry_controls |= ENTRY_GUEST_64;
    vm.s.guest_cr0 = 0x80050033;
    vm.s.guest_cr3 = 0x9000;
    vm.s.guest_cr4 = 0x2020;
    vm.s.guest_efer = 0xd01;
    vm.s.guest_rip = 0xffffffff81000000;
    return vm;
}

struct vm pvh_guest(void)
{
    struct vm vm = vm_with(0xc09b, 0xc093, 0xffffffff);

    vm.s.guest_cr0 = 0x31;
    vm.s.guest_rip = 0x100000;
    return vm;
}

struct vm real_guest(void)
{
    struct vm vm = vm_with(0x9b, 0x93, 0xffff);

    vm.s.guest_cr0 = 0x30;
    vm.s.guest_rip = 0xfff0;
    vm.s.cs_selector = 0xf000;
    vm.s.cs_base = 0xffff0000;
    return vm;
}

struct vm v86_guest(void)
{
    struct vm vm = vm_with(0xf3, 0xf3, 0xffff);

    vm.s.guest_cr0 = 0x31;
    vm.s.guest_rflags = 0x20002;
    vm.s.guest_rip = 0x7c00;
    vm.s.es_base = vm.s.cs_base = vm.s.ss_base = vm.s.ds_base = vm.s.fs_base = vm.s.gs_base = 0x100;
    return vm;
}

struct vm pae_guest(void)
{
    struct vm vm = pvh_guest();

    vm.s.cpu2_controls &= ~(uint64_t)CPU2_UNRESTRICTED;
    vm.s.guest_cr0 |= CR0_PG;
    vm.s.guest_cr4 |= CR4_PAE;
    vm.s.pdpte0 = vm.s.pdpte1 = 0xa001;
    vm.s.pdpte2 = UINT64_MAX - 1; /* not present: the rest does not matter */
    return vm;
}

/* --- What the checker says. */
static bool hit[8][128];

/* How many rules are broken in all; the one that was reported is noted as hit. */
static unsigned count_broken(const struct vm *vm, const struct vmx_rule *reported)
{
    struct vmx_entry e;
    unsigned broken = 0;

    vmx_entry_open(&e, &vm->s, &vm->c);
    for (unsigned g = 0; g < vmx_nr_check_groups; g++)
        for (unsigned i = 0; i < vmx_check_groups[g]->count; i++) {
            broken += vmx_rule_broken(&e, &vmx_check_groups[g]->rules[i]);
            hit[g][i] |= &vmx_check_groups[g]->rules[i].rule == reported;
        }
    return broken;
}

void expect(int line, const struct vm *vm, const char *section, const char *text, bool alone)
{
    const struct vmx_rule *rule = vmx_check_entry(&vm->s, &vm->c);

    if (!rule)
        fail_msg("line %d: no rule is broken, expected: %s %s", line, section, text);
    if (strcmp(rule->section, section) != 0 || strcmp(rule->text, text) != 0)
        fail_msg("line %d: got: %s %s, expected: %s %s", line, rule->section, rule->text, section, text);
    unsigned broken = count_broken(vm, rule);
    if (alone && broken != 1)
        fail_msg("line %d: %s %s: %u rules are broken, not just this one", line, section, text, broken);
}

void expect_good(int line, const struct vm *vm)
{
    const struct vmx_rule *rule = vmx_check_entry(&vm->s, &vm->c);

    if (rule)
        fail_msg("line %d: %s %s", line, rule->section, rule->text);
}

static void good_guests_break_no_rule(void **state)
{
    (void)state;
    GOOD(long, (void)0);
    GOOD(pvh, (void)0);
    GOOD(real, (void)0);
    GOOD(v86, (void)0);
    GOOD(pae, (void)0);
    GOOD(v86, CLEAR(s->cpu2_controls, CPU2_UNRESTRICTED), s->guest_cr0 |= CR0_PG);
}

#define X "26.2.1.1"
#define IS_PAGE " must be page-aligned and inside the physical-address width"
#define PAGE(kind, field, name, ...)                                 \
    BREAKS(kind, X, name IS_PAGE, __VA_ARGS__, s->field = 0x1800);   \
    BREAKS(kind, X, name IS_PAGE, __VA_ARGS__, s->field = TOO_WIDE); \
    BREAKS(kind, X, name IS_PAGE, __VA_ARGS__, c->basic |= VMX_BASIC_32BIT_ADDRESSES, s->field = 1ULL << 32)

static void execution_controls(void **state)
{
    (void)state;
    BREAKS(long, X, "the pin-based controls must be what IA32_VMX_PINBASED_CTLS allows", s->pin_controls |= 1 << 8);
    BREAKS(long, X, "the pin-based controls must be what IA32_VMX_PINBASED_CTLS allows", CLEAR(s->pin_controls, 2));
    BREAKS(long, X, "the primary processor-based controls must be what IA32_VMX_PROCBASED_CTLS allows",
           s->cpu_controls |= 1);
    BREAKS(long, X, "the secondary processor-based controls must be what IA32_VMX_PROCBASED_CTLS2 allows",
           s->cpu2_controls |= 1 << 30);
    BREAKS(long, X, "the CR3-target count must not exceed what IA32_VMX_MISC says (4)", s->cr3_target_count = 5);
    PAGE(long, io_bitmap_a, "I/O bitmap A", (void)0);
    PAGE(long, io_bitmap_b, "I/O bitmap B", (void)0);
    PAGE(long, msr_bitmap, "the MSR bitmap", (void)0);
    BREAKS(long, X, "virtual NMIs need NMI exiting", CLEAR(s->pin_controls, PIN_NMI));
    BREAKS(long, X, "NMI-window exiting needs virtual NMIs", CLEAR(s->pin_controls, PIN_VIRTUAL_NMIS),
           s->cpu_controls |= CPU_NMI_WINDOW);
    BREAKS(long, X, "the VPID must not be 0 where VPIDs are enabled", s->vpid = 0);
    PAGE(long, vmread_bitmap, "the VMREAD bitmap", s->cpu2_controls |= CPU2_VMCS_SHADOWING);
    PAGE(long, vmwrite_bitmap, "the VMWRITE bitmap", s->cpu2_controls |= CPU2_VMCS_SHADOWING);
    BREAKS(long, X, "the TSC multiplier must not be 0 where TSC scaling is used", s->cpu2_controls |= CPU2_TSC_SCALING);
}

static void apic_controls(void **state)
{
    (void)state;
    PAGE(long, virtual_apic_page, "the virtual-APIC page", s->cpu_controls |= CPU_TPR_SHADOW);
    BREAKS(long, X, "TPR threshold[31:4] must be 0 without virtual-interrupt delivery",
           s->cpu_controls |= CPU_TPR_SHADOW, s->tpr_threshold = 0x10);
    BREAKS(long, X, "virtualizing x2APIC mode needs the TPR shadow", s->cpu2_controls |= CPU2_X2APIC);
    BREAKS(long, X, "APIC-register virtualization needs the TPR shadow", s->cpu2_controls |= CPU2_APIC_REGISTERS);
    BREAKS(long, X, "virtual-interrupt delivery needs the TPR shadow", s->cpu2_controls |= CPU2_INTERRUPT_DELIVERY);
    PAGE(long, apic_access_page, "the APIC-access page", s->cpu2_controls |= CPU2_APIC_ACCESSES);
    BREAKS(long, X, "x2APIC mode and APIC accesses must not both be virtualized", s->cpu_controls |= CPU_TPR_SHADOW,
           s->cpu2_controls |= CPU2_X2APIC | CPU2_APIC_ACCESSES);
#define DELIVERY s->cpu_controls |= CPU_TPR_SHADOW, s->cpu2_controls |= CPU2_INTERRUPT_DELIVERY
    BREAKS(long, X, "virtual-interrupt delivery needs external-interrupt exiting", DELIVERY,
           CLEAR(s->pin_controls, PIN_EXTERNAL_INTERRUPT));
#define POSTED s->pin_controls |= PIN_POSTED_INTERRUPTS
#define ACKNOWLEDGE s->exit_controls |= EXIT_ACK_INTERRUPT
    BREAKS(long, X, "posted interrupts need virtual-interrupt delivery", POSTED, ACKNOWLEDGE);
    BREAKS(long, X, "posted interrupts need acknowledging the interrupt on exit", POSTED, DELIVERY);
    BREAKS(long, X, "the posted-interrupt notification vector must be 0 to 255", POSTED, DELIVERY, ACKNOWLEDGE,
           s->posted_interrupt_vector = 256);
    BREAKS(long, X, "the posted-interrupt descriptor must be 64-byte-aligned and inside the physical-address width",
           POSTED, DELIVERY, ACKNOWLEDGE, s->posted_interrupt_descriptor = 32);
    BREAKS(long, X, "the posted-interrupt descriptor must be 64-byte-aligned and inside the physical-address width",
           POSTED, DELIVERY, ACKNOWLEDGE, s->posted_interrupt_descriptor = TOO_WIDE);
}

static void ept_controls(void **state)
{
    static const char type[] = "the EPT pointer's memory type must be one that the processor supports";
    static const char walk[] = "the EPT pointer's page-walk length must be one that the processor supports";
    static const char reserved[] = "reserved bits of the EPT pointer must be 0";
    static const char trace[] = "tracing to guest-physical addresses needs EPT and RTIT_CTL loaded and cleared";

    (void)state;
    BREAKS(long, X, type, s->ept_pointer = 0x505c);
    BREAKS(long, X, type, CLEAR(c->ept_vpid, EPT_CAP_WB));
    BREAKS(long, X, type, s->ept_pointer = 0x5058, CLEAR(c->ept_vpid, EPT_CAP_UC));
    BREAKS(long, X, walk, s->ept_pointer = 0x5066);
    BREAKS(long, X, walk, s->ept_pointer = 0x5056);
    BREAKS(long, X, "the EPT pointer must not enable accessed and dirty flags that there are not",
           CLEAR(c->ept_vpid, EPT_CAP_AD));
    BREAKS(long, X, reserved, s->ept_pointer |= 1 << 7);
    BREAKS(long, X, reserved, s->ept_pointer |= 1 << 11);
    BREAKS(long, X, reserved, s->ept_pointer |= TOO_WIDE);
    BREAKS(pae, X, "page-modification logging needs EPT", s->cpu2_controls = CPU2_PML);
    PAGE(long, pml_address, "the page-modification log", s->cpu2_controls |= CPU2_PML);
    BREAKS(long, X, "an unrestricted guest needs EPT", CLEAR(s->cpu2_controls, CPU2_EPT));
    BREAKS(pae, X, "mode-based execute control needs EPT", s->cpu2_controls = CPU2_MODE_BASED_EXECUTE);
    BREAKS(pae, X, "sub-page write permissions need EPT", s->cpu2_controls = CPU2_SUB_PAGE);
    PAGE(long, sub_page_table, "the sub-page-permission table", s->cpu2_controls |= CPU2_SUB_PAGE);
    BREAKS(long, X, "the VM-function controls must be what IA32_VMX_VMFUNC allows", s->cpu2_controls |= CPU2_VMFUNC,
           s->vm_function_controls = 2);
    BREAKS(pae, X, "EPTP switching needs EPT", s->cpu2_controls = CPU2_VMFUNC, s->vm_function_controls = 1);
    PAGE(long, eptp_list, "the EPTP list", s->cpu2_controls |= CPU2_VMFUNC, s->vm_function_controls = 1);
    PAGE(long, ve_information, "the virtualization-exception information", s->cpu2_controls |= CPU2_VE);
    BREAKS(long, X, trace, s->cpu2_controls |= CPU2_PT_GUEST_PHYSICAL);
    BREAKS(pae, X, trace, s->cpu2_controls = CPU2_PT_GUEST_PHYSICAL, s->entry_controls |= ENTRY_LOAD_RTIT,
           s->exit_controls |= EXIT_CLEAR_RTIT);
}

#define AREA(section, prefix, name)                                                             \
    BREAKS(long, section, name IS_AREA, s->prefix##_count = 1, s->prefix##_address = 8);        \
    BREAKS(long, section, name IS_AREA, s->prefix##_count = 1, s->prefix##_address = TOO_WIDE); \
    BREAKS(long, section, name IS_AREA, s->prefix##_count = 2, s->prefix##_address = TOO_WIDE - 16)
#define IS_AREA " must be 16-byte-aligned and lie inside the physical-address width"

static void exit_controls(void **state)
{
    (void)state;
    BREAKS(long, "26.2.1.2", "the VM-exit controls must be what IA32_VMX_EXIT_CTLS allows",
           s->exit_controls |= 1 << 26);
    BREAKS(long, "26.2.1.2", "the preemption timer must not be saved where it is not active",
           s->exit_controls |= EXIT_SAVE_PREEMPTION_TIMER);
    AREA("26.2.1.2", exit_msr_store, "the VM-exit MSR-store area");
    AREA("26.2.1.2", exit_msr_load, "the VM-exit MSR-load area");
}

static void entry_controls(void **state)
{
    static const char type[] = "the type of the injected event must not be reserved";
    static const char unwanted[] =
        "only a hardware exception that has an error code may deliver one, in protected mode";
    static const char length[] = "an injected software event must have an instruction length of 1 to 15";
    static const char n[] = "26.2.1.3";
    const uint32_t with_error = INTERRUPT_ERROR_VALID;

    (void)state;
    BREAKS(long, n, "the VM-entry controls must be what IA32_VMX_ENTRY_CTLS allows", s->entry_controls |= 1 << 23);
    BREAKS(long, n, type, s->entry_interrupt_info = INTERRUPT_VALID | 1 << 8);
    BREAKS(long, n, type, s->entry_interrupt_info = EVENT(OTHER, 0), CLEAR(c->cpu, (uint64_t)CPU_MONITOR_TRAP << 32));
    BREAKS(long, n, "an injected NMI must have vector 2", s->entry_interrupt_info = EVENT(NMI, 3));
    BREAKS(long, n, "an injected hardware exception must have a vector below 32",
           s->entry_interrupt_info = EVENT(EXCEPTION, 32));
    BREAKS(long, n, "an injected other event must have vector 0", s->entry_interrupt_info = EVENT(OTHER, 1));
    for (uint32_t vector = 0; vector < 32; vector++) {
        if (vector == 8 || (vector >= 10 && vector <= 14) || vector == 17)
            BREAKS(long, n, "an injected exception that has an error code must deliver it in protected mode",
                   s->entry_interrupt_info = EVENT(EXCEPTION, vector));
        else
            BREAKS(long, n, unwanted, s->entry_interrupt_info = EVENT(EXCEPTION, vector) | with_error);
    }
    BREAKS(real, n, unwanted, s->entry_interrupt_info = EVENT(EXCEPTION, 13) | with_error);
    BREAKS(long, n, unwanted, s->entry_interrupt_info = EVENT(NMI, 2) | with_error);
    BREAKS(long, n, "bits 30:12 of the VM-entry interruption information must be 0",
           s->entry_interrupt_info = EVENT(NMI, 2) | 1 << 12);
    BREAKS(long, n, "the injected error code must have 16 bits",
           s->entry_interrupt_info = EVENT(EXCEPTION, 13) | with_error, s->entry_exception_error = 0x10000);
    BREAKS(long, n, length, s->entry_interrupt_info = EVENT(SOFT_INT, 3), s->entry_instruction_length = 16);
    BREAKS(long, n, length, s->entry_interrupt_info = EVENT(PRIV_EXCEPTION, 1), CLEAR(c->misc, VMX_MISC_ZERO_LENGTH));
    BREAKS(long, n, length, s->entry_interrupt_info = EVENT(SOFT_EXCEPTION, 3), CLEAR(c->misc, VMX_MISC_ZERO_LENGTH));
    AREA("26.2.1.3", entry_msr_load, "the VM-entry MSR-load area");
    BREAKS(long, n, "entry to SMM must be 0 outside SMM", s->entry_controls |= ENTRY_SMM);
    BREAKS(long, n, "deactivating dual-monitor treatment must be 0 outside SMM",
           s->entry_controls |= ENTRY_DUAL_MONITOR);
}

static void host_registers(void **state)
{
    static const char n[] = "26.2.2", pat[] = "the host's IA32_PAT must hold memory types only";
    static const char s_cet[] = "the host's IA32_S_CET must be legal";
    static const char ssp[] = "the host's SSP must be canonical and 4-byte-aligned";

    (void)state;
    BREAKS(long, n, "the host's CR0 must have the bits fixed in VMX operation", CLEAR(s->host_cr0, CR0_NE));
    BREAKS(long, n, "the host's CR4 must have the bits fixed in VMX operation", CLEAR(s->host_cr4, 0x2000));
    BREAKS(long, n, "the host's CR4 must have the bits fixed in VMX operation", s->host_cr4 |= 1 << 15);
    BREAKS(long, n, "the host's CR4.CET needs CR0.WP", s->host_cr4 |= CR4_CET, CLEAR(s->host_cr0, CR0_WP));
    BREAKS(long, n, "the host's CR3 must be inside the physical-address width", s->host_cr3 = TOO_WIDE);
    CANONICAL(n, "the host's", host_sysenter_esp, "IA32_SYSENTER_ESP");
    CANONICAL(n, "the host's", host_sysenter_eip, "IA32_SYSENTER_EIP");
    BREAKS(long, n, "reserved bits of the host's IA32_PERF_GLOBAL_CTRL must be 0",
           s->exit_controls |= EXIT_LOAD_PERF_GLOBAL, s->host_perf_global = 0x10);
    BREAKS(long, n, pat, s->host_pat = 0x02ULL << 56);
    BREAKS(long, n, pat, s->host_pat = 0x03);
    BREAKS(long, n, pat, s->host_pat = 0x08);
    BREAKS(long, n, "reserved bits of the host's IA32_EFER must be 0", s->host_efer |= EFER_SVME);
    BREAKS(long, n, "the host's IA32_EFER.LMA must equal the host address-space size", CLEAR(s->host_efer, EFER_LMA));
    BREAKS(long, n, "the host's IA32_EFER.LME must equal the host address-space size", CLEAR(s->host_efer, EFER_LME));
    BREAKS(long, n, s_cet, s->exit_controls |= EXIT_LOAD_CET, s->host_s_cet = 0x40);
    BREAKS(long, n, s_cet, s->exit_controls |= EXIT_LOAD_CET, s->host_s_cet = 0xc00);
    BREAKS(long, n, s_cet, s->exit_controls |= EXIT_LOAD_CET, s->host_s_cet = NOT_CANONICAL);
    BREAKS(long, n, ssp, s->exit_controls |= EXIT_LOAD_CET, s->host_ssp = 2);
    BREAKS(long, n, ssp, s->exit_controls |= EXIT_LOAD_CET, s->host_ssp = NOT_CANONICAL);
    BREAKS(long, n, "the host's IA32_INTERRUPT_SSP_TABLE_ADDR must be canonical", s->exit_controls |= EXIT_LOAD_CET,
           s->host_ssp_table = NOT_CANONICAL);
    BREAKS(long, n, "the host's IA32_PKRS[63:32] must be 0", s->exit_controls |= EXIT_LOAD_PKRS,
           s->host_pkrs = 1ULL << 32);
}

#define SELECTOR(name, field)                                                                       \
    BREAKS(long, "26.2.3", "the host's " name " selector must have RPL and TI 0", s->field = 0x13); \
    BREAKS(long, "26.2.3", "the host's " name " selector must have RPL and TI 0", s->field = 0x14)
#define HOST_32 CLEAR(s->exit_controls, EXIT_HOST_64 | EXIT_LOAD_EFER), s->host_rip = 0x100000

static void host_segments_and_size(void **state)
{
    static const char n[] = "26.2.4";

    (void)state;
    SELECTOR("CS", host_cs);
    SELECTOR("SS", host_ss);
    SELECTOR("DS", host_ds);
    SELECTOR("ES", host_es);
    SELECTOR("FS", host_fs);
    SELECTOR("GS", host_gs);
    SELECTOR("TR", host_tr);
    BREAKS(long, "26.2.3", "the host's CS selector must not be 0", s->host_cs = 0);
    BREAKS(long, "26.2.3", "the host's TR selector must not be 0", s->host_tr = 0);
    FIRST(pvh, "26.2.3", "the host's SS selector must not be 0 in a 32-bit host", HOST_32, s->host_ss = 0);
    GOOD(long, s->host_ss = 0);
    CANONICAL("26.2.3", "the host's", host_fs_base, "FS base");
    CANONICAL("26.2.3", "the host's", host_gs_base, "GS base");
    CANONICAL("26.2.3", "the host's", host_gdtr_base, "GDTR base");
    CANONICAL("26.2.3", "the host's", host_idtr_base, "IDTR base");
    CANONICAL("26.2.3", "the host's", host_tr_base, "TR base");
    FIRST(long, n, "a guest in IA-32e mode needs a 64-bit host", HOST_32);
    FIRST(pvh, n, "the host's CR4.PCIDE must be 0 in a 32-bit host", HOST_32, s->host_cr4 |= CR4_PCIDE);
    FIRST(pvh, n, "the host's RIP[63:32] must be 0 in a 32-bit host", HOST_32, s->host_rip = 1ULL << 32);
    BREAKS(long, n, "the host's CR4.PAE must be 1 in a 64-bit host", CLEAR(s->host_cr4, CR4_PAE));
    BREAKS(long, n, "the host's RIP must be canonical", s->host_rip = NOT_CANONICAL);
    BREAKS(pvh, n, "the host address-space size must be 1, for the hypervisor runs in IA-32e mode", HOST_32);
}

/* Who reads a report must not find two rules under one name. */
static void no_two_rules_say_the_same(void **state)
{
    const struct vmx_rule *seen[512];
    unsigned count = 0;

    (void)state;
    for (unsigned g = 0; g < vmx_nr_check_groups; g++)
        for (unsigned i = 0; i < vmx_check_groups[g]->count; i++) {
            const struct vmx_rule *rule = &vmx_check_groups[g]->rules[i].rule;
            for (unsigned j = 0; j < count; j++)
                if (!strcmp(seen[j]->section, rule->section) && !strcmp(seen[j]->text, rule->text))
                    fail_msg("twice: %s %s", rule->section, rule->text);
            assert_true(count < sizeof(seen) / sizeof(seen[0]));
            seen[count++] = rule;
        }
}

/* Comes last. */
static void every_rule_was_broken_by_a_case(void **state)
{
    unsigned missing = 0, count = 0;

    (void)state;
    assert_true(vmx_nr_check_groups <= sizeof(hit) / sizeof(hit[0]));
    for (unsigned g = 0; g < vmx_nr_check_groups; g++) {
        assert_true(vmx_check_groups[g]->count <= sizeof(hit[0]));
        for (unsigned i = 0; i < vmx_check_groups[g]->count; i++, count++)
            if (!hit[g][i]) {
                print_error("no case breaks: %s %s\n", vmx_check_groups[g]->rules[i].rule.section,
                            vmx_check_groups[g]->rules[i].rule.text);
                missing++;
            }
    }
    print_message("%u rules\n", count);
    assert_int_equal(missing, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_guests_break_no_rule),
        cmocka_unit_test(what_is_off_is_not_looked_at),
        cmocka_unit_test(what_is_on_and_right_is_let_in),
        cmocka_unit_test(guests_at_the_edge_are_let_in),
        cmocka_unit_test(events_are_let_in),
        cmocka_unit_test(rules_do_not_hide_behind_other_fields),
        cmocka_unit_test(execution_controls),
        cmocka_unit_test(apic_controls),
        cmocka_unit_test(ept_controls),
        cmocka_unit_test(exit_controls),
        cmocka_unit_test(entry_controls),
        cmocka_unit_test(host_registers),
        cmocka_unit_test(host_segments_and_size),
        cmocka_unit_test(guest_control_registers),
        cmocka_unit_test(guest_msrs),
        cmocka_unit_test(data_segments),
        cmocka_unit_test(code_and_stack_segments),
        cmocka_unit_test(system_segments_and_v86),
        cmocka_unit_test(tables_and_flow),
        cmocka_unit_test(activity),
        cmocka_unit_test(interruptibility),
        cmocka_unit_test(pending_and_link),
        cmocka_unit_test(page_directory_pointers),
        cmocka_unit_test(no_two_rules_say_the_same),
        cmocka_unit_test(every_rule_was_broken_by_a_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
