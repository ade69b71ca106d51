/* SPDX-License-Identifier: MIT */
#include "arch/x86/svm/judge.h"

#include "arch/x86/cpu_record.h"
#include "common/format.h"
#include "guest/abi/errno.h"

#define CPUID_SVM_LEAF 0x8000000A
#define CPUID_80000001_ECX_SVM (1U << 2)
#define SVM_EDX_NP (1U << 0)
#define SVM_EDX_NRIPS (1U << 3)
#define MSR_VM_CR 0xc0010114
#define VM_CR_LOCK (1U << 3)
#define VM_CR_SVMDIS (1U << 4)
#define MIN_ASIDS 2 /* 0 is the hypervisor's own */
#define FACT_MAX 120

/* CPUID 0x8000000A EDX (APM Vol. 3, appendix E). Those with a word are in the line of the start-up. */
static const struct feature {
    uint32_t bit;
    enum need need;
    const char *name, *word;
} features[] = {
    {SVM_EDX_NP, NEED_MUST, "nested paging", NULL},
    {SVM_EDX_NRIPS, NEED_MAY, "next rip", "next rip"},
    {1U << 7, NEED_NEVER, "decode assists", "decode assists"},
    {1U << 6, NEED_NEVER, "flush by ASID", "flush by ASID"},
    {1U << 5, NEED_NEVER, "clean bits", "clean bits"},
    {1U << 1, NEED_NEVER, "branch record virtualisation", NULL},
    {1U << 2, NEED_NEVER, "SVM lock", NULL},
    {1U << 4, NEED_NEVER, "TSC rate", NULL},
    {1U << 10, NEED_NEVER, "pause filter", NULL},
    {1U << 13, NEED_NEVER, "AVIC", NULL},
    {1U << 15, NEED_NEVER, "virtual VMSAVE and VMLOAD", NULL},
    {1U << 16, NEED_NEVER, "virtual GIF", NULL},
};

static bool has_svm(const struct cpu_record *r)
{
    return record_cpuid(r, 0x80000001, 0).ecx & CPUID_80000001_ECX_SVM;
}

bool svm_row(unsigned i, const struct cpu_record *r, struct capability_row *row)
{
    if (i >= sizeof(features) / sizeof(features[0]))
        return false;
    *row = (struct capability_row){
        .group = "CPUID",
        .name = features[i].name,
        .need = features[i].need,
        .can = record_cpuid(r, CPUID_SVM_LEAF, 0).edx & features[i].bit,
    };
    return true;
}

static int refuse(struct virt_report *report, const char *reason)
{
    report->usable = false;
    report->reason = reason;
    return -XEN_ENODEV;
}

/* The one feature that must be there is nested paging. */
static const char *missing(const struct cpu_record *r)
{
    struct capability_row row;

    for (unsigned i = 0; svm_row(i, r, &row); i++)
        if (!need_is_met(&row))
            return "the processor has SVM without nested paging, which Xenolith needs (in QEMU choose -cpu max or -cpu "
                   "EPYC)";
    if (record_cpuid(r, CPUID_SVM_LEAF, 0).ebx < MIN_ASIDS)
        return "the processor's SVM offers no address space identifier for guests";
    return NULL;
}

static void list_features(const struct cpu_record *r, struct virt_report *report)
{
    struct cpuid leaf = record_cpuid(r, CPUID_SVM_LEAF, 0);
    int n = format(report->features, sizeof(report->features), "nested paging, %u ASIDs", leaf.ebx);

    for (unsigned i = 0; i < sizeof(features) / sizeof(features[0]); i++)
        if (features[i].word && (leaf.edx & features[i].bit))
            n += format(report->features + n, sizeof(report->features) - (size_t)n, ", %s", features[i].word);
}

int svm_judge(const struct cpu_record *r, struct virt_report *report, struct svm_caps *caps)
{
    report->name = "SVM";
    report->absent = !has_svm(r);
    if (report->absent)
        return refuse(report, "the processor has no SVM");
    if (record_msr_or_0(r, MSR_VM_CR) & VM_CR_SVMDIS)
        return refuse(report, "SVM is switched off: enable virtualisation (SVM mode) in the firmware's set-up");
    const char *reason = missing(r);
    if (reason)
        return refuse(report, reason);

    struct cpuid leaf = record_cpuid(r, CPUID_SVM_LEAF, 0);
    *caps = (struct svm_caps){.nr_asids = leaf.ebx, .nrips = leaf.edx & SVM_EDX_NRIPS};
    report->usable = true;
    report->reason = NULL;
    list_features(r, report);
    return 0;
}

/* --- The report. */
static const char *vm_cr_text(uint64_t vm_cr)
{
    if (vm_cr & VM_CR_SVMDIS)
        return vm_cr & VM_CR_LOCK ? "SVM is off, and locked" : "SVM is off";
    return "SVM may be turned on";
}

void svm_describe(const struct cpu_record *r, virt_fact_fn fact)
{
    struct cpuid leaf = record_cpuid(r, CPUID_SVM_LEAF, 0);
    uint64_t vm_cr = record_msr_or_0(r, MSR_VM_CR);
    struct capability_row row;
    char text[FACT_MAX];

    fact("SVM", has_svm(r) ? "present" : "missing");
    if (!has_svm(r) && !leaf.eax && !vm_cr)
        return;
    format(text, sizeof(text), "%#llx: %s", (unsigned long long)vm_cr, vm_cr_text(vm_cr));
    fact("VM_CR", text);
    format(text, sizeof(text), "%u (needed: %u)", leaf.ebx, MIN_ASIDS);
    fact("ASIDs", text);
    for (unsigned i = 0; svm_row(i, r, &row); i++)
        fact(row.name, need_text(&row));
}
