/* SPDX-License-Identifier: MIT */
// links: kernel/pages.c
/* The buddy allocator. panic(), by which its assertions speak, is cmocka's failed assertion here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "kernel/pages.h"
#include "kernel/printk.h"

#define FRAMES 5000 /* not a power of two: the last block is a small one */
#define FIRST 3     /* nor is the first one aligned */

static struct page pages[FRAMES];
static struct page_pool pool;

void panic(const char *fmt, ...)
{
    mock_assert(0, fmt, __FILE__, __LINE__);
    abort();
}

static int fresh_pool(void **state)
{
    (void)state;
    pages_init(&pool, pages, FRAMES);
    pages_add(&pool, FIRST, FRAMES - FIRST);
    return 0;
}

/* What must hold between any two calls: lists and flags agree, no block overlaps another, no two buddies are free. */
static void check_pool(void)
{
    static uint8_t covered[FRAMES];
    uint64_t total = 0;
    for (size_t i = 0; i < FRAMES; i++)
        covered[i] = 0;
    for (unsigned order = 0; order <= PAGES_MAX_ORDER; order++) {
        uint32_t prev = UINT32_MAX;
        for (uint32_t mfn = pool.heads[order]; mfn != UINT32_MAX; prev = mfn, mfn = pages[mfn].next) {
            uint64_t size = UINT64_C(1) << order;
            assert_int_equal(mfn % size, 0);
            assert_true(mfn + size <= FRAMES);
            assert_true(pages[mfn].flags & PAGE_FREE);
            assert_int_equal(pages[mfn].order, order);
            assert_int_equal(pages[mfn].prev, prev);
            uint64_t buddy = mfn ^ size;
            assert_false(buddy < FRAMES && (pages[buddy].flags & PAGE_FREE) && pages[buddy].order == order);
            for (uint64_t i = mfn; i < mfn + size; i++) {
                assert_int_equal(covered[i]++, 0);
                assert_int_equal(pages[i].owner, PAGE_OWNER_NONE);
                assert_int_equal(pages[i].refs, 0);
            }
            total += size;
        }
    }
    assert_int_equal(total, pool.free_frames);
    assert_false(spin_is_locked(&pool.lock));
}

static void all_frames_given_are_free_and_no_other(void **state)
{
    (void)state;
    check_pool();
    assert_int_equal(pool.free_frames, FRAMES - FIRST);
    for (uint64_t i = 0; i < FRAMES; i++)
        assert_int_equal((pages[i].flags & PAGE_RAM) != 0, i >= FIRST);
}

static void a_block_is_aligned_owned_and_referenced_once(void **state)
{
    (void)state;
    for (unsigned order = 0; order <= 10; order++) {
        uint64_t mfn = pages_alloc(&pool, order, 7);
        assert_int_equal(mfn % (UINT64_C(1) << order), 0);
        for (uint64_t i = mfn; i < mfn + (UINT64_C(1) << order); i++) {
            assert_int_equal(pages[i].owner, 7);
            assert_int_equal(pages[i].refs, 1);
        }
        check_pool();
    }
}

static void every_single_frame_can_be_had_once(void **state)
{
    static uint8_t seen[FRAMES];
    (void)state;
    for (int n = 0; n < FRAMES - FIRST; n++) {
        uint64_t mfn = pages_alloc(&pool, 0, 1);
        assert_in_range(mfn, FIRST, FRAMES - 1);
        assert_int_equal(seen[mfn]++, 0);
    }
    assert_int_equal(pages_alloc(&pool, 0, 1), UINT64_MAX);
    assert_int_equal(pool.free_frames, 0);
    for (uint64_t mfn = FIRST; mfn < FRAMES; mfn++)
        pages_free(&pool, mfn, 0);
    check_pool();
    assert_int_equal(pool.free_frames, FRAMES - FIRST);
    assert_int_not_equal(pages_alloc(&pool, 11, 1), UINT64_MAX); /* all grown together again */
}

static void what_is_too_large_is_refused(void **state)
{
    (void)state;
    assert_int_equal(pages_alloc(&pool, 13, 1), UINT64_MAX);
    assert_int_equal(pages_alloc(&pool, PAGES_MAX_ORDER, 1), UINT64_MAX);
    assert_int_equal(pages_alloc(&pool, PAGES_MAX_ORDER + 1, 1), UINT64_MAX);
    assert_int_equal(pages_alloc(&pool, UINT32_MAX, 1), UINT64_MAX);
    check_pool();
}

/* A block taken as one may come back in pieces, as a domain's memory does. */
static void pieces_of_a_block_grow_together(void **state)
{
    uint64_t before = pool.free_frames, mfn = pages_alloc(&pool, 9, 1);
    (void)state;
    for (uint64_t i = 0; i < 512; i++)
        pages_free(&pool, mfn + (i * 37) % 512, 0);
    check_pool();
    assert_int_equal(pool.free_frames, before);
}

static void memory_may_come_in_several_ranges_with_holes(void **state)
{
    (void)state;
    pages_init(&pool, pages, FRAMES);
    pages_add(&pool, 16, 1);
    pages_add(&pool, 18, 14);
    pages_add(&pool, 100, 0);
    check_pool();
    assert_int_equal(pages_alloc(&pool, 4, 1), UINT64_MAX); /* frame 17 is not ours */
    pages_add(&pool, 17, 1);
    check_pool();
    assert_int_equal(pages_alloc(&pool, 4, 1), 16);
    expect_assert_failure(pages_add(&pool, 20, 1));
    expect_assert_failure(pages_add(&pool, FRAMES - 1, 2));
}

