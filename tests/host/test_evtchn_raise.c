/* SPDX-License-Identifier: MIT */
/*
 * Truth tables of the bitmap ABIs. An event, an unmask and a move to another vcpu, for both word sizes: every
 * combination of the bits that they may meet, and what each bit is afterwards by the specification's sections 3 and 4.
 */
// links: evtchn/*.c tests/host/env_fake.c common/format.c
#include "tests/host/test_evtchn.h"

#define PORT 70U /* in the second word of either size */
#define VCPU 1U
#define L2_FRAME 20U

/* One of the domain's four: 2-level and 3-level, 64 and 32 bits. */
struct abi {
    unsigned levels, w;
};
static const struct abi abis[] = {{2, 64}, {2, 32}, {3, 64}, {3, 32}};
#define NR_ABIS (sizeof(abis) / sizeof(abis[0]))

enum { PENDING, MASK, L2, L1, UPCALL, NR_BITS };

static struct fake_domain *make_domain(const struct abi *abi)
{
    struct fake_domain *d = fake_domain(1);
    while (op_bind_ipi(d, VCPU) < PORT)
        ;
    evt_latch_word_size(d->evt, abi->w);
    if (abi->levels == 3 && abi->w == 64) {
        assert_int_equal(op_register64(d, 0, true), 0);
        assert_int_equal(op_register_l2(d, VCPU, L2_FRAME, 0), 0);
    } else if (abi->levels == 3) {
        assert_int_equal(op_register32(d, 0, true), 0);
        assert_int_equal(op_register_l2_32(d, VCPU, L2_FRAME, 0), 0);
    }
    assert_int_equal(d->evt->ops->levels, abi->levels);
    assert_int_equal(d->evt->ops->word_bits, abi->w);
    return d;
}

/* The byte that a bit lies in, and its number there. */
static uint8_t *byte_of(struct fake_domain *d, const struct abi *abi, unsigned bit, unsigned *number)
{
    unsigned w = abi->w, mask_frame = w == 64 ? 8 : 1;
    uint8_t *info = guest_vcpu_info(d, VCPU);
    uint8_t *map[NR_BITS] = {d->shared_info + 2048, d->shared_info + 2048 + w * w / 8, NULL, info + w / 8, info};
    unsigned at[NR_BITS] = {PORT, PORT, PORT / w, PORT / w, 0};
    if (abi->levels == 3) {
        map[PENDING] = d->frames[0];
        map[MASK] = d->frames[mask_frame];
        map[L2] = d->frames[L2_FRAME];
        at[L1] = PORT / w / w;
    }
    *number = at[bit] % 8;
    return map[bit] ? map[bit] + at[bit] / 8 : NULL;
}

static void put(struct fake_domain *d, const struct abi *abi, unsigned bits)
{
    for (unsigned i = 0; i < NR_BITS; i++) {
        unsigned number;
        uint8_t *byte = byte_of(d, abi, i, &number);
        if (byte)
            *byte = (uint8_t)((*byte & ~(1 << number)) | (bits >> i & 1) << number);
    }
}

static unsigned get(struct fake_domain *d, const struct abi *abi)
{
    unsigned bits = 0;
    for (unsigned i = 0; i < NR_BITS; i++) {
        unsigned number;
        uint8_t *byte = byte_of(d, abi, i, &number);
        bits |= byte ? (unsigned)(*byte >> number & 1) << i : 0;
    }
    return bits;
}

/* --- What the specification says: the bits afterwards. */

#define HAS(bits, bit) ((bits) >> (bit)&1)
#define WITH(bit) (1U << (bit))

/* Bottom up, and stop at the first that is set. */
static unsigned raised(const struct abi *abi, unsigned bits)
{
    if (abi->levels == 3 && HAS(bits, L2))
        return bits;
    bits |= abi->levels == 3 ? WITH(L2) : 0;
    return HAS(bits, L1) ? bits : bits | WITH(L1) | WITH(UPCALL);
}

static unsigned after_event(const struct abi *abi, unsigned bits)
{
    if (HAS(bits, PENDING))
        return bits;
    return HAS(bits, MASK) ? bits | WITH(PENDING) : raised(abi, bits | WITH(PENDING));
}

