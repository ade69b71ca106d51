/* SPDX-License-Identifier: MIT */
/*
 * What another CPU may do in the moment before a lock is taken (fake.on_lock), where the core says that it looks again.
 * tests/model goes through all such moments; here each has a name.
 */
// links: evtchn/*.c tests/host/env_fake.c common/format.c
#include "tests/host/test_evtchn.h"

static struct fake_domain *d, *peer;
static uint32_t port;

static void then(void (*other)(void), unsigned locks_before)
{
    fake.on_lock = other;
    fake.locks_before = locks_before;
}

static void it_happened(void)
{
    assert_null(fake.on_lock);
    SOUND();
}

/* --- A port is closed while its peer closes, and is bound anew. */

static void peer_leaves_and_comes_back(void)
{
    assert_int_equal(op_close(peer, port), 0);
    assert_int_equal(op_alloc_unbound(peer, DOMID_SELF, 9), port); /* another port of its domain this time */
    assert_true(op_bind_interdomain(peer, evt_domid(d->evt), port) > (int64_t)port);
}

static void peer_leaves(void)
{
    assert_int_equal(op_close(peer, port), 0);
}

static void make_pair(uint16_t first, uint16_t second)
{
    d = fake_domain(first);
    peer = fake_domain(second);
    port = 1;
    assert_int_equal(op_alloc_unbound(peer, DOMID_SELF, first), 1);
    assert_int_equal(op_bind_interdomain(d, second, 1), 1);
}

/* Before its own lock is taken; or in between, when it was given up because the peer's has the lower address. */
static void close_meets(void (*other)(void), unsigned locks_before)
{
    fake_begin();
    make_pair(1, 2);
    if (evt_port_of(d->evt, port) < evt_port_of(peer->evt, port)) {
        struct fake_domain *kept = d;
        d = peer;
        peer = kept;
    }
    then(other, locks_before);
    assert_int_equal(op_close(d, port), 0);
    it_happened();
    struct evtchn_status s;
    assert_int_equal(op_status(d, DOMID_SELF, port, &s), 0);
    assert_int_equal(s.status, EVTCHNSTAT_closed);
    fake_end();
}

static void close_meets_the_peers_close(void **state)
{
    (void)state;
    close_meets(peer_leaves, 1);
    close_meets(peer_leaves, 2);
}

static void close_meets_a_new_peer(void **state)
{
    (void)state;
    close_meets(peer_leaves_and_comes_back, 1);
    close_meets(peer_leaves_and_comes_back, 2);
}

/* --- A virq is raised while its port is closed, and bound as something else. */

static void port_closes(void)
{
    assert_int_equal(op_close(d, port), 0);
}

static void port_becomes_an_ipi(void)
{
    port_closes();
    assert_int_equal(op_bind_ipi(d, 0), port);
}

static void port_becomes_another_virq(void)
{
    port_closes();
    assert_int_equal(op_bind_virq(d, VIRQ_DEBUG, 1), port);
}

static void port_becomes_the_virq_of_another_vcpu(void)
{
    port_closes();
    assert_int_equal(op_bind_virq(d, VIRQ_TIMER, 2), port);
}

static void virq_meets_another_life(void **state)
{
    (void)state;
    static void (*const others[])(void) = {port_closes, port_becomes_an_ipi, port_becomes_another_virq,
                                           port_becomes_the_virq_of_another_vcpu};
    for (unsigned i = 0; i < 4; i++) {
        fake_begin();
        d = fake_domain(1);
        port = (uint32_t)op_bind_virq(d, VIRQ_TIMER, 1);
        then(others[i], 0);
        evt_raise_virq(d->evt, 1, VIRQ_TIMER);
        it_happened();
        assert_int_equal(evt_events(d->evt), 0);
        fake_end();
    }
}

/* --- A physical interrupt fires while its port is closed, and bound as something else. */

static void port_becomes_another_pirq(void)
{
    port_closes();
    assert_int_equal(op_bind_pirq(d, 4, 0), port);
}

