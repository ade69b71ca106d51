/* SPDX-License-Identifier: MIT */
// links: arch/x86/scancode.c
/* What a keyboard sends, byte for byte, and what was typed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arch/x86/scancode.h"

#define MAX_BYTES 40
#define MAX_KEYS 12

struct row {
    const char *what;
    const char *bytes; /* ends at the first zero */
    int keys[MAX_KEYS];
};

#define SHIFT "\x2a"
#define SHIFT_UP "\xaa"
#define RIGHT_SHIFT "\x36"
#define RIGHT_SHIFT_UP "\xb6"
#define CTRL "\x1d"
#define CTRL_UP "\x9d"
#define CAPS "\x3a\xba"
#define NUM "\x45\xc5"

static const struct row rows[] = {
    {"a key goes down and up", "\x23\xa3", {'h'}},
    {"it repeats while it is down", "\x23\x23\x23\xa3", {'h', 'h', 'h'}},
    {"the row of digits",
     "\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b",
     {'1', '2', '3', '4', '5', '6', '7', '8', '9', '0'}},
    {"the same with shift",
     SHIFT "\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b",
     {'!', '@', '#', '$', '%', '^', '&', '*', '(', ')'}},
    {"punctuation",
     "\x0c\x0d\x1a\x1b\x27\x28\x29\x2b\x33\x34\x35",
     {'-', '=', '[', ']', ';', '\'', '`', '\\', ',', '.', '/'}},
    {"punctuation with shift",
     SHIFT "\x0c\x0d\x1a\x1b\x27\x28\x29\x2b\x33\x34\x35",
     {'_', '+', '{', '}', ':', '"', '~', '|', '<', '>', '?'}},
    {"the first row of letters",
     "\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19",
     {'q', 'w', 'e', 'r', 't', 'y', 'u', 'i', 'o', 'p'}},
    {"the second", "\x1e\x1f\x20\x21\x22\x23\x24\x25\x26", {'a', 's', 'd', 'f', 'g', 'h', 'j', 'k', 'l'}},
    {"the third", "\x2c\x2d\x2e\x2f\x30\x31\x32", {'z', 'x', 'c', 'v', 'b', 'n', 'm'}},
    {"enter, tab, backspace, escape, blank", "\x1c\x0f\x0e\x01\x39", {'\r', '\t', '\b', '\033', ' '}},
    {"shift until it is let go", SHIFT "\x13\x93" SHIFT_UP "\x13", {'R', 'r'}},
    {"one of two shift keys is let go",
     SHIFT RIGHT_SHIFT "\x13" SHIFT_UP "\x13" RIGHT_SHIFT_UP "\x13",
     {'R', 'R', 'r'}},
    {"control makes Ctrl-A", CTRL "\x1e\x9e\x1e\x9e\x1e\x9e" CTRL_UP "\x1e", {1, 1, 1, 'a'}},
    {"so does the right one", "\xe0" CTRL "\x1e\xe0" CTRL_UP "\x1e", {1, 'a'}},
    {"one of two control keys is let go", CTRL "\xe0" CTRL CTRL_UP "\x1e\xe0" CTRL_UP "\x1e", {1, 'a'}},
    {"control and a bracket, and a digit, which it does not change", CTRL "\x1a\x02", {'\033', '1'}},
    {"caps lock turns letters only", CAPS "\x1e\x02" CAPS "\x1e", {'A', '1', 'a'}},
    {"caps lock and shift", CAPS SHIFT "\x1e\x02", {'a', '!'}},
    {"page up, page down, home, end",
     "\xe0\x49\xe0\xc9\xe0\x51\xe0\xd1\xe0\x47\xe0\xc7\xe0\x4f\xe0\xcf",
     {KEY_PAGE_UP, KEY_PAGE_DOWN, KEY_HOME, KEY_END}},
    {"with num lock they come between shift keys that nobody pressed",
     "\xe0\x2a\xe0\x49\xe0\xc9\xe0\xaa\x1e",
     {KEY_PAGE_UP, 'a'}},
    {"shift is held: the keyboard lets it go and presses it again",
     SHIFT "\xe0\xaa\xe0\x51\xe0\xd1\xe0\x2a\x1e",
     {KEY_PAGE_DOWN, 'A'}},
    {"the keypad moves", "\x47\x49\x4f\x51\x48\x52\x53", {KEY_HOME, KEY_PAGE_UP, KEY_END, KEY_PAGE_DOWN}},
    {"the keypad counts with num lock",
     NUM "\x47\x48\x49\x4b\x4c\x4d\x4f\x50\x51\x52\x53",
     {'7', '8', '9', '4', '5', '6', '1', '2', '3', '0', '.'}},
    {"num lock leaves the other keys alone", NUM "\xe0\x49\x1e", {KEY_PAGE_UP, 'a'}},
    {"the keypad's other keys", "\x37\x4a\x4e\xe0\x35\xe0\x1c", {'*', '-', '+', '/', '\r'}},
    {"pause, which has no key that goes up", "\xe1\x1d\x45\xe1\x9d\xc5\x1e\x47", {'a', KEY_HOME}},
    {"print screen", "\xe0\x2a\xe0\x37\xe0\xb7\xe0\xaa\x1e", {'a'}},
    {"cursor keys, insert, delete", "\xe0\x48\xe0\x50\xe0\x4b\xe0\x4d\xe0\x52\xe0\x53\x1e", {'a'}},
    {"function keys, alt, scroll lock", "\x3b\x44\x57\x58\x38\xb8\xe0\x38\xe0\xb8\x46\x1e", {'a'}},
    {"keys were lost in between", "\xe0\xff\x1e", {'a'}},
    {"codes that no key has", "\x54\x59\x7f\xd4\x1e", {'a'}},
};

static void run_row(const struct row *row)
{
    struct scancode_state state = {0};
    unsigned n = 0;
    for (const char *byte = row->bytes; *byte; byte++) {
        int key = scancode_decode(&state, (uint8_t)*byte);
        if (key == KEY_NONE)
            continue;
        if (n == MAX_KEYS || key != row->keys[n])
            fail_msg("%s: key %u is %#x, not %#x", row->what, n, (unsigned)key,
                     (unsigned)(n < MAX_KEYS ? row->keys[n] : 0));
        n++;
    }
    if (n < MAX_KEYS && row->keys[n])
        fail_msg("%s: %u keys came only", row->what, n);
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        run_row(&rows[i]);
}

/* Whatever comes, in any order: a key is a character or one of the four; the tables end where the codes end. */
static void test_any_bytes(void **state)
{
    struct scancode_state s = {0};
    uint32_t random = 1;
    (void)state;
    for (unsigned i = 0; i < 1000000; i++) {
        random = random * 1664525 + 1013904223;
        int key = scancode_decode(&s, (uint8_t)(random >> 24));
        assert_true(key == KEY_NONE || (key >= 0 && key <= KEY_CHARACTER_MAX) ||
                    (key >= KEY_PAGE_UP && key <= KEY_END));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_any_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
