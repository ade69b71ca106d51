/* SPDX-License-Identifier: MIT */
/* The control structure looked at: the rules that it must keep, and its fields by name. Pure but for the printing. */
#include "arch/x86/svm/vmcb.h"

#include <stdbool.h>

#include "arch/x86/regs.h"
#include "common/string.h"
#include "kernel/printk.h"

/* --- The rules of VMRUN (APM Vol. 2, section 15.5.1): each says when it is broken. */
static bool no_svme(const struct vmcb *b)
{
    return !(b->efer & EFER_SVME);
}

static bool cache_bits(const struct vmcb *b)
{
    return !(b->cr0 & CR0_CD) && (b->cr0 & CR0_NW);
}

static bool cr0_high(const struct vmcb *b)
{
    return b->cr0 >> 32;
}

static bool cr3_reserved(const struct vmcb *b)
{
    return (b->efer & EFER_LMA) && (b->cr3 >> 52);
}

static bool cr4_reserved(const struct vmcb *b)
{
    return b->cr4 >> 32;
}

static bool dr6_high(const struct vmcb *b)
{
    return b->dr6 >> 32;
}

static bool dr7_high(const struct vmcb *b)
{
    return b->dr7 >> 32;
}

static bool efer_reserved(const struct vmcb *b)
{
    return b->efer >> 32 || (b->efer & 0x2fe);
}

static bool long_mode_without_pae(const struct vmcb *b)
{
    return (b->efer & EFER_LME) && (b->cr0 & CR0_PG) && !(b->cr4 & CR4_PAE);
}

static bool long_mode_without_protection(const struct vmcb *b)
{
    return (b->efer & EFER_LME) && (b->cr0 & CR0_PG) && !(b->cr0 & CR0_PE);
}

static bool code_both_64_and_32(const struct vmcb *b)
{
    return (b->efer & EFER_LME) && (b->cr0 & CR0_PG) && (b->cr4 & CR4_PAE) && (b->cs.attrib & 0x600) == 0x600;
}

static bool vmrun_not_intercepted(const struct vmcb *b)
{
    return !(b->intercept[4] & SVM_INTERCEPT_VMRUN);
}

static bool map_out_of_range(const struct vmcb *b)
{
    return b->iopm_base >> 52 || b->msrpm_base >> 52;
}

static bool asid_zero(const struct vmcb *b)
{
    return b->asid == 0;
}

static bool nested_cr3_reserved(const struct vmcb *b)
{
    return (b->nested_control & 1) && (b->nested_cr3 >> 52 || (b->nested_cr3 & 0xfe7));
}

/* Section 15.20: types 1, 5, 6, 7 are reserved; an exception is a vector below 32 and not NMI. */
static bool event_illegal(const struct vmcb *b)
{
    uint64_t type = b->event_inject & SVM_EVENT_TYPE_MASK;
    unsigned vector = SVM_EVENT_VECTOR(b->event_inject);

    if (!(b->event_inject & SVM_EVENT_VALID))
        return false;
    if (type == SVM_EVENT_TYPE_EXCEPTION)
        return vector == 2 || vector > 31;
    return type != SVM_EVENT_TYPE_INTR && type != SVM_EVENT_TYPE_NMI && type != SVM_EVENT_TYPE_SOFT_INT;
}

static const struct {
    bool (*broken)(const struct vmcb *b);
    const char *rule;
} vmrun_rules[] = {
    {no_svme, "EFER.SVME must be 1"},
    {cache_bits, "CR0.NW must be 0 where CR0.CD is 0"},
    {cr0_high, "CR0[63:32] must be 0"},
    {cr3_reserved, "reserved bits of CR3 must be 0"},
    {cr4_reserved, "CR4[63:32] must be 0"},
    {dr6_high, "DR6[63:32] must be 0"},
    {dr7_high, "DR7[63:32] must be 0"},
    {efer_reserved, "reserved bits of EFER must be 0"},
    {long_mode_without_pae, "EFER.LME with CR0.PG needs CR4.PAE"},
    {long_mode_without_protection, "EFER.LME with CR0.PG needs CR0.PE"},
    {code_both_64_and_32, "CS.L and CS.D must not both be 1 in long mode"},
    {vmrun_not_intercepted, "VMRUN must be intercepted"},
    {map_out_of_range, "the I/O or MSR permission map must lie in physical memory"},
    {event_illegal, "the injected event must have a legal type and vector"},
    {asid_zero, "the ASID must not be 0"},
    {nested_cr3_reserved, "reserved bits of nCR3 must be 0"},
};

