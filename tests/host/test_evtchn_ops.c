/* SPDX-License-Identifier: MIT */
/*
 * Every row of the operations table of the specification: each check, in its order (a call that is wrong in two ways
 * gets the earlier error), nothing changed by a refusal, and the effect.
 */
// links: evtchn/*.c tests/host/env_fake.c common/format.c
#include "tests/host/test_evtchn.h"

static void expect_status(struct fake_domain *d, uint32_t port, uint32_t status, uint32_t vcpu)
{
    struct evtchn_status s;
    assert_int_equal(op_status(d, DOMID_SELF, port, &s), 0);
    assert_int_equal(s.status, status);
    assert_int_equal(s.vcpu, vcpu);
}

/* A pair of domains 1 and 2 with one interdomain channel: port 1 here, port 1 there. */
struct pair {
    struct fake_domain *a, *b;
};

static struct pair make_pair(void)
{
    struct pair p = {fake_domain(1), fake_domain(2)};
    assert_int_equal(op_alloc_unbound(p.b, DOMID_SELF, 1), 1);
    assert_int_equal(op_bind_interdomain(p.a, 2, 1), 1);
    guest_pending64(p.a)[0] = 0;
    guest_ack(p.a, 0);
    return p;
}

/* EVT-OP-02 */
static void unknown_operations(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    uint64_t zero[4] = {0};
    REFUSED(XEN_ENOSYS, fake_op(d, 15, zero, 32));
    REFUSED(XEN_ENOSYS, fake_op(d, 0x8a, zero, 32));
    REFUSED(XEN_ENOSYS, fake_op(d, 0x8d, zero, 32));
    REFUSED(XEN_ENOSYS, fake_op(d, UINT32_MAX, zero, 32));
}

/*
 * EVT-OP-01, EVT-OP-04
 * -EFAULT comes before anything else that could be said about the argument; the argument may end where memory ends.
 */
static void bad_pointers(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    static const uint8_t size[15] = {12, 12, 12, 4, 4, 24, 8, 8, 8, 4, 2, 24, 8, 8, 2};
    for (uint32_t cmd = 0; cmd < 15; cmd++) {
        REFUSED(XEN_EFAULT, evt_hypercall(d->evt, cmd, 0, false));
        REFUSED(XEN_EFAULT, evt_hypercall(d->evt, cmd, UINT64_MAX - 1, false));
        uint64_t last = FAKE_GUEST_BASE + FAKE_GUEST_SIZE - size[cmd];
        REFUSED(XEN_EFAULT, evt_hypercall(d->evt, cmd, last + 1, false));
        memset(fake.guest, 0xff, FAKE_GUEST_SIZE);
        assert_int_not_equal(evt_hypercall(d->evt, cmd, last, false), -XEN_EFAULT);
    }
    REFUSED(XEN_EFAULT, evt_hypercall(d->evt, EVTCHNOP_register_3level, FAKE_GUEST_BASE + FAKE_GUEST_SIZE - 31, false));
    REFUSED(XEN_EFAULT, evt_hypercall(d->evt, EVTCHNOP_register_3level, FAKE_GUEST_BASE + FAKE_GUEST_SIZE - 15, true));
}

/* EVT-OP-03: A result that cannot be delivered does not undo the operation. */
static void failed_copy_out_leaves_it_done(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    struct evtchn_bind_ipi a = {.vcpu = 0};
    fake.no_copy_out = FAKE_GUEST_BASE + 4;
    assert_int_equal(fake_op(d, EVTCHNOP_bind_ipi, &a, sizeof(a)), -XEN_EFAULT);
    expect_status(d, 1, EVTCHNSTAT_ipi, 0);
    SOUND();
}

/* EVT-OP-16: The real Xen's free ports belong to vcpu 0, whoever had them before (conformance: close/ok/ipi1/2l). */
static void closed_port_forgets_its_vcpu(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    assert_int_equal(op_bind_ipi(d, 1), 1);
    expect_status(d, 1, EVTCHNSTAT_ipi, 1);
    assert_int_equal(op_close(d, 1), 0);
    expect_status(d, 1, EVTCHNSTAT_closed, 0);
}