static unsigned after_unmask(const struct abi *abi, unsigned bits)
{
    unsigned open = bits & ~WITH(MASK);
    return HAS(bits, MASK) && HAS(bits, PENDING) ? raised(abi, open) : open;
}

static unsigned after_move(const struct abi *abi, unsigned bits)
{
    return abi->levels == 3 && HAS(bits, PENDING) && !HAS(bits, MASK) ? raised(abi, bits) : bits;
}

/* --- What the core does. */

static struct evt_port *port_of(struct fake_domain *d)
{
    return evt_port_of(d->evt, PORT);
}

static void event(struct fake_domain *d)
{
    d->evt->ops->set_pending(d->evt, PORT, port_of(d));
}

static void unmask(struct fake_domain *d)
{
    d->evt->ops->unmask(d->evt, PORT, port_of(d));
}

static void move(struct fake_domain *d)
{
    d->evt->ops->moved(d->evt, PORT, port_of(d));
}

static const struct act {
    void (*run)(struct fake_domain *d);
    unsigned (*after)(const struct abi *abi, unsigned bits);
} acts[] = {{event, after_event}, {unmask, after_unmask}, {move, after_move}};
#define NR_ACTS (sizeof(acts) / sizeof(acts[0]))

static void try(struct fake_domain *d, const struct abi *abi, const struct act *act, unsigned bits)
{
    put(d, abi, bits);
    bits = get(d, abi); /* 2-level has no L2 */
    unsigned kicks = d->kicks[VCPU], wakes = d->wakes, after = act->after(abi, bits);
    act->run(d);
    assert_int_equal(get(d, abi), after);
    assert_int_equal(d->kicks[VCPU] - kicks, HAS(after, UPCALL) - HAS(bits, UPCALL));
    assert_int_equal(d->wakes - wakes, act->run == event && !HAS(bits, PENDING)); /* masked or not */
    assert_int_equal(d->evt->ops->is_pending(d->evt, PORT), HAS(after, PENDING));
    assert_int_equal(d->evt->ops->is_masked(d->evt, PORT), HAS(after, MASK));
    assert_int_equal(d->evt->ops->is_selected(d->evt, PORT, VCPU, 1), HAS(after, L1));
    assert_int_equal(d->evt->ops->is_selected(d->evt, PORT, VCPU, 2), HAS(after, L2));
    SOUND();
}

static void every_combination(void **state)
{
    (void)state;
    for (unsigned i = 0; i < NR_ABIS; i++) {
        fake_begin();
        struct fake_domain *d = make_domain(&abis[i]);
        for (unsigned act = 0; act < NR_ACTS; act++) {
            for (unsigned bits = 0; bits < 1 << NR_BITS; bits++)
                try(d, &abis[i], &acts[act], bits);
        }
        fake_end();
    }
}

/* A vcpu that lacks its vcpu_info or its L2 selector: pending and mask bits change, and nothing else. */
static void try_parked(struct fake_domain *d, const struct abi *abi)
{
    static const struct abi no_selectors = {0, 0};
    for (unsigned act = 0; act < NR_ACTS; act++) {
        for (unsigned bits = 0; bits < 4; bits++) {
            put(d, abi, bits);
            uint8_t *info = evt_vcpu_of(d->evt, VCPU)->info;
            void *l2 = evt_vcpu_of(d->evt, VCPU)->l2;
            unsigned kicks = d->kicks[VCPU];
            evt_vcpu_of(d->evt, VCPU)->info = abi->levels == 2 || bits & 1 ? NULL : info;
            evt_vcpu_of(d->evt, VCPU)->l2 = bits & 1 ? l2 : NULL;
            acts[act].run(d);
            d->evt->ops->select_all(d->evt, VCPU);
            assert_false(d->evt->ops->is_selected(d->evt, PORT, VCPU, 1));
            assert_false(d->evt->ops->is_selected(d->evt, PORT, VCPU, 2));
            evt_vcpu_of(d->evt, VCPU)->info = info;
            evt_vcpu_of(d->evt, VCPU)->l2 = l2;
            unsigned after = acts[act].after(&no_selectors, bits | WITH(L1)) & (WITH(PENDING) | WITH(MASK));
            assert_int_equal(get(d, abi), after);
            assert_int_equal(d->kicks[VCPU], kicks);
        }
    }
}

