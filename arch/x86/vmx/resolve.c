/* SPDX-License-Identifier: MIT */
#include "arch/x86/vmx/resolve.h"

#include <stddef.h>

/* --- IA32_FEATURE_CONTROL. */
enum vmx_feature vmx_feature_state(uint64_t feature_control)
{
    if (!(feature_control & FEATURE_CONTROL_LOCKED))
        return VMX_FEATURE_UNDECIDED;
    if (feature_control & FEATURE_CONTROL_VMX)
        return VMX_FEATURE_ON;
    return feature_control & FEATURE_CONTROL_VMX_IN_SMX ? VMX_FEATURE_ONLY_IN_SMX : VMX_FEATURE_OFF;
}

const char *vmx_feature_refusal(enum vmx_feature state)
{
    static const char *const refusals[] = {
        [VMX_FEATURE_OFF] =
            "the firmware has locked VMX off: enable virtualisation (Intel VT-x) in the firmware's set-up",
        [VMX_FEATURE_ONLY_IN_SMX] = "the firmware allows VMX only inside SMX (trusted execution): switch trusted "
                                    "execution (TXT) off, or VMX on "
                                    "outside it, in the firmware's set-up",
    };
    return refusals[state];
}

uint64_t vmx_feature_decided(uint64_t feature_control)
{
    return feature_control | FEATURE_CONTROL_LOCKED | FEATURE_CONTROL_VMX;
}

/* --- The controls: what we must have, may use, never want. Anything else stays as the processor demands. */
enum word { PIN, CPU, CPU2, EXIT, ENTRY, NR_WORDS };
enum need { MUST, MAY, NEVER };

static const struct control {
    enum word word;
    uint32_t bit;
    enum need need;
    const char *name;
} controls[] = {
    /* First what tells the generations apart: an old processor lacks more, but this says most. */
    {CPU2, CPU2_EPT, MUST, "extended page tables (EPT)"},
    {CPU2, CPU2_UNRESTRICTED, MUST, "unrestricted guest"},
    {PIN, PIN_EXTERNAL_INTERRUPT, MUST, "external-interrupt exiting"},
    {PIN, PIN_NMI, MUST, "NMI exiting"},
    {PIN, PIN_VIRTUAL_NMIS, MUST, "virtual NMIs"},
    {PIN, PIN_PREEMPTION_TIMER, MAY, "preemption timer"},
    {PIN, PIN_POSTED_INTERRUPTS, NEVER, "posted interrupts"},
    {CPU, CPU_HLT, MUST, "HLT exiting"},
    {CPU, CPU_INVLPG, NEVER, "INVLPG exiting"},
    {CPU, CPU_MWAIT, MUST, "MWAIT exiting"},
    {CPU, CPU_RDPMC, MUST, "RDPMC exiting"},
    {CPU, CPU_RDTSC, NEVER, "RDTSC exiting"},
    {CPU, CPU_CR3_LOAD, NEVER, "CR3-load exiting"},
    {CPU, CPU_CR3_STORE, NEVER, "CR3-store exiting"},
    {CPU, CPU_CR8_LOAD, MUST, "CR8-load exiting"},
    {CPU, CPU_CR8_STORE, MUST, "CR8-store exiting"},
    {CPU, CPU_TPR_SHADOW, NEVER, "TPR shadow"},
    {CPU, CPU_MOV_DR, MUST, "MOV-DR exiting"},
    {CPU, CPU_IO_BITMAPS, MUST, "I/O bitmaps"},
    {CPU, CPU_MSR_BITMAPS, MUST, "MSR bitmaps"},
    {CPU, CPU_MONITOR, MUST, "MONITOR exiting"},
    {CPU, CPU_SECONDARY, MUST, "secondary controls"},
    {CPU2, CPU2_VPID, MAY, "VPID"},
    {CPU2, CPU2_WBINVD, MAY, "WBINVD exiting"},
    {CPU2, CPU2_RDTSCP, NEVER, "RDTSCP"},
    {CPU2, CPU2_INVPCID, NEVER, "INVPCID"},
    {CPU2, CPU2_XSAVES, NEVER, "XSAVES"},
    {EXIT, EXIT_SAVE_DEBUG, MUST, "save debug controls"},
    {EXIT, EXIT_HOST_64, MUST, "64-bit host"},
    {EXIT, EXIT_SAVE_PAT, MUST, "save PAT"},
    {EXIT, EXIT_LOAD_PAT, MUST, "load PAT at exit"},
    {EXIT, EXIT_SAVE_EFER, MUST, "save EFER"},
    {EXIT, EXIT_LOAD_EFER, MUST, "load EFER at exit"},
    {EXIT, EXIT_ACK_INTERRUPT, NEVER, "acknowledge interrupt on exit"},
    {ENTRY, ENTRY_LOAD_DEBUG, MUST, "load debug controls"},
    {ENTRY, ENTRY_LOAD_PAT, MUST, "load PAT at entry"},
    {ENTRY, ENTRY_LOAD_EFER, MUST, "load EFER at entry"},
};

/* Low half of a capability: bits that must be 1; high half: bits that may be 1 (appendix A.3). */
static uint32_t must_be_one(uint64_t capability)
{
    return (uint32_t)capability;
}

static uint32_t may_be_one(uint64_t capability)
{
    return (uint32_t)(capability >> 32);
}

/* The first control that can't be as we need it; else *values gets all five words. */
static struct vmx_obstacle resolve_controls(const struct vmx_capability *capability, struct vmx_controls *values)
{
    const uint64_t words[NR_WORDS] = {capability->pin, capability->cpu, capability->cpu2, capability->exit,
                                      capability->entry};
    uint32_t word[NR_WORDS];

    for (unsigned w = 0; w < NR_WORDS; w++)
        word[w] = must_be_one(words[w]);
    for (unsigned i = 0; i < sizeof(controls) / sizeof(controls[0]); i++) {
        const struct control *c = &controls[i];
        bool can = may_be_one(words[c->word]) & c->bit, forced = must_be_one(words[c->word]) & c->bit;
        if ((c->need == MUST && !can) || (c->need == NEVER && forced))
            return (struct vmx_obstacle){c->name, forced};
        if (c->need != NEVER && can)
            word[c->word] |= c->bit;
    }
    *values = (struct vmx_controls){word[PIN], word[CPU], word[CPU2], word[EXIT], word[ENTRY]};
    return (struct vmx_obstacle){NULL, false};
}

/* --- What the controls need to be of use (appendix A.10). */
static const struct {
    uint64_t bit;
    const char *name;
} ept_needs[] = {
    {EPT_CAP_WALK_4, "EPT page walks of four levels"},
    {EPT_CAP_WB, "write-back EPT tables"},
    {EPT_CAP_INVEPT, "INVEPT"},
    {EPT_CAP_INVEPT_CONTEXT, "INVEPT of a single context"},
};

struct vmx_obstacle vmx_resolve(const struct vmx_capability *capability, struct vmx_controls *values)
{
    const uint64_t invvpid = VPID_CAP_INVVPID | VPID_CAP_CONTEXT;
    struct vmx_obstacle obstacle = resolve_controls(capability, values);

    for (unsigned i = 0; !obstacle.name && i < sizeof(ept_needs) / sizeof(ept_needs[0]); i++)
        if (!(capability->ept_vpid & ept_needs[i].bit))
            obstacle.name = ept_needs[i].name;
    if (!obstacle.name && (capability->ept_vpid & invvpid) != invvpid)
        values->cpu2 &= ~CPU2_VPID;
    return obstacle;
}
