/* SPDX-License-Identifier: MIT */
/*
 * The 3-level ABI: registration with each of its checks, the switch and what another CPU may do in the middle of it,
 * parking, delivery, and the way back. Frames of a domain in these tests: pending bitmap from PENDING on, mask bitmap
 * behind it, L2 selectors in frame L2.
 */
// links: evtchn/*.c tests/host/env_fake.c common/format.c
#include "tests/host/test_evtchn.h"

#define PENDING 2
#define MASK (PENDING + 8)
#define MASK32 (PENDING + 1)
#define L2 30

static struct fake_domain *the_domain; /* for what happens on another CPU */

static uint64_t *l2_64(struct fake_domain *d, unsigned vcpu)
{
    return (uint64_t *)(void *)(d->frames[L2] + 512 * vcpu);
}

static uint32_t *l2_32(struct fake_domain *d, unsigned vcpu)
{
    return (uint32_t *)(void *)(d->frames[L2] + 128 * vcpu);
}

/* On 3-level with W = 64, all masked, vcpu 0 registered and its scan of everything done. */
static struct fake_domain *on_3level(void)
{
    struct fake_domain *d = fake_domain(1);
    memset(guest_mask64(d), 0xff, 512);
    assert_int_equal(op_register64(d, PENDING, true), 0);
    assert_int_equal(op_register_l2(d, 0, L2, 0), 0);
    memset(d->frames[L2], 0, 4096);
    guest_ack(d, 0);
    return d;
}

static void open_up_to(struct fake_domain *d, uint32_t port)
{
    int64_t got;
    do {
        got = op_bind_ipi(d, 0);
        assert_true(got > 0);
    } while (got != port);
}

static int64_t register_lists(struct fake_domain *d, const uint64_t *frames, uint32_t nr, uint64_t pending,
                              uint64_t mask)
{
    struct evtchn_register_3level64 a = {.cmd = REGISTER_BITMAPS, .u.bitmaps.nr_pages = nr};
    fake_put(1024, frames, 64);
    fake_put(2048, frames + 8, 64);
    a.u.bitmaps.evtchn_pending = pending;
    a.u.bitmaps.evtchn_mask = mask;
    return fake_op(d, EVTCHNOP_register_3level, &a, sizeof(a));
}

/* EVT-3L-07, EVT-3L-08 */
static void bitmaps_are_refused_in_order(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    const uint64_t at1 = FAKE_GUEST_BASE + 1024, at2 = FAKE_GUEST_BASE + 2048;
    uint64_t frames[16];
    for (unsigned i = 0; i < 16; i++)
        frames[i] = PENDING + i;

    REFUSED(XEN_EINVAL, register_lists(d, frames, 7, 0, 0));
    REFUSED(XEN_EINVAL, register_lists(d, frames, 9, at1, at2));
    REFUSED(XEN_EINVAL, register_lists(d, frames, 1, at1, at2));
    REFUSED(XEN_EINVAL, register_lists(d, frames, 0, at1, at2));
    REFUSED(XEN_EINVAL, register_lists(d, frames, UINT32_MAX, at1, at2));
    REFUSED(XEN_EFAULT, register_lists(d, frames, 8, 0, at2));
    REFUSED(XEN_EFAULT, register_lists(d, frames, 8, at1, FAKE_GUEST_BASE + FAKE_GUEST_SIZE - 63));
    for (unsigned i = 0; i < 16; i++) { /* each frame in turn is bad, or the same as another */
        uint64_t good = frames[i];
        frames[i] = FAKE_FRAMES;
        REFUSED(XEN_EINVAL, register_lists(d, frames, 8, at1, at2));
        frames[i] = UINT64_MAX;
        REFUSED(XEN_EINVAL, register_lists(d, frames, 8, at1, at2));
        frames[i] = PENDING + (i + 5) % 16;
        REFUSED(XEN_EINVAL, register_lists(d, frames, 8, at1, at2));
        frames[i] = good;
        d->readonly[good] = true;
        REFUSED(XEN_EINVAL, register_lists(d, frames, 8, at1, at2));
        d->readonly[good] = false;
    }
    assert_string_equal(evt_abi_name(d->evt), "2-level");
    assert_int_equal(register_lists(d, frames, 8, at1, at2), 0);
    assert_string_equal(evt_abi_name(d->evt), "3-level");
    SOUND();
    REFUSED(XEN_EBUSY, register_lists(d, frames, 7, 0, 0));
}

