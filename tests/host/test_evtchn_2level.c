/* SPDX-License-Identifier: MIT */
/* The 2-level ABI as the guest sees it: which bits and bytes change, for both word sizes, and where vcpu_info lies. */
// links: evtchn/*.c tests/host/env_fake.c common/format.c
#include "tests/host/test_evtchn.h"

/* Open IPI ports on vcpu 0 until this one is open. */
static void open_up_to(struct fake_domain *d, uint32_t port)
{
    while (op_bind_ipi(d, 0) != port)
        ;
}

/* EVT-2L-01, EVT-2L-03, EVT-2L-04, EVT-2L-05, EVT-2L-06 */
static void an_event_sets_pending_selector_and_upcall(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    open_up_to(d, 130);
    assert_int_equal(op_send(d, 130), 0);
    assert_int_equal(guest_pending64(d)[2], 1 << 2);
    assert_int_equal(*guest_sel64(d, 0), 1 << 2);
    assert_int_equal(*guest_upcall(d, 0), 1);
    assert_int_equal(d->kicks[0], 1);
    assert_int_equal(d->wakes, 1);
    assert_int_equal(d->last_wake, 130);
    assert_int_equal(evt_events(d->evt), 1);

    assert_int_equal(op_send(d, 130), 0); /* pending already: nothing at all */
    assert_int_equal(d->wakes, 1);
    assert_int_equal(op_send(d, 129), 0); /* selector set already: no second kick */
    assert_int_equal(d->kicks[0], 1);
    assert_int_equal(d->wakes, 2);
    *guest_upcall(d, 0) = 0;
    assert_int_equal(op_send(d, 64), 0); /* selector 1: the upcall again */
    assert_int_equal(d->kicks[0], 2);
    assert_int_equal(*guest_sel64(d, 0), 6);
}

/* EVT-2L-05, EVT-2L-08, EVT-POLL-05 */
static void a_masked_event_wakes_pollers_only(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    open_up_to(d, 70);
    guest_mask64(d)[1] = 1 << 6;
    assert_int_equal(op_send(d, 70), 0);
    assert_int_equal(guest_pending64(d)[1], 1 << 6);
    assert_int_equal(*guest_sel64(d, 0), 0);
    assert_int_equal(d->kicks[0], 0);
    assert_int_equal(d->last_wake, 70);
    assert_int_equal(op_unmask(d, 70), 0);
    assert_int_equal(guest_mask64(d)[1], 0);
    assert_int_equal(*guest_sel64(d, 0), 2);
    assert_int_equal(d->kicks[0], 1);
    /* Not masked any more: nothing, even though it is pending and the selector clear. */
    guest_ack(d, 0);
    assert_int_equal(op_unmask(d, 70), 0);
    assert_int_equal(*guest_sel64(d, 0), 0);
}

/* EVT-2L-01, EVT-2L-02, EVT-2L-07 */
static void narrow_words_lie_elsewhere(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    evt_latch_word_size(d->evt, 32);
    assert_int_equal(evt_word_size(d->evt), 32);
    open_up_to(d, 1023);
    assert_int_equal(op_bind_ipi(d, 0), -XEN_ENOSPC);
    assert_int_equal(op_send(d, 1023), 0);
    assert_int_equal(guest_pending32(d)[31], 1U << 31);
    assert_int_equal(*guest_sel32(d, 0), 1U << 31);
    assert_int_equal(d->shared_info[2176], 0); /* not a byte beyond the pending words */
    assert_int_equal(*guest_sel64(d, 0), 0);   /* nor beyond the selector */
    guest_mask32(d)[1] = 1;
    assert_int_equal(op_send(d, 32), 0);
    assert_int_equal(*guest_sel32(d, 0), 1U << 31);
    assert_int_equal(op_unmask(d, 32), 0);
    assert_int_equal(*guest_sel32(d, 0), 1U << 31 | 2);
    REFUSED(XEN_EINVAL, op_send(d, 1024));
}

/* EVT-2L-02 */
static void limits_by_word_size(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    open_up_to(d, 4095);
    REFUSED(XEN_ENOSPC, op_bind_ipi(d, 0));
    assert_int_equal(op_close(d, 17), 0);
    assert_int_equal(op_bind_ipi(d, 0), 17);
}

/*
 * EVT-2L-12, EVT-OBJ-01
 * Ports that were opened under 64-bit words lose their bits when 32-bit words are latched, and get them back.
 */
static void ports_beyond_a_new_limit_are_inert(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1), *peer = fake_domain(2);
    open_up_to(d, 2000);
    assert_int_equal(op_alloc_unbound(peer, DOMID_SELF, 1), 1);
    assert_int_equal(op_bind_interdomain(d, 2, 1), 2001);
    memset(d->shared_info + 2048, 0, 1024);
    evt_latch_word_size(d->evt, 32);
    SOUND();
    uint64_t before = fake_snapshot();
    assert_int_equal(op_send(peer, 1), 0);
    assert_true(before == fake_snapshot());
    REFUSED(XEN_EINVAL, op_close(d, 2000));
    evt_latch_word_size(d->evt, 64);
    assert_int_equal(op_send(peer, 1), 0);
    assert_int_equal(guest_pending64(d)[2001 / 64], 1ULL << 2001 % 64);
    evt_latch_word_size(d->evt, 32);
    assert_int_equal(op_reset(d, DOMID_SELF), 0); /* closes them nevertheless */
    assert_int_equal(evt_open_ports(d->evt), 0);
    SOUND();
}

