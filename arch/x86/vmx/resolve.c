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

const char *vmx_feature_text(enum vmx_feature state)
{
    static const char *const texts[] = {
        [VMX_FEATURE_UNDECIDED] = "not locked: the hypervisor may turn VMX on",
        [VMX_FEATURE_ON] = "locked, VMX on",
        [VMX_FEATURE_OFF] = "locked, VMX off",
        [VMX_FEATURE_ONLY_IN_SMX] = "locked, VMX only inside SMX",
    };
    return texts[state];
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

/*
 * --- What we must have, may use, never want (24.6 to 24.8, appendix A.3 to A.5, A.10). A control that is not in the
 * table stays as the processor demands.
 */
enum word { PIN, CPU, CPU2, EXIT, ENTRY, NR_CONTROLS, EPT_VPID = NR_CONTROLS, NR_WORDS };

static const char *const word_names[NR_WORDS] = {
    [PIN] = "pin",   [CPU] = "processor", [CPU2] = "secondary",
    [EXIT] = "exit", [ENTRY] = "entry",   [EPT_VPID] = "EPT and VPID",
};

static const struct control {
    enum word word;
    uint64_t bit;
    enum need need;
    const char *name;
} controls[] = {
    /* First what tells the generations apart: an old processor lacks more, but this says most. */
    {CPU2, CPU2_EPT, NEED_MUST, "extended page tables (EPT)"},
    {CPU2, CPU2_UNRESTRICTED, NEED_MUST, "unrestricted guest"},
    {PIN, PIN_EXTERNAL_INTERRUPT, NEED_MUST, "external-interrupt exiting"},
    {PIN, PIN_NMI, NEED_MUST, "NMI exiting"},
    {PIN, PIN_VIRTUAL_NMIS, NEED_MUST, "virtual NMIs"},
    {PIN, PIN_PREEMPTION_TIMER, NEED_MAY, "preemption timer"},
    {PIN, PIN_POSTED_INTERRUPTS, NEED_NEVER, "posted interrupts"},
    {CPU, CPU_INTERRUPT_WINDOW, NEED_SWITCH, "interrupt-window exiting"},
    {CPU, CPU_NMI_WINDOW, NEED_SWITCH, "NMI-window exiting"},
    {CPU, CPU_HLT, NEED_MUST, "HLT exiting"},
    {CPU, CPU_INVLPG, NEED_NEVER, "INVLPG exiting"},
    {CPU, CPU_MWAIT, NEED_MUST, "MWAIT exiting"},
    {CPU, CPU_RDPMC, NEED_MUST, "RDPMC exiting"},
    {CPU, CPU_RDTSC, NEED_NEVER, "RDTSC exiting"},
    {CPU, CPU_CR3_LOAD, NEED_NEVER, "CR3-load exiting"},
    {CPU, CPU_CR3_STORE, NEED_NEVER, "CR3-store exiting"},
    {CPU, CPU_CR8_LOAD, NEED_MUST, "CR8-load exiting"},
    {CPU, CPU_CR8_STORE, NEED_MUST, "CR8-store exiting"},
    {CPU, CPU_TPR_SHADOW, NEED_NEVER, "TPR shadow"},
    {CPU, CPU_MOV_DR, NEED_MUST, "MOV-DR exiting"},
    {CPU, CPU_IO_BITMAPS, NEED_MUST, "I/O bitmaps"},
    {CPU, CPU_MSR_BITMAPS, NEED_MUST, "MSR bitmaps"},
    {CPU, CPU_MONITOR, NEED_MUST, "MONITOR exiting"},
    {CPU, CPU_SECONDARY, NEED_MUST, "secondary controls"},
    {CPU2, CPU2_VPID, NEED_MAY, "VPID"},
    {CPU2, CPU2_WBINVD, NEED_MAY, "WBINVD exiting"},
    {CPU2, CPU2_RDTSCP, NEED_NEVER, "RDTSCP"},
    {CPU2, CPU2_INVPCID, NEED_NEVER, "INVPCID"},
    {CPU2, CPU2_XSAVES, NEED_NEVER, "XSAVES"},
    {EXIT, EXIT_SAVE_DEBUG, NEED_MUST, "save debug controls"},
    {EXIT, EXIT_HOST_64, NEED_MUST, "64-bit host"},
    {EXIT, EXIT_SAVE_PAT, NEED_MUST, "save PAT"},
    {EXIT, EXIT_LOAD_PAT, NEED_MUST, "load PAT at exit"},
    {EXIT, EXIT_SAVE_EFER, NEED_MUST, "save EFER"},
    {EXIT, EXIT_LOAD_EFER, NEED_MUST, "load EFER at exit"},
    {EXIT, EXIT_ACK_INTERRUPT, NEED_NEVER, "acknowledge interrupt on exit"},
    {ENTRY, ENTRY_LOAD_DEBUG, NEED_MUST, "load debug controls"},
    {ENTRY, ENTRY_LOAD_PAT, NEED_MUST, "load PAT at entry"},
    {ENTRY, ENTRY_LOAD_EFER, NEED_MUST, "load EFER at entry"},
    {EPT_VPID, EPT_CAP_WALK_4, NEED_MUST, "EPT page walks of four levels"},
    {EPT_VPID, EPT_CAP_WB, NEED_MUST, "write-back EPT tables"},
    {EPT_VPID, EPT_CAP_INVEPT, NEED_MUST, "INVEPT"},
    {EPT_VPID, EPT_CAP_INVEPT_CONTEXT, NEED_MUST, "INVEPT of a single context"},
    {EPT_VPID, EPT_CAP_2M, NEED_MAY, "EPT pages of 2 MiB"},
    {EPT_VPID, EPT_CAP_1G, NEED_NEVER, "EPT pages of 1 GiB"},
    {EPT_VPID, EPT_CAP_AD, NEED_NEVER, "EPT accessed and dirty bits"},
    {EPT_VPID, VPID_CAP_INVVPID, NEED_MAY, "INVVPID"},
    {EPT_VPID, VPID_CAP_CONTEXT, NEED_MAY, "INVVPID of a single context"},
};

/*
 * Low half of a control's capability: bits that must be 1; high half: bits that may be 1 (appendix A.3). What EPT and
 * VPID can do is never forced on us.
 */
bool vmx_row(unsigned i, const struct vmx_capability *capability, struct capability_row *row)
{
    const uint64_t words[NR_WORDS] = {capability->pin,  capability->cpu,   capability->cpu2,
                                      capability->exit, capability->entry, capability->ept_vpid};

    if (i >= sizeof(controls) / sizeof(controls[0]))
        return false;
    const struct control *c = &controls[i];
    bool is_control = c->word < NR_CONTROLS;
    *row = (struct capability_row){
        .group = word_names[c->word],
        .name = c->name,
        .need = c->need,
        .can = (is_control ? words[c->word] >> 32 : words[c->word]) & c->bit,
        .forced = is_control && ((uint32_t)words[c->word] & c->bit),
    };
    return true;
}

static struct vmx_obstacle find_obstacle(const struct vmx_capability *capability)
{
    struct capability_row row;

    for (unsigned i = 0; vmx_row(i, capability, &row); i++)
        if (!need_is_met(&row))
            return (struct vmx_obstacle){row.name, row.forced};
    return (struct vmx_obstacle){NULL, false};
}

/* What is forced on us, what we must have, what we may have. */
static void choose(const struct vmx_capability *capability, struct vmx_controls *values)
{
    uint32_t word[NR_CONTROLS] = {(uint32_t)capability->pin, (uint32_t)capability->cpu, (uint32_t)capability->cpu2,
                                  (uint32_t)capability->exit, (uint32_t)capability->entry};
    struct capability_row row;

    for (unsigned i = 0; vmx_row(i, capability, &row); i++)
        if (controls[i].word < NR_CONTROLS && row.can && (row.need == NEED_MUST || row.need == NEED_MAY))
            word[controls[i].word] |= (uint32_t)controls[i].bit;
    *values = (struct vmx_controls){word[PIN], word[CPU], word[CPU2], word[EXIT], word[ENTRY]};
}

struct vmx_obstacle vmx_resolve(const struct vmx_capability *capability, struct vmx_controls *values)
{
    const uint64_t invvpid = VPID_CAP_INVVPID | VPID_CAP_CONTEXT;
    struct vmx_obstacle obstacle = find_obstacle(capability);

    if (obstacle.name)
        return obstacle;
    choose(capability, values);
    if ((capability->ept_vpid & invvpid) != invvpid)
        values->cpu2 &= ~CPU2_VPID;
    return obstacle;
}
