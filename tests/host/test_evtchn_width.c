/* SPDX-License-Identifier: MIT */
/*
 * Each access to a word of the guest has exactly the word's width: a 64-bit access to a 32-bit guest's last word would
 * touch what lies behind it, and two narrow ones instead of a wide one could be seen apart. This program supplies the
 * seam (evtchn/shm.h) for abi_2level.c and notes the widths.
 */
// links: evtchn/*.c tests/host/env_fake.c common/format.c
#define EVT_SHM_EXTERN
#include "evtchn/abi_2level.c"

#include "tests/host/test_evtchn.h"

static unsigned accesses[65]; /* by width in bits */

uint8_t shm_read8(const uint8_t *p)
{
    accesses[8]++;
    return *p;
}

uint32_t shm_read32(const uint32_t *p)
{
    accesses[32]++;
    return *p;
}

uint64_t shm_read64(const uint64_t *p)
{
    accesses[64]++;
    return *p;
}

uint8_t shm_xchg8(uint8_t *p, uint8_t v)
{
    uint8_t old = *p;
    accesses[8]++;
    *p = v;
    return old;
}

uint32_t shm_or32(uint32_t *p, uint32_t v)
{
    uint32_t old = *p;
    accesses[32]++;
    *p |= v;
    return old;
}

uint64_t shm_or64(uint64_t *p, uint64_t v)
{
    uint64_t old = *p;
    accesses[64]++;
    *p |= v;
    return old;
}

uint32_t shm_and32(uint32_t *p, uint32_t v)
{
    uint32_t old = *p;
    accesses[32]++;
    *p &= v;
    return old;
}

uint64_t shm_and64(uint64_t *p, uint64_t v)
{
    uint64_t old = *p;
    accesses[64]++;
    *p &= v;
    return old;
}

/* What was accessed since the last time: so many words of this width, and no others. */
static void expect(unsigned width, unsigned words)
{
    assert_int_equal(accesses[width], words);
    assert_int_equal(accesses[width == 64 ? 32 : 64], 0);
    memset(accesses, 0, sizeof(accesses));
}

static void words_are_accessed_whole(void **state)
{
    (void)state;
    for (unsigned w = 32; w <= 64; w += 32) {
        struct fake_domain *d = fake_domain(1);
        uint8_t *mask = d->shared_info + 2048 + w * w / 8;
        evt_latch_word_size(d->evt, w);
        int64_t port = op_bind_ipi(d, 0);
        memset(accesses, 0, sizeof(accesses));
        assert_int_equal(op_send(d, (uint32_t)port), 0);
        expect(w, 3); /* pending, mask, selector */
        assert_int_equal(evt_port_is_pending(d->evt, (uint32_t)port), 1);
        expect(w, 1);
        guest_ack(d, 0);
        *mask |= (uint8_t)(1U << port);
        assert_int_equal(op_unmask(d, (uint32_t)port), 0);
        expect(w, 3); /* mask, pending, selector */
        assert_int_equal(op_close(d, (uint32_t)port), 0);
        expect(w, 1);
        evt_set_vcpu_info(d->evt, 0, d->late_info);
        expect(w, 1); /* the selector; what is copied is not this file's */
        fake_destroy(d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {IN_WORLD(words_are_accessed_whole)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
