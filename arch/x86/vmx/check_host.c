/* SPDX-License-Identifier: MIT */
/* Rules of the host state (SDM Vol. 3C, sections 26.2.2 to 26.2.4). */
#include "arch/x86/vmx/check.h"

/* --- Control registers and MSRs (26.2.2). */
static bool cr0_not_fixed(const struct vmx_entry *e)
{
    return bits_not_fixed(e->s->host_cr0, e->cap->cr0_fixed0, e->cap->cr0_fixed1);
}

static bool cr4_not_fixed(const struct vmx_entry *e)
{
    return bits_not_fixed(e->s->host_cr4, e->cap->cr4_fixed0, e->cap->cr4_fixed1);
}

static bool cet_without_wp(const struct vmx_entry *e)
{
    return (e->s->host_cr4 & CR4_CET) && !(e->s->host_cr0 & CR0_WP);
}

static bool cr3_high(const struct vmx_entry *e)
{
    return e->s->host_cr3 >> e->cap->physical_bits;
}

static bool value_not_canonical(const struct vmx_entry *e)
{
    return not_canonical(e, e->value);
}

static bool perf_global_reserved(const struct vmx_entry *e)
{
    return (e->exit & EXIT_LOAD_PERF_GLOBAL) && (e->s->host_perf_global & ~e->cap->perf_global);
}

static bool pat_reserved(const struct vmx_entry *e)
{
    return (e->exit & EXIT_LOAD_PAT) && vmx_pat_reserved(e->s->host_pat);
}

static bool efer_reserved(const struct vmx_entry *e)
{
    return (e->exit & EXIT_LOAD_EFER) && vmx_efer_reserved(e->s->host_efer);
}

static bool efer_lma_differs(const struct vmx_entry *e)
{
    return (e->exit & EXIT_LOAD_EFER) && !(e->s->host_efer & EFER_LMA) == e->host_64;
}

static bool efer_lme_differs(const struct vmx_entry *e)
{
    return (e->exit & EXIT_LOAD_EFER) && !(e->s->host_efer & EFER_LME) == e->host_64;
}

static bool s_cet_reserved(const struct vmx_entry *e)
{
    return (e->exit & EXIT_LOAD_CET) && vmx_s_cet_reserved(e, e->s->host_s_cet);
}

static bool ssp_bad(const struct vmx_entry *e)
{
    return (e->exit & EXIT_LOAD_CET) && ((e->s->host_ssp & 3) || not_canonical(e, e->s->host_ssp));
}

static bool ssp_table_not_canonical(const struct vmx_entry *e)
{
    return (e->exit & EXIT_LOAD_CET) && not_canonical(e, e->s->host_ssp_table);
}

static bool pkrs_high(const struct vmx_entry *e)
{
    return (e->exit & EXIT_LOAD_PKRS) && e->s->host_pkrs >> 32;
}

/* --- Segments and descriptor tables (26.2.3). */
static bool selector_not_global_ring0(const struct vmx_entry *e)
{
    return e->value & 7;
}

static bool value_null(const struct vmx_entry *e)
{
    return e->value == 0;
}

static bool ss_null_in_32_bit(const struct vmx_entry *e)
{
    return !e->host_64 && e->s->host_ss == 0;
}

/* --- The address-space size (26.2.4). */
static bool guest_64_on_host_32(const struct vmx_entry *e)
{
    return !e->host_64 && e->guest_64;
}

static bool pcide_on_host_32(const struct vmx_entry *e)
{
    return !e->host_64 && (e->s->host_cr4 & CR4_PCIDE);
}

static bool rip_high_on_host_32(const struct vmx_entry *e)
{
    return !e->host_64 && e->s->host_rip >> 32;
}

static bool no_pae_on_host_64(const struct vmx_entry *e)
{
    return e->host_64 && !(e->s->host_cr4 & CR4_PAE);
}

static bool rip_not_canonical_on_host_64(const struct vmx_entry *e)
{
    return e->host_64 && not_canonical(e, e->s->host_rip);
}

