/* SPDX-License-Identifier: MIT */
/*
 * The FIFO ABI: registration with each of its checks, the switch, what stands in the words after each step, moves
 * between queues, growth, and the way back. Frames of a domain in these tests: control blocks in CONTROL, 128 bytes
 * apart; the event array from ARRAY on.
 */
// links: evtchn/*.c tests/host/env_fake.c common/format.c
#include "tests/host/test_evtchn.h"

#define CONTROL 2
#define ARRAY 3
#define DEFAULT EVTCHN_FIFO_PRIORITY_DEFAULT
#define PENDING (1U << EVTCHN_FIFO_PENDING)
#define MASKED (1U << EVTCHN_FIFO_MASKED)
#define LINKED (1U << EVTCHN_FIFO_LINKED)
#define BUSY (1U << EVTCHN_FIFO_BUSY)

static struct fake_domain *the_domain; /* for what happens on another CPU */

static struct evtchn_fifo_control_block *control(struct fake_domain *d, unsigned vcpu)
{
    return (void *)(d->frames[CONTROL] + 128 * vcpu);
}

static uint32_t *word(struct fake_domain *d, uint32_t port)
{
    return (uint32_t *)(void *)d->frames[ARRAY + port / 1024] + port % 1024;
}

/* On FIFO, vcpus 0 to nr - 1 with control blocks, one array page. */
static struct fake_domain *on_fifo(unsigned nr)
{
    struct fake_domain *d = fake_domain(1);
    for (unsigned i = 0; i < nr; i++)
        assert_int_equal(op_init_control(d, i, CONTROL, 128 * i), 0);
    assert_int_equal(op_expand_array(d, ARRAY), 0);
    return d;
}

/* A port that can move, raised by sending on its peer. */
static uint32_t open_pair(struct fake_domain *d, uint32_t *peer)
{
    int64_t a = op_alloc_unbound(d, DOMID_SELF, DOMID_SELF);
    assert_true(a > 0);
    uint32_t *w = d->evt->nr_words ? word(d, (uint32_t)a + 1) : NULL;
    if (w)
        *w = MASKED; /* binding raises it */
    int64_t b = op_bind_interdomain(d, DOMID_SELF, (uint32_t)a);
    assert_true(b > 0);
    if (w)
        *w = 0;
    *peer = (uint32_t)b;
    return (uint32_t)a;
}

static void open_ipis(struct fake_domain *d, uint32_t last)
{
    int64_t got;
    do {
        got = op_bind_ipi(d, 0);
        assert_true(got > 0);
    } while (got != last);
}

/* The guest's side, as the specification tells it: the ports of a vcpu's queues in order, at most max of them. */
static unsigned consume(struct fake_domain *d, unsigned vcpu, uint32_t *ports, unsigned max)
{
    struct evtchn_fifo_control_block *c = control(d, vcpu);
    unsigned n = 0;

    *guest_upcall(d, vcpu) = 0;
    for (unsigned q = 0; q < 16; q++) {
        uint32_t port = c->ready >> q & 1 ? c->head[q] : 0;
        c->ready &= ~(1U << q);
        while (port && n < max) {
            uint32_t *w = word(d, port), next = *w & EVTCHN_FIFO_LINK_MASK;
            *w &= ~(LINKED | EVTCHN_FIFO_LINK_MASK);
            if ((*w & (PENDING | MASKED)) == PENDING) {
                *w &= ~PENDING;
                ports[n++] = port;
            }
            port = next;
        }
    }
    return n;
}

static void consumed_are(struct fake_domain *d, unsigned vcpu, const uint32_t *wanted, unsigned nr)
{
    uint32_t got[32];
    assert_int_equal(consume(d, vcpu, got, 32), nr);
    for (unsigned i = 0; i < nr; i++)
        assert_int_equal(got[i], wanted[i]);
    SOUND();
}