/* EVT-3L-02 */
static void narrow_bitmaps_are_one_page_each(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    REFUSED(XEN_EINVAL, op_register32(d, PENDING, false)); /* W is 64, whatever the layout of the arguments */
    evt_latch_word_size(d->evt, 32);
    REFUSED(XEN_EINVAL, op_register64(d, PENDING, false));
    assert_int_equal(op_register32(d, PENDING, true), 0);
    assert_string_equal(evt_abi_name(d->evt), "3-level");
    assert_int_equal(evt_word_size(d->evt), 32);
    SOUND();
}

/* EVT-3L-06: A 64-bit domain whose registering vcpu runs 32-bit code: 8 pages, listed in 32-bit numbers. */
static void layout_and_word_size_are_independent(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    uint32_t frames[16];
    for (uint32_t i = 0; i < 16; i++)
        frames[i] = PENDING + i;
    struct evtchn_register_3level32 a = {.cmd = REGISTER_BITMAPS, .u.bitmaps.nr_pages = 8};
    a.u.bitmaps.evtchn_pending = (uint32_t)fake_put(1024, frames, 32);
    a.u.bitmaps.evtchn_mask = (uint32_t)fake_put(2048, frames + 8, 32);
    assert_int_equal(fake_op32(d, EVTCHNOP_register_3level, &a, sizeof(a)), 0);
    assert_int_equal(op_register_l2_32(d, 1, L2, 4096 - 512), 0);
    assert_int_equal(d->frames[L2][4095], 0xff);
    SOUND();
}

/* EVT-3L-14, EVT-3L-17 */
static void l2_is_refused_in_order(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    REFUSED(XEN_EINVAL, op_register_l2(d, 99, L2, 0)); /* not on 3-level */
    assert_int_equal(op_register64(d, PENDING, true), 0);
    REFUSED(XEN_ENOENT, op_register_l2(d, 4, FAKE_FRAMES, 1));
    assert_int_equal(op_register_l2(d, 0, L2, 0), 0);
    REFUSED(XEN_EEXIST, op_register_l2(d, 0, FAKE_FRAMES, 1));
    REFUSED(XEN_EINVAL, op_register_l2(d, 1, L2, 4));
    REFUSED(XEN_EINVAL, op_register_l2(d, 1, L2, 4096 - 504));
    REFUSED(XEN_EINVAL, op_register_l2(d, 1, L2, UINT64_MAX - 7));
    REFUSED(XEN_EINVAL, op_register_l2(d, 1, FAKE_FRAMES, 0));
    assert_int_equal(op_register_l2(d, 1, L2, 4096 - 512), 0);
    assert_int_equal(d->refs[L2], 2);
    /* An overlap hurts that guest only. */
    assert_int_equal(op_register_l2(d, 2, L2, 8), 0);
    assert_int_equal(op_register_l2(d, 3, PENDING, 0), 0);
    SOUND();
}

/* EVT-3L-02, EVT-3L-14 */
static void narrow_l2_needs_128_bytes(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    evt_latch_word_size(d->evt, 32);
    assert_int_equal(op_register32(d, PENDING, true), 0);
    REFUSED(XEN_EINVAL, op_register_l2_32(d, 0, L2, 2));
    REFUSED(XEN_EINVAL, op_register_l2_32(d, 0, L2, 4096 - 124));
    assert_int_equal(op_register_l2_32(d, 0, L2, 4096 - 128), 0);
    assert_int_equal(d->frames[L2][4095], 0xff);
    assert_int_equal(d->frames[L2][4096 - 129], 0);
    assert_int_equal(*guest_sel32(d, 0), UINT32_MAX);
    assert_int_equal(*guest_sel64(d, 0), 0); /* the word behind it is not ours */
}

