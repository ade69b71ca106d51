/* SPDX-License-Identifier: MIT */
/* Rules of the guest state but for its segments (SDM Vol. 3C, sections 26.3.1.1 and 26.3.1.3 to 26.3.1.6). */
#include "arch/x86/vmx/check.h"

/* --- Control registers, debug registers and MSRs (26.3.1.1). */
static bool cr0_not_fixed(const struct vmx_entry *e)
{
    uint64_t must = e->cap->cr0_fixed0;

    if (e->unrestricted)
        must &= ~((uint64_t)CR0_PE | CR0_PG);
    return bits_not_fixed(e->s->guest_cr0, must, e->cap->cr0_fixed1);
}

static bool pg_without_pe(const struct vmx_entry *e)
{
    return (e->s->guest_cr0 & CR0_PG) && !(e->s->guest_cr0 & CR0_PE);
}

static bool cr4_not_fixed(const struct vmx_entry *e)
{
    return bits_not_fixed(e->s->guest_cr4, e->cap->cr4_fixed0, e->cap->cr4_fixed1);
}

static bool cet_without_wp(const struct vmx_entry *e)
{
    return (e->s->guest_cr4 & CR4_CET) && !(e->s->guest_cr0 & CR0_WP);
}

static bool debugctl_reserved(const struct vmx_entry *e)
{
    return (e->entry & ENTRY_LOAD_DEBUG) && (e->s->guest_debugctl & ~0xffc3ULL);
}

static bool long_without_pg(const struct vmx_entry *e)
{
    return e->guest_64 && !(e->s->guest_cr0 & CR0_PG);
}

static bool long_without_pae(const struct vmx_entry *e)
{
    return e->guest_64 && !(e->s->guest_cr4 & CR4_PAE);
}

static bool pcide_without_long(const struct vmx_entry *e)
{
    return !e->guest_64 && (e->s->guest_cr4 & CR4_PCIDE);
}

static bool cr3_high(const struct vmx_entry *e)
{
    return e->s->guest_cr3 >> e->cap->physical_bits;
}

static bool dr7_high(const struct vmx_entry *e)
{
    return (e->entry & ENTRY_LOAD_DEBUG) && e->s->guest_dr7 >> 32;
}

static bool value_not_canonical(const struct vmx_entry *e)
{
    return not_canonical(e, e->value);
}

static bool perf_global_reserved(const struct vmx_entry *e)
{
    return (e->entry & ENTRY_LOAD_PERF_GLOBAL) && (e->s->guest_perf_global & ~e->cap->perf_global);
}

static bool pat_reserved(const struct vmx_entry *e)
{
    return (e->entry & ENTRY_LOAD_PAT) && vmx_pat_reserved(e->s->guest_pat);
}

static bool efer_reserved(const struct vmx_entry *e)
{
    return (e->entry & ENTRY_LOAD_EFER) && vmx_efer_reserved(e->s->guest_efer);
}

static bool efer_lma_differs(const struct vmx_entry *e)
{
    return (e->entry & ENTRY_LOAD_EFER) && !(e->s->guest_efer & EFER_LMA) == e->guest_64;
}

static bool efer_lme_differs(const struct vmx_entry *e)
{
    bool lme = e->s->guest_efer & EFER_LME, lma = e->s->guest_efer & EFER_LMA;
    return (e->entry & ENTRY_LOAD_EFER) && (e->s->guest_cr0 & CR0_PG) && lme != lma;
}

static bool bndcfgs_reserved(const struct vmx_entry *e)
{
    return (e->entry & ENTRY_LOAD_BNDCFGS) && ((e->s->guest_bndcfgs & 0xffc) || not_canonical(e, e->s->guest_bndcfgs));
}

static bool s_cet_reserved(const struct vmx_entry *e)
{
    return (e->entry & ENTRY_LOAD_CET) && vmx_s_cet_reserved(e, e->s->guest_s_cet);
}

