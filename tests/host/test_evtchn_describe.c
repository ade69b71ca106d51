/* SPDX-License-Identifier: MIT */
/* Naming the word at an address, through each ABI and for both word sizes: what the lesson prints. */
// links: evtchn/*.c tests/host/env_fake.c common/format.c
#include "tests/host/test_evtchn.h"

#define CONTROL 2
#define ARRAY 3
#define PENDING 2
#define MASK (PENDING + 8)
#define L2 30

static void is(struct fake_domain *d, const void *address, enum evt_word_kind kind, uint32_t vcpu, uint32_t index)
{
    struct evt_word word;
    assert_true(evt_describe_word(d->evt, address, &word));
    assert_int_equal(word.kind, kind);
    assert_int_equal(word.vcpu, vcpu);
    assert_int_equal(word.index, index);
}

static void is_nothing(struct fake_domain *d, const void *address)
{
    struct evt_word word;
    assert_false(evt_describe_word(d->evt, address, &word));
}

static void words_of_2level(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    is(d, guest_upcall(d, 0), EVT_WORD_UPCALL, 0, 0);
    is(d, guest_upcall(d, 3), EVT_WORD_UPCALL, 3, 0);
    is_nothing(d, guest_upcall(d, 0) + 1); /* upcall_mask is the guest's affair */
    is(d, guest_sel64(d, 2), EVT_WORD_SELECTOR, 2, 0);
    is_nothing(d, guest_sel64(d, 0) + 1);
    is(d, guest_pending64(d), EVT_WORD_PENDING, 0, 0);
    is(d, guest_pending64(d) + 63, EVT_WORD_PENDING, 0, 63);
    is(d, guest_mask64(d), EVT_WORD_MASK, 0, 0);
    is(d, guest_mask64(d) + 63, EVT_WORD_MASK, 0, 63);
    is_nothing(d, guest_mask64(d) + 64);
    is_nothing(d, d->frames[PENDING]);
    is_nothing(d, NULL);
}

static void words_of_32_bits(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    evt_latch_word_size(d->evt, 32);
    is(d, guest_sel32(d, 1), EVT_WORD_SELECTOR, 1, 0);
    is_nothing(d, guest_sel64(d, 1));
    is(d, guest_pending32(d) + 31, EVT_WORD_PENDING, 0, 31);
    is(d, guest_mask32(d) + 31, EVT_WORD_MASK, 0, 31);
    is_nothing(d, guest_mask32(d) + 32);
}

static void words_of_3level(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    assert_int_equal(op_register64(d, PENDING, true), 0);
    assert_int_equal(op_register_l2(d, 1, L2, 1024), 0);
    is(d, guest_sel64(d, 1), EVT_WORD_L1, 1, 0);
    is(d, d->frames[L2] + 1024 + 8 * 63, EVT_WORD_L2, 1, 63);
    is_nothing(d, d->frames[L2]);
    is(d, d->frames[PENDING], EVT_WORD_PENDING, 0, 0);
    is(d, d->frames[PENDING + 7] + 4088, EVT_WORD_PENDING, 0, 4095);
    is(d, d->frames[MASK + 1], EVT_WORD_MASK, 0, 512);
}

static void words_of_fifo(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    assert_int_equal(op_init_control(d, 1, CONTROL, 128), 0);
    assert_int_equal(op_expand_array(d, ARRAY), 0);
    assert_int_equal(op_expand_array(d, ARRAY + 1), 0);
    is(d, d->frames[CONTROL] + 128, EVT_WORD_READY, 1, 0);
    is(d, d->frames[CONTROL] + 128 + 8, EVT_WORD_HEAD, 1, 0);
    is(d, d->frames[CONTROL] + 128 + 8 + 60, EVT_WORD_HEAD, 1, 15);
    is_nothing(d, d->frames[CONTROL] + 128 + 72);
    is(d, d->frames[ARRAY] + 20, EVT_WORD_EVENT, 0, 5);
    is(d, d->frames[ARRAY + 1] + 4092, EVT_WORD_EVENT, 0, 2047);
    is_nothing(d, d->frames[ARRAY + 2]);
}