/* EVT-2L-10 */
static void moving_vcpu_info_loses_nothing(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    open_up_to(d, 70);
    assert_int_equal(op_send(d, 70), 0);
    guest_vcpu_info(d, 0)[1] = 1;
    guest_vcpu_info(d, 0)[63] = 0x5a;
    uint8_t *place = d->late_info + 128;
    evt_set_vcpu_info(d->evt, 0, place);
    assert_int_equal(place[0], 1);
    assert_int_equal(place[1], 1);
    assert_int_equal(place[63], 0x5a);
    assert_true(*guest_sel64(d, 0) == UINT64_MAX);
    evt_set_vcpu_info(d->evt, 1, d->late_info + 192); /* upcall was clear: kick */
    assert_int_equal(d->kicks[1], 1);
    assert_int_equal(*guest_upcall(d, 1), 1);
}

/* EVT-2L-13: a bit of the port's former life swallows the first event of the new one, until somebody clears it. */
static void a_stale_bit_swallows_an_event(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    guest_pending64(d)[0] = 1 << 1;
    assert_int_equal(op_bind_ipi(d, 0), 1);
    assert_int_equal(guest_pending64(d)[0], 1 << 1);
    assert_int_equal(op_send(d, 1), 0);
    assert_int_equal(*guest_sel64(d, 0), 0);
    assert_int_equal(d->wakes, 0);
    assert_int_equal(op_close(d, 1), 0);
    assert_int_equal(guest_pending64(d)[0], 0);
    assert_int_equal(op_bind_ipi(d, 0), 1);
    assert_int_equal(op_send(d, 1), 0);
    assert_int_equal(*guest_sel64(d, 0), 1);
}

/* EVT-2L-11 */
static void a_vcpu_without_vcpu_info_is_parked(void **state)
{
    (void)state;
    struct evt_config c = fake_config(1);
    c.nr_vcpus = 128;
    struct fake_domain *d = fake_create(&c);
    assert_int_equal(op_bind_ipi(d, 127), 1);
    assert_int_equal(op_send(d, 1), 0);
    assert_int_equal(guest_pending64(d)[0], 2);
    assert_int_equal(d->last_wake, 1);
    assert_int_equal(d->kicks[127], 0);
    struct evt_port_view view;
    assert_true(evt_view_port(d->evt, 1, &view));
    assert_string_equal(view.why, "vcpu 127 has no vcpu_info");
    evt_set_vcpu_info(d->evt, 127, NULL); /* it never had one */
    assert_int_equal(d->kicks[127], 0);
    evt_set_vcpu_info(d->evt, 127, d->late_info);
    assert_int_equal(d->kicks[127], 1);
    assert_true(*guest_sel64(d, 127) == UINT64_MAX);
    SOUND();
}

/* The first 32 start with an empty place: no spurious upcall at start of day. */
static void the_first_place_is_quiet(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    assert_int_equal(d->kicks[0], 0);
    assert_int_equal(*guest_upcall(d, 0), 0);
    evt_set_vcpu_info(d->evt, 0, NULL); /* taken away and given back: may have missed something */
    assert_int_equal(op_bind_ipi(d, 0), 1);
    assert_int_equal(op_send(d, 1), 0);
    evt_set_vcpu_info(d->evt, 0, d->shared_info);
    assert_int_equal(d->kicks[0], 1);
}

static void a_debugger_sees_why(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1), *peer = fake_domain(2);
    struct evt_port_view view;
    assert_false(evt_view_port(d->evt, 0, &view));
    assert_int_equal(op_bind_ipi(d, 1), 1);
    assert_int_equal(op_bind_virq(d, VIRQ_DEBUG, 2), 2);
    assert_int_equal(op_alloc_unbound(d, DOMID_SELF, 2), 3);
    assert_int_equal(op_bind_interdomain(peer, 1, 3), 1);
    assert_true(evt_view_port(d->evt, 0, &view));
    assert_int_equal(view.port, 1);
    assert_int_equal(view.status, EVTCHNSTAT_ipi);
    assert_int_equal(view.vcpu, 1);
    assert_string_equal(view.why, "");
    assert_true(evt_view_port(d->evt, 2, &view));
    assert_int_equal(view.virq, VIRQ_DEBUG);
    assert_true(evt_view_port(d->evt, 3, &view));
    assert_int_equal(view.peer_domid, 2);
    assert_int_equal(view.peer_port, 1);
    assert_false(evt_view_port(d->evt, 4, &view));

    assert_int_equal(op_send(d, 1), 0);
    assert_true(evt_view_port(d->evt, 1, &view));
    assert_true(view.pending && view.l1 && !view.l2 && !view.masked);
    assert_string_equal(view.why, "");
    guest_vcpu_info(d, 1)[1] = 1;
    assert_true(evt_view_port(d->evt, 1, &view));
    assert_string_equal(view.why, "upcall masked");
    *guest_upcall(d, 1) = 0;
    assert_true(evt_view_port(d->evt, 1, &view));
    assert_string_equal(view.why, "upcall flag of vcpu 1 is clear");
    guest_ack(d, 1);
    assert_true(evt_view_port(d->evt, 1, &view));
    assert_string_equal(view.why, "L1 bit taken by vcpu 1, port not handled");
    guest_mask64(d)[0] = 2;
    assert_true(evt_view_port(d->evt, 1, &view));
    assert_string_equal(view.why, "masked");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(an_event_sets_pending_selector_and_upcall),
        IN_WORLD(a_masked_event_wakes_pollers_only),
        IN_WORLD(narrow_words_lie_elsewhere),
        IN_WORLD(limits_by_word_size),
        IN_WORLD(ports_beyond_a_new_limit_are_inert),
        IN_WORLD(moving_vcpu_info_loses_nothing),
        IN_WORLD(a_stale_bit_swallows_an_event),
        IN_WORLD(a_vcpu_without_vcpu_info_is_parked),
        IN_WORLD(the_first_place_is_quiet),
        IN_WORLD(a_debugger_sees_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
