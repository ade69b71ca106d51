/* SPDX-License-Identifier: MIT */
// links: arch/x86/cpu_words.c
/* Machines whose processors differ: what guests see, and which processor must not run beside the boot CPU. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arch/x86/cpu_words.h"

/* A processor with every bit of every word, and numbers that leave room in both directions. */
static struct cpu_words all_of_it(void)
{
    struct cpu_words w;
    for (unsigned i = 0; i < nr_cpu_words; i++)
        w.word[i] = cpu_word_rows[i].mask & (cpu_word_rows[i].mask == 0xff ? 39 : UINT64_MAX);
    return w;
}

/* All rows of a word get the value: a leaf's register stands in several. */
static void set(struct cpu_words *w, enum cpu_word_source source, uint32_t number, uint64_t value)
{
    unsigned rows = 0;
    for (unsigned i = 0; i < nr_cpu_words; i++) {
        if (cpu_word_rows[i].source == source && cpu_word_rows[i].number == number) {
            w->word[i] = value;
            rows++;
        }
    }
    assert_true(rows > 0);
}

static void test_equal(void **state)
{
    struct cpu_words boot = all_of_it(), other = boot, none = {0};
    (void)state;
    assert_null(cpu_words_refusal(&boot, &other));
    assert_null(cpu_words_refusal(&none, &none));
    assert_false(cpu_words_intersect(&boot, &other));
    assert_memory_equal(&boot, &other, nr_cpu_words * sizeof(boot.word[0]));
}

#define ALL UINT64_MAX

/* One word differs: the processor is refused for it by name, or welcome. */
static void test_refusals(void **state)
{
    static const struct {
        enum cpu_word_source source;
        uint32_t number;
        uint64_t boot, other;
        const char *refusal;
    } rows[] = {
        {CPU_WORD_EBX, 0, 0x756e6547, 0x68747541, "another maker"},
        {CPU_WORD_EDX, 0x80000001, ALL, ALL & ~(1ULL << 20), "it has no NX"},
        {CPU_WORD_EDX, 0x80000001, ALL & ~(1ULL << 20), ALL, NULL},
        {CPU_WORD_EDX, 0x80000001, ALL, ALL & ~(1ULL << 26), "it has no pages of 1 GiB"},
        {CPU_WORD_ECX, 1, ALL, ALL & ~(1ULL << 21), "it has no x2APIC"},
        {CPU_WORD_ECX, 1, ALL, ALL & ~(1ULL << 24), "its timer has no TSC deadlines"},
        {CPU_WORD_ECX, 1, ALL & ~(1ULL << 24), ALL, NULL},
        {CPU_WORD_ECX, 1, ALL, ALL & ~(1ULL << 26), "it has no XSAVE"},
        {CPU_WORD_ECX, 1, ALL, ALL & ~(1ULL << 5), "VMX on some CPUs only"},
        {CPU_WORD_ECX, 1, ALL & ~(1ULL << 5), ALL, "VMX on some CPUs only"},
        {CPU_WORD_ECX, 1, ALL, ALL & ~(1ULL << 28), NULL}, /* AVX: guests go without */
        {CPU_WORD_ECX, 0x80000001, ALL, ALL & ~(1ULL << 2), "SVM on some CPUs only"},
        {CPU_WORD_EDX, 0x8000000a, 0x8d, 0x85, "another SVM"},  /* no next rip */
        {CPU_WORD_EDX, 0x8000000a, 0x8d, 0xcd, "another SVM"},  /* flush by ASID */
        {CPU_WORD_EDX, 0x8000000a, 0x8d, 0x8d | 1 << 13, NULL}, /* nobody uses bit 13 */
        {CPU_WORD_EBX, 0x8000000a, 16, 32768, "another number of ASIDs"},
        {CPU_WORD_EAX, 0x80000008, 39, 46, NULL},
        {CPU_WORD_EAX, 0x80000008, 46, 39, "its physical addresses are shorter"},
        {CPU_WORD_EAX, 0x80000008, 0x3027, 0x3927, NULL}, /* linear addresses are not looked at */
        {CPU_WORD_VMX_MSR, 0x03a, 5, 5, NULL},
        {CPU_WORD_VMX_MSR, 0x03a, 5, 0, NULL}, /* not decided yet: we do it */
        {CPU_WORD_VMX_MSR, 0x03a, 5, 1, "IA32_FEATURE_CONTROL differs: VMX is off"},
        {CPU_WORD_VMX_MSR, 0x03a, 5, 7, NULL}, /* SMX as well */
        {CPU_WORD_VMX_MSR, 0x03a, 1, 1, NULL}, /* off everywhere: no container, but it runs */
        {CPU_WORD_VMX_MSR, 0x48b, 0xff00000000, 0x7f00000000, "other secondary VMX controls"},
        {CPU_WORD_VMX_MSR, 0x48c, 0xf0106334141, 0xf0106134141, "another EPT"},
        {CPU_WORD_SVM_MSR, 0xc0010114, 0, 0x10, "SVM is off on some CPUs only"},
        {CPU_WORD_SVM_MSR, 0xc0010114, 0, 0x8, NULL},
        {CPU_WORD_EBX, 7, ALL, 0, NULL}, /* SMEP, SMAP and all: guests go without */
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct cpu_words boot = all_of_it(), other = all_of_it();
        set(&boot, rows[i].source, rows[i].number, rows[i].boot);
        set(&other, rows[i].source, rows[i].number, rows[i].other);
        const char *refusal = cpu_words_refusal(&boot, &other);
        assert_int_equal(!refusal, !rows[i].refusal);
        if (refusal)
            assert_string_equal(refusal, rows[i].refusal);
    }
}

/* Three processors, each without something else: guests see what all three have; what is turned on is no feature. */
static void test_common(void **state)
{
    struct cpu_words common = all_of_it(), a = common, b = common;
    struct cpuid full = {UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX};
    (void)state;
    set(&a, CPU_WORD_EBX, 7, ALL & ~(1ULL << 5));               /* AVX2 */
    set(&b, CPU_WORD_ECX, 1, ALL & ~(1ULL << 30 | 1ULL << 27)); /* RDRAND; OSXSAVE is not turned on */
    assert_true(cpu_words_intersect(&common, &a));
    assert_true(cpu_words_intersect(&common, &b));
    assert_false(cpu_words_intersect(&common, &a));
    struct cpuid leaf7 = cpu_words_mask(&common, 7, 0, full), leaf1 = cpu_words_mask(&common, 1, 0, full);
    assert_int_equal(leaf7.ebx, UINT32_MAX & ~(1U << 5));
    assert_int_equal(leaf7.ecx, UINT32_MAX);
    assert_int_equal(leaf1.ecx, UINT32_MAX & ~(1U << 30));
    assert_int_equal(leaf1.ebx, UINT32_MAX);
    struct cpuid other = cpu_words_mask(&common, 7, 1, full);
    assert_int_equal(other.ebx, UINT32_MAX);
    other = cpu_words_mask(&common, 0x80000002, 0, full);
    assert_int_equal(other.edx, UINT32_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_equal), cmocka_unit_test(test_refusals),
                                       cmocka_unit_test(test_common)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
