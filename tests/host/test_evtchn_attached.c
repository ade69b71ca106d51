/* SPDX-License-Identifier: MIT */
/*
 * Xen-attached ports: the hypervisor serves domain 1 through them, and domain 2 has the other end. EVT-OBJ-06,
 * EVT-3L-25.
 */
// links: evtchn/*.c tests/host/env_fake.c common/format.c
#include "tests/host/test_evtchn.h"

static uint32_t attach(struct fake_domain *d, uint16_t remote, unsigned vcpu)
{
    uint32_t port;
    assert_int_equal(evt_attach(d->evt, remote, vcpu, &port), 0);
    SOUND();
    return port;
}

static void allocation(void **state)
{
    (void)state;
    struct evt_config c = fake_config(1);
    c.max_port = 2;
    struct fake_domain *d = fake_create(&c);
    uint32_t port;
    REFUSED(XEN_ENOENT, evt_attach(d->evt, 2, 4, &port));
    assert_int_equal(op_bind_ipi(d, 0), 1);
    assert_int_equal(attach(d, 2, 3), 2); /* from the same numbers as the guest's */
    REFUSED(XEN_ENOSPC, evt_attach(d->evt, 2, 0, &port));
    evt_detach(d->evt, 1); /* not ours: left alone */
    assert_int_equal(evt_open_ports(d->evt), 2);
    evt_detach(d->evt, 2);
    evt_detach(d->evt, 2);
    evt_detach(d->evt, UINT32_MAX);
    assert_int_equal(evt_open_ports(d->evt), 1);
    SOUND();
    evt_domain_set_dying(d->evt);
    REFUSED(XEN_EINVAL, evt_attach(d->evt, 2, 0, &port));
}

static void without_memory(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    uint32_t port;
    for (uint32_t i = 1; i < 256; i++)
        assert_int_equal(op_bind_ipi(d, 0), i);
    fake.fail_alloc = fake.allocs + 1;
    REFUSED(XEN_ENOMEM, evt_attach(d->evt, 2, 0, &port));
}

/* EVT-OBJ-06: Neither its own domain nor a privileged one can touch it; port 1 is unbound, then interdomain. */
static void guests_cannot_touch_it(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1), *peer = fake_domain(2), *dom0 = fake_domain(0);
    struct evtchn_status s;
    attach(d, 2, 1);
    for (unsigned bound = 0; bound < 2; bound++) {
        REFUSED(XEN_EINVAL, op_close(d, 1));
        REFUSED(XEN_EINVAL, op_send(d, 1));
        REFUSED(XEN_EACCES, op_status(d, DOMID_SELF, 1, &s));
        REFUSED(XEN_EACCES, op_status(dom0, 1, 1, &s));
        REFUSED(XEN_EINVAL, op_bind_vcpu(d, 1, 0));
        REFUSED(XEN_EINVAL, evt_port_is_pending(d->evt, 1));
        uint64_t before = fake_snapshot();
        assert_int_equal(op_unmask(d, 1), 0);
        assert_true(before == fake_snapshot());
        if (!bound)
            assert_int_equal(op_bind_interdomain(peer, 1, 1), 1);
    }
    REFUSED(XEN_EINVAL, op_bind_interdomain(peer, 1, 1)); /* taken */
}

/* EVT-OBJ-13: Only for whom it is meant. */
static void binding_it(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1), *peer = fake_domain(2);
    attach(d, 3, 0);
    REFUSED(XEN_EINVAL, op_bind_interdomain(peer, 1, 1));
    REFUSED(XEN_EINVAL, op_bind_interdomain(d, DOMID_SELF, 1));
    attach(d, 2, 0);
    assert_int_equal(op_bind_interdomain(peer, 1, 2), 1);
    struct evtchn_status s;
    assert_int_equal(op_status(peer, DOMID_SELF, 1, &s), 0);
    assert_int_equal(s.status, EVTCHNSTAT_interdomain);
    assert_int_equal(s.u.interdomain.dom, 1);
    assert_int_equal(s.u.interdomain.port, 2);
    SOUND();
}

/* EVT-OBJ-13: The event goes to the consumer and touches no word of the domain whose port it is. */
static void sends_go_to_the_consumer(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1), *peer = fake_domain(2);
    uint8_t page[4096];
    uint32_t port = attach(d, 2, 3);
    assert_int_equal(op_bind_interdomain(peer, 1, port), 1);
    memcpy(page, d->shared_info, sizeof(page));
    assert_int_equal(d->consumed, 0);
    for (unsigned i = 1; i < 4; i++) {
        assert_int_equal(op_send(peer, 1), 0);
        assert_int_equal(d->consumed, i); /* each one: there is no pending bit that would swallow it */
    }
    assert_int_equal(d->consumed_port, port);
    assert_int_equal(d->consumed_vcpu, 3);
    assert_memory_equal(page, d->shared_info, sizeof(page));
    assert_int_equal(d->kicks[3], 0);
    assert_int_equal(d->wakes, 0);
    SOUND();
}