static void parked(void **state)
{
    (void)state;
    for (unsigned i = 0; i < NR_ABIS; i++) {
        fake_begin();
        try_parked(make_domain(&abis[i]), &abis[i]);
        fake_end();
    }
}

/* Every hook, for a port that has no bits: it was opened before W or the ABI changed. */
static void touch_nothing(struct fake_domain *d, uint32_t port)
{
    const struct evt_ops *ops = d->evt->ops;
    struct evt_port *p = port_of(d);
    uint64_t before = fake_snapshot();
    ops->set_pending(d->evt, port, p);
    ops->clear_pending(d->evt, port, p);
    ops->unmask(d->evt, port, p);
    ops->moved(d->evt, port, p);
    assert_false(ops->is_pending(d->evt, port));
    assert_false(ops->is_masked(d->evt, port));
    assert_true(before == fake_snapshot());
}

static void ports_without_bits(void **state)
{
    (void)state;
    for (unsigned i = 0; i < NR_ABIS; i++) {
        fake_begin();
        struct fake_domain *d = make_domain(&abis[i]);
        uint32_t limit = d->evt->ops->limit;
        touch_nothing(d, limit);
        assert_false(d->evt->ops->is_selected(d->evt, limit, VCPU, 1));
        assert_false(d->evt->ops->is_selected(d->evt, limit, VCPU, 2));
        fake_end();
    }
}

/* A domain whose shared_info is not there yet has no bits on 2-level, and none to move to 3-level. */
static void domain_without_shared_info(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        fake_begin();
        struct fake_domain *d = make_domain(&abis[i]);
        evt_set_shared_info(d->evt, NULL);
        touch_nothing(d, PORT);
        assert_int_equal(i ? op_register32(d, 0, true) : op_register64(d, 0, true), 0);
        assert_int_equal(op_send(d, PORT), 0);
        assert_true(guest_frame_bit(d, 0, PORT));
        SOUND();
        fake_end();
    }
}

static void fifo_port_without_word(void **state)
{
    (void)state;
    fake_begin();
    struct fake_domain *d = make_domain(&abis[0]);
    assert_int_equal(op_init_control(d, VCPU, 0, 0), 0);
    touch_nothing(d, EVTCHN_FIFO_NR_CHANNELS);
    assert_false(d->evt->ops->is_selected(d->evt, PORT, VCPU, 1)); /* its queue is vcpu 0's, which has no block */
    assert_false(d->evt->ops->is_selected(d->evt, PORT, VCPU, 2));
    fake_end();
}

/* A vcpu that may have missed events is given every bit, and an upcall. */
static void selecting_all(void **state)
{
    (void)state;
    for (unsigned i = 0; i < NR_ABIS; i++) {
        fake_begin();
        struct fake_domain *d = make_domain(&abis[i]);
        unsigned size = abis[i].w / 8;
        memset(guest_vcpu_info(d, VCPU), 0, 64);
        memset(d->frames[L2_FRAME], 0, 4096);
        d->evt->ops->select_all(d->evt, VCPU);
        for (unsigned byte = 0; byte < size; byte++)
            assert_int_equal(guest_vcpu_info(d, VCPU)[size + byte], 0xff);
        assert_int_equal(guest_vcpu_info(d, VCPU)[2 * size], 0);
        assert_int_equal(*guest_upcall(d, VCPU), 1);
        for (unsigned byte = 0; byte < 4096; byte++)
            assert_int_equal(d->frames[L2_FRAME][byte], abis[i].levels == 3 && byte < size * abis[i].w ? 0xff : 0);
        fake_end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_combination),
        cmocka_unit_test(parked),
        cmocka_unit_test(selecting_all),
        cmocka_unit_test(ports_without_bits),
        cmocka_unit_test(domain_without_shared_info),
        cmocka_unit_test(fifo_port_without_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
