/* SPDX-License-Identifier: MIT */
/*
 * common/string.c against the C library. The file is included under other names, since its own are the library's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define memcpy our_memcpy
#define memmove our_memmove
#define memset our_memset
#define memcmp our_memcmp
#define strlen our_strlen
#define strnlen our_strnlen
#define strcmp our_strcmp
#define strncmp our_strncmp
#define strchr our_strchr
#define strstr our_strstr
#include "common/string.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef strlen
#undef strnlen
#undef strcmp
#undef strncmp
#undef strchr
#undef strstr

#define N 40

static int sign(int n)
{
    return (n > 0) - (n < 0);
}

static void fill(unsigned char *bytes)
{
    for (int i = 0; i < N; i++)
        bytes[i] = (unsigned char)(i + 1);
}

static void copies_and_fills(void **state)
{
    unsigned char from[N], ours[N], theirs[N];
    (void)state;
    fill(from);
    for (size_t n = 0; n <= N; n++) {
        memset(theirs, 0xEE, N);
        assert_ptr_equal(our_memset(ours, 0x12EE, N), ours);
        assert_memory_equal(ours, theirs, N);
        memcpy(theirs, from, n);
        assert_ptr_equal(our_memcpy(ours, from, n), ours);
        assert_memory_equal(ours, theirs, N);
    }
}

static void memmove_copies_overlapping_ranges_of_any_kind(void **state)
{
    unsigned char ours[N], theirs[N];
    (void)state;
    for (size_t from = 0; from < N; from++) {
        for (size_t to = 0; to < N; to++) {
            size_t n = N - (from > to ? from : to);
            fill(ours);
            fill(theirs);
            assert_ptr_equal(our_memmove(ours + to, ours + from, n), ours + to);
            memmove(theirs + to, theirs + from, n);
            assert_memory_equal(ours, theirs, N);
        }
    }
}

static const char *const words[] = {"", "a", "ab", "abc", "abd", "b", "aab", "aaab", "\xff", "a\xff", "abcabc"};
#define WORDS (sizeof(words) / sizeof(words[0]))

static void comparisons(void **state)
{
    (void)state;
    for (size_t i = 0; i < WORDS * WORDS; i++) {
        const char *a = words[i / WORDS], *b = words[i % WORDS];
        size_t shorter = strlen(a) < strlen(b) ? strlen(a) : strlen(b);
        assert_int_equal(sign(our_strcmp(a, b)), sign(strcmp(a, b)));
        assert_int_equal(sign(our_memcmp(a, b, shorter + 1)), sign(memcmp(a, b, shorter + 1)));
        for (size_t n = 0; n < 8; n++)
            assert_int_equal(sign(our_strncmp(a, b, n)), sign(strncmp(a, b, n)));
    }
}

static void lengths_and_searches(void **state)
{
    (void)state;
    for (size_t i = 0; i < WORDS; i++) {
        assert_int_equal(our_strlen(words[i]), strlen(words[i]));
        for (size_t n = 0; n < 8; n++)
            assert_int_equal(our_strnlen(words[i], n), strnlen(words[i], n));
        for (int c = 0; c < 256; c++)
            assert_ptr_equal(our_strchr(words[i], c), strchr(words[i], c));
        for (size_t j = 0; j < WORDS; j++)
            assert_ptr_equal(our_strstr(words[i], words[j]), strstr(words[i], words[j]));
    }
}

/* A guest's string may end at the end of its page: nothing behind the limit is read (the sanitizer watches). */
static void limits_are_respected(void **state)
{
    char *text = malloc(4);
    (void)state;
    assert_non_null(text);
    memcpy(text, "abcd", 4);
    assert_int_equal(our_strnlen(text, 4), 4);
    assert_int_equal(our_strncmp(text, "abcde", 4), 0);
    assert_int_equal(our_memcmp(text, "abcd", 4), 0);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_and_fills),     cmocka_unit_test(memmove_copies_overlapping_ranges_of_any_kind),
        cmocka_unit_test(comparisons),          cmocka_unit_test(lengths_and_searches),
        cmocka_unit_test(limits_are_respected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
