/* SPDX-License-Identifier: MIT */
// links: kernel/log_ring.c
/* The log keeps the last bytes written, and a reader who comes late starts with the oldest that is still there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/log_ring.h"

static char buffer[8];
static struct log_ring ring;

static const char *read_from(uint64_t *pos, size_t n)
{
    static char text[32];
    text[log_ring_read(&ring, pos, text, n)] = '\0';
    return text;
}

static void before_it_is_full(void **state)
{
    uint64_t pos = 0;
    (void)state;
    log_ring_init(&ring, buffer, sizeof buffer);
    assert_string_equal(read_from(&pos, 8), "");
    log_ring_write(&ring, "abc", 3);
    assert_string_equal(read_from(&pos, 2), "ab");
    assert_string_equal(read_from(&pos, 8), "c");
    assert_string_equal(read_from(&pos, 8), "");
}

static void overwritten(void **state)
{
    uint64_t pos = 0;
    (void)state;
    log_ring_init(&ring, buffer, sizeof buffer);
    log_ring_write(&ring, "0123456789ab", 12);
    assert_string_equal(read_from(&pos, 16), "456789ab");
    assert_int_equal(pos, 12);
    log_ring_write(&ring, "c", 1);
    assert_string_equal(read_from(&pos, 16), "c");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(before_it_is_full), cmocka_unit_test(overwritten)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
