/* SPDX-License-Identifier: MIT */
/*
 * The specification's table of operations, row by row. A row names an operation in a world where it succeeds, and its
 * checks in their order, each as a way to fail it. The test fails each check alone, with every single later one, and
 * with all later ones: the answer is always the error of the earliest, and nothing at all has changed, neither in the
 * core nor in any guest's memory.
 */
// links: evtchn/*.c tests/host/env_fake.c tests/host/evtchn_rows.c tests/host/evtchn_rows_abi.c common/format.c
#include "tests/host/evtchn_rows.h"

#include <stdio.h>

/* --- The attempts. */

static struct attempt begin(const struct row *row)
{
    fake_begin();
    struct attempt a = {.self = fake_domain(1), .other = fake_domain(2), .dom0 = fake_domain(0)};
    a.caller = a.self;
    a.cmd = row->cmd;
    a.narrow = row->narrow;
    a.address = FAKE_GUEST_BASE;
    if (row->prepare)
        row->prepare(&a);
    return a;
}

static void bad_address(struct attempt *a)
{
    a->address = FAKE_GUEST_BASE + FAKE_GUEST_SIZE - 1;
}

static int64_t try(struct attempt *a)
{
    memcpy(fake.guest, a->arg.bytes, sizeof(a->arg));
    return evt_hypercall(a->caller->evt, a->cmd, a->address, a->narrow);
}

static unsigned nr_checks(const struct row *row)
{
    unsigned n = 0;
    while (n < sizeof(row->checks) / sizeof(row->checks[0]) && row->checks[n].name)
        n++;
    return n;
}

/* The operation is refused with this error, and a word of the argument has not even been answered. */
static void refused(struct attempt *a, const struct row *row, int error, const char *first, const char *then)
{
    uint64_t before = fake_snapshot();
    int64_t rc = try(a);
    if (rc != -error)
        print_error("%s: %s, with %s: %d instead of %d\n", row->name, first, then, (int)rc, -error);
    assert_int_equal(rc, -error);
    assert_true(before == fake_snapshot());
    assert_memory_equal(fake.guest, a->arg.bytes, sizeof(a->arg));
    SOUND();
    fake_end();
}

/* Check number i fails, and so do those from `from` to `to`. What they change last is what the earliest wants. */
static void fail_checks(const struct row *row, unsigned i, unsigned from, unsigned to)
{
    struct attempt a = begin(row);
    for (unsigned j = to; j-- > from;)
        row->checks[j].break_it(&a);
    row->checks[i].break_it(&a);
    refused(&a, row, row->checks[i].error, row->checks[i].name, from < to ? row->checks[from].name : "nothing");
}

static void order_of_checks(void **state)
{
    const struct row *row = *state;
    unsigned n = nr_checks(row);
    for (unsigned i = 0; i < n; i++) {
        fail_checks(row, i, 0, 0);
        fail_checks(row, i, i + 1, n);
        for (unsigned j = i + 1; j < n; j++)
            fail_checks(row, i, j, j + 1);
    }
}

/* Before anything else is looked at. */
static void argument_out_of_reach(void **state)
{
    const struct row *row = *state;
    for (unsigned i = 0; i <= nr_checks(row); i++) {
        struct attempt a = begin(row);
        if (i < nr_checks(row))
            row->checks[i].break_it(&a);
        bad_address(&a);
        refused(&a, row, XEN_EFAULT, "bad address", i < nr_checks(row) ? row->checks[i].name : "nothing");
    }
}

static void succeeds_otherwise(void **state)
{
    struct attempt a = begin(*state);
    int64_t rc;
    while ((rc = try(&a)) == -XEN_ERESTART && a.cmd == EVTCHNOP_reset_cont)
        ;
    assert_int_equal(rc, 0);
    SOUND();
    fake_end();
}

/* Three tests for each row. */
static const struct {
    const char *words;
    CMUnitTestFunction run;
} kinds[3] = {{"succeeds", succeeds_otherwise},
              {"order of checks", order_of_checks},
              {"argument out of reach", argument_out_of_reach}};

static struct CMUnitTest tests[256];
static char names[256][80];
static unsigned nr_tests;

static void add(const struct row *rows, unsigned n)
{
    for (unsigned i = 0; i < 3 * n; i++, nr_tests++) {
        snprintf(names[nr_tests], sizeof(names[0]), "%s: %s", rows[i / 3].name, kinds[i % 3].words);
        tests[nr_tests] = (struct CMUnitTest){
            .name = names[nr_tests],
            .test_func = kinds[i % 3].run,
            .initial_state = (void *)(uintptr_t)&rows[i / 3],
        };
    }
}

int main(void)
{
    add(evtchn_rows, evtchn_nr_rows);
    add(evtchn_abi_rows, evtchn_nr_abi_rows);
    return _cmocka_run_group_tests("tests", tests, nr_tests, NULL, NULL);
}