/* Or nothing, for an index of -1. */
static void is_byte(struct fake_domain *d, const uint8_t *address, enum evt_word_kind kind, uint32_t vcpu, long index)
{
    if (index < 0)
        is_nothing(d, address);
    else
        is(d, address, kind, vcpu, (uint32_t)index);
}

/* The page that all ABIs have, byte by byte. */
static void is_shared_info(struct fake_domain *d, unsigned w, bool l1)
{
    uint32_t bytes = w / 8, map = w * bytes;
    for (uint32_t at = 0; at < 4096; at++) {
        const uint8_t *address = d->shared_info + at;
        uint32_t vcpu = at / 64, in_info = at % 64;
        if (at >= 2048)
            is_byte(d, address, at < 2048 + map ? EVT_WORD_PENDING : EVT_WORD_MASK, 0,
                    at < 2048 + 2 * map ? (long)((at - 2048) % map / bytes) : -1);
        else if (vcpu < 4 && in_info == 0)
            is_byte(d, address, EVT_WORD_UPCALL, vcpu, 0);
        else
            is_byte(d, address, l1 ? EVT_WORD_L1 : EVT_WORD_SELECTOR, vcpu,
                    vcpu < 4 && in_info >= (w == 64 ? 8 : 4) && in_info < (w == 64 ? 8 : 4) + bytes ? 0 : -1);
    }
}

static void every_byte(void **state)
{
    (void)state;
    for (unsigned w = 32; w <= 64; w += 32) {
        struct fake_domain *d = fake_domain(1);
        uint32_t bytes = w / 8, pages = w == 64 ? 8 : 1;
        evt_latch_word_size(d->evt, w);
        is_shared_info(d, w, false);
        assert_int_equal(w == 64 ? op_register64(d, 0, true) : op_register32(d, 0, true), 0);
        assert_int_equal(w == 64 ? op_register_l2(d, 1, L2, 1024) : op_register_l2_32(d, 1, L2, 1024), 0);
        is_shared_info(d, w, true);
        for (uint32_t at = 0; at < 2 * pages * 4096; at++)
            is_byte(d, d->frames[at / 4096] + at % 4096, at < pages * 4096 ? EVT_WORD_PENDING : EVT_WORD_MASK, 0,
                    at % (pages * 4096) / bytes);
        for (uint32_t at = 0; at < 4096; at++)
            is_byte(d, d->frames[L2] + at, EVT_WORD_L2, 1,
                    at >= 1024 && at < 1024 + w * bytes ? (long)((at - 1024) / bytes) : -1);
        fake_destroy(d);
    }
}

/* Full tables: 32 vcpus are a page of them, and 128 array pages are all that there may be. */
static void nothing_lies_behind_the_last(void **state)
{
    (void)state;
    struct evt_config c = fake_config(1);
    c.nr_vcpus = 32;
    struct fake_domain *d = fake_create(&c);
    is_nothing(d, d->frames[L2]);
    assert_int_equal(op_init_control(d, 31, CONTROL, 0), 0);
    for (unsigned i = 0; i < EVT_ARRAY_PAGES; i++)
        assert_int_equal(op_expand_array(d, ARRAY), 0);
    is(d, d->frames[CONTROL], EVT_WORD_READY, 31, 0);
    is_nothing(d, d->frames[L2]);
}

/* A domain without shared_info and vcpu_info, as it is before its start. */
static void nothing_is_there_yet(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    struct evt_config c = fake_config(2);
    struct evt_domain *bare = evt_domain_create(&c);
    struct evt_word word;
    assert_non_null(bare);
    assert_false(evt_describe_word(bare, d->shared_info, &word));
    assert_false(evt_describe_word(bare, NULL, &word));
    evt_domain_destroy(bare);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(words_of_2level),
        IN_WORLD(words_of_32_bits),
        IN_WORLD(words_of_3level),
        IN_WORLD(words_of_fifo),
        IN_WORLD(every_byte),
        IN_WORLD(nothing_is_there_yet),
        IN_WORLD(nothing_lies_behind_the_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