static bool host_32(const struct vmx_entry *e)
{
    return !e->host_64;
}

#define REGISTER(broken, text) RULE(broken, "26.2.2", text)
#define SIZE(broken, text) RULE(broken, "26.2.4", text)
#define SELECTOR(field, name) \
    FIELD_RULE(selector_not_global_ring0, field, "26.2.3", "the host's " name " selector must have RPL and TI 0")
#define NOT_NULL(field, name) FIELD_RULE(value_null, field, "26.2.3", "the host's " name " selector must not be 0")
#define CANONICAL(field, section, name) \
    FIELD_RULE(value_not_canonical, field, section, "the host's " name " must be canonical")

static const struct vmx_entry_rule rules[] = {
    REGISTER(cr0_not_fixed, "the host's CR0 must have the bits fixed in VMX operation"),
    REGISTER(cr4_not_fixed, "the host's CR4 must have the bits fixed in VMX operation"),
    REGISTER(cet_without_wp, "the host's CR4.CET needs CR0.WP"),
    REGISTER(cr3_high, "the host's CR3 must be inside the physical-address width"),
    CANONICAL(host_sysenter_esp, "26.2.2", "IA32_SYSENTER_ESP"),
    CANONICAL(host_sysenter_eip, "26.2.2", "IA32_SYSENTER_EIP"),
    REGISTER(perf_global_reserved, "reserved bits of the host's IA32_PERF_GLOBAL_CTRL must be 0"),
    REGISTER(pat_reserved, "the host's IA32_PAT must hold memory types only"),
    REGISTER(efer_reserved, "reserved bits of the host's IA32_EFER must be 0"),
    REGISTER(efer_lma_differs, "the host's IA32_EFER.LMA must equal the host address-space size"),
    REGISTER(efer_lme_differs, "the host's IA32_EFER.LME must equal the host address-space size"),
    REGISTER(s_cet_reserved, "the host's IA32_S_CET must be legal"),
    REGISTER(ssp_bad, "the host's SSP must be canonical and 4-byte-aligned"),
    REGISTER(ssp_table_not_canonical, "the host's IA32_INTERRUPT_SSP_TABLE_ADDR must be canonical"),
    REGISTER(pkrs_high, "the host's IA32_PKRS[63:32] must be 0"),

    SELECTOR(host_cs, "CS"),
    SELECTOR(host_ss, "SS"),
    SELECTOR(host_ds, "DS"),
    SELECTOR(host_es, "ES"),
    SELECTOR(host_fs, "FS"),
    SELECTOR(host_gs, "GS"),
    SELECTOR(host_tr, "TR"),
    NOT_NULL(host_cs, "CS"),
    NOT_NULL(host_tr, "TR"),
    RULE(ss_null_in_32_bit, "26.2.3", "the host's SS selector must not be 0 in a 32-bit host"),
    CANONICAL(host_fs_base, "26.2.3", "FS base"),
    CANONICAL(host_gs_base, "26.2.3", "GS base"),
    CANONICAL(host_gdtr_base, "26.2.3", "GDTR base"),
    CANONICAL(host_idtr_base, "26.2.3", "IDTR base"),
    CANONICAL(host_tr_base, "26.2.3", "TR base"),

    SIZE(guest_64_on_host_32, "a guest in IA-32e mode needs a 64-bit host"),
    SIZE(pcide_on_host_32, "the host's CR4.PCIDE must be 0 in a 32-bit host"),
    SIZE(rip_high_on_host_32, "the host's RIP[63:32] must be 0 in a 32-bit host"),
    SIZE(no_pae_on_host_64, "the host's CR4.PAE must be 1 in a 64-bit host"),
    SIZE(rip_not_canonical_on_host_64, "the host's RIP must be canonical"),
    SIZE(host_32, "the host address-space size must be 1, for the hypervisor runs in IA-32e mode"),
};

const struct vmx_entry_group vmx_check_host = GROUP(rules);
