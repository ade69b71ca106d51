/* SPDX-License-Identifier: MIT */
/*
 * The use of frames (arch/x86/pv/frame.h): what may become what, and what a time slice in the middle leaves
 * behind. After each test the invariants are computed from scratch.
 */
// links: arch/x86/pv/descriptor.c arch/x86/pv/frame.c arch/x86/pv/list.c arch/x86/pv/mmu_update.c arch/x86/pv/mmuext.c
// links: arch/x86/pv/table.c arch/x86/pv/update.c arch/x86/pv/va_mapping.c arch/x86/pv/vcpu_set.c
// links: arch/x86/pv/audit.c tests/host/pv_fake.c tests/host/pv_check.c
#include "tests/host/pv_tree.h"

/* --- What may become what */

static void a_fresh_frame_is_nothing_and_may_become_anything(void **state)
{
    (void)state;
    for (enum pv_type type = PV_L1; type <= PV_WRITABLE; type++) {
        uint64_t mfn = 10 + (uint64_t)type;
        assert_true(is_idle(mfn));
        assert_int_equal(pv_get_page_and_type(DOM, mfn, 1, type), 0);
        assert_true(fake_is_live(mfn, type, 1));
        pv_put_page_and_type(DOM, mfn);
        fake_drain(DOM);
        assert_true(is_idle(mfn));
        assert_int_equal(fake.frame[mfn].refs, 1);
    }
}

static void a_frame_is_one_thing_at_a_time(void **state)
{
    (void)state;
    for (enum pv_type is = PV_L1; is <= PV_WRITABLE; is++) {
        uint64_t mfn = 10 + (uint64_t)is;
        assert_int_equal(pv_get_page_and_type(DOM, mfn, 1, is), 0);
        for (enum pv_type wanted = PV_L1; wanted <= PV_WRITABLE; wanted++) {
            int rc = pv_get_page_and_type(DOM, mfn, 1, wanted);
            assert_int_equal(rc, wanted == is ? 0 : -XEN_EINVAL);
        }
        assert_true(fake_is_live(mfn, is, 2));
        pv_put_page_and_type(DOM, mfn);
        pv_put_page_and_type(DOM, mfn);
        fake_drain(DOM);
    }
}

static void frames_of_others_are_refused(void **state)
{
    (void)state;
    assert_int_equal(pin_l(1, FOREIGN), -XEN_EINVAL);
    assert_int_equal(pin_l(1, XEN), -XEN_EINVAL);
    assert_int_equal(pin_l(1, 0), -XEN_EINVAL);
    assert_int_equal(pin_l(1, FAKE_FRAMES), -XEN_EINVAL);
    assert_int_equal(pin_l(1, 1ULL << 40), -XEN_EINVAL);
    assert_int_equal(fake.frame[FOREIGN].refs, 1);
}

static void a_tree_is_validated_to_its_leaves(void **state)
{
    (void)state;
    assert_int_equal(pin_l(4, L4), 0);
    assert_true(fake_is_live(L4, PV_L4, 1));
    assert_true(fake_is_live(L3, PV_L3, 1));
    assert_true(fake_is_live(L2, PV_L2, 1));
    assert_true(fake_is_live(L1, PV_L1, 1));
    assert_true(fake_is_live(PAGE, PV_WRITABLE, 1));
    fake_check(true);
    unpin(L4);
    for (uint64_t mfn = L4; mfn <= PAGE; mfn++)
        assert_true(is_idle(mfn));
}

static void a_table_may_be_shared(void **state)
{
    (void)state;
    *entry_of(L2, 7) = fake_entry(L1, RW);
    *entry_of(L2, 511) = fake_entry(L1, RO);
    assert_int_equal(pin_l(2, L2), 0);
    assert_true(fake_is_live(L1, PV_L1, 3));
    assert_true(fake_is_live(PAGE, PV_WRITABLE, 1));
    unpin(L2);
}

static void what_a_failed_table_held_is_free_again(void **state)
{
    (void)state;
    *entry_of(L1, 300) = fake_entry(FOREIGN, RO);
    assert_int_equal(pin_l(4, L4), -XEN_EBUSY);
    fake_drain(DOM);
    for (uint64_t mfn = L4; mfn <= PAGE; mfn++)
        assert_true(is_idle(mfn));
}

