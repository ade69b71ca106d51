/* SPDX-License-Identifier: MIT */
// links: arch/x86/apic_mode.c
/* Local APICs as firmware leaves them, and the way to the mode that is wanted, on a model of IA32_APIC_BASE. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arch/x86/apic_mode.h"

#define ADDRESS 0xfee00000ULL
#define BSP (1ULL << 8)
#define DISABLED 0ULL
#define XAPIC APIC_BASE_ENABLE
#define X2APIC (APIC_BASE_ENABLE | APIC_BASE_X2)
#define INVALID APIC_BASE_X2

/* SDM Vol. 3A, figure 10-27 and table 10-5: what a processor takes without #GP. */
static int is_legal(uint64_t from, uint64_t to)
{
    if (to == INVALID)
        return 0;
    if (from == to)
        return 1;
    if (from == DISABLED)
        return to == XAPIC;
    return from == XAPIC ? 1 : to == DISABLED;
}

static void test_steps(void **state)
{
    static const uint64_t from[] = {DISABLED, XAPIC, X2APIC}, to[] = {XAPIC, X2APIC};
    (void)state;
    for (unsigned f = 0; f < 3; f++) {
        for (unsigned t = 0; t < 2; t++) {
            uint64_t steps[APIC_MAX_STEPS], mode = from[f];
            unsigned n = apic_mode_steps(ADDRESS | BSP | mode, to[t] == X2APIC, steps);
            assert_true(n <= APIC_MAX_STEPS);
            for (unsigned i = 0; i < n; i++) {
                assert_true(is_legal(mode, steps[i] & X2APIC));
                assert_int_equal(steps[i] & ~X2APIC, ADDRESS | BSP);
                mode = steps[i] & X2APIC;
            }
            assert_int_equal(mode, to[t]);
        }
    }
}

/* Each boot CPU's choice with each way in which another CPU may start: the two must end in the same mode. */
static void test_no_step_too_many(void **state)
{
    uint64_t steps[APIC_MAX_STEPS];
    (void)state;
    assert_int_equal(apic_mode_steps(ADDRESS | XAPIC, false, steps), 0);
    assert_int_equal(apic_mode_steps(ADDRESS | X2APIC, true, steps), 0);
    assert_int_equal(apic_mode_steps(ADDRESS | XAPIC, true, steps), 1);
    assert_int_equal(apic_mode_steps(ADDRESS | DISABLED, true, steps), 2);
    assert_int_equal(apic_mode_steps(ADDRESS | X2APIC, false, steps), 2);
}

static void test_choice(void **state)
{
    static const struct {
        struct apic_facts facts;
        enum apic_wish wish;
        int x2apic;
        const char *refused;
    } rows[] = {
        {{true, false, false, 3}, APIC_BEST, 1, NULL},
        {{false, false, false, 3}, APIC_BEST, 0, NULL},
        {{false, true, false, 3}, APIC_BEST, 1, NULL}, /* a hypervisor below hides it, and has it on */
        {{true, true, false, 3}, APIC_BEST, 1, NULL},
        {{true, true, false, 3}, APIC_XAPIC, 1, "x2apic=no is ignored: firmware has turned the x2APIC on"},
        {{true, false, false, 3}, APIC_XAPIC, 0, NULL},
        {{true, false, false, 254}, APIC_XAPIC, 0, NULL},
        {{true, false, false, 255}, APIC_XAPIC, 1, "x2apic=no is ignored: there are APIC ids above 254"},
        {{true, true, true, 3}, APIC_XAPIC, 1, "x2apic=no is ignored: firmware has turned the x2APIC on"},
        {{false, false, false, 255}, APIC_XAPIC, 0, NULL}, /* those CPUs stay out */
        {{false, false, false, 3}, APIC_X2APIC, 0, "x2apic=yes is ignored: this processor has none"},
        {{true, false, false, 3}, APIC_X2APIC, 1, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *refused = "not set";
        assert_int_equal(apic_choose_x2apic(&rows[i].facts, rows[i].wish, &refused), rows[i].x2apic);
        assert_int_equal(!refused, !rows[i].refused);
        if (refused)
            assert_string_equal(refused, rows[i].refused);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_steps), cmocka_unit_test(test_no_step_too_many),
                                       cmocka_unit_test(test_choice)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
