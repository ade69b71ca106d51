/* SPDX-License-Identifier: MIT */
/* MTRR arithmetic on the settings of real machines and on odd ones. */
// links: arch/x86/mtrr_state.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arch/x86/mtrr.h"

#define MIB (1ULL << 20)
#define GIB (1ULL << 30)
#define WIDTH_39 ((1ULL << 39) - 1)

static struct mtrr_state state;

static void range(uint64_t base, uint64_t size, uint8_t type)
{
    state.variable[state.nr_variable].base = base | type;
    state.variable[state.nr_variable].mask = (~(size - 1) & WIDTH_39) | 1U << 11;
    state.nr_variable++;
}

/* 8 GiB of RAM under a hole of 1 GiB below 4 GiB, as firmware of desktop machines sets it: WB by default, UC on top. */
static int desktop(void **unused)
{
    (void)unused;
    memset(&state, 0, sizeof(state));
    state.enabled = state.fixed_enabled = true;
    state.default_type = MEMORY_WB;
    memset(state.fixed, MEMORY_WB, sizeof(state.fixed));
    memset(state.fixed + 8 + 8, MEMORY_UC, 8); /* 0xa0000-0xbffff */
    range(3 * GIB, GIB, MEMORY_UC);
    return 0;
}

static void ram_is_write_back_and_holes_are_not(void **unused)
{
    (void)unused;
    assert_int_equal(mtrr_state_type(&state, 0x100000), MEMORY_WB);
    assert_int_equal(mtrr_state_type(&state, 0xfee00000), MEMORY_UC);
    assert_int_equal(mtrr_state_type(&state, 5 * GIB), MEMORY_WB);
}

static void the_first_mib_has_its_own_table(void **unused)
{
    (void)unused;
    assert_int_equal(mtrr_state_type(&state, 0x9ffff), MEMORY_WB);
    assert_int_equal(mtrr_state_type(&state, 0xa0000), MEMORY_UC);
    assert_int_equal(mtrr_state_type(&state, 0xbffff), MEMORY_UC);
    assert_int_equal(mtrr_state_type(&state, 0xc0000), MEMORY_WB);
    state.fixed[87] = MEMORY_WP;
    assert_int_equal(mtrr_state_type(&state, 0xfffff), MEMORY_WP);
    assert_int_equal(mtrr_state_type(&state, 0xfefff), MEMORY_WB);
}

/* The old way: UC by default, and write-back ranges for the RAM. */
static void default_uncached(void **unused)
{
    (void)unused;
    state.nr_variable = 0;
    state.default_type = MEMORY_UC;
    range(0, 2 * GIB, MEMORY_WB);
    range(2 * GIB, GIB, MEMORY_WB);
    assert_int_equal(mtrr_state_type(&state, 3 * GIB - 1), MEMORY_WB);
    assert_int_equal(mtrr_state_type(&state, 3 * GIB), MEMORY_UC);
}

/* SDM section 11.11.4.1: UC wins; WT and WB give WT; the rest is undefined, and taken as UC. */
static void overlapping_ranges(void **unused)
{
    (void)unused;
    range(4 * GIB, GIB, MEMORY_WB);
    range(4 * GIB, 2 * MIB, MEMORY_WT);
    range(4 * GIB + 2 * MIB, 2 * MIB, MEMORY_UC);
    range(4 * GIB + 4 * MIB, 2 * MIB, MEMORY_WC);
    assert_int_equal(mtrr_state_type(&state, 4 * GIB), MEMORY_WT);
    assert_int_equal(mtrr_state_type(&state, 4 * GIB + 2 * MIB), MEMORY_UC);
    assert_int_equal(mtrr_state_type(&state, 4 * GIB + 4 * MIB), MEMORY_UC);
    assert_int_equal(mtrr_state_type(&state, 4 * GIB + 6 * MIB), MEMORY_WB);
}

static void ranges_that_are_off_do_not_count(void **unused)
{
    (void)unused;
    state.variable[0].mask &= ~(1ULL << 11);
    assert_int_equal(mtrr_state_type(&state, 0xfee00000), MEMORY_WB);
    state.enabled = false;
    assert_int_equal(mtrr_state_type(&state, 0x100000), MEMORY_UC);
}

/* A large page may only cover memory of one type: the block that a range starts or ends in has two. */
static void large_pages_need_one_type(void **unused)
{
    (void)unused;
    assert_false(mtrr_state_is_uniform(&state, 0, 2 * MIB));
    assert_true(mtrr_state_is_uniform(&state, 2 * MIB, 2 * MIB));
    assert_true(mtrr_state_is_uniform(&state, 3 * GIB, 2 * MIB));
    range(8 * GIB, 4096, MEMORY_UC);
    assert_false(mtrr_state_is_uniform(&state, 8 * GIB, 2 * MIB));
    assert_true(mtrr_state_is_uniform(&state, 8 * GIB + 2 * MIB, 2 * MIB));
    assert_true(mtrr_state_is_uniform(&state, 8 * GIB - 2 * MIB, 2 * MIB));
}

/* What is_uniform says must agree with the type of every page, here with ranges of all sizes at all alignments. */
static void uniform_agrees_with_every_page(void **unused)
{
    uint64_t block = 2 * MIB;

    (void)unused;
    for (uint64_t size = 4096; size <= 8 * MIB; size *= 2) {
        state.nr_variable = 0;
        range(16 * MIB + (size < block ? block - size : 0), size, MEMORY_WT);
        for (uint64_t pa = 8 * MIB; pa < 32 * MIB; pa += block) {
            bool one = true;
            for (uint64_t page = pa; page < pa + block; page += 4096)
                one = one && mtrr_state_type(&state, page) == mtrr_state_type(&state, pa);
            if (mtrr_state_is_uniform(&state, pa, block))
                assert_true(one);
            else
                assert_false(one);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(ram_is_write_back_and_holes_are_not, desktop),
        cmocka_unit_test_setup(the_first_mib_has_its_own_table, desktop),
        cmocka_unit_test_setup(default_uncached, desktop),
        cmocka_unit_test_setup(overlapping_ranges, desktop),
        cmocka_unit_test_setup(ranges_that_are_off_do_not_count, desktop),
        cmocka_unit_test_setup(large_pages_need_one_type, desktop),
        cmocka_unit_test_setup(uniform_agrees_with_every_page, desktop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