const char *vmcb_broken_rule(const struct vmcb *vmcb)
{
    for (unsigned i = 0; i < sizeof(vmrun_rules) / sizeof(vmrun_rules[0]); i++)
        if (vmrun_rules[i].broken(vmcb))
            return vmrun_rules[i].rule;
    return NULL;
}

/* --- Fields by name. */
#define FIELD(name, member)                                                               \
    {                                                                                     \
        name, __builtin_offsetof(struct vmcb, member), sizeof(((struct vmcb *)0)->member) \
    }

static const struct {
    const char *name;
    uint16_t offset;
    uint16_t size;
} vmcb_fields[] = {
    FIELD("intercept cr", intercept[0]),
    FIELD("intercept dr", intercept[1]),
    FIELD("intercept exceptions", intercept[2]),
    FIELD("intercept misc 1", intercept[3]),
    FIELD("intercept misc 2", intercept[4]),
    FIELD("intercept misc 3", intercept[5]),
    FIELD("iopm base", iopm_base),
    FIELD("msrpm base", msrpm_base),
    FIELD("tsc offset", tsc_offset),
    FIELD("asid", asid),
    FIELD("tlb control", tlb_control),
    FIELD("virtual interrupt", vintr),
    FIELD("interrupt shadow", interrupt_shadow),
    FIELD("exit code", exit_code),
    FIELD("exit info 1", exit_info1),
    FIELD("exit info 2", exit_info2),
    FIELD("exit interrupt info", exit_int_info),
    FIELD("nested control", nested_control),
    FIELD("event inject", event_inject),
    FIELD("nested cr3", nested_cr3),
    FIELD("clean bits", clean),
    FIELD("cs selector", cs.selector),
    FIELD("cs attributes", cs.attrib),
    FIELD("cs limit", cs.limit),
    FIELD("cs base", cs.base),
    FIELD("ss selector", ss.selector),
    FIELD("ss attributes", ss.attrib),
    FIELD("ds attributes", ds.attrib),
    FIELD("es attributes", es.attrib),
    FIELD("tr selector", tr.selector),
    FIELD("tr attributes", tr.attrib),
    FIELD("ldtr attributes", ldtr.attrib),
    FIELD("gdtr base", gdtr.base),
    FIELD("gdtr limit", gdtr.limit),
    FIELD("idtr base", idtr.base),
    FIELD("idtr limit", idtr.limit),
    FIELD("cpl", cpl),
    FIELD("efer", efer),
    FIELD("cr0", cr0),
    FIELD("cr2", cr2),
    FIELD("cr3", cr3),
    FIELD("cr4", cr4),
    FIELD("dr6", dr6),
    FIELD("dr7", dr7),
    FIELD("rflags", rflags),
    FIELD("rip", rip),
    FIELD("rsp", rsp),
    FIELD("rax", rax),
    FIELD("pat", g_pat),
};

void vmcb_dump(const struct vmcb *vmcb)
{
    for (unsigned i = 0; i < sizeof(vmcb_fields) / sizeof(vmcb_fields[0]); i++) {
        uint64_t value = 0;
        memcpy(&value, (const uint8_t *)vmcb + vmcb_fields[i].offset, vmcb_fields[i].size);
        printk(LOG_ERROR, "  %-22s %0*llx", vmcb_fields[i].name, vmcb_fields[i].size * 2, (unsigned long long)value);
    }
}
