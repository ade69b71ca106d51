/* SPDX-License-Identifier: MIT */
/* The manual pages of run.sh and of the hypervisor name the options that these take, with the same values. */
// links: common/format.c arch/x86/serial_choice.c
#include "tests/host/man.h"

#include "kernel/options.c"

static void every_option(void **state)
{
    unsigned n = sizeof table / sizeof table[0];
    (void)state;
    read_page("docs/man/xenolith.7");
    for (unsigned i = 0; i < n; i++)
        expect_entry("Cm", table[i].name, table[i].values);
    assert_int_equal(nr_entries("Cm"), n);
}

/* What getopts of run.sh takes, such as ":g:lh", where a colon stands behind an option with an argument. */
static void letters(char *found, size_t size)
{
    read_page("run.sh");
    const char *at = strstr(page, "getopts ':");
    assert_non_null(at);
    at += strlen("getopts ':");
    snprintf(found, size, "%.*s", (int)(strchr(at, '\'') - at), at);
}

static void run_sh(void **state)
{
    char option[2] = "", found[64];
    unsigned n = 0;
    (void)state;
    letters(found, sizeof found);
    read_page("docs/man/run.sh.1");
    for (const char *c = found; *c; c++) {
        if (*c == ':')
            continue;
        option[0] = *c;
        expect_entry("Fl", option, c[1] == ':' ? " Ar " : "");
        n++;
    }
    assert_in_range(n, 5, 30);
    assert_int_equal(nr_entries("Fl"), n + 1); /* and -- */
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_option),
        cmocka_unit_test(run_sh),
    };
    return cmocka_run_group_tests_name("man_options", tests, NULL, NULL);
}