/* EVT-OP-10 */
static void bind_interdomain_refusals(void **state)
{
    (void)state;
    struct fake_domain *a = fake_domain(1), *b = fake_domain(2);
    assert_int_equal(op_alloc_unbound(b, DOMID_SELF, 3), 1);
    REFUSED(XEN_ESRCH, op_bind_interdomain(a, 9, UINT32_MAX));
    REFUSED(XEN_ESRCH, op_bind_interdomain(a, DOMID_IO, 1));
    REFUSED(XEN_EINVAL, op_bind_interdomain(a, 2, UINT32_MAX));
    REFUSED(XEN_EINVAL, op_bind_interdomain(a, 2, 0));
    REFUSED(XEN_EINVAL, op_bind_interdomain(a, 2, 1)); /* meant for 3 */
    REFUSED(XEN_EINVAL, op_bind_interdomain(a, 2, 2)); /* free */
    /* The own port that would be handed out next: must not be locked twice. */
    REFUSED(XEN_EINVAL, op_bind_interdomain(a, DOMID_SELF, 1));
    assert_int_equal(op_bind_ipi(b, 0), 2);
    REFUSED(XEN_EINVAL, op_bind_interdomain(a, 2, 2));
}

/* EVT-OP-10, EVT-OBJ-08: ALLOC comes before the look at the remote port. */
static void bind_interdomain_without_room(void **state)
{
    (void)state;
    struct evt_config c = fake_config(1);
    c.max_port = 1;
    struct fake_domain *a = fake_create(&c);
    fake_domain(2);
    assert_int_equal(op_bind_ipi(a, 0), 1);
    REFUSED(XEN_ENOSPC, op_bind_interdomain(a, 2, UINT32_MAX));
    REFUSED(XEN_ESRCH, op_bind_interdomain(a, 7, UINT32_MAX));
    evt_domain_set_dying(a->evt);
    REFUSED(XEN_EINVAL, op_bind_ipi(a, 0));
}

/* EVT-OP-11, EVT-OP-19, EVT-OP-32 */
static void bind_interdomain_binds_and_raises_the_local_port(void **state)
{
    (void)state;
    struct fake_domain *a = fake_domain(1), *b = fake_domain(2);
    assert_int_equal(op_bind_ipi(a, 0), 1);
    assert_int_equal(op_alloc_unbound(b, DOMID_SELF, 1), 1);
    assert_int_equal(op_bind_vcpu(b, 1, 3), 0);
    assert_int_equal(op_bind_interdomain(a, 2, 1), 2);
    assert_int_equal(guest_pending64(a)[0], 1 << 2);
    assert_int_equal(guest_pending64(b)[0], 0);
    assert_int_equal(a->kicks[0], 1);
    assert_int_equal(a->last_wake, 2);
    struct evtchn_status s;
    assert_int_equal(op_status(a, DOMID_SELF, 2, &s), 0);
    assert_int_equal(s.status, EVTCHNSTAT_interdomain);
    assert_int_equal(s.u.interdomain.dom, 2);
    assert_int_equal(s.u.interdomain.port, 1);
    assert_int_equal(op_status(b, DOMID_SELF, 1, &s), 0);
    assert_int_equal(s.u.interdomain.dom, 1);
    assert_int_equal(s.u.interdomain.port, 2);
    assert_int_equal(s.vcpu, 3);
    SOUND();
    REFUSED(XEN_EINVAL, op_bind_interdomain(a, 2, 1)); /* taken now */
}

/* EVT-OP-11, EVT-OP-15: Both ends in one domain, in either order of addresses. */
static void loop_within_a_domain(void **state)
{
    (void)state;
    struct fake_domain *a = fake_domain(1);
    assert_int_equal(op_alloc_unbound(a, DOMID_SELF, DOMID_SELF), 1);
    assert_int_equal(op_bind_interdomain(a, DOMID_SELF, 1), 2);
    guest_pending64(a)[0] = 0;
    assert_int_equal(op_send(a, 1), 0);
    assert_int_equal(guest_pending64(a)[0], 1 << 2);
    assert_int_equal(op_send(a, 2), 0);
    assert_int_equal(guest_pending64(a)[0], 1 << 2 | 1 << 1);
    assert_int_equal(op_close(a, 1), 0);
    assert_int_equal(op_bind_interdomain(a, 1, 2), 1);
    SOUND();
    assert_int_equal(op_close(a, 2), 0);
    expect_status(a, 1, EVTCHNSTAT_unbound, 0);
    SOUND();
}