static bool ssp_table_not_canonical(const struct vmx_entry *e)
{
    return (e->entry & ENTRY_LOAD_CET) && not_canonical(e, e->s->guest_ssp_table);
}

static bool pkrs_high(const struct vmx_entry *e)
{
    return (e->entry & ENTRY_LOAD_PKRS) && e->s->guest_pkrs >> 32;
}

/* --- Descriptor tables (26.3.1.3). */
static bool limit_high(const struct vmx_entry *e)
{
    return e->value >> 16;
}

/* --- RIP, RFLAGS and SSP (26.3.1.4). */
static bool in_64_bit_code(const struct vmx_entry *e)
{
    return e->guest_64 && (e->segments[SEG_CS].ar & AR_L);
}

/* In 64-bit code not quite canonical: the highest implemented bit may differ from those above it. */
static bool not_a_code_address(const struct vmx_entry *e, uint64_t address)
{
    uint64_t high = address >> e->cap->linear_bits;
    return in_64_bit_code(e) && high != 0 && high != UINT64_MAX >> e->cap->linear_bits;
}

static bool rip_high(const struct vmx_entry *e)
{
    return !in_64_bit_code(e) && e->s->guest_rip >> 32;
}

static bool rip_not_linear(const struct vmx_entry *e)
{
    return not_a_code_address(e, e->s->guest_rip);
}

static bool rflags_reserved(const struct vmx_entry *e)
{
    return (e->s->guest_rflags & ~0x3f7fd7ULL) || !(e->s->guest_rflags & RFLAGS_FIXED);
}

static bool v86_in_long_mode(const struct vmx_entry *e)
{
    return e->v86 && e->guest_64;
}

static bool v86_in_real_mode(const struct vmx_entry *e)
{
    return e->v86 && !(e->s->guest_cr0 & CR0_PE);
}

static bool interrupt_while_disabled(const struct vmx_entry *e)
{
    return injects(e, INTERRUPT_TYPE_EXTERNAL) && !(e->s->guest_rflags & RFLAGS_IF);
}

static bool ssp_bad(const struct vmx_entry *e)
{
    if (!(e->entry & ENTRY_LOAD_CET))
        return false;
    return (e->s->guest_ssp & 3) || not_a_code_address(e, e->s->guest_ssp) ||
           (!in_64_bit_code(e) && e->s->guest_ssp >> 32);
}

/* --- Activity (26.3.1.5). */
static bool activity_unsupported(const struct vmx_entry *e)
{
    switch (e->s->activity) {
    case ACTIVITY_ACTIVE:
        return false;
    case ACTIVITY_HLT:
        return !(e->cap->misc & VMX_MISC_HLT);
    case ACTIVITY_SHUTDOWN:
        return !(e->cap->misc & VMX_MISC_SHUTDOWN);
    case ACTIVITY_WAIT_SIPI:
        return !(e->cap->misc & VMX_MISC_WAIT_SIPI);
    default:
        return true;
    }
}

static bool halted_in_user_mode(const struct vmx_entry *e)
{
    return e->s->activity == ACTIVITY_HLT && AR_DPL(e->segments[SEG_SS].ar) != 0;
}

static bool inactive_while_blocked(const struct vmx_entry *e)
{
    return e->s->activity != ACTIVITY_ACTIVE && (e->s->interruptibility & (BLOCKED_BY_STI | BLOCKED_BY_MOV_SS));
}

static bool injects_exception(const struct vmx_entry *e, unsigned vector)
{
    return injects(e, INTERRUPT_TYPE_EXCEPTION) && INTERRUPT_VECTOR(e->event) == vector;
}

/* An interrupt, an NMI, #DB, #MC or a pending MTF exit wakes a halted processor. */
static bool event_into_halt(const struct vmx_entry *e)
{
    bool wakes = injects(e, INTERRUPT_TYPE_EXTERNAL) || injects(e, INTERRUPT_TYPE_NMI) || injects_exception(e, 1) ||
                 injects_exception(e, 18) || injects(e, INTERRUPT_TYPE_OTHER);
    return (e->event & INTERRUPT_VALID) && e->s->activity == ACTIVITY_HLT && !wakes;
}