static void a_domain_without_a_consumer(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1), *peer = fake_domain(2);
    uint32_t port = attach(d, 2, 0);
    assert_int_equal(op_bind_interdomain(peer, 1, port), 1);
    d->evt->consume = NULL;
    assert_int_equal(op_send(peer, 1), 0);
    assert_int_equal(d->consumed, 0);
}

static void the_hypervisor_sends(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1), *peer = fake_domain(2);
    uint32_t port = attach(d, 2, 0);
    uint64_t before = fake_snapshot();
    evt_notify_attached(d->evt, port); /* nobody is there yet */
    evt_notify_attached(d->evt, 0);
    evt_notify_attached(d->evt, UINT32_MAX);
    assert_true(before == fake_snapshot());
    assert_int_equal(op_bind_interdomain(peer, 1, port), 1);
    guest_pending64(peer)[0] = 0;
    guest_ack(peer, 0);
    evt_notify_attached(d->evt, port);
    assert_int_equal(guest_pending64(peer)[0], 1 << 1);
    assert_int_equal(peer->kicks[0], 1);
    SOUND();
}

static void closing_either_end(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1), *peer = fake_domain(2);
    uint32_t port = attach(d, 2, 0);
    assert_int_equal(op_bind_interdomain(peer, 1, port), 1);
    assert_int_equal(op_close(peer, 1), 0); /* ours is unbound again, and still ours */
    evt_notify_attached(d->evt, port);
    REFUSED(XEN_EINVAL, op_close(d, port));
    assert_int_equal(op_bind_interdomain(peer, 1, port), 1);
    evt_detach(d->evt, port);
    SOUND();
    assert_int_equal(op_send(peer, 1), 0); /* unbound: dropped */
    assert_int_equal(d->consumed, 0);
    assert_int_equal(op_bind_ipi(d, 0), port); /* the number's next life is a guest's */
    assert_int_equal(op_close(d, port), 0);
}

/*
 * EVT-OBJ-06, EVT-3L-25
 * A reset of either side: the attached port keeps its number, also where 2-level has none for it.
 */
static void it_outlives_a_reset(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1), *peer = fake_domain(2);
    struct evtchn_status s;
    assert_int_equal(op_init_control(d, 0, 0, 0), 0);
    for (uint32_t i = 1; i < 5000; i++)
        assert_int_equal(op_bind_ipi(d, 0), i);
    uint32_t port = attach(d, 2, 1);
    assert_int_equal(port, 5000);
    assert_int_equal(op_bind_interdomain(peer, 1, port), 1);
    REFUSED(XEN_EACCES, op_status(d, DOMID_SELF, port, &s));
    assert_int_equal(op_reset(d, DOMID_SELF), 0);
    assert_string_equal(evt_abi_name(d->evt), "2-level");
    assert_int_equal(evt_open_ports(d->evt), 1);
    SOUND();
    REFUSED(XEN_EINVAL, op_status(d, DOMID_SELF, port, &s)); /* beyond the limit: not even hidden */
    assert_int_equal(op_send(peer, 1), 0);
    assert_int_equal(d->consumed, 1);
    assert_int_equal(d->consumed_port, port);
    evt_notify_attached(d->evt, port);
    assert_int_equal(op_reset(peer, DOMID_SELF), 0);
    SOUND();
    assert_int_equal(op_init_control(d, 0, 0, 0), 0);
    REFUSED(XEN_EACCES, op_status(d, DOMID_SELF, port, &s)); /* valid again */
    assert_int_equal(op_bind_interdomain(peer, 1, port), 1);
    assert_int_equal(op_send(peer, 1), 0);
    assert_int_equal(d->consumed, 2);
    SOUND();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(allocation),           IN_WORLD(without_memory),           IN_WORLD(guests_cannot_touch_it),
        IN_WORLD(binding_it),           IN_WORLD(sends_go_to_the_consumer), IN_WORLD(a_domain_without_a_consumer),
        IN_WORLD(the_hypervisor_sends), IN_WORLD(closing_either_end),       IN_WORLD(it_outlives_a_reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