/* EVT-OP-12 */
static void bind_virq_rules(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    REFUSED(XEN_EINVAL, op_bind_virq(d, 24, 99));
    REFUSED(XEN_EINVAL, op_bind_virq(d, VIRQ_CONSOLE, 99)); /* global, not vcpu 0: before the vcpu is looked at */
    REFUSED(XEN_EINVAL, op_bind_virq(d, VIRQ_CONSOLE, 1));
    REFUSED(XEN_ENOENT, op_bind_virq(d, VIRQ_TIMER, 4));
    assert_int_equal(op_bind_virq(d, VIRQ_TIMER, 3), 1);
    REFUSED(XEN_EEXIST, op_bind_virq(d, VIRQ_TIMER, 3));
    assert_int_equal(op_bind_virq(d, VIRQ_TIMER, 0), 2);
    expect_status(d, 1, EVTCHNSTAT_virq, 3);
    assert_int_equal(op_close(d, 1), 0);
    assert_int_equal(op_bind_virq(d, VIRQ_TIMER, 3), 1);
    SOUND();
}

/* EVT-OP-33: A page holds 32 vcpus; behind it there is nothing to look at. */
static void no_virq_is_raised_behind_the_last_vcpu(void **state)
{
    (void)state;
    struct evt_config c = fake_config(1);
    c.nr_vcpus = 32;
    struct fake_domain *d = fake_create(&c);
    assert_int_equal(op_bind_virq(d, VIRQ_TIMER, 31), 1);
    evt_raise_virq(d->evt, 32, VIRQ_TIMER);
    assert_int_equal(guest_pending64(d)[0], 0);
    evt_raise_virq(d->evt, 31, VIRQ_TIMER);
    assert_int_equal(guest_pending64(d)[0], 1 << 1);
}

/* EVT-OBJ-07, EVT-OP-33 */
static void virqs_are_raised_where_they_are_bound(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    evt_raise_virq(d->evt, 0, VIRQ_TIMER);
    evt_raise_virq(d->evt, 99, VIRQ_TIMER);
    evt_raise_virq(d->evt, 0, 24);
    assert_int_equal(op_bind_virq(d, VIRQ_TIMER, 1), 1);
    assert_int_equal(op_bind_virq(d, VIRQ_CONSOLE, 0), 2);
    evt_raise_virq(d->evt, 0, VIRQ_TIMER);
    assert_int_equal(guest_pending64(d)[0], 0);
    evt_raise_virq(d->evt, 1, VIRQ_TIMER);
    assert_int_equal(guest_pending64(d)[0], 1 << 1);
    assert_int_equal(d->kicks[1], 1);
    assert_int_equal(op_bind_vcpu(d, 2, 3), 0); /* global ones move ... */
    evt_raise_virq(d->evt, 0, VIRQ_CONSOLE);
    assert_int_equal(d->kicks[3], 1);
    REFUSED(XEN_EEXIST, op_bind_virq(d, VIRQ_CONSOLE, 0)); /* and are bound on vcpu 0 nevertheless */
    REFUSED(XEN_EINVAL, op_bind_virq(d, VIRQ_CONSOLE, 3));
    REFUSED(XEN_EINVAL, op_bind_vcpu(d, 1, 2)); /* ... per-vcpu ones do not */
    assert_int_equal(op_close(d, 2), 0);
    assert_int_equal(op_bind_virq(d, VIRQ_CONSOLE, 0), 2);
    SOUND();
}

