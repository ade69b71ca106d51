/* SPDX-License-Identifier: MIT */
/* Physical interrupts at the core: EVT-OP-13 check by check, and what becomes of a port with a line. */
// links: evtchn/*.c tests/host/env_fake.c common/format.c
#include "tests/host/test_evtchn.h"

static void expect_pirq(struct fake_domain *d, uint32_t port, uint32_t pirq, uint32_t vcpu)
{
    struct evtchn_status s;
    assert_int_equal(op_status(d, DOMID_SELF, port, &s), 0);
    assert_int_equal(s.status, EVTCHNSTAT_pirq);
    assert_int_equal(s.u.pirq, pirq);
    assert_int_equal(s.vcpu, vcpu);
}

/*
 * EVT-OP-13
 * Each domain is wrong in one way more than the one before it, and gets the error of the check that comes first.
 */
static void order_of_checks(void **state)
{
    (void)state;
    struct evt_config c = fake_config(1);
    c.max_port = 1;
    struct fake_domain *d = fake_create(&c);
    d->pirq[5].refuses = -XEN_EBUSY;
    REFUSED(XEN_EBUSY, op_bind_pirq(d, 5, 0));
    d->pirq[5].refuses = -XEN_EINVAL; /* no such line */
    REFUSED(XEN_EINVAL, op_bind_pirq(d, 5, 0));
    assert_int_equal(op_bind_pirq(d, 4, 0), 1);
    REFUSED(XEN_ENOSPC, op_bind_pirq(d, 5, 0)); /* ALLOC before the line is looked at */
    REFUSED(XEN_EEXIST, op_bind_pirq(d, 4, 0)); /* before ALLOC */
    d->pirq[4].forbidden = true;
    REFUSED(XEN_EPERM, op_bind_pirq(d, 4, 0)); /* before -EEXIST */
    REFUSED(XEN_EINVAL, op_bind_pirq(d, FAKE_PIRQS, 0));
    REFUSED(XEN_EINVAL, op_bind_pirq(d, UINT32_MAX, UINT32_MAX));
    assert_int_equal(op_close(d, 1), 0);
    evt_domain_set_dying(d->evt);
    d->pirq[4].forbidden = false;
    REFUSED(XEN_EINVAL, op_bind_pirq(d, 4, 0));
}

/* EVT-OP-13: Memory for the table of pirqs is asked for behind ALLOC, and before the line. */
static void without_memory(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    assert_int_equal(op_bind_ipi(d, 0), 1);
    d->pirq[0].refuses = -XEN_EBUSY;
    fake.fail_alloc = fake.allocs + 1;
    REFUSED(XEN_ENOMEM, op_bind_pirq(d, 0, 0));
    REFUSED(XEN_EBUSY, op_bind_pirq(d, 0, 0));
    d->pirq[0].refuses = 0;
    assert_int_equal(op_bind_pirq(d, 0, 0), 2);
    fake.fail_alloc = fake.allocs + 1;
    assert_int_equal(op_bind_pirq(d, 63, 0), 3); /* the table is there */
    SOUND();
}

static void a_domain_without_pirqs(void **state)
{
    (void)state;
    struct evt_config c = fake_config(1);
    c.nr_pirqs = 0;
    struct fake_domain *d = fake_create(&c);
    REFUSED(XEN_EINVAL, op_bind_pirq(d, 0, 0));
    evt_raise_pirq(d->evt, 0);
    c.nr_pirqs = 1025;
    assert_null(fake_create(&c));
}

/* EVT-OP-30, PIRQ-02, PIRQ-03 */
static void binding_tells_the_line(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    assert_int_equal(op_bind_pirq(d, 9, 0), 1);
    assert_true(d->pirq[9].bound && d->pirq[9].live && !d->pirq[9].share);
    assert_int_equal(d->pirq[9].vcpu, 0);
    expect_pirq(d, 1, 9, 0);
    assert_int_equal(op_bind_pirq(d, 10, BIND_PIRQ__WILL_SHARE), 2);
    assert_true(d->pirq[10].share);
    assert_int_equal(op_bind_pirq(d, 11, 0xfffffffe), 3); /* bits that nobody knows */
    assert_true(!d->pirq[11].share);
    assert_int_equal(op_bind_pirq(d, 12, UINT32_MAX), 4);
    assert_true(d->pirq[12].share);
    SOUND();
}

/* EVT-OP-03: A port number that cannot be delivered does not undo the binding. */
static void a_failed_copy_out_leaves_it_bound(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    fake.no_copy_out = FAKE_GUEST_BASE + 8;
    assert_int_equal(op_bind_pirq(d, 9, 0), -XEN_EFAULT);
    fake.no_copy_out = 0;
    assert_true(d->pirq[9].live);
    expect_pirq(d, 1, 9, 0);
    SOUND();
}

