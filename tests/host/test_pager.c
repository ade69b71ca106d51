/* SPDX-License-Identifier: MIT */
// links: kernel/pager.c kernel/log_ring.c arch/x86/screen.c common/format.c
/* Pages of the log on a small screen that remembers what was drawn. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "arch/x86/scancode.h"
#include "arch/x86/screen.h"
#include "kernel/log_ring.h"
#include "kernel/pager.h"

#define COLUMNS 40
#define ROWS 6 /* five of text and the status line */

static char seen[SCREEN_MAX_ROWS][SCREEN_MAX_COLUMNS + 1];
static unsigned cells_drawn;
static char buffer[1024];
static struct log_ring ring;
static struct pager pager;

static void draw(unsigned row, unsigned column, const char *text, unsigned n)
{
    memcpy(&seen[row][column], text, n);
    cells_drawn += n;
}

static const struct screen_device device = {COLUMNS, ROWS, draw, NULL};
static const struct screen_device tiny = {COLUMNS, 2, draw, NULL};

static int setup(void **state)
{
    (void)state;
    memset(seen, 0, sizeof seen);
    memset(&pager, 0, sizeof pager);
    log_ring_init(&ring, buffer, sizeof buffer);
    screen_init();
    screen_show(&device);
    return 0;
}

/* As printk does it: to the log and to the screen. */
static void say(const char *text)
{
    log_ring_write(&ring, text, strlen(text));
    for (; *text; text++)
        screen_put(*text);
    screen_sync();
}

static void say_lines(unsigned from, unsigned to)
{
    char line[16];
    for (unsigned i = from; i <= to; i++) {
        snprintf(line, sizeof line, "line %u\n", i);
        say(line);
    }
}

static void assert_row(unsigned row, const char *expected)
{
    char text[SCREEN_MAX_COLUMNS + 1];
    size_t n = strlen(strcpy(text, seen[row]));
    while (n && text[n - 1] == ' ')
        text[--n] = 0;
    assert_string_equal(text, expected);
}

static void assert_page(unsigned first, unsigned last, unsigned all)
{
    char text[64];
    for (unsigned i = first; i <= last; i++) {
        snprintf(text, sizeof text, "line %u", i);
        assert_row(i - first, text);
    }
    snprintf(text, sizeof text, "--- rows %u to %u of %u: ", first, last, all);
    assert_memory_equal(seen[ROWS - 1], text, strlen(text));
}

/* The last line on the screen, above the row for the next one. */
static void assert_live(const char *last)
{
    assert_false(pager.on);
    assert_row(ROWS - 2, last);
    assert_row(ROWS - 1, "");
}

static void turn(int key)
{
    assert_true(pager_key(&pager, &ring, key));
}

static void test_there_and_back(void **state)
{
    (void)state;
    say_lines(1, 20);
    turn(KEY_PAGE_UP);
    assert_page(12, 16, 20);
    turn(KEY_PAGE_UP);
    assert_page(8, 12, 20); /* a row of the last page is seen again */
    turn(KEY_PAGE_UP);
    turn(KEY_PAGE_UP);
    assert_page(1, 5, 20);
    turn(KEY_PAGE_UP);
    assert_page(1, 5, 20);
    turn(KEY_PAGE_DOWN);
    assert_page(5, 9, 20);
    turn(KEY_PAGE_DOWN);
    turn(KEY_PAGE_DOWN);
    assert_page(13, 17, 20);
    turn(KEY_PAGE_DOWN); /* the end: the live text */
    assert_live("line 20");
}

static void test_home_and_end(void **state)
{
    (void)state;
    say_lines(1, 20);
    turn(KEY_HOME);
    assert_page(1, 5, 20);
    turn(KEY_END);
    assert_live("line 20");
    turn(KEY_END);
    turn(KEY_PAGE_DOWN);
    assert_live("line 20");
}

