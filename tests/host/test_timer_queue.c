/* SPDX-License-Identifier: MIT */
// links: kernel/timer_queue.c
/* Timers fire in order, and taking any one out of the middle loses none of the others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/timer_queue.h"

#define N 500

static struct timer timers[N];

static void empty(void **state)
{
    struct timer_queue q = {0};
    (void)state;
    assert_true(timer_queue_first(&q) == TIMER_NEVER);
    assert_null(timer_queue_pop(&q, UINT64_MAX));
}

static void in_order(void **state)
{
    struct timer_queue q = {0};
    uint64_t last = 0;
    (void)state;
    srand(1);
    for (unsigned i = 0; i < N; i++) {
        timers[i].deadline = (uint64_t)rand() % 200;
        timer_queue_insert(&q, &timers[i]);
    }
    for (unsigned i = 0; i < N; i++) {
        uint64_t first = timer_queue_first(&q);
        struct timer *t = timer_queue_pop(&q, UINT64_MAX);
        assert_non_null(t);
        assert_int_equal(t->deadline, first);
        assert_true(t->deadline >= last);
        assert_false(t->queued);
        last = t->deadline;
    }
    assert_null(timer_queue_pop(&q, UINT64_MAX));
}

/* A timer whose time has not come stays, one that is due exactly now goes. */
static void only_what_is_due(void **state)
{
    struct timer_queue q = {0};
    struct timer a = {.deadline = 10}, b = {.deadline = 20};
    (void)state;
    timer_queue_insert(&q, &b);
    timer_queue_insert(&q, &a);
    assert_null(timer_queue_pop(&q, 9));
    assert_ptr_equal(timer_queue_pop(&q, 10), &a);
    assert_null(timer_queue_pop(&q, 19));
    assert_ptr_equal(timer_queue_pop(&q, 21), &b);
}

/* The same operations on a plain array say what must come out. Removal of roots, first children and siblings. */
static void against_a_plain_array(void **state)
{
    struct timer_queue q = {0};
    (void)state;
    srand(2);
    memset(timers, 0, sizeof timers);
    for (unsigned round = 0; round < 50000; round++) {
        struct timer *t = &timers[(unsigned)rand() % N];
        if (t->queued) {
            timer_queue_remove(&q, t);
        } else {
            t->deadline = (uint64_t)rand() % 1000;
            timer_queue_insert(&q, t);
        }
        if (round % 7 == 0)
            timer_queue_pop(&q, (uint64_t)rand() % 1000);
        uint64_t least = TIMER_NEVER;
        for (unsigned i = 0; i < N; i++)
            if (timers[i].queued && timers[i].deadline < least)
                least = timers[i].deadline;
        assert_int_equal(timer_queue_first(&q), least);
    }
    unsigned queued = 0, popped = 0;
    for (unsigned i = 0; i < N; i++)
        queued += timers[i].queued;
    while (timer_queue_pop(&q, UINT64_MAX))
        popped++;
    assert_int_equal(queued, popped);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty),
        cmocka_unit_test(in_order),
        cmocka_unit_test(only_what_is_due),
        cmocka_unit_test(against_a_plain_array),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
