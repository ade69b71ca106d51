/* SPDX-License-Identifier: MIT */
/* The report's form: whoever reads it, or the script that does, relies on it. */
// links: kernel/report_text.c common/format.c
#include "kernel/report_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static char text[2048];

static void put(const char *line)
{
    assert_true(strlen(line) <= REPORT_COLUMNS);
    strcat(strcat(text, line), "\n");
}

static void begin(unsigned column)
{
    text[0] = '\0';
    report_section(put, "Title", column);
}

/* Values that do not stand below each other. */
static void values_are_aligned(void **state)
{
    (void)state;
    begin(12);
    report_fact(put, "a", "1");
    report_fact(put, "longer", "2 3");
    report_fact(put, "empty", "");
    assert_string_equal(text, "\nTitle\n  a:        1\n  longer:   2 3\n  empty:    \n");
}

/* A line that a screen of 80 columns breaks in the middle of a word. */
static void long_values_go_on_below(void **state)
{
    (void)state;
    begin(60);
    report_fact(put, "k", "twenty characters ok and some more words");
    assert_string_equal(text, "\nTitle\n"
                              "  k:                                                        twenty characters ok\n"
                              "                                                            and some more words\n");
}

/* A word longer than a line: an endless loop, or the end of it lost. */
static void a_word_longer_than_a_line(void **state)
{
    char word[200];
    (void)state;
    memset(word, 'x', sizeof(word) - 1);
    word[sizeof(word) - 1] = '\0';
    begin(10);
    report_fact(put, "k", word);
    size_t n = 0;
    for (const char *c = text; *c; c++)
        n += *c == 'x';
    assert_int_equal(n, sizeof(word) - 1);
}

/* A key as wide as the column still has a blank behind its colon. */
static void a_long_key(void **state)
{
    (void)state;
    begin(10);
    report_fact(put, "0123456789", "v w");
    assert_string_equal(text, "\nTitle\n  0123456789: v w\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_aligned),
        cmocka_unit_test(long_values_go_on_below),
        cmocka_unit_test(a_word_longer_than_a_line),
        cmocka_unit_test(a_long_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
