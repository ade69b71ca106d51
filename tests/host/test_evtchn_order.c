/* SPDX-License-Identifier: MIT */
/*
 * What a vcpu finds when it is told: at the moment of the kick, everything below the upcall flag must be in place, or
 * the vcpu looks, finds nothing, and goes to sleep with an event pending. And ports beyond the limit of the ABI, which
 * have no bits: whatever is done to them, no word of the guest changes.
 */
// links: evtchn/*.c tests/host/env_fake.c common/format.c
#include "tests/host/test_evtchn.h"

#define VCPU 1U
#define OWN 30U /* a guest frame for the L2 selector or the control block */

static unsigned seen; /* kicks whose words were looked at */

static struct fake_domain *domain_of_width(unsigned w)
{
    struct fake_domain *d = fake_domain(1);
    evt_latch_word_size(d->evt, w);
    return d;
}

static bool any_selected(struct fake_domain *d, unsigned vcpu)
{
    return evt_word_size(d->evt) == 64 ? *guest_sel64(d, vcpu) != 0 : *guest_sel32(d, vcpu) != 0;
}

static void expect_2level(struct fake_domain *d, unsigned vcpu)
{
    seen++;
    assert_int_equal(*guest_upcall(d, vcpu), 1);
    assert_true(any_selected(d, vcpu));
}

static bool any_in_l2(struct fake_domain *d)
{
    for (unsigned i = 0; i < 512; i++)
        if (d->frames[OWN][i])
            return true;
    return false;
}

static void expect_3level(struct fake_domain *d, unsigned vcpu)
{
    expect_2level(d, vcpu);
    assert_true(any_in_l2(d));
}

static void expect_fifo(struct fake_domain *d, unsigned vcpu)
{
    const struct evtchn_fifo_control_block *control = (void *)d->frames[OWN];
    seen++;
    assert_int_equal(*guest_upcall(d, vcpu), 1);
    assert_int_equal(control->ready, 1U << EVTCHN_FIFO_PRIORITY_DEFAULT);
    assert_true(control->head[EVTCHN_FIFO_PRIORITY_DEFAULT] != 0);
}

/* A send and an unmask, each of which ends in a kick. */
static void kick_twice(struct fake_domain *d, uint8_t *mask_byte, uint8_t mask)
{
    int64_t port = op_bind_ipi(d, VCPU);
    *mask_byte &= (uint8_t)~mask;
    assert_int_equal(op_send(d, (uint32_t)port), 0);
    assert_int_equal(seen, 1);
    guest_ack(d, VCPU);
    memset(d->frames[OWN], 0, 4096);
    *mask_byte |= mask;
    if (d->evt->ops == &evt_fifo_ops)
        ((uint32_t *)(void *)d->frames[0])[port] = 1U << EVTCHN_FIFO_PENDING | 1U << EVTCHN_FIFO_MASKED;
    assert_int_equal(op_unmask(d, (uint32_t)port), 0);
    assert_int_equal(seen, 2);
}

static void told_on_2level(void **state)
{
    (void)state;
    for (unsigned w = 32; w <= 64; w += 32) {
        struct fake_domain *d = domain_of_width(w);
        seen = 0;
        fake.on_kick = expect_2level;
        kick_twice(d, d->shared_info + 2048 + w * w / 8, 2);
        evt_set_vcpu_info(d->evt, VCPU, d->late_info + 64); /* a new place: all is selected first */
        assert_int_equal(seen, 2);
        *guest_upcall(d, VCPU) = 0;
        d->late_info[64] = 0;
        memset(d->late_info, 0, 4096);
        evt_set_vcpu_info(d->evt, VCPU, d->late_info);
        assert_int_equal(seen, 3);
        fake.on_kick = NULL;
        fake_destroy(d);
    }
}

