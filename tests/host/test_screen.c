/* SPDX-License-Identifier: MIT */
/* The grid of characters against a device that remembers what was drawn. */
// links: arch/x86/screen.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "arch/x86/screen.h"

static char seen[SCREEN_MAX_ROWS][SCREEN_MAX_COLUMNS + 1];
static unsigned cells_drawn, cursor_row, cursor_column;

static void draw(unsigned row, unsigned column, const char *text, unsigned n)
{
    assert_true(n > 0 && row < SCREEN_MAX_ROWS && column + n <= SCREEN_MAX_COLUMNS);
    memcpy(&seen[row][column], text, n);
    cells_drawn += n;
}

static void cursor(unsigned row, unsigned column)
{
    cursor_row = row;
    cursor_column = column;
}

static const struct screen_device small = {20, 5, draw, cursor};
static const struct screen_device large = {SCREEN_MAX_COLUMNS, SCREEN_MAX_ROWS, draw, NULL};

static int setup(void **state)
{
    (void)state;
    memset(seen, 0, sizeof seen);
    cells_drawn = 0;
    screen_init();
    return 0;
}

static void put(const char *text)
{
    while (*text)
        screen_put(*text++);
    screen_sync();
}

/* The row up to its last character that is no blank. */
static void assert_row(unsigned row, const char *expected)
{
    char text[SCREEN_MAX_COLUMNS + 1];
    size_t n = strlen(strcpy(text, seen[row]));
    while (n && text[n - 1] == ' ')
        text[--n] = 0;
    assert_string_equal(text, expected);
}

static void test_what_came_early_is_shown_later(void **state)
{
    (void)state;
    put("first\nsecond\nthi");
    assert_false(screen_is_shown());
    screen_show(&small);
    assert_true(screen_is_shown());
    put("rd");
    assert_row(0, "first");
    assert_row(1, "second");
    assert_row(2, "third");
}

/* Early lines are kept whole and folded to the width of the screen: cut at 80 they would miss what a wide one shows. */
static void test_early_lines_are_folded_to_the_device(void **state)
{
    (void)state;
    put("0123456789012345678901234567890123456789-end\n");
    screen_show(&small);
    assert_row(0, "01234567890123456789");
    assert_row(1, "01234567890123456789");
    assert_row(2, "-end");
    put("next");
    assert_row(3, "next");
}

static void test_only_the_last_early_lines_fit(void **state)
{
    (void)state;
    char line[16];
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(line, sizeof line, "%u\n", i);
        put(line);
    }
    screen_show(&small);
    assert_row(3, "999");
    assert_row(0, "996");
}

static void test_scrolls_and_wraps(void **state)
{
    (void)state;
    screen_show(&small);
    put("a\nb\nc\nd\ne\nf");
    assert_row(0, "b");
    assert_row(4, "f");
    put("\n12345678901234567890");
    assert_row(4, "12345678901234567890");
    assert_int_equal(cursor_column, 19); /* not beside the screen */
    put("x");
    assert_row(3, "12345678901234567890");
    assert_row(4, "x");
    put("\ry");
    assert_row(4, "y");
    assert_int_equal(cursor_row, 4);
    assert_int_equal(cursor_column, 1);
}

/* Control characters and bytes above ASCII have no shape in the font. */
static void test_other_bytes_are_blanks(void **state)
{
    (void)state;
    screen_show(&small);
    put("a\033b\377c\177d\te");
    assert_row(0, "a b c d e");
}

/* Video memory is slow: of two like lines that scroll by, nothing is drawn. */
static void test_draws_only_what_differs(void **state)
{
    (void)state;
    screen_show(&small);
    for (unsigned i = 0; i < 5; i++)
        put(i < 4 ? "same\n" : "same");
    cells_drawn = 0;
    put("\nsame");
    assert_int_equal(cells_drawn, 0);
    put("!");
    assert_int_equal(cells_drawn, 1);
}

static void test_the_largest_screen(void **state)
{
    (void)state;
    screen_show(&large);
    for (unsigned i = 0; i < SCREEN_MAX_ROWS * SCREEN_MAX_COLUMNS + 1; i++)
        screen_put('a' + (char)(i % 26));
    screen_sync();
    assert_int_equal(seen[SCREEN_MAX_ROWS - 1][0], 'a' + SCREEN_MAX_ROWS * SCREEN_MAX_COLUMNS % 26);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_what_came_early_is_shown_later, setup),
        cmocka_unit_test_setup(test_early_lines_are_folded_to_the_device, setup),
        cmocka_unit_test_setup(test_only_the_last_early_lines_fit, setup),
        cmocka_unit_test_setup(test_scrolls_and_wraps, setup),
        cmocka_unit_test_setup(test_other_bytes_are_blanks, setup),
        cmocka_unit_test_setup(test_draws_only_what_differs, setup),
        cmocka_unit_test_setup(test_the_largest_screen, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