/* EVT-OP-30 */
static void raising(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    evt_raise_pirq(d->evt, 9); /* nobody has bound any */
    assert_int_equal(op_bind_ipi(d, 1), 1);
    assert_int_equal(op_bind_pirq(d, 9, 0), 2);
    evt_raise_pirq(d->evt, 8);
    evt_raise_pirq(d->evt, FAKE_PIRQS);
    evt_raise_pirq(d->evt, UINT32_MAX);
    assert_int_equal(guest_pending64(d)[0], 0);
    evt_raise_pirq(d->evt, 9);
    assert_int_equal(guest_pending64(d)[0], 1 << 2);
    assert_int_equal(d->kicks[0], 1);
    assert_int_equal(d->last_wake, 2);
    REFUSED(XEN_EINVAL, op_send(d, 2)); /* the line raises it, not the guest */
    assert_int_equal(evt_port_is_pending(d->evt, 2), 1);
    SOUND();
}

/* EVT-OP-23, EVT-OP-30 */
static void the_line_follows_its_port(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    assert_int_equal(op_bind_pirq(d, 9, 0), 1);
    REFUSED(XEN_ENOENT, op_bind_vcpu(d, 1, 4));
    assert_int_equal(op_bind_vcpu(d, 1, 3), 0);
    assert_int_equal(d->pirq[9].vcpu, 3);
    assert_int_equal(d->pirq[9].moves, 2);
    expect_pirq(d, 1, 9, 3);
    evt_raise_pirq(d->evt, 9);
    assert_int_equal(d->kicks[3], 1);
    assert_int_equal(op_bind_ipi(d, 0), 2);
    REFUSED(XEN_EINVAL, op_bind_vcpu(d, 2, 1));
    SOUND();
}

/* EVT-OP-15, EVT-OP-30 */
static void close_gives_the_line_back(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    assert_int_equal(op_bind_pirq(d, 9, 0), 1);
    assert_int_equal(op_bind_vcpu(d, 1, 2), 0);
    evt_raise_pirq(d->evt, 9);
    assert_int_equal(op_close(d, 1), 0);
    assert_true(!d->pirq[9].bound);
    assert_int_equal(d->pirq[9].closes, 1);
    assert_int_equal(guest_pending64(d)[0], 0);
    evt_raise_pirq(d->evt, 9);
    assert_int_equal(guest_pending64(d)[0], 0);
    SOUND();
    assert_int_equal(op_bind_pirq(d, 9, 0), 1);
    expect_pirq(d, 1, 9, 0); /* and not where it was */
    SOUND();
}

/* EVT-OP-26 */
static void reset_gives_all_lines_back(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    for (uint32_t pirq = 0; pirq < FAKE_PIRQS; pirq++)
        assert_int_equal(op_bind_pirq(d, pirq, BIND_PIRQ__WILL_SHARE), 1 + pirq);
    SOUND();
    assert_int_equal(op_reset(d, DOMID_SELF), 0);
    for (uint32_t pirq = 0; pirq < FAKE_PIRQS; pirq++)
        assert_int_equal(d->pirq[pirq].closes, 1);
    SOUND();
    assert_int_equal(op_bind_pirq(d, 7, 0), 1); /* fake_end sees that a dying domain gives its lines back, too */
}

/* One domain's pirq is nobody else's, and an unmask delivers what came while the port was masked. */
static void on_each_abi(void **state)
{
    (void)state;
    struct fake_domain *three = fake_domain(1), *fifo = fake_domain(2);
    guest_mask64(three)[0] = UINT64_MAX;
    assert_int_equal(op_register64(three, 0, true), 0);
    assert_int_equal(op_register_l2(three, 0, 20, 0), 0);
    assert_int_equal(op_init_control(fifo, 0, 0, 0), 0);
    assert_int_equal(op_expand_array(fifo, 1), 0);
    assert_int_equal(op_bind_pirq(three, 9, 0), 1);
    assert_int_equal(op_bind_pirq(fifo, 9, 0), 1);
    memset(three->frames[20], 0, 512);
    guest_ack(three, 0);
    evt_raise_pirq(three->evt, 9);
    assert_true(guest_frame_bit(three, 0, 1));
    assert_int_equal(three->kicks[0], 0); /* masked */
    assert_int_equal(op_unmask(three, 1), 0);
    assert_int_equal(three->kicks[0], 1);
    assert_int_equal(evt_port_is_pending(fifo->evt, 1), 0);
    evt_raise_pirq(fifo->evt, 9);
    assert_int_equal(evt_port_is_pending(fifo->evt, 1), 1);
    SOUND();
}

static void a_view_names_the_pirq(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    struct evt_port_view view;
    assert_int_equal(op_bind_pirq(d, 9, 0), 1);
    assert_true(evt_view_port(d->evt, 0, &view));
    assert_int_equal(view.status, EVTCHNSTAT_pirq);
    assert_int_equal(view.pirq, 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(order_of_checks),
        IN_WORLD(without_memory),
        IN_WORLD(a_domain_without_pirqs),
        IN_WORLD(binding_tells_the_line),
        IN_WORLD(a_failed_copy_out_leaves_it_bound),
        IN_WORLD(raising),
        IN_WORLD(the_line_follows_its_port),
        IN_WORLD(close_gives_the_line_back),
        IN_WORLD(reset_gives_all_lines_back),
        IN_WORLD(on_each_abi),
        IN_WORLD(a_view_names_the_pirq),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
