/* SPDX-License-Identifier: MIT */
// links: arch/x86/ranges.c
/* What is left of the machine's memory when firmware, modules and the image have taken theirs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "arch/x86/ranges.h"

#define PAGE 0x1000ULL
#define PAGES 64

static uint64_t total(const struct ranges *set)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < set->nr; i++)
        sum += set->r[i].end - set->r[i].start;
    return sum;
}

/* Memory maps of real machines have regions that end inside a page: such a page is not ours. */
static void add_keeps_whole_pages_only(void **state)
{
    struct ranges set = {0};
    (void)state;
    ranges_add(&set, 0x1001, 0x3fff);
    assert_int_equal(set.nr, 1);
    assert_int_equal(set.r[0].start, 0x2000);
    assert_int_equal(set.r[0].end, 0x3000);
    ranges_add(&set, 0x5001, 0x5fff);
    assert_int_equal(set.nr, 1);
}

/* Two entries of RAM that overlap must not give the same page out twice. */
static void add_counts_an_overlap_once(void **state)
{
    struct ranges set = {0};
    (void)state;
    ranges_add(&set, 0, 8 * PAGE);
    ranges_add(&set, 4 * PAGE, 12 * PAGE);
    ranges_add(&set, 2 * PAGE, 3 * PAGE);
    assert_int_equal(total(&set), 12 * PAGE);
}

static void remove_takes_touched_pages(void **state)
{
    struct ranges set = {0};
    (void)state;
    ranges_add(&set, 0, 16 * PAGE);
    ranges_remove(&set, 4 * PAGE + 1, 4 * PAGE + 2);
    assert_int_equal(set.nr, 2);
    assert_int_equal(total(&set), 15 * PAGE);
    ranges_remove(&set, 0, UINT64_MAX);
    assert_int_equal(set.nr, 0);
}

/* A region at the top of the address space must not wrap round to 0. */
static void the_end_of_the_address_space(void **state)
{
    struct ranges set = {0};
    (void)state;
    ranges_add(&set, UINT64_MAX - 10, UINT64_MAX);
    assert_int_equal(set.nr, 0);
    ranges_add(&set, 0, 4 * PAGE);
    ranges_remove(&set, UINT64_MAX - 10, UINT64_MAX);
    assert_int_equal(total(&set), 4 * PAGE);
}

static void take_is_highest_below_the_limit(void **state)
{
    struct ranges set = {0};
    (void)state;
    ranges_add(&set, 16 * PAGE, 32 * PAGE);
    ranges_add(&set, 64 * PAGE, 65 * PAGE);
    assert_int_equal(ranges_take(&set, PAGE, UINT64_MAX), 64 * PAGE);
    assert_int_equal(ranges_take(&set, 2 * PAGE, UINT64_MAX), 30 * PAGE);
    assert_int_equal(ranges_take(&set, 1, 20 * PAGE), 19 * PAGE);
    assert_int_equal(ranges_take(&set, 100 * PAGE, UINT64_MAX), 0);
    assert_int_equal(ranges_take(&set, 0, UINT64_MAX), 0);
    assert_int_equal(ranges_take(&set, PAGE, 16 * PAGE), 0);
    assert_int_equal(total(&set), 13 * PAGE);
}

/* Against an array of pages, with a fixed seed. */
static void agrees_with_an_array_of_pages(void **state)
{
    unsigned seed = 1;
    (void)state;
    for (unsigned round = 0; round < 2000; round++) {
        struct ranges set = {0};
        uint8_t in[PAGES] = {0};
        for (unsigned step = 0; step < 12; step++) {
            unsigned a = (unsigned)rand_r(&seed) % PAGES, b = a + (unsigned)rand_r(&seed) % (PAGES - a);
            uint8_t add = rand_r(&seed) % 2;
            (add ? ranges_add : ranges_remove)(&set, a * PAGE, b * PAGE);
            for (unsigned i = a; i < b; i++)
                in[i] = add;
        }
        uint64_t expected = 0;
        for (unsigned i = 0; i < PAGES; i++)
            expected += in[i] * PAGE;
        assert_int_equal(total(&set), expected);
        for (unsigned i = 0; i < set.nr; i++) {
            for (uint64_t pa = set.r[i].start; pa < set.r[i].end; pa += PAGE)
                assert_true(in[pa / PAGE]--);
        }
    }
}

/* More pieces than the array holds: some memory is lost, and nothing else. */
static void a_full_array_loses_memory(void **state)
{
    static struct ranges set;
    (void)state;
    ranges_add(&set, 0, 4 * RANGES_MAX * PAGE);
    for (uint64_t i = 0; i < 2 * RANGES_MAX; i++)
        ranges_remove(&set, 2 * i * PAGE, (2 * i + 1) * PAGE);
    assert_true(set.nr <= RANGES_MAX);
    for (unsigned i = 0; i < set.nr; i++)
        assert_true(set.r[i].start < set.r[i].end && set.r[i].start / PAGE % 2 == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(add_keeps_whole_pages_only),      cmocka_unit_test(add_counts_an_overlap_once),
        cmocka_unit_test(remove_takes_touched_pages),      cmocka_unit_test(the_end_of_the_address_space),
        cmocka_unit_test(take_is_highest_below_the_limit), cmocka_unit_test(agrees_with_an_array_of_pages),
        cmocka_unit_test(a_full_array_loses_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