static void told_on_3level(void **state)
{
    (void)state;
    for (unsigned w = 32; w <= 64; w += 32) {
        struct fake_domain *d = domain_of_width(w);
        assert_int_equal(w == 64 ? op_register64(d, 0, true) : op_register32(d, 0, true), 0);
        seen = 0;
        fake.on_kick = expect_3level;
        assert_int_equal(w == 64 ? op_register_l2(d, VCPU, OWN, 0) : op_register_l2_32(d, VCPU, OWN, 0), 0);
        assert_int_equal(seen, 1);
        seen = 0;
        guest_ack(d, VCPU);
        memset(d->frames[OWN], 0, 4096);
        kick_twice(d, d->frames[w == 64 ? 8 : 1], 2);
        fake.on_kick = NULL;
        fake_destroy(d);
    }
}

static void told_on_fifo(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    uint8_t unused = 0;
    assert_int_equal(op_init_control(d, VCPU, OWN, 0), 0);
    assert_int_equal(op_expand_array(d, 0), 0);
    seen = 0;
    fake.on_kick = expect_fifo;
    kick_twice(d, &unused, 2);
    fake.on_kick = NULL;
}

/* The kick does not look at evtchn_upcall_mask: that is for the delivery, and for who blocks. */
static void masked_upcalls_are_kicked_too(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    int64_t port = op_bind_ipi(d, VCPU);
    guest_upcall(d, VCPU)[1] = 1;
    assert_int_equal(op_send(d, (uint32_t)port), 0);
    assert_int_equal(d->kicks[VCPU], 1);
}

/* --- W while the domain switches */

static struct fake_domain *the_domain;

static void latch_32_bits(void)
{
    evt_latch_word_size(the_domain->evt, 32);
}

/* The frames are mapped for 64-bit bitmaps when another vcpu latches 32 bits; that waits for the next reset. */
static void the_word_size_waits_for_the_switch(void **state)
{
    (void)state;
    struct fake_domain *d = the_domain = fake_domain(1);
    fake.on_map = latch_32_bits;
    assert_int_equal(op_register64(d, 0, true), 0);
    assert_null(fake.on_map);
    assert_int_equal(evt_word_size(d->evt), 64);
    assert_ptr_equal(d->evt->ops, &evt_3level_ops64);
    SOUND();
    assert_int_equal(op_reset(d, DOMID_SELF), 0);
    assert_ptr_equal(d->evt->ops, &evt_2level_ops32);
    SOUND();
}

/* The switch that was under way fails: then the word size applies at its end. */
static void the_word_size_does_not_wait_for_ever(void **state)
{
    (void)state;
    struct fake_domain *d = the_domain = fake_domain(1);
    d->readonly[5] = true;
    fake.on_map = latch_32_bits;
    assert_int_equal(op_register64(d, 0, true), -XEN_EINVAL);
    assert_null(fake.on_map);
    assert_int_equal(evt_word_size(d->evt), 32);
    assert_ptr_equal(d->evt->ops, &evt_2level_ops32);
    SOUND();
}

/* --- The first and the last of something */

/* Vcpu 32 is the first that has no place in shared_info: it is parked until it gets one, and may have missed events. */
static void the_first_vcpu_without_a_place(void **state)
{
    (void)state;
    struct evt_config c = fake_config(1);
    c.nr_vcpus = 33;
    struct fake_domain *d = fake_create(&c);
    int64_t port = op_bind_ipi(d, 32);
    assert_int_equal(op_send(d, (uint32_t)port), 0);
    assert_int_equal(d->kicks[32], 0);
    evt_set_vcpu_info(d->evt, 32, d->late_info);
    assert_int_equal(d->kicks[32], 1);
    assert_int_equal(d->late_info[0], 1);
}

