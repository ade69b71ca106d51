/* SPDX-License-Identifier: MIT */
/*
 * Unequal processors. What matters of a processor is noted as words, a row of a table each (CPUID registers and MSRs),
 * and compared by the rule of the row. Pure code (tests/host/test_cpu_words.c); unequal.c fills the words.
 */
#ifndef ARCH_X86_CPU_WORDS_H
#define ARCH_X86_CPU_WORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/x86/creg.h"

#define CPU_WORDS_MAX 48

/* Where a word comes from: a register of a CPUID leaf, or an MSR (0 where CPUID has no VMX, or no SVM). */
enum cpu_word_source { CPU_WORD_EAX, CPU_WORD_EBX, CPU_WORD_ECX, CPU_WORD_EDX, CPU_WORD_VMX_MSR, CPU_WORD_SVM_MSR };

struct cpu_word_row {
    enum cpu_word_source source;
    uint32_t number; /* leaf or MSR */
    uint32_t subleaf;
    uint8_t rule;
    uint64_t mask;    /* the bits that are looked at */
    const char *name; /* in refusals */
};

extern const struct cpu_word_row cpu_word_rows[];
extern const unsigned nr_cpu_words;

struct cpu_words {
    uint64_t word[CPU_WORDS_MAX]; /* in the order of the rows */
};

/* May a processor with these words run beside the boot CPU? NULL: yes; else what differs: "long mode" ... */
const char *cpu_words_refusal(const struct cpu_words *boot, const struct cpu_words *other);

/* Keep in *common what *other has too, where guests see nothing of what is not common. True if anything was lost. */
bool cpu_words_intersect(struct cpu_words *common, const struct cpu_words *other);

/* A CPUID leaf without what is not common. */
struct cpuid cpu_words_mask(const struct cpu_words *common, uint32_t leaf, uint32_t subleaf, struct cpuid r);

#endif
