/* SPDX-License-Identifier: MIT */
// links: kernel/limbo.c kernel/pages.c
/*
 * Frames between their last reference and the pool; and the clock by which a processor proves that it has forgotten
 * them. A frame that goes to the pool too early is another domain's while the first one can still write to it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "arch/x86/tlb.h"
#include "arch/x86/tlb_clock.h"
#include "kernel/deferred.h"
#include "kernel/limbo.h"
#include "kernel/memory.h"
#include "kernel/printk.h"
#include "kernel/quiesce.h"

#define FRAMES 16384
#define CPUS 3

struct page_pool memory_pool;
static struct page pages[FRAMES];
static struct tlb_clock clock;
static uint64_t flushed[CPUS];
static bool told[CPUS];
static bool token_taken;
static unsigned waits, requests;

void panic(const char *fmt, ...)
{
    mock_assert(0, fmt, __FILE__, __LINE__);
    abort();
}

/* --- The machine, whose CPUs flush when the test says so. */

uint32_t tlb_time(void)
{
    return tlb_clock_time(&clock);
}

bool tlb_is_flushed_since(uint32_t time)
{
    bool all = true;
    for (unsigned i = 0; i < CPUS; i++)
        all &= !(told[i] = !tlb_clock_is_later(&clock, flushed[i], time));
    return all;
}

static void flush(unsigned cpu)
{
    flushed[cpu] = tlb_clock_read(&clock);
}

bool quiesce_begin(void)
{
    return !token_taken;
}

void quiesce_wait(void)
{
    waits++;
}

void quiesce_end(void)
{
}

void deferred_request(void)
{
    requests++;
}

static int begin(void **state)
{
    (void)state;
    pages_init(&memory_pool, pages, FRAMES);
    pages_add(&memory_pool, 1, FRAMES - 1);
    clock.now = TLB_CLOCK_START;
    for (unsigned i = 0; i < CPUS; i++)
        flushed[i] = told[i] = 0;
    token_taken = false;
    waits = requests = 0;
    limbo_begin();
    assert_true(limbo_is_empty());
    return 0;
}

/* A domain's frame, its last reference gone. */
static uint64_t lose_one(void)
{
    uint64_t mfn = pages_alloc(&memory_pool, 0, 1);
    assert_true(page_put(&pages[mfn]));
    limbo_free(mfn);
    return mfn;
}

static bool is_free(uint64_t mfn)
{
    return pages[mfn].owner == PAGE_OWNER_NONE;
}

/* --- The cases. */

static void each_cpu_must_have_flushed(void **state)
{
    uint64_t mfn = lose_one();
    (void)state;
    assert_int_equal(requests, 1);
    for (unsigned cpu = 0; cpu < CPUS; cpu++) {
        assert_true(limbo_step());
        assert_true(told[cpu]);
        assert_false(is_free(mfn));
        flush(cpu);
    }
    assert_false(limbo_step());
    assert_true(is_free(mfn));
    assert_true(limbo_is_empty());
    assert_int_equal(waits, 1);
}

/* A flush that a CPU began before the frame was lost says nothing about it. */
static void an_older_flush_does_not_count(void **state)
{
    (void)state;
    for (unsigned cpu = 0; cpu < CPUS; cpu++)
        flush(cpu);
    uint64_t mfn = lose_one();
    assert_true(limbo_step());
    assert_false(is_free(mfn));
}

static void nothing_is_free_while_another_cpu_waits(void **state)
{
    uint64_t mfn = lose_one();
    (void)state;
    (void)limbo_step();
    for (unsigned cpu = 0; cpu < CPUS; cpu++)
        flush(cpu);
    token_taken = true;
    assert_true(limbo_step());
    assert_false(is_free(mfn));
    token_taken = false;
    assert_false(limbo_step());
    assert_true(is_free(mfn));
}

/* What comes while a batch waits is not covered by its flush. */
static void latecomers_wait_for_the_next_batch(void **state)
{
    uint64_t first = lose_one();
    (void)state;
    (void)limbo_step();
    uint64_t second = lose_one();
    for (unsigned cpu = 0; cpu < CPUS; cpu++)
        flush(cpu);
    assert_true(limbo_step());
    assert_true(is_free(first));
    assert_false(is_free(second));
    assert_true(limbo_step());
    assert_false(is_free(second));
    for (unsigned cpu = 0; cpu < CPUS; cpu++)
        flush(cpu);
    assert_false(limbo_step());
    assert_true(is_free(second));
}

/* Many frames are one flush and one wait, but no step frees them all. */
static void a_large_batch_goes_in_steps(void **state)
{
    unsigned steps = 0;
    (void)state;
    for (unsigned i = 0; i < 10000; i++)
        (void)lose_one();
    assert_int_equal(requests, 1);
    (void)limbo_step();
    for (unsigned cpu = 0; cpu < CPUS; cpu++)
        flush(cpu);
    while (limbo_step())
        steps++;
    assert_in_range(steps, 1, 10);
    assert_int_equal(waits, 1);
    assert_int_equal(memory_pool.free_frames, FRAMES - 1);
}

/* --- The clock */

static void a_flush_is_later_than_times_given_before_it(void **state)
{
    uint32_t before = tlb_time();
    (void)state;
    flush(0);
    assert_true(tlb_clock_is_later(&clock, flushed[0], before));
    uint32_t after = tlb_time();
    assert_false(tlb_clock_is_later(&clock, flushed[0], after));
    assert_true(tlb_clock_is_later(&clock, flushed[0], before));
}

static void a_cpu_that_never_flushed(void **state)
{
    (void)state;
    assert_false(tlb_clock_is_later(&clock, 0, tlb_time()));
    assert_false(tlb_clock_is_later(&clock, 0, 0));
}

/* The times that frames remember have 32 bits. After 2^32 of them an old flush must not pass for a new one. */
static void the_clock_goes_round(void **state)
{
    (void)state;
    clock.now = 0xfffffffeULL;
    flush(0);
    uint32_t last = tlb_time(), of_all = tlb_time(), first = tlb_time();
    assert_int_equal(last, 0xfffffffe);
    assert_int_equal(of_all, 0xffffffff);
    assert_int_equal(first, 0);
    assert_false(tlb_clock_is_later(&clock, flushed[0], first));
    assert_false(tlb_clock_is_later(&clock, flushed[0], 5));
    flush(0);
    assert_true(tlb_clock_is_later(&clock, flushed[0], first));
    flush(1);
    clock.now += 1ULL << 32;
    assert_false(tlb_clock_is_later(&clock, flushed[1], first));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(each_cpu_must_have_flushed, begin),
        cmocka_unit_test_setup(nothing_is_free_while_another_cpu_waits, begin),
        cmocka_unit_test_setup(latecomers_wait_for_the_next_batch, begin),
        cmocka_unit_test_setup(a_large_batch_goes_in_steps, begin),
        cmocka_unit_test_setup(a_flush_is_later_than_times_given_before_it, begin),
        cmocka_unit_test_setup(a_cpu_that_never_flushed, begin),
        cmocka_unit_test_setup(the_clock_goes_round, begin),
        cmocka_unit_test_setup(an_older_flush_does_not_count, begin), /* leaves a frame behind */
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
