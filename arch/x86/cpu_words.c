/* SPDX-License-Identifier: MIT */
#include "arch/x86/cpu_words.h"

#include <stddef.h>

#define ALL32 0xffffffffULL
#define ALL64 UINT64_MAX
#define BIT(n) (1ULL << (n))

/* What another CPU must have for the same code and the same guests to run on it. */
enum rule {
    SAME,     /* the very same value */
    HAS_ALL,  /* every bit that the boot CPU has */
    NO_LESS,  /* a number that is not smaller */
    UNLOCKED, /* IA32_FEATURE_CONTROL: not decided yet (then we do), or decided alike */
    COMMON,   /* nothing: what it lacks is taken from the guests on all CPUs */
};

#define FEATURE_CONTROL_LOCKED BIT(0)
#define FEATURE_CONTROL_VMX BIT(2)
#define VM_CR_SVMDIS BIT(4)
/* Bits that show what is turned on, not what there is. */
#define OSXSAVE BIT(27)
#define OSPKE BIT(4)

/*
 * Refusals first: all that the hypervisor relies on once it has seen it on the boot CPU. Then what only guests use;
 * a guest's CPUID shows nothing that is not there on every CPU. SVM's and VMX's own rows are as their back ends use
 * them (SDM Vol. 3D, appendix A; APM Vol. 3, appendix E).
 */
const struct cpu_word_row cpu_word_rows[] = {
    {CPU_WORD_EBX, 0, 0, SAME, ALL32, "another maker"},
    {CPU_WORD_EDX, 0, 0, SAME, ALL32, "another maker"},
    {CPU_WORD_ECX, 0, 0, SAME, ALL32, "another maker"},
    {CPU_WORD_EDX, 0x80000001, 0, HAS_ALL, BIT(29), "it has no long mode"},
    {CPU_WORD_EDX, 0x80000001, 0, HAS_ALL, BIT(20), "it has no NX"},
    {CPU_WORD_EDX, 0x80000001, 0, HAS_ALL, BIT(26), "it has no pages of 1 GiB"},
    {CPU_WORD_EDX, 1, 0, HAS_ALL, BIT(9), "its local APIC is off"},
    {CPU_WORD_ECX, 1, 0, HAS_ALL, BIT(21), "it has no x2APIC"},
    {CPU_WORD_ECX, 1, 0, HAS_ALL, BIT(24), "its timer has no TSC deadlines"},
    {CPU_WORD_ECX, 1, 0, HAS_ALL, BIT(26), "it has no XSAVE"},
    {CPU_WORD_EAX, 0xd, 1, HAS_ALL, 7, "its XSAVE is older"},
    {CPU_WORD_EAX, 0x80000008, 0, NO_LESS, 0xff, "its physical addresses are shorter"},
    {CPU_WORD_ECX, 1, 0, SAME, BIT(5), "VMX on some CPUs only"},
    {CPU_WORD_ECX, 0x80000001, 0, SAME, BIT(2), "SVM on some CPUs only"},
    {CPU_WORD_EDX, 0x8000000a, 0, SAME, BIT(0) | BIT(3) | BIT(5) | BIT(6) | BIT(7), "another SVM"},
    {CPU_WORD_EBX, 0x8000000a, 0, SAME, ALL32, "another number of ASIDs"},
    {CPU_WORD_VMX_MSR, 0x03a, 0, UNLOCKED, ALL64, "IA32_FEATURE_CONTROL differs: VMX is off"},
    {CPU_WORD_VMX_MSR, 0x480, 0, SAME, ALL64, "another VMX (IA32_VMX_BASIC)"},
    {CPU_WORD_VMX_MSR, 0x481, 0, SAME, ALL64, "other pin-based VMX controls"},
    {CPU_WORD_VMX_MSR, 0x482, 0, SAME, ALL64, "other processor-based VMX controls"},
    {CPU_WORD_VMX_MSR, 0x483, 0, SAME, ALL64, "other VM-exit controls"},
    {CPU_WORD_VMX_MSR, 0x484, 0, SAME, ALL64, "other VM-entry controls"},
    {CPU_WORD_VMX_MSR, 0x486, 0, SAME, ALL64, "VMX asks for another CR0"},
    {CPU_WORD_VMX_MSR, 0x487, 0, SAME, ALL64, "VMX asks for another CR0"},
    {CPU_WORD_VMX_MSR, 0x488, 0, SAME, ALL64, "VMX asks for another CR4"},
    {CPU_WORD_VMX_MSR, 0x489, 0, SAME, ALL64, "VMX asks for another CR4"},
    {CPU_WORD_VMX_MSR, 0x48b, 0, SAME, ALL64, "other secondary VMX controls"},
    {CPU_WORD_VMX_MSR, 0x48c, 0, SAME, ALL64, "another EPT"},
    {CPU_WORD_VMX_MSR, 0x48d, 0, SAME, ALL64, "other pin-based VMX controls"},
    {CPU_WORD_VMX_MSR, 0x48e, 0, SAME, ALL64, "other processor-based VMX controls"},
    {CPU_WORD_VMX_MSR, 0x48f, 0, SAME, ALL64, "other VM-exit controls"},
    {CPU_WORD_VMX_MSR, 0x490, 0, SAME, ALL64, "other VM-entry controls"},
    {CPU_WORD_SVM_MSR, 0xc0010114, 0, SAME, VM_CR_SVMDIS, "SVM is off on some CPUs only"},
    {CPU_WORD_ECX, 1, 0, COMMON, ALL32 & ~OSXSAVE, NULL},
    {CPU_WORD_EDX, 1, 0, COMMON, ALL32, NULL},
    {CPU_WORD_EBX, 7, 0, COMMON, ALL32, NULL},
    {CPU_WORD_ECX, 7, 0, COMMON, ALL32 & ~OSPKE, NULL},
    {CPU_WORD_EDX, 7, 0, COMMON, ALL32, NULL},
    {CPU_WORD_EAX, 0xd, 0, COMMON, ALL32, NULL},
    {CPU_WORD_EDX, 0xd, 0, COMMON, ALL32, NULL},
    {CPU_WORD_ECX, 0x80000001, 0, COMMON, ALL32, NULL},
    {CPU_WORD_EDX, 0x80000001, 0, COMMON, ALL32, NULL},
    {CPU_WORD_EDX, 0x80000007, 0, COMMON, ALL32, NULL},
};
const unsigned nr_cpu_words = sizeof(cpu_word_rows) / sizeof(cpu_word_rows[0]);
_Static_assert(sizeof(cpu_word_rows) / sizeof(cpu_word_rows[0]) <= CPU_WORDS_MAX, "struct cpu_words");