/* --- Pins */

static void a_frame_is_pinned_once(void **state)
{
    (void)state;
    assert_int_equal(pin_l(1, L1), 0);
    assert_int_equal(pin_l(1, L1), -XEN_EINVAL);
    assert_int_equal(pin_l(2, L1), -XEN_EINVAL);
    assert_true(fake_is_live(L1, PV_L1, 1));
    unpin(L1);
    assert_int_equal(pv_unpin(DOM, L1, 1), -XEN_EINVAL);
    assert_int_equal(pv_unpin(DOM, FOREIGN, 1), -XEN_EINVAL);
    assert_int_equal(pv_unpin(DOM, 0, 1), -XEN_EINVAL);
}

/* The pin is one reference of several: the table stays a table for the others. */
static void an_unpinned_table_lives_as_long_as_it_is_used(void **state)
{
    (void)state;
    assert_int_equal(pin_l(1, L1), 0);
    assert_int_equal(pin_l(2, L2), 0);
    assert_true(fake_is_live(L1, PV_L1, 2));
    unpin(L1);
    assert_true(fake_is_live(L1, PV_L1, 1));
    unpin(L2);
    assert_true(is_idle(L1));
}

static void a_pinned_frame_outlives_its_owners_reference(void **state)
{
    (void)state;
    assert_int_equal(pin_l(1, L1), 0);
    fake_take_back(L1);
    assert_int_equal(fake.frame[L1].owner, 1);
    unpin(L1);
    assert_int_equal(fake.frame[L1].owner, FAKE_NOBODY);
}

/* --- Time slices */

/* Each look at the clock says that time is up: the work goes on from call to call, and ends. */
static void validation_stops_and_goes_on(void **state)
{
    unsigned calls = 0;
    int rc;
    (void)state;
    for (unsigned i = 0; i < PV_ENTRIES; i++)
        *entry_of(L2, i) = fake_entry(L1, RW);
    fake.yield_one_in = 1;
    do {
        rc = pv_pin(DOM, L4, 1, PV_L4);
        fake_check(true);
        calls++;
    } while (rc == -XEN_ERESTART);
    assert_int_equal(rc, 0);
    assert_int_equal(calls, 4 * 7 + 1); /* four tables, seven looks in each */
    assert_true(fake_is_live(L1, PV_L1, PV_ENTRIES));
    assert_int_equal(pv_unpin(DOM, L4, 1), 0);
    for (calls = 1; pv_drain(DOM) == -XEN_ERESTART; calls++)
        fake_check(true);
    assert_int_equal(calls, 4 * 7 + 1);
    assert_true(is_idle(L1));
}

static void stop_half_way(void)
{
    fake.yield_one_in = 1;
    assert_int_equal(pv_pin(DOM, L1, 1, PV_L1), -XEN_ERESTART);
    assert_int_equal(fake_phase(L1), PV_PARTIAL);
    assert_true(fake_is_live(PAGE, PV_WRITABLE, 1));
    fake.yield_one_in = 0;
}

/* The guest never comes back to what it began: the frame is still free for something else. */
static void what_is_half_done_may_become_something_else(void **state)
{
    (void)state;
    stop_half_way();
    assert_int_equal(pv_get_page_and_type(DOM, L1, 1, PV_WRITABLE), 0);
    assert_true(is_idle(PAGE));
    pv_put_page_and_type(DOM, L1);
}

static void what_is_half_done_can_be_abandoned(void **state)
{
    (void)state;
    stop_half_way();
    pv_abandon(DOM, L1);
    fake_drain(DOM);
    assert_true(is_idle(L1));
    assert_true(is_idle(PAGE));
}

static void a_pin_can_be_abandoned(void **state)
{
    (void)state;
    assert_int_equal(pin_l(4, L4), 0);
    pv_abandon(DOM, L4);
    pv_abandon(DOM, L3);
    fake_drain(DOM);
    for (uint64_t mfn = L4; mfn <= PAGE; mfn++)
        assert_true(is_idle(mfn));
}