static bool event_into_shutdown(const struct vmx_entry *e)
{
    bool wakes = injects(e, INTERRUPT_TYPE_NMI) || injects_exception(e, 18);
    return (e->event & INTERRUPT_VALID) && e->s->activity == ACTIVITY_SHUTDOWN && !wakes;
}

static bool event_into_wait_for_sipi(const struct vmx_entry *e)
{
    return (e->event & INTERRUPT_VALID) && e->s->activity == ACTIVITY_WAIT_SIPI;
}

/* --- Interruptibility (26.3.1.5). Where there is SGX, the secondary controls offer exits by ENCLS. */
static bool interruptibility_reserved(const struct vmx_entry *e)
{
    uint64_t allowed = e->cap->cpu2 >> 32 & CPU2_ENCLS ? 0x1f : 0xf;
    return e->s->interruptibility & ~allowed;
}

static bool enclave_blocked_by_mov_ss(const struct vmx_entry *e)
{
    return (e->s->interruptibility & ENCLAVE_INTERRUPTED) && (e->s->interruptibility & BLOCKED_BY_MOV_SS);
}

static bool blocked_twice(const struct vmx_entry *e)
{
    return (e->s->interruptibility & BLOCKED_BY_STI) && (e->s->interruptibility & BLOCKED_BY_MOV_SS);
}

static bool blocked_by_sti_while_disabled(const struct vmx_entry *e)
{
    return (e->s->interruptibility & BLOCKED_BY_STI) && !(e->s->guest_rflags & RFLAGS_IF);
}

static bool interrupt_while_blocked(const struct vmx_entry *e)
{
    return injects(e, INTERRUPT_TYPE_EXTERNAL) && (e->s->interruptibility & (BLOCKED_BY_STI | BLOCKED_BY_MOV_SS));
}

/* Blocking by STI is left out: some processors refuse it, others don't. */
static bool nmi_while_blocked_by_mov_ss(const struct vmx_entry *e)
{
    return injects(e, INTERRUPT_TYPE_NMI) && (e->s->interruptibility & BLOCKED_BY_MOV_SS);
}

static bool blocked_by_smi(const struct vmx_entry *e)
{
    return e->s->interruptibility & BLOCKED_BY_SMI;
}

static bool virtual_nmi_while_blocked(const struct vmx_entry *e)
{
    return (e->pin & PIN_VIRTUAL_NMIS) && injects(e, INTERRUPT_TYPE_NMI) && (e->s->interruptibility & BLOCKED_BY_NMI);
}

/* --- Pending debug exceptions and the link pointer (26.3.1.5). */
#define PENDING_BS (1 << 14)
#define PENDING_RTM (1 << 16)

static bool pending_reserved(const struct vmx_entry *e)
{
    return e->s->pending_debug & ~(0x500fULL | (e->cap->rtm ? PENDING_RTM : 0));
}

/* Whether a step is pending matters where the entry does not clear it: blocked, or halted. */
static bool step_matters(const struct vmx_entry *e)
{
    return (e->s->interruptibility & (BLOCKED_BY_STI | BLOCKED_BY_MOV_SS)) || e->s->activity == ACTIVITY_HLT;
}

static bool single_steps(const struct vmx_entry *e)
{
    return (e->s->guest_rflags & RFLAGS_TF) && !(e->s->guest_debugctl & 2);
}

static bool step_missing(const struct vmx_entry *e)
{
    return step_matters(e) && single_steps(e) && !(e->s->pending_debug & PENDING_BS);
}

static bool step_unwanted(const struct vmx_entry *e)
{
    return step_matters(e) && !single_steps(e) && (e->s->pending_debug & PENDING_BS);
}