/* EVT-3L-10, EVT-3L-11, EVT-3L-12 */
static void the_switch_moves_pending_and_mask(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    open_up_to(d, 200);
    memset(guest_mask64(d), 0xff, 512);
    guest_mask64(d)[2] = ~(1ULL << 3); /* 131 is open */
    assert_int_equal(op_send(d, 5), 0);
    assert_int_equal(op_send(d, 131), 0);
    guest_pending64(d)[63] = 1ULL << 63; /* the guest's own scribble moves too */
    assert_int_equal(op_register64(d, PENDING, true), 0);
    assert_true(guest_frame_bit(d, PENDING, 5));
    assert_true(guest_frame_bit(d, PENDING, 131));
    assert_true(guest_frame_bit(d, PENDING, 4095));
    assert_false(guest_frame_bit(d, PENDING, 4096));
    for (unsigned i = 0; i < 64; i++)
        assert_int_equal(guest_pending64(d)[i], 0);
    assert_false(guest_frame_bit(d, MASK, 131));
    assert_true(guest_frame_bit(d, MASK, 5));
    assert_true(guest_frame_bit(d, MASK, 4096));
    assert_int_equal(d->wake_alls, 1);
    assert_int_equal(fake.quiesces, 1);
    assert_int_equal(evt_port_is_pending(d->evt, 5), 1);
    SOUND();
}

/* EVT-3L-11, EVT-3L-12 */
static void the_narrow_switch_moves_too(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    evt_latch_word_size(d->evt, 32);
    open_up_to(d, 40);
    memset(guest_mask32(d), 0xff, 128);
    guest_mask32(d)[1] = ~(1U << 8);
    assert_int_equal(op_send(d, 40), 0);
    assert_int_equal(op_register32(d, PENDING, true), 0);
    assert_true(guest_frame_bit(d, PENDING, 40));
    assert_false(guest_frame_bit(d, MASK32, 40));
    assert_true(guest_frame_bit(d, MASK32, 41));
    assert_int_equal(guest_pending32(d)[1], 0);
}

/* While this CPU waits, others raise, unmask, try to register and reset, close and re-open. */
static void meanwhile(void)
{
    struct fake_domain *d = the_domain;
    assert_int_equal(op_send(d, 7), 0);
    assert_true(guest_frame_bit(d, PENDING, 7)); /* with the new functions already */
    guest_set_frame_bit(d, MASK, 8, true);
    assert_int_equal(op_unmask(d, 8), 0);
    assert_false(guest_frame_bit(d, MASK, 8));
    assert_int_equal(op_register64(d, PENDING, false), -XEN_EBUSY);
    assert_int_equal(op_register_l2(d, 0, L2, 0), -XEN_EINVAL); /* not there yet */
    assert_int_equal(op_reset(d, DOMID_SELF), -XEN_EBUSY);
    evt_latch_word_size(d->evt, 32); /* frozen */
    assert_int_equal(evt_word_size(d->evt), 64);
    evt_latch_word_size(d->evt, 64);
    assert_int_equal(op_close(d, 9), 0); /* pending on 2-level, moves to nobody */
    assert_int_equal(op_bind_ipi(d, 0), 9);
}

/* EVT-3L-09, EVT-3L-10, EVT-3L-12, EVT-OP-25 */
static void others_go_on_during_the_switch(void **state)
{
    (void)state;
    struct fake_domain *d = the_domain = fake_domain(1);
    open_up_to(d, 20);
    memset(guest_mask64(d), 0xff, 512);
    assert_int_equal(op_send(d, 9), 0);
    assert_int_equal(op_send(d, 10), 0);
    fake.on_quiesce = meanwhile;
    assert_int_equal(op_register64(d, PENDING, true), 0);
    assert_int_equal(fake.quiesces, 1);
    assert_true(guest_frame_bit(d, PENDING, 7));
    assert_false(guest_frame_bit(d, MASK, 8));    /* the unmask was not undone */
    assert_false(guest_frame_bit(d, PENDING, 9)); /* not delivered into the port's next life */
    assert_true(guest_frame_bit(d, PENDING, 10));
    SOUND();
}

/* EVT-3L-08 */
static void a_busy_quiesce_changes_nothing(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    for (unsigned i = 0; i < 8; i++)
        memset(d->frames[MASK + i], 0xff, 4096);
    fake.quiesce_busy = true;
    REFUSED(XEN_ERESTART, op_register64(d, PENDING, false));
    fake.quiesce_busy = false;
    assert_int_equal(op_register64(d, PENDING, false), 0);
}