/* On vcpu 127, and on none that its number could be mistaken for. */
static void the_last_queue(void **state)
{
    (void)state;
    struct evt_config c = fake_config(1);
    c.nr_vcpus = 128;
    struct fake_domain *d = fake_create(&c);
    uint32_t *words = (void *)d->frames[0];
    for (unsigned i = 0; i < 128; i++)
        assert_int_equal(op_init_control(d, i, OWN + i / 32, 128 * (i % 32)), 0);
    assert_int_equal(op_expand_array(d, 0), 0);
    int64_t port = op_bind_ipi(d, 127);
    assert_int_equal(op_set_priority(d, (uint32_t)port, 15), 0);
    assert_int_equal(op_send(d, (uint32_t)port), 0);
    assert_int_equal(words[port], 1U << EVTCHN_FIFO_PENDING | 1U << EVTCHN_FIFO_LINKED);
    for (unsigned i = 0; i < 128; i++) {
        const struct evtchn_fifo_control_block *control = (void *)(d->frames[OWN + i / 32] + 128 * (i % 32));
        assert_int_equal(control->ready, i == 127 ? 1U << 15 : 0);
        assert_int_equal(control->head[15], i == 127 ? port : 0);
    }
    SOUND();
}

/* A page of ports by pirq is what a domain may have. */
static void the_last_pirq(void **state)
{
    (void)state;
    struct evt_config c = fake_config(1);
    c.nr_pirqs = 1025;
    assert_null(fake_create(&c));
    c.nr_pirqs = 1024;
    struct fake_domain *d = fake_create(&c);
    assert_non_null(d);
    assert_int_equal(op_bind_pirq(d, 0, 0), 1);
    evt_raise_pirq(d->evt, 1024); /* would be the first word behind the page */
}

/* Port 1 is the hypervisor's own, and the guest has set its old pending bit: FIFO may not remember that for ever. */
static void the_first_port_is_forgotten(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    uint32_t port = 0;
    assert_int_equal(evt_attach(d->evt, 2, 0, &port), 0);
    assert_int_equal(port, 1);
    guest_pending64(d)[0] = 2;
    assert_int_equal(op_init_control(d, 0, OWN, 0), 0);
    assert_int_equal(op_reset(d, DOMID_SELF), 0);
    SOUND();
}

/* Who followed a link to a dying domain must be gone before its memory goes. */
static void death_waits_for_senders(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    evt_domain_set_dying(d->evt);
    assert_int_equal(evt_domain_close_ports(d->evt), 0);
    assert_int_equal(fake.quiesces, 1);
}

/* On 2-level nothing is given back, so nobody is waited for, even if another CPU is at it. */
static void a_reset_on_2level_does_not_wait(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    fake.quiesce_busy = true;
    assert_int_equal(op_reset(d, DOMID_SELF), 0);
    assert_int_equal(fake.quiesces, 0);
    fake.quiesce_busy = false;
}

/* --- Beyond the limit */

/* The peer of a pair whose port is `port` in d. */
static uint32_t pair_at(struct fake_domain *d, struct fake_domain *peer, uint32_t port)
{
    while (op_bind_ipi(d, 0) != port - 1)
        ;
    assert_int_equal(op_alloc_unbound(d, DOMID_SELF, peer->domid), port);
    int64_t other = op_bind_interdomain(peer, d->domid, port);
    assert_true(other > 0);
    return (uint32_t)other;
}

/* A field of 16 bits anywhere on the way would make it another port. */
static void ports_have_18_bits(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1), *peer = fake_domain(2);
    struct evtchn_status s;
    assert_int_equal(op_register64(d, 0, true), 0);
    uint32_t other = pair_at(d, peer, 70001);
    assert_int_equal(op_status(peer, DOMID_SELF, other, &s), 0);
    assert_int_equal(s.u.interdomain.port, 70001);
    assert_int_equal(op_send(peer, other), 0);
    assert_int_equal(d->last_wake, 70001);
    assert_true(guest_frame_bit(d, 0, 70001));
    assert_int_equal(op_close(d, 70001), 0);
    assert_int_equal(op_status(peer, DOMID_SELF, other, &s), 0);
    assert_int_equal(s.status, EVTCHNSTAT_unbound);
}

