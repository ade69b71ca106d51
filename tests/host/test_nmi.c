/* SPDX-License-Identifier: MIT */
// links: kernel/nmi.c
/* A stuck NMI button must not fill the log, and the first NMI must not be lost in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arch/x86/traps.h"
#include "kernel/nmi.h"
#include "kernel/printk.h"

struct trap_counts trap_counts;
static unsigned lines;

void printk(enum log_level level, const char *fmt, ...)
{
    (void)level;
    (void)fmt;
    lines++;
}

const char *trap_nmi_reason(void)
{
    return "";
}

static void test_first_at_once(void **state)
{
    struct nmi_reports r = {0};
    (void)state;
    assert_false(nmi_report_due(&r, 0, 5));
    assert_true(nmi_report_due(&r, 1, 5));
    assert_false(nmi_report_due(&r, 1, 5 + 2 * NMI_REPORT_PERIOD));
    assert_true(nmi_report_due(&r, 2, 5 + 2 * NMI_REPORT_PERIOD));
}

/* A thousand a second for ten minutes: eleven lines, and the last ones are not forgotten. */
static void test_limit(void **state)
{
    (void)state;
    lines = 0;
    for (uint64_t ms = 0; ms <= 600000; ms++) {
        trap_counts.nmi++;
        nmi_look(ms * 1000000);
    }
    assert_int_equal(lines, 11);
    trap_counts.nmi++;
    nmi_look(601 * 1000000000ULL);
    assert_int_equal(lines, 11);
    nmi_look(661 * 1000000000ULL);
    nmi_look(999 * 1000000000ULL);
    assert_int_equal(lines, 12);
}

static void test_summary(void **state)
{
    (void)state;
    lines = 0;
    trap_counts.nmi = 0;
    nmi_summary();
    assert_int_equal(lines, 0);
    trap_counts.nmi = 1;
    nmi_summary();
    assert_int_equal(lines, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_first_at_once), cmocka_unit_test(test_limit),
                                       cmocka_unit_test(test_summary)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