/* #DB inside a transaction: bit 12 with it, nothing else, and no blocking by MOV SS. */
static bool pending_transaction_bad(const struct vmx_entry *e)
{
    if (!(e->s->pending_debug & PENDING_RTM))
        return false;
    return e->s->pending_debug != (PENDING_RTM | 1 << 12) || (e->s->interruptibility & BLOCKED_BY_MOV_SS);
}

static bool link_bad(const struct vmx_entry *e)
{
    return e->value != UINT64_MAX && not_a_page(e, e->value);
}

/* --- Page-directory-pointer-table entries (26.3.1.6). */
bool vmx_pdpte_reserved(uint64_t pdpte, unsigned physical_bits)
{
    return (pdpte & 1) && ((pdpte & 0x1e6) || pdpte >> physical_bits);
}

static bool pdpte_reserved(const struct vmx_entry *e)
{
    bool pae = (e->s->guest_cr0 & CR0_PG) && (e->s->guest_cr4 & CR4_PAE) && !e->guest_64;
    return pae && (e->cpu2 & CPU2_EPT) && vmx_pdpte_reserved(e->value, e->cap->physical_bits);
}

#define REGISTER(broken, text) RULE(broken, "26.3.1.1", text)
#define CANONICAL(field, section, name) \
    FIELD_RULE(value_not_canonical, field, section, "the guest's " name " must be canonical")
#define LIMIT(field, name) FIELD_RULE(limit_high, field, "26.3.1.3", "the guest's " name " limit must have 16 bits")
#define FLOW(broken, text) RULE(broken, "26.3.1.4", text)
#define STATE(broken, text) RULE(broken, "26.3.1.5", text)
#define PDPTE(field, name) \
    FIELD_RULE(pdpte_reserved, field, "26.3.1.6", "reserved bits of the guest's " name " must be 0 with PAE paging")

static const struct vmx_entry_rule register_rules[] = {
    REGISTER(cr0_not_fixed,
             "the guest's CR0 must have the bits fixed in VMX operation (PE and PG unless unrestricted)"),
    REGISTER(pg_without_pe, "the guest's CR0.PG needs CR0.PE"),
    REGISTER(cr4_not_fixed, "the guest's CR4 must have the bits fixed in VMX operation"),
    REGISTER(cet_without_wp, "the guest's CR4.CET needs CR0.WP"),
    REGISTER(debugctl_reserved, "reserved bits of the guest's IA32_DEBUGCTL must be 0"),
    REGISTER(long_without_pg, "a guest in IA-32e mode needs CR0.PG"),
    REGISTER(long_without_pae, "a guest in IA-32e mode needs CR4.PAE"),
    REGISTER(pcide_without_long, "the guest's CR4.PCIDE must be 0 outside IA-32e mode"),
    REGISTER(cr3_high, "the guest's CR3 must be inside the physical-address width"),
    REGISTER(dr7_high, "the guest's DR7[63:32] must be 0"),
    CANONICAL(guest_sysenter_esp, "26.3.1.1", "IA32_SYSENTER_ESP"),
    CANONICAL(guest_sysenter_eip, "26.3.1.1", "IA32_SYSENTER_EIP"),
    REGISTER(s_cet_reserved, "the guest's IA32_S_CET must be legal"),
    REGISTER(ssp_table_not_canonical, "the guest's IA32_INTERRUPT_SSP_TABLE_ADDR must be canonical"),
    REGISTER(perf_global_reserved, "reserved bits of the guest's IA32_PERF_GLOBAL_CTRL must be 0"),
    REGISTER(pat_reserved, "the guest's IA32_PAT must hold memory types only"),
    REGISTER(efer_reserved, "reserved bits of the guest's IA32_EFER must be 0"),
    REGISTER(efer_lma_differs, "the guest's IA32_EFER.LMA must equal the IA-32e mode control"),
    REGISTER(efer_lme_differs, "the guest's IA32_EFER.LME must equal LMA with paging on"),
    REGISTER(bndcfgs_reserved, "reserved bits of the guest's IA32_BNDCFGS must be 0 and its address canonical"),
    REGISTER(pkrs_high, "the guest's IA32_PKRS[63:32] must be 0"),
};

