/* SPDX-License-Identifier: MIT */
#include "arch/x86/unequal.h"

#include "arch/x86/cpu_words.h"
#include "arch/x86/msr.h"

#define CPUID_1_ECX_VMX (1U << 5)
#define CPUID_80000001_ECX_SVM (1U << 2)

static struct cpu_words boot, common;
static bool found;

static uint64_t read_word(const struct cpu_word_row *row)
{
    uint64_t value = 0;
    bool exists = row->source == CPU_WORD_VMX_MSR ? cpuid(1, 0).ecx & CPUID_1_ECX_VMX
                                                  : cpuid(0x80000001, 0).ecx & CPUID_80000001_ECX_SVM;
    if (row->source >= CPU_WORD_VMX_MSR) {
        if (exists)
            (void)rdmsr_safe(row->number, &value);
        return value;
    }
    struct cpuid r = cpuid(row->number, row->subleaf);
    const uint32_t registers[] = {r.eax, r.ebx, r.ecx, r.edx};
    return registers[row->source];
}

static void read_words(struct cpu_words *words)
{
    for (unsigned i = 0; i < nr_cpu_words; i++)
        words->word[i] = read_word(&cpu_word_rows[i]);
}

void unequal_boot_cpu(void)
{
    read_words(&boot);
    common = boot;
}

const char *unequal_this_cpu(void)
{
    struct cpu_words own;
    read_words(&own);
    const char *refusal = cpu_words_refusal(&boot, &own);
    if (!refusal)
        found |= cpu_words_intersect(&common, &own);
    return refusal;
}

bool unequal_found(void)
{
    return found;
}

struct cpuid cpuid_common(uint32_t leaf, uint32_t subleaf)
{
    struct cpuid r = cpuid(leaf, subleaf);
    return found ? cpu_words_mask(&common, leaf, subleaf, r) : r;
}
