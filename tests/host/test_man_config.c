/* SPDX-License-Identifier: MIT */
/* The manual page of a domain's configuration names the keys that there are, with the same values. */
// links: common/format.c
#include "tests/host/man.h"

#include "kernel/config.c"

static void every_key(void **state)
{
    (void)state;
    read_page("docs/man/xenolith-domain.5");
    for (size_t i = 0; i < NR_KEYS; i++)
        expect_entry("Cm", keys[i].name, keys[i].allowed);
    assert_int_equal(nr_entries("Cm"), NR_KEYS);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key),
    };
    return cmocka_run_group_tests_name("man_config", tests, NULL, NULL);
}