/* The same domain wants a doomed table for something else before it was drained. */
static void a_doomed_table_is_drained_for_who_wants_it(void **state)
{
    (void)state;
    assert_int_equal(pin_l(2, L2), 0);
    assert_int_equal(pv_unpin(DOM, L2, 1), 0);
    assert_int_equal(fake_phase(L2), PV_DOOMED);
    assert_int_equal(pv_get_page_and_type(DOM, L1, 1, PV_L1), 0); /* still the doomed L2's */
    assert_int_equal(pv_get_page_and_type(DOM, L2, 1, PV_WRITABLE), 0);
    pv_put_page_and_type(DOM, L2);
    assert_true(fake_is_live(L1, PV_L1, 1));
    pv_put_page_and_type(DOM, L1);
}

/* Another vcpu wants the frame while this one looks at its entries. */
static int same, other;

static void ask_meanwhile(void)
{
    if (fake_phase(L1) != PV_VALIDATING)
        return;
    fake.point = NULL;
    same = pv_get_page_and_type(DOM, L1, 1, PV_L1);
    other = pv_get_page_and_type(DOM, L1, 1, PV_WRITABLE);
}

static void who_comes_second_comes_again_or_is_refused(void **state)
{
    (void)state;
    fake.point = ask_meanwhile;
    assert_int_equal(pin_l(1, L1), 0);
    assert_int_equal(same, -XEN_ERESTART);
    assert_int_equal(other, -XEN_EINVAL);
    unpin(L1);
}

static void a_table_doomed_by_another_domain_is_waited_for(void **state)
{
    (void)state;
    assert_int_equal(pin_l(1, L1), 0);
    assert_int_equal(pv_unpin(&fake.domain[1], L1, 1), 0);
    assert_int_equal(pv_get_page_and_type(DOM, L1, 1, PV_WRITABLE), -XEN_ERESTART);
    fake_drain(&fake.domain[1]);
    assert_int_equal(pv_get_page_and_type(DOM, L1, 1, PV_WRITABLE), 0);
    pv_put_page_and_type(DOM, L1);
}

/* --- What processors remember */

static unsigned flushes(void)
{
    return fake.cpu[0].flushes;
}

static void get_and_put(uint64_t mfn, enum pv_type type)
{
    assert_int_equal(pv_get_page_and_type(DOM, mfn, 1, type), 0);
    pv_put_page_and_type(DOM, mfn);
    fake_drain(DOM);
}

static void a_change_of_use_flushes_once(void **state)
{
    static const enum pv_type uses[] = {PV_WRITABLE, PV_L1, PV_WRITABLE, PV_L2, PV_L1, PV_DESCRIPTORS, PV_WRITABLE};
    (void)state;
    get_and_put(20, uses[0]);
    assert_int_equal(flushes(), 0); /* it was nothing */
    for (unsigned i = 1; i < sizeof(uses) / sizeof(uses[0]); i++) {
        get_and_put(20, uses[i]);
        assert_int_equal(flushes(), i);
        get_and_put(20, uses[i]);
        assert_int_equal(flushes(), i); /* the same again */
    }
}

/* Many pages become tables after one flush, not after one each. */
static void an_old_flush_is_as_good(void **state)
{
    (void)state;
    for (uint64_t mfn = 20; mfn < 24; mfn++)
        get_and_put(mfn, PV_WRITABLE);
    for (uint64_t mfn = 20; mfn < 24; mfn++)
        get_and_put(mfn, PV_L1);
    assert_int_equal(flushes(), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_fresh_frame_is_nothing_and_may_become_anything),
        T(a_frame_is_one_thing_at_a_time),
        T(frames_of_others_are_refused),
        T(a_tree_is_validated_to_its_leaves),
        T(a_table_may_be_shared),
        T(what_a_failed_table_held_is_free_again),
        T(a_frame_is_pinned_once),
        T(an_unpinned_table_lives_as_long_as_it_is_used),
        T(a_pinned_frame_outlives_its_owners_reference),
        T(validation_stops_and_goes_on),
        T(what_is_half_done_may_become_something_else),
        T(what_is_half_done_can_be_abandoned),
        T(a_pin_can_be_abandoned),
        T(a_doomed_table_is_drained_for_who_wants_it),
        T(who_comes_second_comes_again_or_is_refused),
        T(a_table_doomed_by_another_domain_is_waited_for),
        T(a_change_of_use_flushes_once),
        T(an_old_flush_is_as_good),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
