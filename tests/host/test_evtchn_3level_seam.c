/* SPDX-License-Identifier: MIT */
/*
 * The 3-level ABI with another CPU that comes in between two accesses: this program supplies the seam (evtchn/shm.h)
 * for abi_3level.c, and before each access something may happen.
 */
// links: evtchn/*.c tests/host/env_fake.c common/format.c
#define EVT_SHM_EXTERN
#include "evtchn/abi_3level.c"

#include "tests/host/test_evtchn.h"

#define PENDING 2
#define MASK (PENDING + 8)
#define L2 30
#define PORT 5000

static struct fake_domain *d;
static void (*before_pending)(void); /* once, before the next write to a word of the pending bitmap */

static bool is_pending_word(const void *p)
{
    const uint8_t *page = d->frames[PENDING + (PORT >> PAGE_BITS_SHIFT)];
    return (const uint8_t *)p >= page && (const uint8_t *)p < page + EVT_PAGE_SIZE;
}

static void touch(const void *p)
{
    void (*then)(void) = before_pending;

    if (!then || !is_pending_word(p))
        return;
    before_pending = NULL;
    then();
}

uint64_t shm_read64(const uint64_t *p)
{
    return *p;
}

uint32_t shm_read32(const uint32_t *p)
{
    return *p;
}

uint64_t shm_or64(uint64_t *p, uint64_t v)
{
    touch(p);
    uint64_t old = *p;
    *p |= v;
    return old;
}

uint32_t shm_or32(uint32_t *p, uint32_t v)
{
    uint32_t old = *p;
    *p |= v;
    return old;
}

uint64_t shm_and64(uint64_t *p, uint64_t v)
{
    uint64_t old = *p;
    *p &= v;
    return old;
}

uint32_t shm_and32(uint32_t *p, uint32_t v)
{
    uint32_t old = *p;
    *p &= v;
    return old;
}

void shm_barrier(void)
{
}

/*
 * On another CPU, which holds none of the sender's locks: the parked vcpu registers its L2 selector and scans all of
 * it. Nothing is pending yet.
 */
static void register_and_scan(void)
{
    unsigned held = fake.nr_held;

    fake.nr_held = 0;
    assert_int_equal(op_register_l2(d, 0, L2, 0), 0);
    fake.nr_held = held;
    memset(d->frames[L2], 0, EVT_PAGE_SIZE);
    guest_ack(d, 0);
}

static uint64_t l2_word(uint32_t port)
{
    return ((uint64_t *)(void *)d->frames[L2])[port / 4096];
}

static void on_3level_parked(void)
{
    d = fake_domain(1);
    assert_int_equal(op_register64(d, PENDING, true), 0);
    for (uint32_t port = 1; port <= PORT; port++)
        assert_int_equal(op_bind_ipi(d, 0), port);
    guest_set_frame_bit(d, MASK, PORT, false);
}

/* EVT-3L-21: a sender that had looked for the selector before it set the bit would find none, and tell nobody. */
static void registration_comes_before_the_bit(void **state)
{
    (void)state;
    on_3level_parked();
    before_pending = register_and_scan;
    assert_int_equal(op_send(d, PORT), 0);
    assert_null(before_pending);
    assert_true(l2_word(PORT) == 1ULL << (PORT / 64 % 64));
    assert_int_equal(*guest_sel64(d, 0), 1 << PORT / 4096);
    assert_int_equal(*guest_upcall(d, 0), 1);
}

/* EVT-3L-15, EVT-3L-21: the other way round the sender finds none, and the scan that follows finds the bit. */
static void registration_comes_after_the_bit(void **state)
{
    (void)state;
    on_3level_parked();
    assert_int_equal(op_send(d, PORT), 0);
    assert_int_equal(d->kicks[0], 0);
    assert_int_equal(op_register_l2(d, 0, L2, 0), 0);
    assert_true(guest_frame_bit(d, PENDING, PORT));
    assert_true(l2_word(PORT) == UINT64_MAX);
    assert_true(*guest_sel64(d, 0) == UINT64_MAX);
    assert_int_equal(d->kicks[0], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(registration_comes_before_the_bit),
        IN_WORLD(registration_comes_after_the_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
