/* SPDX-License-Identifier: MIT */
/* Where Bochs 2.7 differs from the manual, each with its reason. On other processors nothing here should apply. */
#include "arch/x86/vmx/selftest.h"

#include <stddef.h>

#include "arch/x86/regs.h"
#include "arch/x86/vmx/vmx.h"
#include "common/string.h"

#define SELECTOR_RPL 3
#define VECTOR_MC 18

/* The processor lets in what the rule of this text forbids. */
static bool lets_in(const struct vmx_rule *rule, enum selftest_verdict processor, const char *text)
{
    return rule && processor == ENTERS && strcmp(rule->text, text) == 0;
}

static bool reports_smm_as_guest_state(const struct vmcs_snapshot *s, const struct vmx_rule *rule,
                                       enum selftest_verdict processor)
{
    return rule && processor == BAD_GUEST && (s->entry_controls & (ENTRY_SMM | ENTRY_DUAL_MONITOR));
}

/* Types 8 to 11: non-conforming code, 12 to 15: conforming. */
static bool own_rpl_is_good(const struct vmcs_snapshot *s)
{
    uint64_t type = AR_TYPE(s->cs_ar), dpl = AR_DPL(s->cs_ar), rpl = s->cs_selector & SELECTOR_RPL;
    return type >= 12 ? dpl <= rpl : type < 8 || dpl == rpl;
}

static bool asks_cs_for_its_own_rpl(const struct vmcs_snapshot *s, const struct vmx_rule *rule,
                                    enum selftest_verdict processor)
{
    if (!rule)
        return processor == BAD_GUEST && !own_rpl_is_good(s);
    return own_rpl_is_good(s) &&
           (lets_in(rule, processor, "CS must have the DPL of SS if it is not conforming") ||
            lets_in(rule, processor, "CS must not have a DPL above that of SS if it is conforming"));
}

static bool sees_half_of_pending_debug(const struct vmcs_snapshot *s, const struct vmx_rule *rule,
                                       enum selftest_verdict processor)
{
    return s->pending_debug >> 32 &&
           lets_in(rule, processor, "reserved bits of the pending debug exceptions must be 0");
}

static bool injects(const struct vmcs_snapshot *s, uint32_t type)
{
    return (s->entry_interrupt_info & INTERRUPT_VALID) && (s->entry_interrupt_info & INTERRUPT_TYPE_MASK) == type;
}

static bool injects_no_nmi_behind_sti(const struct vmcs_snapshot *s, const struct vmx_rule *rule,
                                      enum selftest_verdict processor)
{
    return !rule && processor == BAD_GUEST && injects(s, INTERRUPT_TYPE_NMI) && (s->interruptibility & BLOCKED_BY_STI);
}

static bool takes_any_machine_check(const struct vmcs_snapshot *s, const struct vmx_rule *rule,
                                    enum selftest_verdict processor)
{
    return INTERRUPT_VECTOR(s->entry_interrupt_info) == VECTOR_MC &&
           lets_in(rule, processor, "an event injected in shutdown must be an NMI or #MC");
}

static bool ignores_rpl_of_code(const struct vmcs_snapshot *s, const struct vmx_rule *rule,
                                enum selftest_verdict processor)
{
    return AR_TYPE(s->ds_ar) == 11 &&
           lets_in(rule, processor, "DS must not have a DPL below its RPL unless unrestricted");
}

/* Not a mistake: without EPT they come from memory, and memory is not in the snapshot. */
static bool finds_pdptes_in_memory(const struct vmcs_snapshot *s, const struct vmx_rule *rule,
                                   enum selftest_verdict processor)
{
    bool ept = (s->cpu_controls & CPU_SECONDARY) && (s->cpu2_controls & CPU2_EPT);
    bool pae = (s->guest_cr0 & CR0_PG) && (s->guest_cr4 & CR4_PAE) && !(s->entry_controls & ENTRY_GUEST_64);
    return !rule && processor == BAD_GUEST && pae && !ept;
}