/* EVT-3L-13, EVT-3L-15 */
static void a_parked_vcpu_gets_nothing_until_it_registers(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    assert_int_equal(op_bind_ipi(d, 2), 1);
    assert_int_equal(op_register64(d, PENDING, true), 0);
    guest_set_frame_bit(d, MASK, 1, false);
    assert_int_equal(op_send(d, 1), 0);
    assert_true(guest_frame_bit(d, PENDING, 1));
    assert_int_equal(d->last_wake, 1);
    assert_int_equal(d->kicks[2], 0);
    assert_int_equal(*guest_sel64(d, 2), 0);
    struct evt_port_view view;
    assert_true(evt_view_port(d->evt, 1, &view));
    assert_string_equal(view.why, "vcpu 2 has no L2 selector");
    guest_set_frame_bit(d, MASK, 1, true);
    assert_int_equal(op_unmask(d, 1), 0); /* clears the mask bit and stops */
    assert_false(guest_frame_bit(d, MASK, 1));
    assert_int_equal(d->kicks[2], 0);

    assert_int_equal(op_register_l2(d, 2, L2, 1024), 0);
    for (unsigned i = 0; i < 64; i++)
        assert_true(l2_64(d, 2)[i] == UINT64_MAX);
    assert_int_equal(d->frames[L2][1023], 0);
    assert_int_equal(d->frames[L2][1024 + 512], 0);
    assert_true(*guest_sel64(d, 2) == UINT64_MAX);
    assert_int_equal(d->kicks[2], 1);
    assert_true(evt_view_port(d->evt, 1, &view));
    assert_string_equal(view.why, "");
}

/*
 * EVT-3L-16
 * An L2 selector without a vcpu_info is parked as well; the vcpu_info, when it comes, brings all bits of L2 too.
 */
static void both_parts_are_needed(void **state)
{
    (void)state;
    struct evt_config c = fake_config(1);
    c.nr_vcpus = 40;
    struct fake_domain *d = fake_create(&c);
    assert_int_equal(op_bind_ipi(d, 39), 1);
    assert_int_equal(op_register64(d, PENDING, true), 0);
    guest_set_frame_bit(d, MASK, 1, false);
    assert_int_equal(op_register_l2(d, 39, L2, 0), 0);
    memset(d->frames[L2], 0, 4096);
    assert_int_equal(op_send(d, 1), 0);
    assert_int_equal(l2_64(d, 0)[0], 0);
    assert_int_equal(d->kicks[39], 0);
    evt_set_vcpu_info(d->evt, 39, d->late_info);
    assert_int_equal(d->kicks[39], 1);
    assert_true(l2_64(d, 0)[0] == UINT64_MAX);
    assert_true(*guest_sel64(d, 39) == UINT64_MAX);
}

/* EVT-3L-18 */
static void delivery_goes_up_three_levels(void **state)
{
    (void)state;
    struct fake_domain *d = on_3level();
    const uint32_t port = 5 * 4096 + 3 * 64 + 2;
    open_up_to(d, port + 70);
    guest_set_frame_bit(d, MASK, port, false);
    assert_int_equal(op_send(d, port), 0);
    assert_true(guest_frame_bit(d, PENDING, port));
    assert_true(l2_64(d, 0)[5] == 1ULL << 3);
    assert_int_equal(*guest_sel64(d, 0), 1 << 5);
    assert_int_equal(d->kicks[0], 1);
    /* Stops at the first level whose bit is set. */
    *guest_sel64(d, 0) = 0;
    *guest_upcall(d, 0) = 0;
    guest_set_frame_bit(d, MASK, port + 1, false);
    assert_int_equal(op_send(d, port + 1), 0);
    assert_int_equal(*guest_sel64(d, 0), 0);
    guest_set_frame_bit(d, MASK, port + 64, false);
    assert_int_equal(op_send(d, port + 64), 0);
    assert_int_equal(*guest_sel64(d, 0), 1 << 5);
    assert_int_equal(d->kicks[0], 2);
    /* Masked: only the pending bit and pollers. */
    unsigned wakes = d->wakes;
    assert_int_equal(op_send(d, port + 65), 0);
    assert_int_equal(d->wakes, wakes + 1);
    assert_int_equal(d->kicks[0], 2);
    struct evt_port_view view;
    assert_true(evt_view_port(d->evt, port, &view));
    assert_true(view.l1 && view.l2);
    l2_64(d, 0)[5] = 0;
    assert_true(evt_view_port(d->evt, port, &view));
    assert_string_equal(view.why, "L2 bit taken by vcpu 0, port not handled");
}