/* A key that is typed to get out of the pages must not end the run as a debug key. */
static void test_other_key_only_returns(void **state)
{
    (void)state;
    say_lines(1, 20);
    assert_false(pager_key(&pager, &ring, 'q'));
    turn(KEY_HOME);
    assert_true(pager_key(&pager, &ring, 'q'));
    assert_live("line 20");
    assert_false(pager_key(&pager, &ring, 'q'));
}

/* What is read must stay where it is while a domain chats, and nothing that it says may be missing afterwards. */
static void test_output_while_reading(void **state)
{
    (void)state;
    say_lines(1, 20);
    turn(KEY_PAGE_UP);
    cells_drawn = 0;
    say_lines(21, 30);
    assert_int_equal(cells_drawn, 0);
    assert_page(12, 16, 20);
    turn(KEY_PAGE_UP);
    assert_page(8, 12, 30);
    turn(KEY_END);
    assert_live("line 30");
    assert_row(0, "line 26");
}

/* The log loses its beginning while its first page is shown: the next page is what there is. */
static void test_overwritten_while_reading(void **state)
{
    char first[16];
    unsigned n;
    (void)state;
    say_lines(1, 20);
    turn(KEY_HOME);
    say_lines(1000, 1500);
    assert_page(1, 5, 20);
    turn(KEY_PAGE_UP);
    assert_int_equal(sscanf(seen[0], "line %u", &n), 1);
    assert_true(n > 1300); /* 1024 bytes hold 102 lines of 10, the first of them in part */
    snprintf(first, sizeof first, "line %u", n + 4);
    assert_row(4, first);
    turn(KEY_HOME);
    assert_row(4, first);
    turn(KEY_PAGE_DOWN);
    assert_row(0, first);
}

/* Rows on a page are those that the screen makes of lines. */
static void test_long_lines(void **state)
{
    (void)state;
    say("0123456789012345678901234567890123456789\n"); /* a row exactly */
    say("0123456789012345678901234567890123456789x\n");
    say("\n");
    say_lines(5, 12);
    turn(KEY_HOME);
    assert_row(0, "0123456789012345678901234567890123456789");
    assert_row(1, "0123456789012345678901234567890123456789");
    assert_row(2, "x");
    assert_row(3, "");
    assert_row(4, "line 5");
    assert_memory_equal(seen[5], "--- rows 1 to 5 of 12:", 22);
}

static void test_short_log(void **state)
{
    (void)state;
    turn(KEY_PAGE_UP); /* an empty one */
    assert_row(0, "");
    turn(KEY_PAGE_DOWN);
    assert_false(pager.on);
    say_lines(1, 2);
    turn(KEY_PAGE_UP);
    assert_page(1, 2, 2);
    assert_row(3, "");
    turn(KEY_PAGE_DOWN);
    assert_false(pager.on);
    assert_row(1, "line 2");
}

/* A panic while somebody reads: it must be seen. */
static void test_end(void **state)
{
    (void)state;
    say_lines(1, 20);
    turn(KEY_HOME);
    pager_end(&pager);
    say("panic\n");
    assert_live("panic");
}

/* Keys of a screen that is too low, or that is not there: none is taken away from anybody. */
static void test_no_room(void **state)
{
    (void)state;
    say_lines(1, 20);
    screen_show(&tiny);
    assert_false(pager_key(&pager, &ring, KEY_PAGE_UP));
    assert_false(pager_key(&pager, &ring, 'h'));
    screen_show(NULL);
    assert_false(pager_key(&pager, &ring, KEY_HOME));
}

#define TEST(test) cmocka_unit_test_setup(test, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_there_and_back),
        TEST(test_home_and_end),
        TEST(test_other_key_only_returns),
        TEST(test_output_while_reading),
        TEST(test_overwritten_while_reading),
        TEST(test_long_lines),
        TEST(test_short_log),
        TEST(test_end),
        TEST(test_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