#define CONSUMED(d, vcpu, ...) \
    consumed_are(d, vcpu, (uint32_t[]){__VA_ARGS__}, sizeof((uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

/* --- init_control, expand_array, set_priority: their checks */

/* EVT-FIFO-04 */
static void init_control_is_refused_in_order(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    REFUSED(XEN_ENOENT, op_init_control(d, 4, FAKE_FRAMES, 4095));
    REFUSED(XEN_EINVAL, op_init_control(d, 0, CONTROL, 4096 - 64));
    REFUSED(XEN_EINVAL, op_init_control(d, 0, CONTROL, UINT32_MAX - 7));
    REFUSED(XEN_EINVAL, op_init_control(d, 0, CONTROL, 4));
    fake.fail_alloc = fake.allocs + 1;
    REFUSED(XEN_ENOMEM, op_init_control(d, 0, FAKE_FRAMES, 0)); /* memory comes before the frame */
    REFUSED(XEN_EINVAL, op_init_control(d, 0, FAKE_FRAMES, 0));
    d->readonly[CONTROL] = true;
    REFUSED(XEN_EINVAL, op_init_control(d, 0, CONTROL, 0));
    d->readonly[CONTROL] = false;
    assert_string_equal(evt_abi_name(d->evt), "2-level");

    assert_int_equal(op_init_control(d, 0, CONTROL, 4096 - 72), 0);
    assert_string_equal(evt_abi_name(d->evt), "FIFO");
    SOUND();
    /* Later ones concern their vcpu alone. */
    REFUSED(XEN_EINVAL, op_init_control(d, 0, CONTROL, 0));
    REFUSED(XEN_EINVAL, op_init_control(d, 1, FAKE_FRAMES, 0));
    REFUSED(XEN_ENOENT, op_init_control(d, 4, CONTROL, 0));
    assert_int_equal(op_init_control(d, 1, CONTROL, 0), 0);
    assert_int_equal(d->refs[CONTROL], 2);
    SOUND();
}

/* EVT-FIFO-06 */
static void every_allocation_may_fail(void **state)
{
    (void)state;
    struct evt_config c = fake_config(1);
    c.nr_vcpus = 128;
    struct fake_domain *d = fake_create(&c);
    uint64_t bytes = evt_bytes(d->evt);
    for (long n = 1; n <= 4; n++) {
        fake.fail_alloc = fake.allocs + n;
        REFUSED(XEN_ENOMEM, op_init_control(d, 0, CONTROL, 0));
        assert_int_equal(evt_bytes(d->evt), bytes);
    }
    fake.fail_alloc = 0;
    assert_int_equal(op_init_control(d, 127, CONTROL, 0), 0);
    assert_int_equal(evt_bytes(d->evt), bytes + 4 * 4096);
    SOUND();
    assert_int_equal(op_reset(d, DOMID_SELF), 0);
    assert_int_equal(evt_bytes(d->evt), bytes);
}

/* EVT-FIFO-06 */
static void a_busy_quiesce_changes_nothing(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    fake.quiesce_busy = true;
    REFUSED(XEN_ERESTART, op_init_control(d, 0, CONTROL, 0));
    fake.quiesce_busy = false;
    assert_int_equal(op_init_control(d, 0, CONTROL, 0), 0);
}

/* EVT-FIFO-05, EVT-OP-29 */
static void a_3_level_domain_stays_one(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    assert_int_equal(op_register64(d, 10, true), 0);
    REFUSED(XEN_EBUSY, op_init_control(d, 0, CONTROL, 0));
    REFUSED(XEN_EOPNOTSUPP, op_expand_array(d, ARRAY));
    assert_int_equal(op_bind_ipi(d, 0), 1);
    REFUSED(XEN_ENOSYS, op_set_priority(d, 1, 3));
    assert_int_equal(op_reset(d, DOMID_SELF), 0);
    assert_int_equal(op_init_control(d, 0, CONTROL, 0), 0);
    REFUSED(XEN_EBUSY, op_register64(d, 10, false));
}

/* EVT-FIFO-09 */
static void expand_array_is_refused_in_order(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    REFUSED(XEN_EOPNOTSUPP, op_expand_array(d, FAKE_FRAMES));
    assert_int_equal(op_init_control(d, 0, CONTROL, 0), 0);
    REFUSED(XEN_EINVAL, op_expand_array(d, FAKE_FRAMES));
    for (unsigned i = 0; i < 128; i++)
        assert_int_equal(op_expand_array(d, ARRAY), 0);
    REFUSED(XEN_ENOSPC, op_expand_array(d, FAKE_FRAMES));
    assert_int_equal(d->refs[ARRAY], 128);
    SOUND();
}

/* EVT-OP-29 */
static void set_priority_is_refused_in_order(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    REFUSED(XEN_EINVAL, op_set_priority(d, 999, 99));
    REFUSED(XEN_ENOSYS, op_set_priority(d, 1, 99));
    assert_int_equal(op_init_control(d, 0, CONTROL, 0), 0);
    REFUSED(XEN_EINVAL, op_set_priority(d, 999, 99));
    REFUSED(XEN_EACCES, op_set_priority(d, 1, 99));
    assert_int_equal(op_bind_ipi(d, 0), 1);
    REFUSED(XEN_EINVAL, op_set_priority(d, 1, 16));
    assert_int_equal(op_set_priority(d, 1, 15), 0);
    fake_attach_xen(d, 1);
    REFUSED(XEN_EACCES, op_set_priority(d, 1, 3));
}

/* EVT-OP-03 */
static void a_failed_copy_out_leaves_it_done(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    fake.no_copy_out = FAKE_GUEST_BASE + 16;
    assert_int_equal(op_init_control(d, 0, CONTROL, 0), -XEN_EFAULT);
    fake.no_copy_out = 0;
    assert_string_equal(evt_abi_name(d->evt), "FIFO");
    SOUND();
}

/* --- The switch */

/* EVT-FIFO-07, EVT-FIFO-08, EVT-FIFO-10 */
static void pending_events_wait_for_their_page(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    open_ipis(d, 1500);
    memset(guest_mask64(d), 0xff, 512);
    assert_int_equal(op_send(d, 5), 0);
    assert_int_equal(op_send(d, 1500), 0);
    guest_pending64(d)[30] |= 1; /* port 1920 is not open: nobody's event */
    assert_int_equal(op_init_control(d, 0, CONTROL, 0), 0);
    assert_int_equal(fake.quiesces, 1);
    assert_int_equal(d->wake_alls, 1);
    assert_true(guest_pending64(d)[0] == 1U << 5); /* as measured: left where it is */
    assert_int_equal(evt_port_is_pending(d->evt, 5), 0);
    struct evt_port_view view;
    assert_true(evt_view_port(d->evt, 5, &view));
    assert_string_equal(view.why, "no array page");
    assert_int_equal(op_send(d, 7), 0); /* no word yet: remembered too */
    assert_int_equal(op_send(d, 8), 0);
    assert_int_equal(op_close(d, 8), 0); /* and forgotten */
    assert_int_equal(op_bind_ipi(d, 0), 8);
    assert_int_equal(op_unmask(d, 7), 0);
    SOUND();

    unsigned wakes = d->wakes;
    *word(d, 7) = MASKED;
    assert_int_equal(op_expand_array(d, ARRAY), 0);
    assert_int_equal(*word(d, 5), PENDING | LINKED);
    assert_int_equal(*word(d, 7), PENDING | MASKED);
    assert_int_equal(*word(d, 8), 0);
    assert_int_equal(d->wakes, wakes + 2);
    CONSUMED(d, 0, 5);
    assert_int_equal(op_expand_array(d, ARRAY + 1), 0);
    CONSUMED(d, 0, 1500);
    assert_int_equal(evt_dropped(d->evt), 0);
}

/* While this CPU waits, others send, close, open, and try to register. */
static void meanwhile(void)
{
    struct fake_domain *d = the_domain;
    assert_int_equal(op_send(d, 7), 0);
    assert_int_equal(op_init_control(d, 1, CONTROL, 128), -XEN_ERESTART);
    assert_int_equal(op_register64(d, 10, false), -XEN_EBUSY);
    assert_int_equal(op_expand_array(d, ARRAY), -XEN_EOPNOTSUPP);
    assert_int_equal(op_reset(d, DOMID_SELF), -XEN_EBUSY);
    assert_int_equal(op_close(d, 9), 0); /* pending on 2-level */
    assert_int_equal(op_bind_ipi(d, 0), 9);
}

/* EVT-FIFO-05, EVT-FIFO-07 */
static void others_go_on_during_the_switch(void **state)
{
    (void)state;
    struct fake_domain *d = the_domain = fake_domain(1);
    open_ipis(d, 20);
    memset(guest_mask64(d), 0xff, 512);
    assert_int_equal(op_send(d, 9), 0);
    assert_int_equal(op_send(d, 10), 0);
    fake.on_quiesce = meanwhile;
    assert_int_equal(op_init_control(d, 0, CONTROL, 0), 0);
    SOUND();
    assert_int_equal(op_expand_array(d, ARRAY), 0);
    CONSUMED(d, 0, 7, 10);
    assert_int_equal(*word(d, 9), 0);
}

/* --- Delivery */

/* EVT-FIFO-02, EVT-FIFO-03, EVT-FIFO-12, EVT-FIFO-13 */
static void the_words_after_each_step(void **state)
{
    (void)state;
    struct fake_domain *d = on_fifo(1);
    open_ipis(d, 4);
    assert_int_equal(op_send(d, 2), 0);
    assert_int_equal(*word(d, 2), PENDING | LINKED);
    assert_int_equal(control(d, 0)->head[DEFAULT], 2);
    assert_int_equal(control(d, 0)->ready, 1U << DEFAULT);
    assert_int_equal(*guest_upcall(d, 0), 1);
    assert_int_equal(d->kicks[0], 1);
    assert_int_equal(d->last_wake, 2);

    assert_int_equal(op_send(d, 4), 0);
    assert_int_equal(*word(d, 2), PENDING | LINKED | 4);
    assert_int_equal(*word(d, 4), PENDING | LINKED);
    assert_int_equal(control(d, 0)->head[DEFAULT], 2);
    assert_int_equal(op_send(d, 1), 0);
    assert_int_equal(*word(d, 4), PENDING | LINKED | 1);
    assert_int_equal(d->wakes, 3);
    assert_int_equal(op_send(d, 4), 0); /* pending already */
    assert_int_equal(d->wakes, 3);
    assert_int_equal(evt_events(d->evt), 3);
    assert_int_equal(d->kicks[0], 1);
    SOUND();

    /* The first is handled and raised again while the others wait: it goes to the end. */
    control(d, 0)->ready = 0;
    *guest_upcall(d, 0) = 0;
    *word(d, 2) = 0;
    assert_int_equal(op_send(d, 2), 0);
    assert_int_equal(*word(d, 1), PENDING | LINKED | 2);
    assert_int_equal(control(d, 0)->ready, 0); /* the guest is on its way through the queue */
    assert_int_equal(d->kicks[0], 1);

    /* The guest takes all; then the queue begins anew. */
    *word(d, 4) = *word(d, 1) = *word(d, 2) = 0;
    assert_int_equal(op_send(d, 2), 0);
    assert_int_equal(*word(d, 2), PENDING | LINKED);
    assert_int_equal(control(d, 0)->ready, 1U << DEFAULT);
    assert_int_equal(d->kicks[0], 2);
    assert_int_equal(op_set_priority(d, 3, 4), 0);
    *guest_upcall(d, 0) = 0;
    control(d, 0)->ready |= 1U << 4; /* not cleared yet: no second upcall */
    assert_int_equal(op_send(d, 3), 0);
    assert_int_equal(control(d, 0)->head[4], 3);
    assert_int_equal(d->kicks[0], 2);
    SOUND();
}

/* EVT-FIFO-12, EVT-FIFO-16 */
static void masked_ports_wait_for_unmask(void **state)
{
    (void)state;
    struct fake_domain *d = on_fifo(1);
    open_ipis(d, 3);
    *word(d, 1) = *word(d, 2) = MASKED;
    assert_int_equal(op_send(d, 1), 0);
    assert_int_equal(*word(d, 1), PENDING | MASKED);
    assert_int_equal(d->wakes, 1); /* pollers look at masked ports too */
    assert_int_equal(control(d, 0)->ready, 0);
    assert_int_equal(evt_port_is_pending(d->evt, 1), 1);
    struct evt_port_view view;
    assert_true(evt_view_port(d->evt, 1, &view));
    assert_true(view.masked && view.pending && !view.l2);
    assert_string_equal(view.why, "masked");
    assert_int_equal(op_unmask(d, 1), 0);
    assert_int_equal(*word(d, 1), PENDING | LINKED);
    assert_int_equal(d->kicks[0], 1);
    assert_int_equal(op_unmask(d, 1), 0); /* linked already */
    assert_int_equal(*word(d, 1), PENDING | LINKED);
    assert_int_equal(op_unmask(d, 2), 0); /* not pending */
    assert_int_equal(*word(d, 2), 0);
    assert_int_equal(op_unmask(d, 0), 0); /* reserved: nothing */

    /* As guests do it: MASKED by their own hand, then the operation. */
    CONSUMED(d, 0, 1);
    *word(d, 1) = PENDING;
    assert_int_equal(op_unmask(d, 1), 0);
    CONSUMED(d, 0, 1);
}

static void the_view_gives_reasons(void **state)
{
    (void)state;
    struct fake_domain *d = on_fifo(1);
    struct evt_port_view view;
    open_ipis(d, 1);
    assert_int_equal(op_bind_ipi(d, 1), 2);
    assert_int_equal(op_send(d, 1), 0);
    assert_true(evt_view_port(d->evt, 1, &view));
    assert_true(view.l1 && view.l2);
    assert_string_equal(view.why, "");
    *guest_upcall(d, 0) = 0;
    assert_true(evt_view_port(d->evt, 1, &view));
    assert_string_equal(view.why, "upcall flag of vcpu 0 is clear");
    control(d, 0)->ready = 0;
    assert_true(evt_view_port(d->evt, 1, &view));
    assert_string_equal(view.why, "linked, queue taken, port not handled");
    *word(d, 1) = PENDING;
    assert_true(evt_view_port(d->evt, 1, &view));
    assert_string_equal(view.why, "not linked");
    *word(d, 2) = PENDING;
    assert_true(evt_view_port(d->evt, 2, &view));
    assert_string_equal(view.why, "vcpu 1 has no control block");
}

/* EVT-FIFO-11 */
static void without_a_control_block_events_are_dropped(void **state)
{
    (void)state;
    struct fake_domain *d = on_fifo(1);
    assert_int_equal(op_bind_ipi(d, 1), 1);
    assert_int_equal(op_send(d, 1), 0);
    assert_int_equal(*word(d, 1), 0);
    assert_int_equal(d->wakes, 0);
    assert_int_equal(evt_dropped(d->evt), 1);
    *word(d, 1) = PENDING | MASKED;
    assert_int_equal(op_unmask(d, 1), 0);
    assert_int_equal(*word(d, 1), PENDING);
    assert_int_equal(evt_dropped(d->evt), 2);
    assert_int_equal(op_init_control(d, 1, CONTROL, 128), 0);
    assert_int_equal(op_unmask(d, 1), 0);
    CONSUMED(d, 1, 1);
}

/* It stands in the queue of its old vcpu, whose guest will find it: nothing is lost, and nothing counted. */
static void an_unmask_drops_no_port_that_is_linked(void **state)
{
    (void)state;
    struct fake_domain *d = on_fifo(1);
    assert_int_equal(op_bind_virq(d, VIRQ_CONSOLE, 0), 1);
    evt_raise_virq(d->evt, 0, VIRQ_CONSOLE);
    assert_int_equal(*word(d, 1), PENDING | LINKED);
    *word(d, 1) |= MASKED;
    assert_int_equal(op_bind_vcpu(d, 1, 1), 0); /* which has no control block */
    assert_int_equal(op_unmask(d, 1), 0);
    assert_int_equal(*word(d, 1), PENDING | LINKED);
    assert_int_equal(evt_dropped(d->evt), 0);
    SOUND();
}

/* EVT-FIFO-22: The ready word is set all the same; the vcpu gets its upcall when it has a place for the flag. */
static void a_vcpu_without_info_catches_up(void **state)
{
    (void)state;
    struct evt_config c = fake_config(1);
    c.nr_vcpus = 40;
    struct fake_domain *d = fake_create(&c);
    assert_int_equal(op_init_control(d, 39, CONTROL, 0), 0);
    assert_int_equal(op_expand_array(d, ARRAY), 0);
    assert_int_equal(op_bind_ipi(d, 39), 1);
    assert_int_equal(op_send(d, 1), 0);
    assert_int_equal(control(d, 0)->ready, 1U << DEFAULT);
    assert_int_equal(d->kicks[39], 0);
    evt_set_vcpu_info(d->evt, 39, d->late_info);
    assert_int_equal(d->kicks[39], 1);
    evt_set_vcpu_info(d->evt, 39, NULL);
    assert_int_equal(op_send(d, 1), 0);
}

/* EVT-FIFO-26: FIFO has no use for the selector, but the real Xen sets it, in the width that the domain has now. */
static void a_new_vcpu_info_has_its_selector_full(void **state)
{
    (void)state;
    struct fake_domain *d = on_fifo(1);
    *guest_sel64(d, 0) = 4;
    evt_set_vcpu_info(d->evt, 0, d->late_info);
    assert_true(*guest_sel64(d, 0) == UINT64_MAX);
    assert_int_equal(*guest_upcall(d, 0), 1);
    assert_int_equal(d->kicks[0], 1);
    memset(d->late_info, 0, 128);
    evt_latch_word_size(d->evt, 32);
    evt_set_vcpu_info(d->evt, 0, d->late_info + 64);
    assert_true(((uint32_t *)(void *)(d->late_info + 64))[1] == UINT32_MAX);
    assert_int_equal(((uint32_t *)(void *)(d->late_info + 64))[2], 0);
}

/* --- Priorities and moves */

/* EVT-FIFO-01, EVT-FIFO-14, EVT-FIFO-25 */
static void priorities_are_queues(void **state)
{
    (void)state;
    struct fake_domain *d = on_fifo(1);
    open_ipis(d, 4);
    assert_int_equal(op_set_priority(d, 1, 15), 0);
    assert_int_equal(op_set_priority(d, 3, 0), 0);
    for (uint32_t port = 1; port <= 4; port++)
        assert_int_equal(op_send(d, port), 0);
    assert_int_equal(control(d, 0)->ready, 1U << 15 | 1U << 7 | 1U);
    assert_int_equal(control(d, 0)->head[15], 1);
    assert_int_equal(control(d, 0)->head[0], 3);
    assert_int_equal(d->kicks[0], 1);
    CONSUMED(d, 0, 3, 2, 4, 1);
    assert_int_equal(op_close(d, 3), 0); /* a new port has the default again */
    assert_int_equal(op_bind_ipi(d, 0), 3);
    assert_int_equal(op_send(d, 3), 0);
    assert_int_equal(control(d, 0)->ready, 1U << 7);
}

/* EVT-FIFO-15: A port that is linked stays where it is until it has been consumed. */
static void a_linked_port_moves_at_its_next_link(void **state)
{
    (void)state;
    struct fake_domain *d = on_fifo(2);
    uint32_t peer, port = open_pair(d, &peer);
    open_ipis(d, 4);
    assert_int_equal(op_send(d, peer), 0);
    assert_int_equal(op_set_priority(d, port, 2), 0);
    assert_int_equal(op_bind_vcpu(d, port, 1), 0);
    assert_int_equal(op_send(d, peer), 0);
    assert_int_equal(op_send(d, 3), 0); /* behind it on the old queue */
    assert_int_equal(*word(d, port), PENDING | LINKED | 3);
    assert_int_equal(control(d, 1)->ready, 0);
    CONSUMED(d, 0, port, 3);

    assert_int_equal(op_send(d, peer), 0);
    assert_int_equal(control(d, 0)->ready, 0);
    assert_int_equal(control(d, 1)->ready, 1U << 2);
    assert_int_equal(control(d, 1)->head[2], port);
    assert_int_equal(d->kicks[1], 1);
    assert_int_equal(op_send(d, 4), 0); /* the old queue does not lead into the new one */
    assert_int_equal(*word(d, port), PENDING | LINKED);
    CONSUMED(d, 0, 4);
    CONSUMED(d, 1, port);
}

/*
 * EVT-FIFO-15
 * The last port of a queue is consumed, moves away, and stands in another when the old queue gets its next one.
 */
static void a_tail_that_moved_is_no_tail(void **state)
{
    (void)state;
    struct fake_domain *d = on_fifo(2);
    uint32_t peer, port = open_pair(d, &peer);
    open_ipis(d, 4);
    assert_int_equal(op_send(d, peer), 0);
    CONSUMED(d, 0, port); /* still the tail of vcpu 0, priority 7 */
    assert_int_equal(op_set_priority(d, port, 1), 0);
    assert_int_equal(op_send(d, peer), 0); /* linked elsewhere */
    assert_int_equal(op_send(d, 3), 0);
    assert_int_equal(*word(d, port), PENDING | LINKED);
    assert_int_equal(control(d, 0)->head[DEFAULT], 3);
    CONSUMED(d, 0, port, 3);
    /* There and back: it is the old queue's tail no more, though it stands there again. */
    assert_int_equal(op_set_priority(d, port, DEFAULT), 0);
    assert_int_equal(op_send(d, peer), 0);
    assert_int_equal(op_send(d, 4), 0);
    CONSUMED(d, 0, port, 4);
}

/* EVT-FIFO-01 */
static void all_queues_of_all_vcpus(void **state)
{
    (void)state;
    struct fake_domain *d = on_fifo(4);
    uint32_t peer, port = open_pair(d, &peer);
    for (uint32_t i = 0; i < 64; i++) {
        uint32_t vcpu = i * 7 % 4, priority = i * 5 % 16;
        assert_int_equal(op_bind_vcpu(d, port, vcpu), 0);
        assert_int_equal(op_set_priority(d, port, priority), 0);
        assert_int_equal(op_send(d, peer), 0);
        assert_int_equal(control(d, vcpu)->ready, 1U << priority);
        CONSUMED(d, vcpu, port);
    }
}

/* --- BUSY, and ports that are not given out */

/* EVT-FIFO-18: What the guest left of BUSY goes with the next LINK. */
static void busy_ends_with_the_link(void **state)
{
    (void)state;
    struct fake_domain *d = on_fifo(1);
    open_ipis(d, 2);
    assert_int_equal(op_send(d, 1), 0);
    *word(d, 1) |= BUSY;
    assert_int_equal(op_send(d, 2), 0);
    assert_int_equal(*word(d, 1), PENDING | LINKED | 2);
}

/* EVT-FIFO-20 */
static void a_left_link_stays_until_there_is_a_successor(void **state)
{
    (void)state;
    struct fake_domain *d = on_fifo(1);
    open_ipis(d, 3);
    *word(d, 1) = 0x1ffff;
    assert_int_equal(op_send(d, 1), 0);
    assert_int_equal(*word(d, 1), PENDING | LINKED | 0x1ffff);
    assert_int_equal(op_send(d, 2), 0);
    assert_int_equal(*word(d, 1), PENDING | LINKED | 2);
    CONSUMED(d, 0, 1, 2);
}

/* EVT-FIFO-17, EVT-FIFO-21 */
static void linked_ports_are_not_given_out(void **state)
{
    (void)state;
    struct fake_domain *d = on_fifo(1);
    open_ipis(d, 5);
    assert_int_equal(op_send(d, 2), 0);
    assert_int_equal(op_close(d, 2), 0);
    assert_int_equal(*word(d, 2), LINKED); /* PENDING alone is cleared */
    assert_int_equal(op_bind_ipi(d, 0), 6);
    *word(d, 2) = 0;
    assert_int_equal(op_bind_ipi(d, 0), 2);

    /* 64 are skipped, 65 are too many. */
    open_ipis(d, 266);
    for (uint32_t port = 201; port <= 266; port++) {
        assert_int_equal(op_close(d, port), 0);
        *word(d, port) = port <= 264 ? LINKED : 0;
    }
    assert_int_equal(op_bind_ipi(d, 0), 265);
    SOUND();
    *word(d, 266) = LINKED;
    REFUSED(XEN_ENOSPC, op_bind_ipi(d, 0));
    *word(d, 230) = 0;
    assert_int_equal(op_bind_ipi(d, 0), 230);
    assert_int_equal(op_bind_ipi(d, 0), 267);
    *word(d, 266) = 0;
    assert_int_equal(op_bind_ipi(d, 0), 266);
    SOUND();
}

/* A port that was never open cannot be linked, whatever its word says. They begin at a multiple of 64 (HC-EVT-04). */
static void a_new_port_has_no_past(void **state)
{
    (void)state;
    struct fake_domain *d = on_fifo(1);
    open_ipis(d, 60);
    for (uint32_t port = 61; port < 1024; port++)
        *word(d, port) = LINKED;
    assert_int_equal(op_bind_ipi(d, 0), 64);
    SOUND();
}

/* Skipping crosses the words of the free map on every level. */
static void skipping_finds_the_next_free_port(void **state)
{
    (void)state;
    struct fake_domain *d = on_fifo(1);
    for (unsigned i = 1; i < 5; i++)
        assert_int_equal(op_expand_array(d, ARRAY + i), 0);
    open_ipis(d, 5000);
    static const uint32_t edge[] = {63, 64, 127, 4090, 4096, 4159, 4999};
    for (unsigned i = 0; i < sizeof(edge) / sizeof(edge[0]); i++) {
        assert_int_equal(op_close(d, edge[i]), 0);
        *word(d, edge[i]) = LINKED;
    }
    assert_int_equal(op_bind_ipi(d, 0), 5001);
    for (unsigned i = sizeof(edge) / sizeof(edge[0]); i--;) {
        *word(d, edge[i]) = 0;
        assert_int_equal(op_bind_ipi(d, 0), edge[i]);
    }
    SOUND();
}

/* --- Growth and the way back */

/*
 * EVT-FIFO-01, EVT-FIFO-10
 * The array grows page by page up to the last port. Frames are used again and again: 128 pages, 30 frames.
 */
static void up_to_the_last_port(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    assert_int_equal(op_init_control(d, 0, CONTROL, 0), 0);
    open_ipis(d, 131071);
    REFUSED(XEN_ENOSPC, op_bind_ipi(d, 0));
    REFUSED(XEN_EINVAL, op_send(d, 131072));
    assert_int_equal(op_send(d, 131071), 0);
    for (unsigned i = 0; i < 127; i++)
        assert_int_equal(op_expand_array(d, ARRAY), 0);
    assert_int_equal(evt_events(d->evt), 0);
    assert_int_equal(op_expand_array(d, ARRAY + 1), 0);
    assert_int_equal(evt_events(d->evt), 1);
    assert_int_equal(*(uint32_t *)(void *)(d->frames[ARRAY + 1] + 4092), PENDING | LINKED);
    assert_int_equal(control(d, 0)->head[DEFAULT], 131071);
    SOUND();
    assert_int_equal(op_close(d, 131071), 0);
    REFUSED(XEN_ENOSPC, op_bind_ipi(d, 0)); /* still linked, and there is no other */
    *(uint32_t *)(void *)(d->frames[ARRAY + 1] + 4092) = 0;
    assert_int_equal(op_bind_ipi(d, 0), 131071);
}

/* EVT-FIFO-23, EVT-FIFO-07 */
static void reset_leads_back(void **state)
{
    (void)state;
    struct fake_domain *d = on_fifo(2);
    uint64_t bytes = evt_bytes(d->evt);
    open_ipis(d, 250);
    assert_int_equal(op_send(d, 3), 0);
    assert_int_equal(op_send(d, 4), 0);
    evt_latch_word_size(d->evt, 32); /* FIFO's words have one size; vcpu_info follows the latched one */
    assert_int_equal(evt_word_size(d->evt), 32);
    unsigned quiesces = fake.quiesces, wake_alls = d->wake_alls;
    assert_int_equal(op_reset(d, DOMID_SELF), 0);
    assert_string_equal(evt_abi_name(d->evt), "2-level");
    assert_int_equal(evt_word_size(d->evt), 32);
    assert_int_equal(fake.quiesces, quiesces + 1);
    assert_int_equal(d->wake_alls, wake_alls + 1);
    for (unsigned i = 0; i < FAKE_FRAMES; i++)
        assert_int_equal(d->refs[i], 0);
    assert_true(evt_bytes(d->evt) < bytes);
    SOUND();

    REFUSED(XEN_EOPNOTSUPP, op_expand_array(d, ARRAY));
    assert_int_equal(op_bind_ipi(d, 0), 1); /* words are gone, so nothing is skipped */
    assert_int_equal(op_send(d, 1), 0);
    assert_int_equal(guest_pending32(d)[0], 1 << 1);
    /* Again, with words that the guest has not cleaned. */
    open_ipis(d, 4);
    assert_int_equal(op_init_control(d, 1, CONTROL, 128), 0);
    assert_int_equal(op_init_control(d, 0, CONTROL, 0), 0);
    memset(d->frames[CONTROL], 0, 4096);
    memset(d->frames[ARRAY], 0, 4096);
    assert_int_equal(op_expand_array(d, ARRAY), 0);
    CONSUMED(d, 0, 1);
    assert_int_equal(op_send(d, 4), 0);
    CONSUMED(d, 0, 4);
}

/* EVT-FIFO-23, EVT-OBJ-06: A Xen-attached port stays open over the reset; what was remembered for it does not. */
static void xen_ports_survive_a_reset(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    assert_int_equal(op_init_control(d, 0, CONTROL, 0), 0);
    open_ipis(d, 5000);
    assert_int_equal(op_send(d, 5000), 0);
    fake_attach_xen(d, 5000);
    SOUND();
    assert_int_equal(op_reset(d, DOMID_SELF), 0);
    assert_int_equal(evt_open_ports(d->evt), 1);
    SOUND();
}

/* EVT-FIFO-01, EVT-FIFO-04 */
static void narrow_domains_have_the_same_words(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    evt_latch_word_size(d->evt, 32);
    open_ipis(d, 40);
    memset(guest_mask32(d), 0xff, 128);
    assert_int_equal(op_send(d, 40), 0);
    struct evtchn_init_control a = {.control_gfn = CONTROL, .vcpu = 0};
    assert_int_equal(fake_op32(d, EVTCHNOP_init_control, &a, sizeof(a)), 0);
    assert_int_equal(a.link_bits, 17);
    assert_int_equal(op_expand_array(d, ARRAY), 0);
    open_ipis(d, 1023 + 1024);
    CONSUMED(d, 0, 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(init_control_is_refused_in_order),
        IN_WORLD(every_allocation_may_fail),
        IN_WORLD(a_busy_quiesce_changes_nothing),
        IN_WORLD(a_3_level_domain_stays_one),
        IN_WORLD(expand_array_is_refused_in_order),
        IN_WORLD(set_priority_is_refused_in_order),
        IN_WORLD(a_failed_copy_out_leaves_it_done),
        IN_WORLD(pending_events_wait_for_their_page),
        IN_WORLD(others_go_on_during_the_switch),
        IN_WORLD(the_words_after_each_step),
        IN_WORLD(masked_ports_wait_for_unmask),
        IN_WORLD(the_view_gives_reasons),
        IN_WORLD(without_a_control_block_events_are_dropped),
        IN_WORLD(an_unmask_drops_no_port_that_is_linked),
        IN_WORLD(a_vcpu_without_info_catches_up),
        IN_WORLD(a_new_vcpu_info_has_its_selector_full),
        IN_WORLD(priorities_are_queues),
        IN_WORLD(a_linked_port_moves_at_its_next_link),
        IN_WORLD(a_tail_that_moved_is_no_tail),
        IN_WORLD(all_queues_of_all_vcpus),
        IN_WORLD(busy_ends_with_the_link),
        IN_WORLD(a_left_link_stays_until_there_is_a_successor),
        IN_WORLD(linked_ports_are_not_given_out),
        IN_WORLD(a_new_port_has_no_past),
        IN_WORLD(skipping_finds_the_next_free_port),
        IN_WORLD(up_to_the_last_port),
        IN_WORLD(reset_leads_back),
        IN_WORLD(xen_ports_survive_a_reset),
        IN_WORLD(narrow_domains_have_the_same_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