static bool is_decided_alike(uint64_t boot, uint64_t other)
{
    return !(other & FEATURE_CONTROL_LOCKED) || !((boot ^ other) & FEATURE_CONTROL_VMX);
}

static bool fits(const struct cpu_word_row *row, uint64_t boot, uint64_t other)
{
    boot &= row->mask;
    other &= row->mask;
    switch ((enum rule)row->rule) {
    case SAME:
        return boot == other;
    case HAS_ALL:
        return (boot & ~other) == 0;
    case NO_LESS:
        return other >= boot;
    case UNLOCKED:
        return is_decided_alike(boot, other);
    case COMMON:
        break;
    }
    return true;
}

const char *cpu_words_refusal(const struct cpu_words *boot, const struct cpu_words *other)
{
    for (unsigned i = 0; i < nr_cpu_words; i++) {
        if (!fits(&cpu_word_rows[i], boot->word[i], other->word[i]))
            return cpu_word_rows[i].name;
    }
    return NULL;
}

bool cpu_words_intersect(struct cpu_words *common, const struct cpu_words *other)
{
    bool lost = false;
    for (unsigned i = 0; i < nr_cpu_words; i++) {
        if (cpu_word_rows[i].rule != COMMON)
            continue;
        lost |= common->word[i] & ~other->word[i] & cpu_word_rows[i].mask;
        common->word[i] &= other->word[i] | ~cpu_word_rows[i].mask;
    }
    return lost;
}

struct cpuid cpu_words_mask(const struct cpu_words *common, uint32_t leaf, uint32_t subleaf, struct cpuid r)
{
    uint32_t *const registers[] = {
        [CPU_WORD_EAX] = &r.eax, [CPU_WORD_EBX] = &r.ebx, [CPU_WORD_ECX] = &r.ecx, [CPU_WORD_EDX] = &r.edx};
    for (unsigned i = 0; i < nr_cpu_words; i++) {
        const struct cpu_word_row *row = &cpu_word_rows[i];
        if (row->rule == COMMON && row->number == leaf && row->subleaf == subleaf)
            *registers[row->source] &= (uint32_t)(common->word[i] | ~row->mask);
    }
    return r;
}
