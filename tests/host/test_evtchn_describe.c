/* SPDX-License-Identifier: MIT */
/* Which shared word lies at an address (evtchn/describe.c): every kind, for both word sizes, and what is none. */
// links: evtchn/*.c tests/host/env_fake.c common/format.c
#include "tests/host/test_evtchn.h"

static void expect(struct fake_domain *d, const void *address, enum evt_word_kind kind, uint32_t vcpu, uint32_t index)
{
    struct evt_word word;
    assert_true(evt_describe_word(d->evt, address, &word));
    assert_int_equal(word.kind, kind);
    assert_int_equal(word.vcpu, vcpu);
    assert_int_equal(word.index, index);
}

static void expect_none(struct fake_domain *d, const void *address)
{
    struct evt_word word;
    assert_false(evt_describe_word(d->evt, address, &word));
}

static void words_of_2level(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    const uint8_t *s = d->shared_info;
    expect(d, s + 64, EVT_WORD_UPCALL, 1, 0);
    expect_none(d, s + 64 + 1); /* upcall_mask is the guest's own */
    expect(d, s + 128 + 8, EVT_WORD_SELECTOR, 2, 0);
    expect(d, s + 128 + 15, EVT_WORD_SELECTOR, 2, 0);
    expect_none(d, s + 128 + 16);
    expect(d, s + 2048, EVT_WORD_PENDING, 0, 0);
    expect(d, s + 2048 + 511, EVT_WORD_PENDING, 0, 63);
    expect(d, s + 2560 + 8, EVT_WORD_MASK, 0, 1);
    expect_none(d, s + 3072);
    evt_latch_word_size(d->evt, 32);
    expect(d, s + 64 + 4, EVT_WORD_SELECTOR, 1, 0);
    expect_none(d, s + 64 + 8);
    expect(d, s + 2048 + 124, EVT_WORD_PENDING, 0, 31);
    expect(d, s + 2176, EVT_WORD_MASK, 0, 0);
    expect_none(d, s + 2304);
}

static void words_of_3level(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    assert_int_equal(op_register64(d, 0, true), 0);
    assert_int_equal(op_register_l2(d, 1, 20, 512), 0);
    expect(d, d->frames[3] + 16, EVT_WORD_PENDING, 0, 3 * 512 + 2);
    expect(d, d->frames[15] + 4095, EVT_WORD_MASK, 0, 8 * 512 - 1);
    expect(d, d->frames[20] + 512, EVT_WORD_L2, 1, 0);
    expect(d, d->frames[20] + 1023, EVT_WORD_L2, 1, 63);
    expect_none(d, d->frames[20]);
    expect(d, d->shared_info + 64 + 8, EVT_WORD_L1, 1, 0);
    expect_none(d, d->frames[21]);
}

static void words_of_fifo(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    assert_int_equal(op_init_control(d, 2, 0, 80), 0);
    assert_int_equal(op_expand_array(d, 1), 0);
    assert_int_equal(op_expand_array(d, 2), 0);
    expect(d, d->frames[2] + 8, EVT_WORD_EVENT, 0, 1026);
    expect(d, d->frames[0] + 80, EVT_WORD_READY, 2, 0);
    expect(d, d->frames[0] + 88, EVT_WORD_HEAD, 2, 0);
    expect(d, d->frames[0] + 80 + 71, EVT_WORD_HEAD, 2, 15);
    expect_none(d, d->frames[0] + 80 + 72);
    expect_none(d, d->frames[3]);
}

/* A domain that has not been given its memory shares none. */
static void words_of_nobody(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    uint8_t *shared_info = d->shared_info;
    evt_set_shared_info(d->evt, NULL);
    evt_set_vcpu_info(d->evt, 0, NULL);
    expect_none(d, shared_info);
    expect_none(d, shared_info + 2048);
    expect_none(d, NULL);
    evt_set_shared_info(d->evt, shared_info);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(words_of_2level),
        IN_WORLD(words_of_3level),
        IN_WORLD(words_of_fifo),
        IN_WORLD(words_of_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