static void pirq_meets_another_life(void **state)
{
    (void)state;
    static void (*const others[])(void) = {port_closes, port_becomes_an_ipi, port_becomes_another_pirq};
    for (unsigned i = 0; i < 3; i++) {
        fake_begin();
        d = fake_domain(1);
        port = (uint32_t)op_bind_pirq(d, 3, 0);
        then(others[i], 0);
        evt_raise_pirq(d->evt, 3);
        it_happened();
        assert_int_equal(evt_events(d->evt), 0);
        fake_end();
    }
}

/* --- The word size is latched between the checks of a switch and the switch. */

static void latch_32(void)
{
    evt_latch_word_size(d->evt, 32);
}

static void latch_meets_the_switch(void **state)
{
    (void)state;
    fake_begin();
    d = fake_domain(1);
    then(latch_32, 1);
    assert_int_equal(op_register64(d, 0, true), 0);
    it_happened();
    assert_int_equal(evt_word_size(d->evt), 64);
    assert_int_equal(op_reset(d, DOMID_SELF), 0);
    assert_int_equal(evt_word_size(d->evt), 32);
    fake_end();
}

/* --- FIFO: a port is linked while another CPU links it, elsewhere. */

enum { OLD = 3, NEW = 5, THIRD = 9 };

static uint32_t *word(void)
{
    return (uint32_t *)(void *)d->frames[1] + port;
}

static bool is_ready(unsigned queue)
{
    uint32_t ready;
    memcpy(&ready, d->frames[0], 4);
    return ready >> queue & 1;
}

/* A pair; d is on FIFO; its port was linked at priority OLD and consumed, and goes to NEW the next time. */
static void make_fifo_pair(void)
{
    fake_begin();
    make_pair(1, 2);
    assert_int_equal(op_init_control(d, 0, 0, 0), 0);
    assert_int_equal(op_expand_array(d, 1), 0);
    *word() = 0; /* the event of the binding has been consumed */
    assert_int_equal(op_set_priority(d, port, OLD), 0);
    assert_int_equal(op_send(peer, 1), 0);
    assert_true(is_ready(OLD));
    *word() = 0;
    memset(d->frames[0], 0, 4096);
    assert_int_equal(op_set_priority(d, port, NEW), 0);
}

static void consume_then_unmask_at(uint32_t priority)
{
    *word() = 1U << EVTCHN_FIFO_PENDING | 1U << EVTCHN_FIFO_MASKED;
    assert_int_equal(op_set_priority(d, port, priority), 0);
    assert_int_equal(op_unmask(d, port), 0);
}

static void linked_at_new(void)
{
    consume_then_unmask_at(NEW);
}

static void linked_at_old(void)
{
    consume_then_unmask_at(OLD);
}

static void linked_at_third(void)
{
    consume_then_unmask_at(THIRD);
}

/* Locks of a send: the sender's port, the old queue, the new queue. */
static void send_meets(void (*other)(void), unsigned locks_before, unsigned queue)
{
    make_fifo_pair();
    then(other, locks_before);
    assert_int_equal(op_send(peer, 1), 0);
    it_happened();
    assert_true(is_ready(queue));
    assert_int_equal(*word(), 1U << EVTCHN_FIFO_PENDING | 1U << EVTCHN_FIFO_LINKED);
    memset(d->frames[0], 0, 4096);
    *word() = 0;
    fake_end();
}

static void moving_ports_are_linked_once(void **state)
{
    (void)state;
    send_meets(linked_at_new, 1, NEW); /* it has moved already */
    send_meets(linked_at_old, 1, OLD); /* it stays where it was */
    send_meets(linked_at_third, 2, THIRD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(close_meets_the_peers_close), cmocka_unit_test(close_meets_a_new_peer),
        cmocka_unit_test(virq_meets_another_life),     cmocka_unit_test(pirq_meets_another_life),
        cmocka_unit_test(latch_meets_the_switch),      cmocka_unit_test(moving_ports_are_linked_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