/* EVT-3L-20 */
static void unmask_raises_what_is_pending(void **state)
{
    (void)state;
    struct fake_domain *d = on_3level();
    open_up_to(d, 5000);
    assert_int_equal(op_send(d, 5000), 0);
    assert_int_equal(d->kicks[0], 0);
    assert_int_equal(op_unmask(d, 5000), 0);
    assert_int_equal(d->kicks[0], 1);
    assert_true(l2_64(d, 0)[1] == 1ULL << (5000 / 64 - 64));
    assert_int_equal(op_unmask(d, 4999), 0); /* not pending */
    assert_false(guest_frame_bit(d, MASK, 4999));
    guest_ack(d, 0);
    memset(d->frames[L2], 0, 4096);
    assert_int_equal(op_unmask(d, 5000), 0); /* not masked */
    assert_int_equal(d->kicks[0], 0);
}

/* EVT-3L-01, EVT-OBJ-11 */
static void the_last_port_of_each_word_size(void **state)
{
    (void)state;
    struct fake_domain *d = on_3level();
    open_up_to(d, 262143);
    REFUSED(XEN_ENOSPC, op_bind_ipi(d, 0));
    REFUSED(XEN_EINVAL, op_send(d, 262144));
    guest_set_frame_bit(d, MASK, 262143, false);
    assert_int_equal(op_send(d, 262143), 0);
    assert_true(l2_64(d, 0)[63] == 1ULL << 63);
    assert_true(*guest_sel64(d, 0) == 1ULL << 63);
    SOUND();
    assert_int_equal(op_close(d, 131072), 0);
    assert_int_equal(op_bind_ipi(d, 0), 131072);
}

/* EVT-3L-01, EVT-3L-18 */
static void narrow_delivery(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    evt_latch_word_size(d->evt, 32);
    assert_int_equal(op_register32(d, PENDING, true), 0);
    assert_int_equal(op_register_l2_32(d, 0, L2, 0), 0);
    memset(d->frames[L2], 0, 4096);
    guest_ack(d, 0);
    open_up_to(d, 32767);
    REFUSED(XEN_ENOSPC, op_bind_ipi(d, 0));
    guest_set_frame_bit(d, MASK32, 32767, false);
    assert_int_equal(op_send(d, 32767), 0);
    assert_true(guest_frame_bit(d, PENDING, 32767));
    assert_int_equal(l2_32(d, 0)[31], 1U << 31);
    assert_int_equal(d->frames[L2][128], 0);
    assert_int_equal(*guest_sel32(d, 0), 1U << 31);
    assert_int_equal(d->kicks[0], 1);
    guest_ack(d, 0);
    assert_int_equal(op_send(d, 1025), 0);
    assert_int_equal(op_unmask(d, 1025), 0);
    assert_int_equal(l2_32(d, 0)[1], 1);
    assert_int_equal(*guest_sel32(d, 0), 2);
}

/* EVT-3L-22 */
static void bind_vcpu_raises_the_new_vcpu(void **state)
{
    (void)state;
    struct fake_domain *d = on_3level();
    assert_int_equal(op_register_l2(d, 1, L2, 512), 0);
    memset(d->frames[L2], 0, 4096);
    guest_ack(d, 1);
    assert_int_equal(op_alloc_unbound(d, DOMID_SELF, DOMID_SELF), 1);
    assert_int_equal(op_bind_interdomain(d, DOMID_SELF, 1), 2);
    assert_int_equal(op_send(d, 2), 0);
    assert_int_equal(op_bind_vcpu(d, 1, 1), 0); /* masked: nothing */
    assert_int_equal(d->kicks[1], 0);
    guest_set_frame_bit(d, MASK, 1, false);
    assert_int_equal(op_bind_vcpu(d, 1, 1), 0);
    assert_int_equal(d->kicks[1], 1);
    assert_int_equal(l2_64(d, 1)[0], 1);
    assert_int_equal(op_bind_vcpu(d, 1, 3), 0); /* parked: nothing, no crash */
    assert_int_equal(d->kicks[3], 0);
}

