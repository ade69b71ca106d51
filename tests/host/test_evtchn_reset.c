/* SPDX-License-Identifier: MIT */
/* Reset with its permission, its continuations and what may come between them; the end of a domain. */
// links: evtchn/*.c tests/host/env_fake.c common/format.c
#include "tests/host/test_evtchn.h"

static struct fake_domain *the_domain;

static int64_t op_reset_cont(struct fake_domain *d, uint16_t dom)
{
    return fake_op(d, EVTCHNOP_reset_cont, &dom, sizeof(dom));
}

static void open_ports(struct fake_domain *d, unsigned n)
{
    while (n--)
        assert_true(op_bind_ipi(d, 0) > 0);
}

/* EVT-OP-25 */
static void who_may_reset_whom(void **state)
{
    (void)state;
    struct fake_domain *a = fake_domain(1), *b = fake_domain(2), *dom0 = fake_domain(0);
    open_ports(b, 3);
    REFUSED(XEN_ESRCH, op_reset(a, 9));
    REFUSED(XEN_EPERM, op_reset(a, 2));
    b->paused = true;
    REFUSED(XEN_EPERM, op_reset(a, 2));
    b->paused = false;
    REFUSED(XEN_EINVAL, op_reset(dom0, 2)); /* not paused */
    b->paused = true;
    assert_int_equal(op_reset(dom0, 2), 0);
    assert_int_equal(evt_open_ports(b->evt), 0);
    b->paused = false;
    open_ports(b, 3);
    assert_int_equal(op_reset(b, 2), 0); /* by its own number */
    assert_int_equal(evt_open_ports(b->evt), 0);
    SOUND();
}

/* EVT-OP-26, EVT-OP-34 */
static void peers_become_unbound(void **state)
{
    (void)state;
    struct fake_domain *a = fake_domain(1), *b = fake_domain(2);
    assert_int_equal(op_alloc_unbound(b, DOMID_SELF, 1), 1);
    assert_int_equal(op_bind_interdomain(a, 2, 1), 1);
    assert_int_equal(op_bind_virq(a, VIRQ_TIMER, 2), 2);
    assert_int_equal(op_bind_vcpu(b, 1, 3), 0);
    assert_int_equal(op_send(a, 1), 0);
    assert_int_equal(op_reset(a, DOMID_SELF), 0);
    struct evtchn_status s;
    assert_int_equal(op_status(b, DOMID_SELF, 1, &s), 0);
    assert_int_equal(s.status, EVTCHNSTAT_unbound);
    assert_int_equal(s.u.unbound.dom, 1);
    assert_int_equal(s.vcpu, 3);
    assert_int_equal(guest_pending64(b)[0], 1 << 1);
    assert_int_equal(op_send(b, 1), 0);
    SOUND();
    assert_int_equal(op_bind_virq(a, VIRQ_TIMER, 2), 1);
}

/*
 * EVT-OP-25, EVT-OP-26
 * 64 ports at a time. Another reset meanwhile must not take the first one's place: it is refused.
 */
static void reset_within_reset(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    open_ports(d, 200);
    fake.yield = true;
    assert_int_equal(op_reset(d, DOMID_SELF), -XEN_ERESTART);
    assert_int_equal(evt_open_ports(d->evt), 200 - 63); /* port 0 is one of the 64 */
    SOUND();
    assert_int_equal(op_register64(d, 0, false), -XEN_EBUSY);
    REFUSED(XEN_EBUSY, op_init_control(d, 0, 0, 0));
    REFUSED(XEN_EBUSY, op_reset(d, DOMID_SELF));
    assert_int_equal(op_reset_cont(d, DOMID_SELF), -XEN_ERESTART);
    assert_int_equal(evt_open_ports(d->evt), 200 - 63 - 64);
    fake.yield = false;
    REFUSED(XEN_EBUSY, op_reset(d, DOMID_SELF));
    assert_int_equal(op_reset_cont(d, DOMID_SELF), 0);
    assert_int_equal(evt_open_ports(d->evt), 0);
    SOUND();
}

/* EVT-OP-26, EVT-OP-28 */
static void continued_by_number(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    open_ports(d, 200);
    REFUSED(XEN_EBUSY, op_reset_cont(d, DOMID_SELF));
    REFUSED(XEN_ESRCH, op_reset_cont(d, 5));
    fake.yield = true;
    int64_t rc = op_reset(d, DOMID_SELF);
    for (unsigned i = 0; rc == -XEN_ERESTART && i < 100; i++)
        rc = op_reset_cont(d, DOMID_SELF);
    assert_int_equal(rc, 0);
    assert_int_equal(evt_open_ports(d->evt), 0);
    REFUSED(XEN_EBUSY, op_reset_cont(d, DOMID_SELF));
    SOUND();
}

/* EVT-OP-27: A port that is opened behind the reset's back fails it, and the ABI stays. */
static void ports_opened_meanwhile(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    assert_int_equal(op_register64(d, 0, true), 0);
    open_ports(d, 200);
    fake.yield = true;
    assert_int_equal(op_reset(d, DOMID_SELF), -XEN_ERESTART);
    assert_int_equal(op_bind_ipi(d, 0), 1);
    fake.yield = false;
    assert_int_equal(op_reset_cont(d, DOMID_SELF), -XEN_EAGAIN);
    assert_string_equal(evt_abi_name(d->evt), "3-level");
    assert_int_equal(evt_open_ports(d->evt), 1);
    SOUND();
    assert_int_equal(op_reset(d, DOMID_SELF), 0);
    assert_string_equal(evt_abi_name(d->evt), "2-level");
    SOUND();
}