/* All of the answer is written, whatever stood there. */
static void the_last_byte_of_status(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    struct evtchn_status s;
    assert_int_equal(op_alloc_unbound(d, DOMID_SELF, DOMID_SELF), 1);
    assert_int_equal(op_bind_interdomain(d, DOMID_SELF, 1), 2);
    memset(&s, 0xff, sizeof(s));
    s.dom = DOMID_SELF;
    s.port = 1;
    assert_int_equal(fake_op(d, EVTCHNOP_status, &s, sizeof(s)), 0);
    assert_int_equal(s.status, EVTCHNSTAT_interdomain);
    assert_int_equal(s.vcpu, 0);
    assert_int_equal(s.u.interdomain.port, 2);
}

/* W shrinks with a port open at the first number that has no bit: the next bit in memory is the first of the mask. */
static void the_first_port_beyond_2level(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1), *peer = fake_domain(2);
    uint32_t other = pair_at(d, peer, 1024);
    evt_latch_word_size(d->evt, 32);
    uint8_t before[4096];
    memcpy(before, d->shared_info, 4096);
    assert_int_equal(op_send(peer, other), 0);
    assert_memory_equal(before, d->shared_info, 4096);
    assert_int_equal(d->wakes, 0);

    struct evt_port_view view;
    memset(guest_vcpu_info(d, 0), 0xff, 16);
    memset(d->shared_info + 2048, 0xff, 1024);
    assert_true(evt_view_port(d->evt, 1024, &view));
    assert_int_equal(view.port, 1024);
    assert_false(view.pending || view.masked || view.l1 || view.l2);
}

/* The same on 3-level: a port that the hypervisor itself consumes keeps its number over a reset. */
static void the_first_port_beyond_3level(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    struct evt_port_view view;
    uint32_t port = 0;
    assert_int_equal(op_register64(d, 0, true), 0);
    while (op_bind_ipi(d, 0) != 32767)
        ;
    assert_int_equal(evt_attach(d->evt, 2, 0, &port), 0);
    assert_int_equal(port, 32768);
    assert_int_equal(op_reset(d, DOMID_SELF), 0);
    evt_latch_word_size(d->evt, 32);
    assert_int_equal(op_register32(d, 20, true), 0);
    assert_int_equal(op_register_l2_32(d, 0, OWN, 0), 0);
    memset(d->frames[20], 0xff, 4096);
    memset(d->frames[OWN], 0xff, 4096);
    memset(guest_vcpu_info(d, 0), 0xff, 16);
    assert_true(evt_view_port(d->evt, 32768, &view));
    assert_int_equal(view.port, 32768);
    assert_false(view.pending || view.masked || view.l1 || view.l2);
    evt_detach(d->evt, port);
    assert_false(evt_view_port(d->evt, 32768, &view));
    for (unsigned i = 0; i < 4096; i++)
        assert_int_equal(d->frames[20][i], 0xff);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(told_on_2level),
        IN_WORLD(told_on_3level),
        IN_WORLD(told_on_fifo),
        IN_WORLD(masked_upcalls_are_kicked_too),
        IN_WORLD(the_word_size_waits_for_the_switch),
        IN_WORLD(the_word_size_does_not_wait_for_ever),
        IN_WORLD(the_first_vcpu_without_a_place),
        IN_WORLD(the_last_queue),
        IN_WORLD(the_last_pirq),
        IN_WORLD(the_first_port_is_forgotten),
        IN_WORLD(death_waits_for_senders),
        IN_WORLD(a_reset_on_2level_does_not_wait),
        IN_WORLD(ports_have_18_bits),
        IN_WORLD(the_last_byte_of_status),
        IN_WORLD(the_first_port_beyond_2level),
        IN_WORLD(the_first_port_beyond_3level),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