/* EVT-OP-14, EVT-OBJ-02, EVT-OBJ-06 */
static void close_refusals(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    REFUSED(XEN_EINVAL, op_close(d, 0));
    REFUSED(XEN_EINVAL, op_close(d, 1));
    REFUSED(XEN_EINVAL, op_close(d, 256));
    REFUSED(XEN_EINVAL, op_close(d, UINT32_MAX));
    assert_int_equal(op_bind_ipi(d, 0), 1);
    fake_attach_xen(d, 1);
    REFUSED(XEN_EINVAL, op_close(d, 1));
}

/* EVT-OP-15, EVT-OP-32 */
static void close_clears_pending_and_unbinds_the_peer(void **state)
{
    (void)state;
    struct pair p = make_pair();
    assert_int_equal(op_bind_vcpu(p.b, 1, 2), 0);
    assert_int_equal(op_send(p.b, 1), 0);
    assert_int_equal(guest_pending64(p.a)[0], 2);
    assert_int_equal(op_close(p.a, 1), 0);
    assert_int_equal(guest_pending64(p.a)[0], 0);
    expect_status(p.a, 1, EVTCHNSTAT_closed, 0);
    struct evtchn_status s;
    assert_int_equal(op_status(p.b, DOMID_SELF, 1, &s), 0);
    assert_int_equal(s.status, EVTCHNSTAT_unbound);
    assert_int_equal(s.u.unbound.dom, 1);
    assert_int_equal(s.vcpu, 2);
    SOUND();
    assert_int_equal(op_bind_interdomain(p.a, 2, 1), 1); /* and may be bound again by the same domain */
}

/* EVT-OP-17, EVT-OBJ-02, EVT-OBJ-06 */
static void send_by_state(void **state)
{
    (void)state;
    struct pair p = make_pair();
    REFUSED(XEN_EINVAL, op_send(p.a, 0));
    REFUSED(XEN_EINVAL, op_send(p.a, 2));
    REFUSED(XEN_EINVAL, op_send(p.a, 4096));
    REFUSED(XEN_EINVAL, op_send(p.a, UINT32_MAX));
    assert_int_equal(op_send(p.a, 1), 0);
    assert_int_equal(guest_pending64(p.b)[0], 2);
    assert_int_equal(op_bind_ipi(p.a, 2), 2);
    assert_int_equal(op_send(p.a, 2), 0);
    assert_int_equal(p.a->kicks[2], 1);
    assert_int_equal(op_bind_virq(p.a, VIRQ_TIMER, 0), 3);
    REFUSED(XEN_EINVAL, op_send(p.a, 3));
    assert_int_equal(op_alloc_unbound(p.a, DOMID_SELF, 2), 4);
    uint64_t before = fake_snapshot();
    assert_int_equal(op_send(p.a, 4), 0); /* dropped */
    assert_true(before == fake_snapshot());
    fake_attach_xen(p.a, 2);
    REFUSED(XEN_EINVAL, op_send(p.a, 2));
}

/* EVT-OP-18, EVT-OP-19, EVT-OBJ-05, EVT-OBJ-06 */
static void status_order_of_checks(void **state)
{
    (void)state;
    struct fake_domain *a = fake_domain(1), *b = fake_domain(2), *dom0 = fake_domain(0);
    struct evtchn_status s;
    assert_int_equal(op_alloc_unbound(b, DOMID_SELF, 77), 1);
    REFUSED(XEN_ESRCH, op_status(a, 9, UINT32_MAX, &s));
    REFUSED(XEN_EINVAL, op_status(a, 2, UINT32_MAX, &s));
    REFUSED(XEN_EPERM, op_status(a, 2, 1, &s));
    assert_int_equal(op_status(dom0, 2, 1, &s), 0);
    assert_int_equal(s.status, EVTCHNSTAT_unbound);
    assert_int_equal(s.u.unbound.dom, 77);
    fake_attach_xen(b, 1);
    REFUSED(XEN_EACCES, op_status(a, 2, 1, &s)); /* before -EPERM */
    REFUSED(XEN_EACCES, op_status(b, DOMID_SELF, 1, &s));
    assert_int_equal(op_bind_virq(b, VIRQ_DEBUG, 1), 2);
    assert_int_equal(op_status(b, 2, 2, &s), 0);
    assert_int_equal(s.u.virq, VIRQ_DEBUG);
    assert_int_equal(op_status(b, 2, 0, &s), 0);
    assert_int_equal(s.status, EVTCHNSTAT_closed);
}

