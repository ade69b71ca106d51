/* SPDX-License-Identifier: MIT */
/* Where Bochs 2.7 differs from the manual, each with its reason. On other processors nothing here should apply. */
#include "arch/x86/vmx/selftest.h"

#include <stddef.h>

#include "arch/x86/regs.h"
#include "common/string.h"

#define SELECTOR_RPL 3

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

static bool needs_no_paging(const struct vmcs_snapshot *s, const struct vmx_rule *rule, enum selftest_verdict processor)
{
    (void)s;
    return lets_in(rule, processor, "a guest in IA-32e mode needs CR0.PG");
}

static bool takes_any_rip(const struct vmcs_snapshot *s, const struct vmx_rule *rule, enum selftest_verdict processor)
{
    (void)s;
    return lets_in(rule, processor, "the guest's RIP must be inside the linear-address width in 64-bit code");
}

static bool takes_any_debugctl(const struct vmcs_snapshot *s, const struct vmx_rule *rule,
                               enum selftest_verdict processor)
{
    (void)s;
    return lets_in(rule, processor, "reserved bits of the guest's IA32_DEBUGCTL must be 0");
}

static bool sees_half_of_pending_debug(const struct vmcs_snapshot *s, const struct vmx_rule *rule,
                                       enum selftest_verdict processor)
{
    return s->pending_debug >> 32 &&
           lets_in(rule, processor, "reserved bits of the pending debug exceptions must be 0");
}

static const struct {
    bool (*applies)(const struct vmcs_snapshot *s, const struct vmx_rule *rule, enum selftest_verdict processor);
    const char *reason;
} exceptions[] = {
    {reports_smm_as_guest_state, "entry to SMM outside SMM ends as bad guest state, not as a bad control"},
    {asks_cs_for_its_own_rpl, "the DPL of CS is compared with the RPL of CS, not with the DPL of SS"},
    {needs_no_paging, "IA-32e mode is entered without CR0.PG"},
    {takes_any_rip, "bits 63:48 of RIP are not looked at"},
    {takes_any_debugctl, "the reserved bits of IA32_DEBUGCTL are not looked at"},
    {sees_half_of_pending_debug, "bits 63:32 of the pending debug exceptions are not looked at"},
};

const char *vmx_selftest_exception(const struct vmcs_snapshot *s, const struct vmx_rule *rule,
                                   enum selftest_verdict processor)
{
    for (unsigned i = 0; i < sizeof(exceptions) / sizeof(exceptions[0]); i++)
        if (exceptions[i].applies(s, rule, processor))
            return exceptions[i].reason;
    return NULL;
}

/* Bochs enters IA-32e mode without paging, and ends in a panic if there is no protection either. */
bool vmx_selftest_fatal(const struct vmcs_snapshot *s)
{
    return (s->entry_controls & ENTRY_GUEST_64) && !(s->guest_cr0 & CR0_PE);
}