/* IA32_VMX_BASIC[56] frees the vector, not the type of the event and not real mode. */
static bool delivers_any_error_code(const struct vmcs_snapshot *s, const struct vmx_rule *rule,
                                    enum selftest_verdict processor)
{
    static const char text[] = "only a hardware exception that has an error code may deliver one, in protected mode";

    (void)s;
    return (vmx_capability.basic & VMX_BASIC_ANY_ERROR_CODE) && rule && strcmp(rule->text, text) == 0 &&
           (processor == ENTERS || processor == BAD_GUEST);
}

/* Rules that are not applied at all: the texts of vmx_check_entry(). */
static const struct {
    const char *text, *reason;
} not_applied[] = {
    {"a guest in IA-32e mode needs CR0.PG", "IA-32e mode is entered without paging"},
    {"the guest's RIP must be inside the linear-address width in 64-bit code", "bits 63:48 of RIP are not looked at"},
    {"reserved bits of the guest's IA32_DEBUGCTL must be 0", "IA32_DEBUGCTL is not looked at"},
    {"the guest's RFLAGS.VM must be 0 where CR0.PE is 0", "virtual-8086 mode is entered without protection"},
    {"an NMI must not be injected where virtual NMIs are blocked", "virtual NMIs are injected although blocked"},
    {"an event injected in HLT must be one that wakes: interrupt, NMI, #DB, #MC, MTF", "every event wakes from HLT"},
    {"a single step must be pending where RFLAGS.TF is 1, BTF is 0 and the guest is blocked or in HLT",
     "whether a single step is pending is not looked at"},
    {"no single step may be pending where RFLAGS.TF is 0 or BTF is 1",
     "whether a single step is pending is not looked at"},
};

/* What differs in part, or is reported otherwise, or is refused without a rule of the manual. */
static const struct {
    bool (*applies)(const struct vmcs_snapshot *s, const struct vmx_rule *rule, enum selftest_verdict processor);
    const char *reason;
} exceptions[] = {
    {reports_smm_as_guest_state, "entry to SMM outside SMM ends as bad guest state, not as a bad control"},
    {asks_cs_for_its_own_rpl, "the DPL of CS is compared with the RPL of CS, not with the DPL of SS"},
    {ignores_rpl_of_code, "the RPL of readable, accessed code in DS is not looked at"},
    {sees_half_of_pending_debug, "bits 63:32 of the pending debug exceptions are not looked at"},
    {injects_no_nmi_behind_sti, "NMIs are refused behind STI, which the manual leaves to the processor"},
    {takes_any_machine_check, "in shutdown the vector of #MC is let in with any type"},
    {delivers_any_error_code, "with IA32_VMX_BASIC[56] every event may deliver an error code"},
    {finds_pdptes_in_memory, "PDPTEs in memory, without EPT, are refused"},
};

const char *vmx_selftest_exception(const struct vmcs_snapshot *s, const struct vmx_rule *rule,
                                   enum selftest_verdict processor)
{
    for (unsigned i = 0; i < sizeof(not_applied) / sizeof(not_applied[0]); i++)
        if (lets_in(rule, processor, not_applied[i].text))
            return not_applied[i].reason;
    for (unsigned i = 0; i < sizeof(exceptions) / sizeof(exceptions[0]); i++)
        if (exceptions[i].applies(s, rule, processor))
            return exceptions[i].reason;
    return NULL;
}

/*
 * Bochs enters IA-32e mode without paging, and ends in a panic if there is no protection either. And a processor that
 * waits for a SIPI would wait for ever, if it were let in by mistake. An event of type 7 without monitor trap exits is
 * a panic too.
 */
bool vmx_selftest_fatal(const struct vmcs_snapshot *s)
{
    bool trap_exits = vmx_capability.cpu >> 32 & CPU_MONITOR_TRAP;

    if (s->activity == ACTIVITY_WAIT_SIPI || (injects(s, INTERRUPT_TYPE_OTHER) && !trap_exits))
        return true;
    return (s->entry_controls & ENTRY_GUEST_64) && !(s->guest_cr0 & CR0_PE);
}