/* EVT-OP-06, EVT-OP-20, EVT-OP-21 */
static void alloc_unbound_rules(void **state)
{
    (void)state;
    struct fake_domain *a = fake_domain(1), *b = fake_domain(2), *dom0 = fake_domain(0);
    REFUSED(XEN_ESRCH, op_alloc_unbound(a, 9, 1));
    REFUSED(XEN_EPERM, op_alloc_unbound(a, 2, 1));
    assert_int_equal(op_alloc_unbound(b, 2, 1), 1); /* the port of the refusal was not lost */
    assert_int_equal(op_alloc_unbound(dom0, 2, DOMID_SELF), 2);
    struct evtchn_status s;
    assert_int_equal(op_status(b, DOMID_SELF, 2, &s), 0);
    assert_int_equal(s.u.unbound.dom, 0);                       /* SELF is the caller, not the target */
    assert_int_equal(op_alloc_unbound(a, DOMID_SELF, 4711), 1); /* nobody need have that id */
    evt_domain_set_dying(b->evt);
    REFUSED(XEN_EINVAL, op_alloc_unbound(a, 2, 1)); /* ALLOC before TARGET */
}

/* EVT-OP-22, EVT-OP-23, EVT-2L-09 */
static void bind_ipi_and_bind_vcpu(void **state)
{
    (void)state;
    struct pair p = make_pair();
    REFUSED(XEN_ENOENT, op_bind_ipi(p.a, 4));
    REFUSED(XEN_ENOENT, op_bind_ipi(p.a, UINT32_MAX));
    assert_int_equal(op_bind_ipi(p.a, 3), 2);
    REFUSED(XEN_ENOENT, op_bind_vcpu(p.a, UINT32_MAX, 4));
    REFUSED(XEN_EINVAL, op_bind_vcpu(p.a, UINT32_MAX, 1));
    REFUSED(XEN_EINVAL, op_bind_vcpu(p.a, 0, 1));
    REFUSED(XEN_EINVAL, op_bind_vcpu(p.a, 2, 1)); /* ipi */
    REFUSED(XEN_EINVAL, op_bind_vcpu(p.a, 3, 1)); /* free */
    assert_int_equal(op_bind_vcpu(p.a, 1, 3), 0);
    assert_int_equal(op_send(p.b, 1), 0);
    assert_int_equal(p.a->kicks[3], 1);
    /* On 2-level the move of a pending event raises nothing. */
    assert_int_equal(op_bind_vcpu(p.a, 1, 2), 0);
    assert_int_equal(p.a->kicks[2], 0);
    fake_attach_xen(p.a, 1);
    REFUSED(XEN_EINVAL, op_bind_vcpu(p.a, 1, 1));
}

/* EVT-OP-24, EVT-OBJ-02, EVT-OBJ-06 */
static void unmask_rules(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    REFUSED(XEN_EINVAL, op_unmask(d, 256));
    guest_mask64(d)[0] = guest_pending64(d)[0] = UINT64_MAX;
    uint64_t before = fake_snapshot();
    assert_int_equal(op_unmask(d, 0), 0);
    assert_int_equal(op_unmask(d, 1), 0);
    assert_int_equal(op_bind_ipi(d, 0), 1);
    fake_attach_xen(d, 1);
    assert_int_equal(op_unmask(d, 1), 0);
    assert_int_equal(guest_mask64(d)[0], UINT64_MAX);
    assert_int_equal(d->kicks[0], 0);
    assert_true(before != 0);
}

/*
 * EVT-3L-03, EVT-3L-05, EVT-OP-29, EVT-FIFO-24
 * A domain hears of what it may use; the operations of FIFO are absent for one that may not.
 */