/* The worst that a hypervisor can do with a frame is to give it to two domains. */
static void a_second_free_is_caught(void **state)
{
    uint64_t one = pages_alloc(&pool, 0, 1), four = pages_alloc(&pool, 2, 1);
    (void)state;
    pages_free(&pool, one, 0);
    expect_assert_failure(pages_free(&pool, one, 0));
    pages_free(&pool, four + 1, 0);
    expect_assert_failure(pages_free(&pool, four, 2));
}

static void wrong_frees_are_caught(void **state)
{
    uint64_t mfn = pages_alloc(&pool, 2, 1);
    (void)state;
    expect_assert_failure(pages_free(&pool, mfn + 1, 1));
    expect_assert_failure(pages_free(&pool, FIRST - 1, 0));
    expect_assert_failure(pages_free(&pool, FRAMES, 0));
    expect_assert_failure(pages_free(&pool, UINT64_MAX, 0));
    expect_assert_failure(pages_free(&pool, 0, PAGES_MAX_ORDER + 1));
    assert_true(page_get(&pages[mfn]));
    expect_assert_failure(pages_free(&pool, mfn, 0)); /* somebody still uses it */
}

static void references_count(void **state)
{
    struct page *page = &pages[pages_alloc(&pool, 0, 1)];
    (void)state;
    assert_true(page_get(page));
    assert_false(page_put(page));
    assert_true(page_put(page));
    assert_false(page_get(page)); /* on its way to the pool: nobody may take it up again */
    expect_assert_failure(page_put(page));
    page->refs = UINT32_MAX;
    assert_false(page_get(page)); /* full */
}

/* Random calls; the reference is a table that says which frame belongs to which block. */
/* A frame that is another's, or nobody's, is not even held for a moment. */
static void a_reference_can_be_for_the_owner_alone(void **state)
{
    uint64_t mfn = pages_alloc(&pool, 0, 7);
    struct page *page = &pages[mfn];
    (void)state;
    assert_int_equal(page->use, 0);
    assert_true(page_get_owned(page, 7));
    assert_int_equal(page->refs, 2);
    assert_false(page_get_owned(page, 8));
    assert_false(page_get_owned(page, PAGE_OWNER_NONE));
    page->refs = UINT32_MAX;
    assert_false(page_get_owned(page, 7));
    page->refs = 1;
    assert_true(page_put(page));
    assert_false(page_get_owned(page, 7));
    assert_int_equal(page->owner, 7);
    page->use = ~UINT64_C(0);
    pages_free(&pool, mfn, 0);
    assert_false(page_get_owned(page, PAGE_OWNER_NONE));
    assert_int_equal(pages_alloc(&pool, 0, 7), mfn);
    assert_int_equal(page->use, 0);
}

static void random_calls_agree_with_a_table(void **state)
{
    enum { BLOCKS = 300 };
    static struct {
        uint64_t mfn;
        unsigned order;
        bool used;
    } blocks[BLOCKS];
    static uint16_t taken[FRAMES];
    uint64_t used = 0;
    (void)state;
    srandom(2);
    for (int step = 0; step < 20000; step++) {
        size_t b = (size_t)random() % BLOCKS;
        uint16_t owner = (uint16_t)(b + 1);
        if (!blocks[b].used) {
            unsigned order = (unsigned)random() % 7;
            uint64_t mfn = pages_alloc(&pool, order, owner);
            if (mfn == UINT64_MAX)
                continue;
            for (uint64_t i = mfn; i < mfn + (UINT64_C(1) << order); i++) {
                assert_int_equal(taken[i], 0);
                taken[i] = owner;
            }
            blocks[b].mfn = mfn;
            blocks[b].order = order;
            used += UINT64_C(1) << order;
        } else {
            for (uint64_t i = blocks[b].mfn; i < blocks[b].mfn + (UINT64_C(1) << blocks[b].order); i++) {
                assert_int_equal(pages[i].owner, owner);
                taken[i] = 0;
            }
            pages_free(&pool, blocks[b].mfn, blocks[b].order);
            used -= UINT64_C(1) << blocks[b].order;
        }
        blocks[b].used = !blocks[b].used;
        assert_int_equal(pool.free_frames, FRAMES - FIRST - used);
        if (step % 97 == 0)
            check_pool();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(all_frames_given_are_free_and_no_other, fresh_pool),
        cmocka_unit_test_setup(a_block_is_aligned_owned_and_referenced_once, fresh_pool),
        cmocka_unit_test_setup(every_single_frame_can_be_had_once, fresh_pool),
        cmocka_unit_test_setup(what_is_too_large_is_refused, fresh_pool),
        cmocka_unit_test_setup(pieces_of_a_block_grow_together, fresh_pool),
        cmocka_unit_test_setup(memory_may_come_in_several_ranges_with_holes, fresh_pool),
        cmocka_unit_test_setup(a_second_free_is_caught, fresh_pool),
        cmocka_unit_test_setup(wrong_frees_are_caught, fresh_pool),
        cmocka_unit_test_setup(references_count, fresh_pool),
        cmocka_unit_test_setup(a_reference_can_be_for_the_owner_alone, fresh_pool),
        cmocka_unit_test_setup(random_calls_agree_with_a_table, fresh_pool),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
