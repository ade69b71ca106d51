/* SPDX-License-Identifier: MIT */
/*
 * The guest ABI is not ours to choose: every structure of guest/abi has the size and the offsets of Xen's own public
 * headers (Debian's libxen-dev). abi32.c says the same for 32-bit guests.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/host/abi_both.h"

struct row {
    const char *what;
    size_t ours, theirs;
};

#define SIZE(ours64, ours32, theirs) {"size of " #theirs, sizeof(struct ours_##ours64), sizeof(theirs)},
#define FIELD(ours64, ours32, field, theirs, their_field) \
    {"offset of " #theirs "." #their_field, offsetof(struct ours_##ours64, field), offsetof(theirs, their_field)},
#define ONLY64(row) row
#define ONLY32(row)

static const struct row rows[] = {
#include "tests/host/abi_rows.h"
};

static void layouts_are_those_of_xen(void **state)
{
    unsigned wrong = 0;
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].ours == rows[i].theirs)
            continue;
        print_error("%s: %zu here, %zu in Xen's header\n", rows[i].what, rows[i].ours, rows[i].theirs);
        wrong++;
    }
    assert_int_equal(wrong, 0);
}

/* The 32-bit structures have no alignment of 8: this program and a 32-bit guest must see the same bytes. */
static void layouts_for_32_bit_guests_have_no_padding_of_64_bit_ones(void **state)
{
    (void)state;
    assert_int_equal(sizeof(struct ours_sched_poll32), 16);
    assert_int_equal(sizeof(struct ours_xen_memory_reservation32), 20);
    assert_int_equal(sizeof(struct ours_multicall_entry32), 32);
    assert_int_equal(sizeof(struct ours_evtchn_register_3level32), 16);
    assert_int_equal(offsetof(struct ours_vcpu_info32, time), 32);
    assert_int_equal(offsetof(struct ours_shared_info32, arch_wc_sec_hi), 2340);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layouts_are_those_of_xen),
        cmocka_unit_test(layouts_for_32_bit_guests_have_no_padding_of_64_bit_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
