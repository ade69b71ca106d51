/* SPDX-License-Identifier: MIT */
// links: common/format.c
/* format() promises to be snprintf() for what it knows, so the C library is asked for the right answer. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/format.h"

/* Not declared as printf-like: the compiler must not judge the odd formats. */
static void same(const char *fmt, ...)
{
    char ours[200], theirs[200];
    va_list args;

    va_start(args, fmt);
    int n = format_v(ours, sizeof(ours), fmt, args);
    va_end(args);
    va_start(args, fmt);
    int m = vsnprintf(theirs, sizeof(theirs), fmt, args);
    va_end(args);
    if (n != m || strcmp(ours, theirs) != 0)
        print_error("format \"%s\"\n", fmt);
    assert_string_equal(ours, theirs);
    assert_int_equal(n, m);
}

/* The same without a check of the format by the compiler. */
static int unchecked(char *buffer, size_t size, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int n = format_v(buffer, size, fmt, args);
    va_end(args);
    return n;
}

static void plain_text_and_every_conversion(void **state)
{
    (void)state;
    same("%s", "");
    same("text without any conversion");
    same("100%%, %d %i %u %x %X %c %s", -5, 7, 5U, 0xbeefU, 0xbeefU, 'c', "string");
    same("%p", (void *)0x1234abcd);
    same("%ld %lu %lx %lld %llu %llx %zu %zx", LONG_MIN, ULONG_MAX, 1UL << 40, LLONG_MIN, ULLONG_MAX, 1ULL << 63,
         (size_t)-1, (size_t)4096);
    same("%hd %hu %hhd %hhu %hhx", (short)-2, (unsigned short)65535, (signed char)-3, (unsigned char)255, 0xabU);
    same("%hhu %hd", 0x1ffU, 0x12345);
}

static void every_combination_of_flags_width_and_precision(void **state)
{
    static const char *const flags[] = {"", "-", "0", "+", "-0", "+0", "-+"};
    static const char *const widths[] = {"", "1", "5", "12"};
    static const char *const precisions[] = {"", ".", ".0", ".1", ".4", ".15"};
    static const char *const conversions[] = {"d", "u", "x", "X", "s"};
    static const int values[] = {0, 1, -1, 42, -4711, INT_MAX, INT_MIN};
    (void)state;
    for (size_t i = 0; i < 7 * 4 * 6 * 5; i++) {
        char fmt[32];
        const char *conversion = conversions[i / (7 * 4 * 6)];
        snprintf(fmt, sizeof(fmt), "[%%%s%s%s%s]", flags[i % 7], widths[i / 7 % 4], precisions[i / (7 * 4) % 6],
                 conversion);
        if (*conversion == 's') {
            same(fmt, "some text");
            continue;
        }
        for (size_t v = 0; v < sizeof(values) / sizeof(values[0]); v++)
            same(fmt, values[v]);
    }
}

static void stars_take_width_and_precision_from_the_arguments(void **state)
{
    (void)state;
    same("[%*d]", 8, 5);
    same("[%*d]", -8, 5);
    same("[%.*d]", 4, 5);
    same("[%.*d]", -1, 0);
    same("[%*.*s]", 6, 2, "abc");
    same("[%-*s|%5c|%-5c]", 6, "abc", 'x', 'y');
}

/* A guest's text is not terminated: precision must keep format from reading past it (the sanitizer watches). */
static void a_string_is_read_no_further_than_its_precision(void **state)
{
    char *text = malloc(3);
    (void)state;
    assert_non_null(text);
    memcpy(text, "abc", 3);
    same("%.3s.", text);
    same("%.*s.", 2, text);
    free(text);
}

static void truncation_terminates_and_returns_the_whole_length(void **state)
{
    char buffer[4] = "xyz";
    (void)state;
    assert_int_equal(format(buffer, sizeof(buffer), "%d", 123456), 6);
    assert_string_equal(buffer, "123");
    assert_int_equal(format(buffer, 1, "abc"), 3);
    assert_string_equal(buffer, "");
    assert_int_equal(format(NULL, 0, "%s", "abc"), 3);
}

static void odd_formats_do_no_harm(void **state)
{
    char buffer[16];
    (void)state;
    unchecked(buffer, sizeof(buffer), "50%");
    assert_string_equal(buffer, "50");
    unchecked(buffer, sizeof(buffer), "%y");
    assert_string_equal(buffer, "y");
    unchecked(buffer, sizeof(buffer), "%s", (char *)NULL);
    assert_string_equal(buffer, "(null)");
    assert_true(unchecked(buffer, sizeof(buffer), "%2000000000d", 1) < 5000);
}

static void alternate_form(void **state)
{
    (void)state;
    static const char *const formats[] = {"%#x",    "%#X",      "%#lx",   "%#12x|", "%-#12x|", "%#012x|",
                                          "%#.6x|", "%#14.6x|", "%#.0x|", "%#-4x|", "%#+x|",   "%0#4x|"};
    static const unsigned long values[] = {0, 1, 0xabc, 0xdeadbeef};
    for (unsigned f = 0; f < sizeof(formats) / sizeof(formats[0]); f++)
        for (unsigned v = 0; v < sizeof(values) / sizeof(values[0]); v++)
            same(formats[f], values[v]);
}

static void random_numbers_agree(void **state)
{
    (void)state;
    srandom(1);
    for (int i = 0; i < 20000; i++) {
        uint64_t n = ((uint64_t)random() << 33 ^ (uint64_t)random()) >> (random() % 64);
        same("%lu %lx %ld", n, n, (long)(0 - n));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_text_and_every_conversion),
        cmocka_unit_test(every_combination_of_flags_width_and_precision),
        cmocka_unit_test(stars_take_width_and_precision_from_the_arguments),
        cmocka_unit_test(a_string_is_read_no_further_than_its_precision),
        cmocka_unit_test(truncation_terminates_and_returns_the_whole_length),
        cmocka_unit_test(odd_formats_do_no_harm),
        cmocka_unit_test(alternate_form),
        cmocka_unit_test(random_numbers_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