static void another_cpu_waits_already(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    assert_int_equal(op_register64(d, 0, true), 0);
    open_ports(d, 10);
    fake.quiesce_busy = true;
    assert_int_equal(op_reset(d, DOMID_SELF), -XEN_ERESTART);
    assert_string_equal(evt_abi_name(d->evt), "3-level");
    fake.quiesce_busy = false;
    assert_int_equal(op_reset_cont(d, DOMID_SELF), 0);
    SOUND();
}

/* While this CPU waits in the reset, others use the 2-level ABI and may not start anything of the kind. */
static void meanwhile(void)
{
    struct fake_domain *d = the_domain;
    assert_string_equal(evt_abi_name(d->evt), "2-level");
    assert_int_equal(op_reset(d, DOMID_SELF), -XEN_EBUSY);
    assert_int_equal(op_reset_cont(d, DOMID_SELF), -XEN_EBUSY);
    assert_int_equal(op_register64(d, 16, false), -XEN_EBUSY);
    assert_int_equal(op_register_l2(d, 1, 33, 0), -XEN_EINVAL);
    assert_true(d->refs[0] > 0); /* the frames stay until everybody has left the old functions */
    assert_int_equal(op_bind_ipi(d, 0), 1);
    assert_int_equal(op_send(d, 1), 0);
    assert_int_equal(guest_pending64(d)[0], 2);
}

/* EVT-3L-24 */
static void others_go_on_during_the_wait(void **state)
{
    (void)state;
    struct fake_domain *d = the_domain = fake_domain(1);
    assert_int_equal(op_register64(d, 0, true), 0);
    assert_int_equal(op_register_l2(d, 0, 32, 0), 0);
    open_ports(d, 10);
    fake.on_quiesce = meanwhile;
    assert_int_equal(op_reset(d, DOMID_SELF), 0);
    assert_null(fake.on_quiesce);
    assert_int_equal(evt_open_ports(d->evt), 1);
    SOUND();
}

/* EVT-OBJ-08, EVT-OP-34 */
static void a_dying_domain_closes_in_steps(void **state)
{
    (void)state;
    struct fake_domain *a = fake_domain(1), *b = fake_domain(2);
    open_ports(a, 150);
    assert_int_equal(op_alloc_unbound(b, DOMID_SELF, 1), 1);
    assert_int_equal(op_bind_interdomain(a, 2, 1), 151);
    fake_attach_xen(a, 3);
    evt_domain_set_dying(a->evt);
    fake.yield = true;
    assert_int_equal(evt_domain_close_ports(a->evt), -XEN_ERESTART);
    assert_int_equal(op_send(b, 1), 0); /* still bound */
    assert_int_equal(op_alloc_unbound(a, DOMID_SELF, 1), -XEN_EINVAL);
    fake.yield = false;
    fake.quiesce_busy = true;
    assert_int_equal(evt_domain_close_ports(a->evt), -XEN_ERESTART);
    fake.quiesce_busy = false;
    assert_int_equal(evt_domain_close_ports(a->evt), 0);
    assert_int_equal(evt_open_ports(a->evt), 0); /* Xen-attached ones as well */
    struct evtchn_status s;
    assert_int_equal(op_status(b, DOMID_SELF, 1, &s), 0);
    assert_int_equal(s.status, EVTCHNSTAT_unbound);
    SOUND();
}

/*
 * EVT-3L-24
 * A domain that dies on 3-level, in the middle of a reset, gives every frame and page back (fake_end looks).
 */
static void death_on_3level(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    assert_int_equal(op_register64(d, 0, true), 0);
    assert_int_equal(op_register_l2(d, 0, 32, 0), 0);
    assert_int_equal(op_register_l2(d, 1, 32, 512), 0);
    open_ports(d, 1000);
    fake.yield = true;
    assert_int_equal(op_reset(d, DOMID_SELF), -XEN_ERESTART);
    fake_destroy(d);
    assert_int_equal(fake.pages, 0);
}

/*
 * EVT-3L-24, EVT-FIFO-23
 * A page holds 32 vcpus: behind the last of them there is no other. All of them give their frames back (SOUND, and the
 * domain's end).
 */
static void all_vcpus_of_a_full_page(void **state)
{
    (void)state;
    struct evt_config c = fake_config(1);
    c.nr_vcpus = 32;
    struct fake_domain *d = fake_create(&c);
    assert_int_equal(op_register64(d, 0, true), 0);
    assert_int_equal(op_register_l2(d, 31, 32, 512), 0);
    assert_int_equal(op_reset(d, DOMID_SELF), 0);
    assert_int_equal(op_init_control(d, 31, 33, 0), 0);
    assert_int_equal(op_reset(d, DOMID_SELF), 0);
    assert_int_equal(d->refs[32] + d->refs[33], 0);
    SOUND();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(who_may_reset_whom),
        IN_WORLD(peers_become_unbound),
        IN_WORLD(reset_within_reset),
        IN_WORLD(continued_by_number),
        IN_WORLD(ports_opened_meanwhile),
        IN_WORLD(another_cpu_waits_already),
        IN_WORLD(others_go_on_during_the_wait),
        IN_WORLD(a_dying_domain_closes_in_steps),
        IN_WORLD(death_on_3level),
        IN_WORLD(all_vcpus_of_a_full_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
