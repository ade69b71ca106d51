/* SPDX-License-Identifier: MIT */
/*
 * The use of frames (arch/x86/pv/frame.h): what may become what, with which entries, and what a time slice in the
 * middle leaves behind. After each test the invariants are computed from scratch.
 */
// links: arch/x86/pv/*.c tests/host/pv_fake.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "guest/abi/errno.h"
#include "guest/abi/mmu.h"
#include "tests/host/pv_fake.h"

enum { L4 = 2, L3, L2, L1, PAGE, PAGE2, OTHER_L1, OTHER_L2, FOREIGN = 40, XEN };

#define DOM (&fake.domain[0])
#define RW (PTE_WRITE | PTE_USER)
#define RO PTE_USER

static uint64_t *entry_of(uint64_t table, unsigned index)
{
    return &fake.frame[table].content[index];
}

static int fresh(void **state)
{
    (void)state;
    fake_reset();
    for (uint64_t mfn = 2; mfn < 32; mfn++)
        fake_give(mfn, 1);
    fake_give(FOREIGN, 2);
    fake_give(XEN, FAKE_HYPERVISOR);
    *entry_of(L4, 0) = fake_entry(L3, RW);
    *entry_of(L3, 0) = fake_entry(L2, RW);
    *entry_of(L2, 0) = fake_entry(L1, RW);
    *entry_of(L1, 0) = fake_entry(PAGE, RW);
    *entry_of(L1, 1) = fake_entry(L1, RO); /* as guests do: they see their tables, but can't write to them */
    return 0;
}

static int check(void **state)
{
    (void)state;
    fake_drain(DOM);
    fake_check(true);
    return 0;
}

static int pin_l(unsigned level, uint64_t mfn)
{
    int rc;
    do
        rc = pv_pin(DOM, mfn, 1, (enum pv_type)level);
    while (rc == -XEN_ERESTART);
    return rc;
}

static void unpin(uint64_t mfn)
{
    assert_int_equal(pv_unpin(DOM, mfn, 1), 0);
    fake_drain(DOM);
}

static bool is_idle(uint64_t mfn)
{
    return fake_phase(mfn) == PV_IDLE;
}

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
    assert_int_equal(pin_l(4, L4), -XEN_EINVAL);
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

/* --- Entries */

static void writable_mappings_of_tables_are_refused(void **state)
{
    (void)state;
    *entry_of(L1, 2) = fake_entry(L1, RW);
    assert_int_equal(pin_l(1, L1), -XEN_EINVAL);
    *entry_of(L1, 2) = fake_entry(L2, RW);
    assert_int_equal(pin_l(1, L1), 0); /* L2 is nothing yet, but it can't become a table now */
    assert_int_equal(pin_l(2, L2), -XEN_EINVAL);
    unpin(L1);
    assert_int_equal(pin_l(2, L2), -XEN_EINVAL);
    *entry_of(L1, 2) = fake_entry(L2, RO);
    assert_int_equal(pin_l(2, L2), 0);
    unpin(L2);
}

/* No linear page tables: a table never leads to itself, nor to one of its level. */
static void tables_of_the_same_level_are_refused(void **state)
{
    (void)state;
    for (unsigned level = 2; level <= 4; level++) {
        uint64_t table = 10 + level;
        *entry_of(table, 5) = fake_entry(table, RO);
        assert_int_equal(pin_l(level, table), -XEN_EINVAL);
        *entry_of(table, 5) = fake_entry(20, RO);
        assert_int_equal(pin_l(level, 20), 0);
        assert_int_equal(pin_l(level, table), -XEN_EINVAL);
        unpin(20);
        *entry_of(table, 5) = 0;
    }
}

/* A cycle of levels can't close: L3 -> L2 -> (as an L1) the L3. */
static void cycles_are_refused(void **state)
{
    (void)state;
    *entry_of(10, 0) = fake_entry(11, RW);
    *entry_of(11, 0) = fake_entry(10, RW);
    for (unsigned level = 1; level <= 4; level++)
        assert_int_equal(pin_l(level, 10), level == 1 ? 0 : -XEN_EINVAL);
    unpin(10);
}

