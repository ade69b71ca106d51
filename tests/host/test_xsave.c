/* SPDX-License-Identifier: MIT */
/* When is the x87 state the one that XRSTOR makes by itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arch/x86/xsave.h"

static struct xsave_area initial(void)
{
    struct xsave_area a;
    memset(&a, 0, sizeof a);
    a.fcw = FCW_AT_RESET;
    a.mxcsr = MXCSR_AT_RESET;
    return a;
}

static void test_as_reset_leaves_it(void **state)
{
    (void)state;
    struct xsave_area a = initial();
    assert_true(xsave_x87_is_initial(&a));
}

/* SSE state and the list of components are no part of it. */
static void test_the_rest_does_not_count(void **state)
{
    (void)state;
    struct xsave_area a = initial();
    memset(&a.mxcsr, 0xff, sizeof a.mxcsr + sizeof a.mxcsr_mask);
    memset(a.xmm, 0xff, sizeof a.xmm);
    a.xstate_bv = ~0ULL;
    assert_true(xsave_x87_is_initial(&a));
}

/* One bit that is overlooked is a guest that finds its register empty after another has run. */
static void test_every_bit_counts(void **state)
{
    (void)state;
    for (size_t bit = 0; bit < 8 * offsetof(struct xsave_area, xmm); bit++) {
        size_t byte = bit / 8;
        if (byte == offsetof(struct xsave_area, reserved) || (byte >= 24 && byte < 32)) /* MXCSR and its mask */
            continue;
        struct xsave_area a = initial();
        ((uint8_t *)&a)[byte] ^= (uint8_t)(1U << bit % 8);
        assert_false(xsave_x87_is_initial(&a));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_reset_leaves_it),
        cmocka_unit_test(test_the_rest_does_not_count),
        cmocka_unit_test(test_every_bit_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
