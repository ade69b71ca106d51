/* SPDX-License-Identifier: MIT */
/* The VM-entry checker: cases of guest state (SDM Vol. 3C, section 26.3.1). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/host/vmx_check.h"

void guest_control_registers(void **state)
{
    static const char cr0[] =
        "the guest's CR0 must have the bits fixed in VMX operation (PE and PG unless unrestricted)";
    static const char cr4[] = "the guest's CR4 must have the bits fixed in VMX operation";
    static const char n[] = "26.3.1.1";

    (void)state;
    BREAKS(long, n, cr0, CLEAR(s->guest_cr0, CR0_NE));
    BREAKS(long, n, cr0, s->guest_cr0 |= 1ULL << 32);
    BREAKS(pae, n, cr0, CLEAR(s->guest_cr0, CR0_PG));
    BREAKS(long, n, "the guest's CR0.PG needs CR0.PE", CLEAR(s->guest_cr0, CR0_PE));
    BREAKS(pvh, n, cr4, s->guest_cr4 = 0);
    BREAKS(pvh, n, cr4, s->guest_cr4 |= 1 << 19);
    BREAKS(long, n, "the guest's CR4.CET needs CR0.WP", s->guest_cr4 |= CR4_CET, CLEAR(s->guest_cr0, CR0_WP));
    BREAKS(long, n, "a guest in IA-32e mode needs CR0.PG", CLEAR(s->guest_cr0, CR0_PG));
    BREAKS(long, n, "a guest in IA-32e mode needs CR4.PAE", CLEAR(s->guest_cr4, CR4_PAE));
    BREAKS(pvh, n, "the guest's CR4.PCIDE must be 0 outside IA-32e mode", s->guest_cr4 |= CR4_PCIDE);
    BREAKS(long, n, "the guest's CR3 must be inside the physical-address width", s->guest_cr3 = TOO_WIDE);
    BREAKS(long, n, "the guest's DR7[63:32] must be 0", s->guest_dr7 |= 1ULL << 32);
    GOOD(long, CLEAR(s->entry_controls, ENTRY_LOAD_DEBUG), s->guest_dr7 |= 1ULL << 32);
}

void guest_msrs(void **state)
{
    static const char bound[] = "reserved bits of the guest's IA32_BNDCFGS must be 0 and its address canonical";
    static const char lma[] = "the guest's IA32_EFER.LMA must equal the IA-32e mode control";
    static const char n[] = "26.3.1.1";

    (void)state;
    BREAKS(long, n, "reserved bits of the guest's IA32_DEBUGCTL must be 0", s->guest_debugctl = 1 << 4);
    BREAKS(long, n, "reserved bits of the guest's IA32_DEBUGCTL must be 0", s->guest_debugctl = 1 << 16);
    CANONICAL(n, "the guest's", guest_sysenter_esp, "IA32_SYSENTER_ESP");
    CANONICAL(n, "the guest's", guest_sysenter_eip, "IA32_SYSENTER_EIP");
    BREAKS(long, n, "reserved bits of the guest's IA32_PERF_GLOBAL_CTRL must be 0",
           s->entry_controls |= ENTRY_LOAD_PERF_GLOBAL, s->guest_perf_global = 0x10);
    BREAKS(long, n, "the guest's IA32_PAT must hold memory types only", s->guest_pat = 0x0200);
    BREAKS(long, n, "reserved bits of the guest's IA32_EFER must be 0", s->guest_efer |= 1 << 9);
    BREAKS(pvh, n, lma, s->guest_efer = EFER_LMA);
    FIRST(long, n, lma, CLEAR(s->guest_efer, EFER_LMA));
    BREAKS(long, n, "the guest's IA32_EFER.LME must equal LMA with paging on", CLEAR(s->guest_efer, EFER_LME));
    GOOD(pvh, s->guest_efer = EFER_LME);
    BREAKS(long, n, "the guest's IA32_S_CET must be legal", s->entry_controls |= ENTRY_LOAD_CET, s->guest_s_cet = 0x80);
    BREAKS(long, n, "the guest's IA32_INTERRUPT_SSP_TABLE_ADDR must be canonical", s->entry_controls |= ENTRY_LOAD_CET,
           s->guest_ssp_table = NOT_CANONICAL);
    BREAKS(long, n, bound, s->entry_controls |= ENTRY_LOAD_BNDCFGS, s->guest_bndcfgs = 4);
    BREAKS(long, n, bound, s->entry_controls |= ENTRY_LOAD_BNDCFGS, s->guest_bndcfgs = NOT_CANONICAL);
    BREAKS(long, n, "the guest's IA32_PKRS[63:32] must be 0", s->entry_controls |= ENTRY_LOAD_PKRS,
           s->guest_pkrs = 1ULL << 63);
}

#define G "26.3.1.2"
#define V86(name, reg)                                                                                       \
    BREAKS(v86, G, name " must have its selector * 16 as base in virtual-8086 mode", s->reg##_base = 0x110); \
    BREAKS(v86, G, name " must have the limit 0xffff in virtual-8086 mode", s->reg##_limit = 0xfff);         \
    BREAKS(v86, G, name " must have the access rights 0xf3 in virtual-8086 mode", s->reg##_ar = 0x93)

/* Rules that all segments share; ar has S as it should be. */
#define RIGHTS(name, reg, good)                                                                        \
    BREAKS(long, G, name " must be present", s->reg##_ar = (good) & ~AR_P);                            \
    BREAKS(long, G, name " must have reserved access rights 0", s->reg##_ar = (good) | 1 << 8);        \
    BREAKS(long, G, name " must have reserved access rights 0", s->reg##_ar = (good) | 1U << 31);      \
    BREAKS(long, G, name " must have a granularity that fits its limit", s->reg##_ar = (good) & ~AR_G, \
           s->reg##_limit = 0x100fff);                                                                 \
    BREAKS(long, G, name " must have a granularity that fits its limit", s->reg##_ar = (good) | AR_G,  \
           s->reg##_limit = 0xffe)
#define CODE_OR_DATA(name, reg, good) \
    RIGHTS(name, reg, good);          \
    BREAKS(long, G, name " must be code or data (S 1)", s->reg##_ar = (good) & ~AR_S)
#define SYSTEM(name, reg, good) \
    RIGHTS(name, reg, good);    \
    BREAKS(long, G, name " must be a system segment (S 0)", s->reg##_ar = (good) | AR_S)
#define DATA(name, reg)                                                            \
    CODE_OR_DATA(name, reg, 0xc093U);                                              \
    BREAKS(long, G, name " must be of an accessed type", s->reg##_ar = 0xc092);    \
    BREAKS(long, G, name " must be readable if it is code", s->reg##_ar = 0xc099); \
    BREAKS(pae, G, name " must not have a DPL below its RPL unless unrestricted", s->reg##_selector = 0x11)
#define BASE(name, reg, base, is) BREAKS(long, G, name " must have a " is, s->reg##_base = (base))

void data_segments(void **state)
{
    (void)state;
    DATA("ES", es);
    DATA("DS", ds);
    DATA("FS", fs);
    DATA("GS", gs);
    BASE("DS", ds, 1ULL << 32, "base below 4 GiB");
    BASE("ES", es, 1ULL << 32, "base below 4 GiB");
    BASE("FS", fs, NOT_CANONICAL, "canonical base");
    BASE("GS", gs, NOT_CANONICAL, "canonical base");
}

void code_and_stack_segments(void **state)
{
    static const char ring0[] = "SS must have DPL 0 in real mode and where CS is data";
    static const char cs_type[] = "CS must be accessed code (or data of type 3 if unrestricted)";

    (void)state;
    CODE_OR_DATA("CS", cs, 0xa09bU);
    CODE_OR_DATA("SS", ss, 0xc093U);
    BASE("CS", cs, 1ULL << 32, "base below 4 GiB");
    BASE("SS", ss, 1ULL << 32, "base below 4 GiB");
    BREAKS(pae, G, "SS must have the RPL of CS", s->cs_selector = 0x13);
    BREAKS(long, G, cs_type, s->cs_ar = 0xa09a);
    BREAKS(pae, G, cs_type, s->cs_ar = 0xc093);
    BREAKS(long, G, "SS must be accessed writable data (type 3 or 7)", s->ss_ar = 0xc091);
    BREAKS(pvh, G, "CS must have DPL 0 if it is data", s->cs_ar = 0xc0f3);
    BREAKS(long, G, "CS must have the DPL of SS if it is not conforming", s->cs_ar = 0xa0fb);
    BREAKS(long, G, "CS must not have a DPL above that of SS if it is conforming", s->cs_ar = 0xa0bf);
    BREAKS(pae, G, "SS must have its RPL as DPL unless unrestricted", s->cs_ar = 0xc0fb, s->ss_ar = 0xc0f3);
    BREAKS(pvh, G, ring0, s->cs_ar = 0xc093, s->ss_ar = 0xc0f3);
    BREAKS(real, G, ring0, s->cs_ar = 0xfb, s->ss_ar = 0xf3);
    BREAKS(long, G, "CS must not have both L and D/B in IA-32e mode", s->cs_ar |= AR_DB);
}

void system_segments_and_v86(void **state)
{
    (void)state;
    V86("ES", es);
    V86("CS", cs);
    V86("SS", ss);
    V86("DS", ds);
    V86("FS", fs);
    V86("GS", gs);
    SYSTEM("TR", tr, 0x8bU);
    SYSTEM("LDTR", ldtr, 0x82U);
    BREAKS(long, G, "TR must be in the GDT (TI 0)", s->tr_selector = 0x24);
    BREAKS(long, G, "LDTR must be in the GDT (TI 0)", s->ldtr_selector = 0x24, s->ldtr_ar = 0x82);
    BASE("TR", tr, NOT_CANONICAL, "canonical base");
    BREAKS(long, G, "LDTR must have a canonical base", s->ldtr_base = NOT_CANONICAL, s->ldtr_ar = 0x82);
    BREAKS(long, G, "TR must be a busy 64-bit TSS (type 11) in IA-32e mode", s->tr_ar = 0x83);
    BREAKS(v86, G, "TR must be a busy TSS (type 3 or 11)", s->tr_ar = 0x89);
    BREAKS(long, G, "TR must be usable", s->tr_ar |= AR_UNUSABLE);
    BREAKS(long, G, "LDTR must be an LDT (type 2)", s->ldtr_ar = 0x83);
}

void tables_and_flow(void **state)
{
    static const char reserved[] = "reserved bits of the guest's RFLAGS must be 0, and bit 1 must be 1";
    static const char ssp[] = "the guest's SSP must be 4-byte-aligned and an address of its mode";
    static const char n[] = "26.3.1.4";

    (void)state;
    CANONICAL("26.3.1.3", "the guest's", gdtr_base, "GDTR base");
    CANONICAL("26.3.1.3", "the guest's", idtr_base, "IDTR base");
    BREAKS(long, "26.3.1.3", "the guest's GDTR limit must have 16 bits", s->gdtr_limit = 0x10000);
    BREAKS(long, "26.3.1.3", "the guest's IDTR limit must have 16 bits", s->idtr_limit = 0x10000);
    BREAKS(pvh, n, "the guest's RIP[63:32] must be 0 outside 64-bit code", s->guest_rip = 1ULL << 32);
    BREAKS(long, n, "the guest's RIP[63:32] must be 0 outside 64-bit code", s->cs_ar = 0xc09b);
    BREAKS(long, n, "the guest's RIP must be inside the linear-address width in 64-bit code",
           s->guest_rip = 1ULL << 48);
    BREAKS(long, n, reserved, s->guest_rflags = 0);
    for (unsigned bit = 0; bit < 64; bit++)
        if (bit == 3 || bit == 5 || bit == 15 || bit > 21)
            BREAKS(long, n, reserved, s->guest_rflags |= 1ULL << bit);
    FIRST(long, n, "the guest's RFLAGS.VM must be 0 in IA-32e mode", s->guest_rflags |= RFLAGS_VM,
          vm.s.es_base = vm.s.cs_base = vm.s.ss_base = vm.s.ds_base = vm.s.fs_base = vm.s.gs_base = 0x100,
          s->es_limit = s->cs_limit = s->ss_limit = s->ds_limit = s->fs_limit = s->gs_limit = 0xffff,
          s->es_ar = s->cs_ar = s->ss_ar = s->ds_ar = s->fs_ar = s->gs_ar = 0xf3, s->guest_rip = 0);
    BREAKS(v86, n, "the guest's RFLAGS.VM must be 0 where CR0.PE is 0", CLEAR(s->guest_cr0, CR0_PE));
    BREAKS(long, n, "the guest's RFLAGS.IF must be 1 where an external interrupt is injected",
           s->entry_interrupt_info = EVENT(EXTERNAL, 0x30));
    BREAKS(long, n, ssp, s->entry_controls |= ENTRY_LOAD_CET, s->guest_ssp = 2);
    BREAKS(long, n, ssp, s->entry_controls |= ENTRY_LOAD_CET, s->guest_ssp = 1ULL << 48);
    BREAKS(pvh, n, ssp, s->entry_controls |= ENTRY_LOAD_CET, s->guest_ssp = 1ULL << 32);
}

#define A "26.3.1.5"

void activity(void **state)
{
    static const char unsupported[] = "the activity state must be one that the processor supports";
    static const char blocked[] = "the activity state must be active where STI or MOV SS blocks";
    static const char halt[] = "an event injected in HLT must be one that wakes: interrupt, NMI, #DB, #MC, MTF";
    static const char shutdown[] = "an event injected in shutdown must be an NMI or #MC";

    (void)state;
    BREAKS(long, A, unsupported, s->activity = 4);
    BREAKS(long, A, unsupported, s->activity = ACTIVITY_HLT, CLEAR(c->misc, VMX_MISC_HLT));
    BREAKS(long, A, unsupported, s->activity = ACTIVITY_SHUTDOWN, CLEAR(c->misc, VMX_MISC_SHUTDOWN));
    BREAKS(long, A, unsupported, s->activity = ACTIVITY_WAIT_SIPI, CLEAR(c->misc, VMX_MISC_WAIT_SIPI));
    BREAKS(long, A, "the activity state must not be HLT where the DPL of SS is not 0", s->activity = ACTIVITY_HLT,
           s->cs_ar = 0xa0fb, s->ss_ar = 0xc0f3);
    BREAKS(long, A, blocked, s->activity = ACTIVITY_HLT, s->interruptibility = BLOCKED_BY_MOV_SS);
    BREAKS(long, A, blocked, s->activity = ACTIVITY_SHUTDOWN, s->interruptibility = BLOCKED_BY_STI,
           s->guest_rflags |= RFLAGS_IF);
    BREAKS(long, A, halt, s->activity = ACTIVITY_HLT, s->entry_interrupt_info = EVENT(EXCEPTION, 6));
    BREAKS(long, A, halt, s->activity = ACTIVITY_HLT, s->entry_interrupt_info = EVENT(SOFT_INT, 6));
    BREAKS(long, A, shutdown, s->activity = ACTIVITY_SHUTDOWN, s->entry_interrupt_info = EVENT(EXCEPTION, 1));
    BREAKS(long, A, shutdown, s->activity = ACTIVITY_SHUTDOWN, s->guest_rflags |= RFLAGS_IF,
           s->entry_interrupt_info = EVENT(EXTERNAL, 0x30));
    BREAKS(long, A, "no event may be injected while waiting for SIPI", s->activity = ACTIVITY_WAIT_SIPI,
           s->entry_interrupt_info = EVENT(NMI, 2));
}

void interruptibility(void **state)
{
    static const char reserved[] = "reserved bits of the interruptibility state must be 0";
    static const char interrupt[] = "an external interrupt must not be injected where STI or MOV SS blocks";

    (void)state;
    BREAKS(long, A, reserved, s->interruptibility = 1 << 5);
    BREAKS(long, A, reserved, s->interruptibility = ENCLAVE_INTERRUPTED, CLEAR(c->cpu2, (uint64_t)CPU2_ENCLS << 32));
    GOOD(long, s->interruptibility = ENCLAVE_INTERRUPTED);
    BREAKS(long, A, "an interrupted enclave must not be blocked by MOV SS",
           s->interruptibility = ENCLAVE_INTERRUPTED | BLOCKED_BY_MOV_SS);
    BREAKS(long, A, "blocking by STI and by MOV SS must not both be 1",
           s->interruptibility = BLOCKED_BY_STI | BLOCKED_BY_MOV_SS, s->guest_rflags |= RFLAGS_IF);
    BREAKS(long, A, "blocking by STI needs the guest's RFLAGS.IF", s->interruptibility = BLOCKED_BY_STI);
    BREAKS(long, A, interrupt, s->interruptibility = BLOCKED_BY_STI, s->guest_rflags |= RFLAGS_IF,
           s->entry_interrupt_info = EVENT(EXTERNAL, 0x30));
    BREAKS(long, A, interrupt, s->interruptibility = BLOCKED_BY_MOV_SS, s->guest_rflags |= RFLAGS_IF,
           s->entry_interrupt_info = EVENT(EXTERNAL, 0x30));
    BREAKS(long, A, "an NMI must not be injected where MOV SS blocks", s->interruptibility = BLOCKED_BY_MOV_SS,
           s->entry_interrupt_info = EVENT(NMI, 2));
    BREAKS(long, A, "blocking by SMI must be 0 outside SMM", s->interruptibility = BLOCKED_BY_SMI);
    BREAKS(long, A, "an NMI must not be injected where virtual NMIs are blocked", s->interruptibility = BLOCKED_BY_NMI,
           s->entry_interrupt_info = EVENT(NMI, 2));
}

void pending_and_link(void **state)
{
    static const char reserved[] = "reserved bits of the pending debug exceptions must be 0";
    static const char unwanted[] = "no single step may be pending where RFLAGS.TF is 0 or BTF is 1";
    static const char transaction[] = "a debug exception pending in a transaction must be the only one";
    static const char link[] = "the VMCS link pointer must be all ones, or page-aligned and inside the "
                               "physical-address width";

    (void)state;
    BREAKS(long, A, reserved, s->pending_debug = 1 << 4);
    BREAKS(long, A, reserved, s->pending_debug = 1 << 13);
    BREAKS(long, A, reserved, s->pending_debug = 1ULL << 63, c->rtm = 1);
    FIRST(long, A, reserved, s->pending_debug = 1 << 16);
    BREAKS(long, A, "a single step must be pending where RFLAGS.TF is 1, BTF is 0 and the guest is blocked or in HLT",
           s->guest_rflags |= RFLAGS_TF, s->activity = ACTIVITY_HLT);
    BREAKS(long, A, unwanted, s->pending_debug = 1 << 14, s->interruptibility = BLOCKED_BY_MOV_SS);
    BREAKS(long, A, unwanted, s->pending_debug = 1 << 14, s->interruptibility = BLOCKED_BY_MOV_SS,
           s->guest_rflags |= RFLAGS_TF, s->guest_debugctl = 2);
    BREAKS(long, A, transaction, c->rtm = 1, s->pending_debug = 0x10000);
    BREAKS(long, A, transaction, c->rtm = 1, s->pending_debug = 0x11001);
    BREAKS(long, A, transaction, c->rtm = 1, s->pending_debug = 0x11000, s->interruptibility = BLOCKED_BY_MOV_SS);
    BREAKS(long, A, link, s->vmcs_link = 0x6800);
    BREAKS(long, A, link, s->vmcs_link = TOO_WIDE);
}

#define PDPTE(number)                                                                                   \
    BREAKS(pae, "26.3.1.6", "reserved bits of the guest's PDPTE " #number " must be 0 with PAE paging", \
           s->pdpte##number = 0xa003);                                                                  \
    BREAKS(pae, "26.3.1.6", "reserved bits of the guest's PDPTE " #number " must be 0 with PAE paging", \
           s->pdpte##number = 0xa101);                                                                  \
    BREAKS(pae, "26.3.1.6", "reserved bits of the guest's PDPTE " #number " must be 0 with PAE paging", \
           s->pdpte##number = TOO_WIDE | 1)

void page_directory_pointers(void **state)
{
    (void)state;
    PDPTE(0);
    PDPTE(1);
    PDPTE(2);
    PDPTE(3);
    GOOD(long, s->pdpte0 = 0x3);
    GOOD(pvh, s->pdpte0 = 0x3);
}
