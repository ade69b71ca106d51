/* SPDX-License-Identifier: MIT */
/* Whose turn CPU 0 is: the destruction of domains goes on in steps, and its guests run in between. */
// links: kernel/deferred.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arch/x86/cpu.h"
#include "arch/x86/time.h"
#include "kernel/deferred.h"
#include "kernel/reaper.h"
#include "kernel/timers.h"

#define STEP 700U /* ns that a step takes here */

static uint64_t clock;
static unsigned steps, steps_left;
static bool working; /* CPU 0 has been told not to enter a guest */
static struct timer *set;

uint64_t time_now(void)
{
    return clock;
}

void cpu_request_work(unsigned cpu, uint32_t work)
{
    assert_int_equal(cpu, 0);
    assert_int_equal(work, CPU_WORK_RESCHED);
    working = true;
}

bool domains_reap(void)
{
    steps++;
    clock += STEP;
    return steps_left && --steps_left;
}

void timer_set(struct timer *t, unsigned cpu, uint64_t deadline)
{
    assert_int_equal(cpu, 0);
    t->deadline = deadline;
    set = t;
}

static int begin(void **state)
{
    (void)state;
    clock = 1000;
    steps = steps_left = 0;
    working = false;
    set = NULL;
    return 0;
}

/* As the run loop does: what told it to look is over when it looks. */
static void look(bool idle)
{
    working = false;
    deferred_run(idle);
}

static void nothing_is_done_unasked(void **state)
{
    (void)state;
    look(false);
    look(true);
    assert_int_equal(steps, 0);
}

static void one_step_a_request(void **state)
{
    (void)state;
    deferred_request();
    assert_true(working);
    look(false);
    look(false);
    assert_int_equal(steps, 1);
    assert_null(set);
    assert_false(working);
}

/* A large domain's end kept all guests of the CPU waiting: 60 ms a GiB. */
static void guests_run_between_steps(void **state)
{
    (void)state;
    steps_left = 3;
    deferred_request();
    for (unsigned n = 1; n < 3; n++) {
        look(false);
        assert_int_equal(steps, n);
        assert_false(working); /* a guest is entered ... */
        assert_non_null(set);  /* ... for longer than the step took */
        assert_true(set->deadline >= clock + 3 * STEP);
        assert_true(set->deadline <= clock + 10 * STEP);
        clock = set->deadline;
        set->fire(set, clock);
        set = NULL;
    }
    look(false);
    assert_int_equal(steps, 3);
    assert_null(set);
    assert_false(working);
}

static void an_idle_cpu_goes_on_at_once(void **state)
{
    (void)state;
    steps_left = 3;
    deferred_request();
    for (unsigned n = 1; n < 3; n++) {
        look(true);
        assert_int_equal(steps, n);
        assert_true(working);
        assert_null(set);
    }
    look(true);
    assert_false(working);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(nothing_is_done_unasked, begin),
        cmocka_unit_test_setup(one_step_a_request, begin),
        cmocka_unit_test_setup(guests_run_between_steps, begin),
        cmocka_unit_test_setup(an_idle_cpu_goes_on_at_once, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