/* EVT-3L-23 */
static void closing_clears_the_new_bit(void **state)
{
    (void)state;
    struct fake_domain *d = on_3level();
    open_up_to(d, 100000);
    assert_int_equal(op_send(d, 100000), 0);
    assert_int_equal(op_close(d, 100000), 0);
    assert_false(guest_frame_bit(d, PENDING, 100000));
    assert_int_equal(op_bind_ipi(d, 0), 100000);
    assert_int_equal(evt_port_is_pending(d->evt, 100000), 0);
}

/* EVT-3L-09, EVT-3L-24 */
static void reset_leads_back(void **state)
{
    (void)state;
    struct fake_domain *d = on_3level();
    open_up_to(d, 9000);
    evt_latch_word_size(d->evt, 32); /* takes effect at reset */
    assert_int_equal(evt_word_size(d->evt), 64);
    assert_int_equal(op_send(d, 8), 0);
    unsigned quiesces = fake.quiesces, wake_alls = d->wake_alls;
    assert_int_equal(op_reset(d, DOMID_SELF), 0);
    assert_string_equal(evt_abi_name(d->evt), "2-level");
    assert_int_equal(evt_word_size(d->evt), 32);
    assert_int_equal(fake.quiesces, quiesces + 1);
    assert_int_equal(d->wake_alls, wake_alls + 1);
    for (unsigned i = 0; i < FAKE_FRAMES; i++)
        assert_int_equal(d->refs[i], 0);
    assert_int_equal(evt_open_ports(d->evt), 0);
    for (unsigned i = 0; i < 64; i++)
        assert_int_equal(guest_pending64(d)[i], 0);
    SOUND();
    open_up_to(d, 1023);
    REFUSED(XEN_ENOSPC, op_bind_ipi(d, 0));
    assert_int_equal(op_send(d, 3), 0);
    assert_int_equal(guest_pending32(d)[0], 1 << 3);
    assert_int_equal(op_register32(d, PENDING, true), 0); /* and again */
    assert_int_equal(op_register_l2_32(d, 0, L2, 0), 0);
    SOUND();
}

/* EVT-3L-25, EVT-OBJ-06: Xen-attached ports beyond the 2-level limit keep their number over a reset, without a bit. */
static void xen_ports_survive_a_reset(void **state)
{
    (void)state;
    struct fake_domain *d = on_3level();
    open_up_to(d, 6000);
    fake_attach_xen(d, 6000);
    fake_attach_xen(d, 3);
    assert_int_equal(op_reset(d, DOMID_SELF), 0);
    assert_int_equal(evt_open_ports(d->evt), 2);
    SOUND();
    struct evt_port_view view;
    assert_true(evt_view_port(d->evt, 4, &view));
    assert_int_equal(view.port, 6000);
    assert_false(view.pending);
    assert_int_equal(op_bind_ipi(d, 0), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(bitmaps_are_refused_in_order),
        IN_WORLD(narrow_bitmaps_are_one_page_each),
        IN_WORLD(layout_and_word_size_are_independent),
        IN_WORLD(l2_is_refused_in_order),
        IN_WORLD(narrow_l2_needs_128_bytes),
        IN_WORLD(the_switch_moves_pending_and_mask),
        IN_WORLD(the_narrow_switch_moves_too),
        IN_WORLD(others_go_on_during_the_switch),
        IN_WORLD(a_busy_quiesce_changes_nothing),
        IN_WORLD(a_parked_vcpu_gets_nothing_until_it_registers),
        IN_WORLD(both_parts_are_needed),
        IN_WORLD(delivery_goes_up_three_levels),
        IN_WORLD(unmask_raises_what_is_pending),
        IN_WORLD(the_last_port_of_each_word_size),
        IN_WORLD(narrow_delivery),
        IN_WORLD(bind_vcpu_raises_the_new_vcpu),
        IN_WORLD(closing_clears_the_new_bit),
        IN_WORLD(reset_leads_back),
        IN_WORLD(xen_ports_survive_a_reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