static void numbering_and_permission(void **state)
{
    (void)state;
    struct evt_config c = fake_config(1);
    struct fake_domain *xen = fake_create(&c);
    c.domid = 2;
    c.rfc_numbering = true;
    struct fake_domain *rfc = fake_create(&c);
    c.domid = 3;
    c.extended = EVTCHN_EXTENDED_FIFO;
    struct fake_domain *no = fake_create(&c);
    c.domid = 0;
    c.extended = EVTCHN_EXTENDED_3LEVEL;
    c.rfc_numbering = false;
    struct fake_domain *only3 = fake_create(&c);
    struct evtchn_query_extended_abis q = {0};
    uint32_t arg[8] = {9999};

    assert_int_equal(fake_op(xen, EVTCHNOP_query_extended_abis, &q, 8), 0);
    assert_int_equal(q.abis, EVTCHN_EXTENDED_3LEVEL | EVTCHN_EXTENDED_FIFO);
    REFUSED(XEN_ENOSYS, fake_op(only3, 11, arg, 24));
    REFUSED(XEN_ENOSYS, fake_op(only3, 12, arg, 24));
    REFUSED(XEN_EINVAL, fake_op(xen, 13, arg, 8)); /* set_priority: the port first */
    arg[0] = 1;
    REFUSED(XEN_ENOSYS, fake_op(xen, 13, arg, 8));

    q.abis = 0;
    assert_int_equal(fake_op(rfc, 11, &q, 8), 0);
    assert_int_equal(q.abis, EVTCHN_EXTENDED_3LEVEL);
    q.abis = 0;
    assert_int_equal(fake_op(rfc, 0x8b, &q, 8), 0);
    assert_int_equal(q.abis, EVTCHN_EXTENDED_3LEVEL);
    arg[0] = 99;
    REFUSED(XEN_EINVAL, fake_op(rfc, 12, arg, 32)); /* register_3level, unknown cmd */
    REFUSED(XEN_EINVAL, fake_op(rfc, 0x8c, arg, 32));
    REFUSED(XEN_ENOSYS, fake_op(rfc, 13, arg, 8));
    arg[0] = DOMID_SELF;
    REFUSED(XEN_EBUSY, fake_op(rfc, EVTCHNOP_reset_cont, arg, 2)); /* 14 is 14 */

    q.abis = 7;
    assert_int_equal(fake_op(no, 11, &q, 8), 0);
    assert_int_equal(q.abis, 0);
    REFUSED(XEN_EPERM, fake_op(no, 12, arg, 32)); /* not granted, before the unknown cmd */
    REFUSED(XEN_EPERM, op_register64(no, 0, false));
}

/* EVT-POLL-04 */
static void polling(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    assert_int_equal(evt_port_is_pending(d->evt, 0), -XEN_EINVAL);
    assert_int_equal(evt_port_is_pending(d->evt, 1), -XEN_EINVAL);
    assert_int_equal(evt_port_is_pending(d->evt, UINT32_MAX), -XEN_EINVAL);
    assert_int_equal(op_bind_ipi(d, 0), 1);
    assert_int_equal(evt_port_is_pending(d->evt, 1), 0);
    assert_int_equal(op_send(d, 1), 0);
    assert_int_equal(evt_port_is_pending(d->evt, 1), 1);
    fake_attach_xen(d, 1);
    assert_int_equal(evt_port_is_pending(d->evt, 1), -XEN_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(unknown_operations),
        IN_WORLD(bad_pointers),
        IN_WORLD(failed_copy_out_leaves_it_done),
        IN_WORLD(closed_port_forgets_its_vcpu),
        IN_WORLD(bind_interdomain_refusals),
        IN_WORLD(bind_interdomain_without_room),
        IN_WORLD(bind_interdomain_binds_and_raises_the_local_port),
        IN_WORLD(loop_within_a_domain),
        IN_WORLD(bind_virq_rules),
        IN_WORLD(no_virq_is_raised_behind_the_last_vcpu),
        IN_WORLD(virqs_are_raised_where_they_are_bound),
        IN_WORLD(close_refusals),
        IN_WORLD(close_clears_pending_and_unbinds_the_peer),
        IN_WORLD(send_by_state),
        IN_WORLD(status_order_of_checks),
        IN_WORLD(alloc_unbound_rules),
        IN_WORLD(bind_ipi_and_bind_vcpu),
        IN_WORLD(unmask_rules),
        IN_WORLD(numbering_and_permission),
        IN_WORLD(polling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
