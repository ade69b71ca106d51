/* SPDX-License-Identifier: MIT */
/* What a record of a processor says about VMX: can it be used, and what is there of it. Pure functions. */
#include "arch/x86/cpu_record.h"
#include "arch/x86/vmx/resolve.h"
#include "common/format.h"
#include "guest/abi/errno.h"

#define CPUID_1_ECX_VMX (1U << 5)
#define CPUID_7_EBX_RTM (1U << 11)
#define FACT_MAX 120

static bool has_vmx(const struct cpu_record *r)
{
    return record_cpuid(r, 1, 0).ecx & CPUID_1_ECX_VMX;
}

/* An MSR that can't be read is one that nobody has written. */
static enum vmx_feature feature_state(const struct cpu_record *r)
{
    return vmx_feature_state(record_msr_or_0(r, MSR_FEATURE_CONTROL));
}

void vmx_capability_of(const struct cpu_record *r, struct vmx_capability *c)
{
    uint64_t basic = record_msr_or_0(r, MSR_VMX_BASIC);
    bool with_true = basic & VMX_BASIC_TRUE_CONTROLS;
    uint32_t sizes = record_cpuid(r, 0x80000008, 0).eax; /* every processor with EPT has this leaf */

    *c = (struct vmx_capability){
        .basic = basic,
        .pin = record_msr_or_0(r, with_true ? MSR_VMX_TRUE_PIN : MSR_VMX_PIN),
        .cpu = record_msr_or_0(r, with_true ? MSR_VMX_TRUE_CPU : MSR_VMX_CPU),
        .exit = record_msr_or_0(r, with_true ? MSR_VMX_TRUE_EXIT : MSR_VMX_EXIT),
        .entry = record_msr_or_0(r, with_true ? MSR_VMX_TRUE_ENTRY : MSR_VMX_ENTRY),
        .cpu2 = record_msr_or_0(r, MSR_VMX_CPU2),
        .ept_vpid = record_msr_or_0(r, MSR_VMX_EPT_VPID),
        .vmfunc = record_msr_or_0(r, MSR_VMX_VMFUNC),
        .misc = record_msr_or_0(r, MSR_VMX_MISC),
        .cr0_fixed0 = record_msr_or_0(r, MSR_VMX_CR0_FIXED0),
        .cr0_fixed1 = record_msr_or_0(r, MSR_VMX_CR0_FIXED1),
        .cr4_fixed0 = record_msr_or_0(r, MSR_VMX_CR4_FIXED0),
        .cr4_fixed1 = record_msr_or_0(r, MSR_VMX_CR4_FIXED1),
        .physical_bits = sizes & 0xff,
        .linear_bits = sizes >> 8 & 0xff,
        .rtm = record_cpuid(r, 7, 0).ebx & CPUID_7_EBX_RTM,
    };
}

static int refuse(struct virt_report *report, const char *reason)
{
    report->usable = false;
    report->reason = reason;
    return -XEN_ENODEV;
}

static int refuse_for(struct virt_report *report, const struct vmx_obstacle *obstacle)
{
    format(report->text, sizeof(report->text),
           obstacle->forced ? "the processor's VMX insists on %s, which Xenolith cannot use"
                            : "the processor's VMX lacks %s, which Xenolith needs",
           obstacle->name);
    return refuse(report, report->text);
}

int vmx_judge(const struct cpu_record *r, struct virt_report *report, struct vmx_capability *capability,
              struct vmx_controls *controls)
{
    report->name = "VMX";
    report->absent = !has_vmx(r);
    if (report->absent)
        return refuse(report, "the processor has no VMX");
    const char *refusal = vmx_feature_refusal(feature_state(r));
    if (refusal)
        return refuse(report, refusal);

    vmx_capability_of(r, capability);
    struct vmx_obstacle obstacle = vmx_resolve(capability, controls);
    if (obstacle.name)
        return refuse_for(report, &obstacle);
    report->usable = true;
    report->reason = NULL;
    format(report->features, sizeof(report->features), "EPT%s%s, unrestricted guest%s%s",
           capability->ept_vpid & EPT_CAP_2M ? " with 2 MiB pages" : "",
           capability->ept_vpid & EPT_CAP_AD ? " and A/D bits" : "", controls->cpu2 & CPU2_VPID ? ", VPID" : "",
           capability->basic & VMX_BASIC_TRUE_CONTROLS ? ", true controls" : "");
    return 0;
}

/* --- The report. */
static void describe_basic(const struct vmx_capability *c, virt_fact_fn fact)
{
    char text[FACT_MAX];

    format(text, sizeof(text), "%u, %u bytes, %s", (uint32_t)c->basic & 0x7fffffff, (uint32_t)(c->basic >> 32) & 0x1fff,
           c->basic & VMX_BASIC_TRUE_CONTROLS ? "with true controls" : "without true controls");
    fact("VMCS revision", text);
    format(text, sizeof(text), "one count in %u ticks of the TSC", 1U << (c->misc & 31));
    fact("rate of preemption timer", text);
}

static void describe_choice(const struct vmx_capability *capability, virt_fact_fn fact)
{
    struct vmx_controls c;
    char text[FACT_MAX];

    if (vmx_resolve(capability, &c).name)
        return;
    format(text, sizeof(text), "pin %x, processor %x, secondary %x, exit %x, entry %x", c.pin, c.cpu, c.cpu2, c.exit,
           c.entry);
    fact("controls", text);
}

/* The capabilities are told even if the firmware has locked VMX off, or hides it; other makers have none to tell. */
void vmx_describe(const struct cpu_record *r, virt_fact_fn fact)
{
    struct vmx_capability capability;
    struct capability_row row;
    char text[FACT_MAX];

    fact("VMX", has_vmx(r) ? "present" : "missing");
    vmx_capability_of(r, &capability);
    if (!has_vmx(r) && (!capability.basic || record_vendor(r) != VENDOR_INTEL))
        return;
    format(text, sizeof(text), "%#llx: %s", (unsigned long long)record_msr_or_0(r, MSR_FEATURE_CONTROL),
           vmx_feature_text(feature_state(r)));
    fact("FEATURE_CONTROL", text);
    describe_basic(&capability, fact);
    for (unsigned i = 0; vmx_row(i, &capability, &row); i++)
        fact(row.name, need_text(&row));
    describe_choice(&capability, fact);
}
