/* SPDX-License-Identifier: MIT */
/* The control structure: its life, the state that a vcpu starts with, the rules it must keep, its fields by name. */
#include "arch/x86/svm/svm.h"

#include "arch/x86/paging.h"
#include "arch/x86/regs.h"
#include "common/string.h"
#include "guest/abi/errno.h"
#include "kernel/door.h"

#define PAT_AT_RESET 0x0007040600070406ULL
#define DR6_AT_RESET 0xffff0ff0ULL
#define DR7_AT_RESET 0x400ULL

#define EXCEPTION_DB 1
#define EXCEPTION_AC 17
#define EXCEPTION_MC 18

/* What leaves the guest, by word of vmcb.intercept (APM Vol. 2, section 15.7 and on). */
static const uint32_t intercepts[6] = {
    [0] = 1U << (16 + 4), /* writes to CR4 */
    [1] = 0xffffffff,     /* all debug registers, until the guest uses one */
    [2] = 1U << EXCEPTION_DB | 1U << EXCEPTION_AC | 1U << EXCEPTION_MC, /* #DB, #AC: no endless loop in microcode */
    [3] = SVM_INTERCEPT_INTR | SVM_INTERCEPT_NMI | SVM_INTERCEPT_SMI | SVM_INTERCEPT_INIT | SVM_INTERCEPT_RDPMC |
          SVM_INTERCEPT_CPUID | SVM_INTERCEPT_RSM | SVM_INTERCEPT_INVD | SVM_INTERCEPT_HLT | SVM_INTERCEPT_INVLPGA |
          SVM_INTERCEPT_IOIO | SVM_INTERCEPT_MSR | SVM_INTERCEPT_TASK_SWITCH | SVM_INTERCEPT_FERR |
          SVM_INTERCEPT_SHUTDOWN,
    [4] = SVM_INTERCEPT_VMRUN | SVM_INTERCEPT_VMMCALL | SVM_INTERCEPT_VMLOAD | SVM_INTERCEPT_VMSAVE |
          SVM_INTERCEPT_STGI | SVM_INTERCEPT_CLGI | SVM_INTERCEPT_SKINIT | SVM_INTERCEPT_RDTSCP | SVM_INTERCEPT_WBINVD |
          SVM_INTERCEPT_MONITOR | SVM_INTERCEPT_MWAIT | SVM_INTERCEPT_MWAIT_ARMED | SVM_INTERCEPT_XSETBV |
          SVM_INTERCEPT_RDPRU,
};

int svm_vcpu_init(struct arch_vcpu *v)
{
    uint64_t own = door_alloc_frames(0), vmcb = door_alloc_frames(0);

    if (!own || !vmcb || hvm_fpu_init(v)) {
        if (own)
            door_free_frames(own, 0);
        if (vmcb)
            door_free_frames(vmcb, 0);
        return -XEN_ENOMEM;
    }
    struct svm_vcpu *sv = mfn_to_virt(own);
    sv->vmcb = mfn_to_virt(vmcb);
    sv->vmcb_pa = vmcb << PAGE_SHIFT;
    v->hw = sv;
    return 0;
}

void svm_vcpu_free(struct arch_vcpu *v)
{
    struct svm_vcpu *sv = svm_vcpu(v);

    hvm_fpu_free(v);
    if (!sv)
        return;
    door_free_frames(sv->vmcb_pa >> PAGE_SHIFT, 0);
    door_free_frames(virt_to_mfn(sv), 0);
    v->hw = NULL;
}

/* The VMCB packs the access rights of a segment into 12 bits: bits 8-11 of the memory format are left out. */
static struct svm_segment segment(const struct vcpu_segment *s)
{
    return (struct svm_segment){
        .selector = s->selector,
        .attrib = (uint16_t)((s->ar & 0xff) | ((s->ar >> 4) & 0xf00)),
        .limit = s->limit,
        .base = s->base,
    };
}

void svm_vcpu_start(struct arch_vcpu *v, const struct vcpu_start *start)
{
    struct svm_vcpu *sv = svm_vcpu(v);
    struct vmcb *vmcb = sv->vmcb;

    memset(vmcb, 0, sizeof(*vmcb));
    memcpy(vmcb->intercept, intercepts, sizeof(intercepts));
    vmcb->iopm_base = svm_iopm_pa;
    vmcb->msrpm_base = svm_msrpm_pa;
    vmcb->vintr = SVM_V_INTR_MASKING;
    vmcb->nested_control = 1;
    vmcb->nested_cr3 = ((struct svm_domain *)v->dom->hw)->root_mfn << PAGE_SHIFT;

    vmcb->cs = segment(&start->cs);
    vmcb->ds = segment(&start->ds);
    vmcb->es = segment(&start->es);
    vmcb->ss = segment(&start->ss);
    vmcb->fs = vmcb->gs = (struct svm_segment){0};
    vmcb->tr = segment(&start->tr);
    vmcb->ldtr = (struct svm_segment){.attrib = 0x82}; /* LDT, present, empty */
    vmcb->cpl = (start->ss.ar >> 5) & 3;
    vmcb->cr0 = start->cr0;
    vmcb->cr3 = start->cr3;
    vmcb->cr4 = start->cr4;
    vmcb->efer = start->efer | EFER_SVME; /* VMRUN demands it; the guest does not see it */
    vmcb->dr6 = DR6_AT_RESET;
    vmcb->dr7 = DR7_AT_RESET;
    vmcb->g_pat = PAT_AT_RESET;

    v->regs = start->regs;
    v->regs.rflags |= RFLAGS_FIXED;
    sv->asid_generation = 0;
    sv->debug_loaded = false;
    sv->nmi_blocked = false;
    sv->vmmcall_length = 0;
    memset(sv->dr, 0, sizeof(sv->dr));
    hvm_fpu_reset(v);
}

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