static const struct vmx_entry_rule other_rules[] = {
    CANONICAL(gdtr_base, "26.3.1.3", "GDTR base"),
    CANONICAL(idtr_base, "26.3.1.3", "IDTR base"),
    LIMIT(gdtr_limit, "GDTR"),
    LIMIT(idtr_limit, "IDTR"),

    FLOW(rip_high, "the guest's RIP[63:32] must be 0 outside 64-bit code"),
    FLOW(rip_not_linear, "the guest's RIP must be inside the linear-address width in 64-bit code"),
    FLOW(rflags_reserved, "reserved bits of the guest's RFLAGS must be 0, and bit 1 must be 1"),
    FLOW(v86_in_long_mode, "the guest's RFLAGS.VM must be 0 in IA-32e mode"),
    FLOW(v86_in_real_mode, "the guest's RFLAGS.VM must be 0 where CR0.PE is 0"),
    FLOW(interrupt_while_disabled, "the guest's RFLAGS.IF must be 1 where an external interrupt is injected"),
    FLOW(ssp_bad, "the guest's SSP must be 4-byte-aligned and an address of its mode"),

    STATE(activity_unsupported, "the activity state must be one that the processor supports"),
    STATE(halted_in_user_mode, "the activity state must not be HLT where the DPL of SS is not 0"),
    STATE(inactive_while_blocked, "the activity state must be active where STI or MOV SS blocks"),
    STATE(event_into_halt, "an event injected in HLT must be one that wakes: interrupt, NMI, #DB, #MC, MTF"),
    STATE(event_into_shutdown, "an event injected in shutdown must be an NMI or #MC"),
    STATE(event_into_wait_for_sipi, "no event may be injected while waiting for SIPI"),
    STATE(interruptibility_reserved, "reserved bits of the interruptibility state must be 0"),
    STATE(enclave_blocked_by_mov_ss, "an interrupted enclave must not be blocked by MOV SS"),
    STATE(blocked_twice, "blocking by STI and by MOV SS must not both be 1"),
    STATE(blocked_by_sti_while_disabled, "blocking by STI needs the guest's RFLAGS.IF"),
    STATE(interrupt_while_blocked, "an external interrupt must not be injected where STI or MOV SS blocks"),
    STATE(nmi_while_blocked_by_mov_ss, "an NMI must not be injected where MOV SS blocks"),
    STATE(blocked_by_smi, "blocking by SMI must be 0 outside SMM"),
    STATE(virtual_nmi_while_blocked, "an NMI must not be injected where virtual NMIs are blocked"),
    STATE(pending_reserved, "reserved bits of the pending debug exceptions must be 0"),
    STATE(step_missing,
          "a single step must be pending where RFLAGS.TF is 1, BTF is 0 and the guest is blocked or in HLT"),
    STATE(step_unwanted, "no single step may be pending where RFLAGS.TF is 0 or BTF is 1"),
    STATE(pending_transaction_bad, "a debug exception pending in a transaction must be the only one"),
    FIELD_RULE(link_bad, vmcs_link, "26.3.1.5",
               "the VMCS link pointer must be all ones, or page-aligned and inside the physical-address width"),

    PDPTE(pdpte0, "PDPTE 0"),
    PDPTE(pdpte1, "PDPTE 1"),
    PDPTE(pdpte2, "PDPTE 2"),
    PDPTE(pdpte3, "PDPTE 3"),
};

const struct vmx_entry_group vmx_check_guest_registers = GROUP(register_rules);
const struct vmx_entry_group vmx_check_guest_rest = GROUP(other_rules);