/* Bits by level: refused = 1 for -XEN_EINVAL. */
static void bits_that_are_not_the_guests_are_refused(void **state)
{
    static const struct {
        uint64_t bit;
        bool refused[5];
    } rows[] = {
        {PTE_PWT, {0, 1, 1, 1, 1}},
        {PTE_PCD, {0, 1, 1, 1, 1}},
        {PTE_LARGE, {0, 1, 1, 1, 1}},
        {PTE_GLOBAL, {0, 0, 1, 1, 1}},
        {PTE_NX, {0}},
        {PTE_ACCESSED, {0}},
        {PTE_DIRTY, {0}},
        {1ULL << 9, {0}},
        {1ULL << 11, {0}},
        {1ULL << 52, {0, 1, 1, 1, 1}},
        {1ULL << 58, {0, 1, 1, 1, 1}},
        {1ULL << 62, {0, 1, 1, 1, 1}},
        {1ULL << 51, {0, 1, 1, 1, 1}}, /* an address that no memory has */
    };
    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        for (unsigned level = 1; level <= 4; level++) {
            *entry_of(20, 3) = fake_entry(21, RO) | rows[i].bit;
            assert_int_equal(pin_l(level, 20), rows[i].refused[level] ? -XEN_EINVAL : 0);
            if (!rows[i].refused[level])
                unpin(20);
            *entry_of(20, 3) = (fake_entry(21, RO) | rows[i].bit) & ~(uint64_t)PTE_PRESENT;
            assert_int_equal(pin_l(level, 20), 0); /* what is not present is the guest's to use */
            assert_int_equal(*entry_of(20, 3), (fake_entry(21, RO) | rows[i].bit) & ~(uint64_t)PTE_PRESENT);
            unpin(20);
        }
}

static void without_nx_its_bit_is_reserved(void **state)
{
    (void)state;
    fake.nx = 0;
    *entry_of(L1, 0) |= PTE_NX;
    assert_int_equal(pin_l(1, L1), -XEN_EINVAL);
}

/* Ring 3 has the guest's kernel too; a global translation would be its kernel's in its user mode. */
static void user_is_added_and_global_is_taken_away(void **state)
{
    (void)state;
    *entry_of(L1, 0) = fake_entry(PAGE, PTE_WRITE | PTE_GLOBAL | PTE_NX | 1ULL << 9);
    *entry_of(L2, 0) = fake_entry(L1, PTE_WRITE);
    assert_int_equal(pin_l(2, L2), 0);
    assert_int_equal(*entry_of(L1, 0), fake_entry(PAGE, PTE_WRITE | PTE_USER | PTE_NX | 1ULL << 9));
    assert_int_equal(*entry_of(L2, 0), fake_entry(L1, PTE_WRITE | PTE_USER | PTE_ACCESSED));
    unpin(L2);
}

/* Whatever the guest has in the hypervisor's slots is neither looked at nor kept; and they leave with the table. */
static void the_hypervisors_slots_are_filled_and_cleared(void **state)
{
    (void)state;
    *entry_of(L4, 256) = fake_entry(FOREIGN, RW);
    *entry_of(L4, 271) = ~0ULL;
    assert_int_equal(pin_l(4, L4), 0);
    for (unsigned i = 0; i < 16; i++)
        assert_int_equal(*entry_of(L4, 256 + i), fake.slots[i]);
    unpin(L4);
    for (unsigned i = 0; i < 16; i++)
        assert_int_equal(*entry_of(L4, 256 + i), 0);
    *entry_of(L4, 255) = fake_entry(FOREIGN, RW);
    assert_int_equal(pin_l(4, L4), -XEN_EINVAL);
    *entry_of(L4, 255) = 0;
    *entry_of(L4, 272) = fake_entry(FOREIGN, RW);
    assert_int_equal(pin_l(4, L4), -XEN_EINVAL);
}

/* --- Descriptor pages */

#define CODE64 0x00af9b000000ffffULL /* DPL 0 */
#define RING3 (3ULL << 45)

static void descriptors_are_checked(void **state)
{
    static const struct {
        uint64_t descriptor;
        bool allowed;
    } rows[] = {
        {0, true},
        {CODE64 | RING3, true},
        {0x00cf93000000ffffULL | RING3, true},  /* data */
        {0x00cf9b000000ffffULL | RING3, true},  /* 32-bit code */
        {0x00ef9b000000ffffULL | RING3, false}, /* long and with a default size of 32 bits */
        {CODE64, false},                        /* ring 0 */
        {CODE64 | 1ULL << 45, false},
        {CODE64 | 2ULL << 45, false},
        {0x0000ec000008abcdULL, false}, /* call gate for ring 3 */
        {0x0000890000000067ULL, false}, /* TSS */
        {0x000082000000ffffULL, false}, /* LDT */
        {0x00006c000008abcdULL, true},  /* the gate, not present */
    };
    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        *entry_of(20, i * 40) = rows[i].descriptor;
        int rc = pv_get_page_and_type(DOM, 20, 1, PV_DESCRIPTORS);
        assert_int_equal(rc, rows[i].allowed ? 0 : -XEN_EINVAL);
        if (!rc)
            pv_put_page_and_type(DOM, 20);
        *entry_of(20, i * 40) = 0;
    }
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

#define T(test) cmocka_unit_test_setup_teardown(test, fresh, check)

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
        T(writable_mappings_of_tables_are_refused),
        T(tables_of_the_same_level_are_refused),
        T(cycles_are_refused),
        T(bits_that_are_not_the_guests_are_refused),
        T(without_nx_its_bit_is_reserved),
        T(user_is_added_and_global_is_taken_away),
        T(the_hypervisors_slots_are_filled_and_cleared),
        T(descriptors_are_checked),
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
