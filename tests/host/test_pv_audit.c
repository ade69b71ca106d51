/* SPDX-License-Identifier: MIT */
/*
 * The audit of the memory core (arch/x86/pv/audit.h) finds what is wrong: each test damages one thing behind the core's
 * back, and the audit has to name it. An audit that is always content would let every leak through.
 */
// links: arch/x86/pv/descriptor.c arch/x86/pv/frame.c arch/x86/pv/list.c arch/x86/pv/mmu_update.c arch/x86/pv/mmuext.c
// links: arch/x86/pv/table.c arch/x86/pv/update.c arch/x86/pv/va_mapping.c arch/x86/pv/vcpu_set.c
// links: arch/x86/pv/audit.c tests/host/pv_fake.c tests/host/pv_check.c
#include "arch/x86/pv/audit.h"

#include <stdio.h>
#include <string.h>

#include "tests/host/pv_tree.h"

static char said[4096];
static struct pv_tally tally[FAKE_FRAMES];

static bool look(uint64_t mfn, struct pv_audited *frame)
{
    const struct fake_frame *f = &fake.frame[mfn];

    *frame = (struct pv_audited){f->word, f->refs, f->owner, f->allocated};
    return f->owner == 1;
}

static void complain(const char *format, ...)
{
    size_t used = strlen(said);
    va_list args;

    va_start(args, format);
    vsnprintf(said + used, sizeof(said) - used, format, args);
    va_end(args);
}

static unsigned held;

static bool audit(bool exact)
{
    struct pv_audit a = {
        .tally = tally, .end = FAKE_FRAMES, .look = look, .complain = complain, .exact = exact, .held = held};

    said[0] = '\0';
    pv_audit_begin(&a);
    return pv_audit_compare(&a);
}

static void finds(const char *what)
{
    assert_false(audit(true));
    assert_non_null(strstr(said, what));
}

static int pinned(void **state)
{
    fresh(state);
    held = 0;
    assert_int_equal(pin_l(4, L4), 0);
    assert_true(audit(true));
    return 0;
}

static void a_lost_page_reference(void **state)
{
    (void)state;
    fake.frame[PAGE].refs++;
    finds("frame 0x6 counts 3 references and 1 of type; there are 2 and 1");
    assert_true(audit(false)); /* while a vcpu is in the core it may be on its way */
}

static void a_lost_type_reference(void **state)
{
    (void)state;
    fake.frame[L1].word++;
    finds("frame 0x5 counts");
}

static void a_reference_too_few(void **state)
{
    (void)state;
    fake.frame[PAGE].refs--;
    finds("frame 0x6 counts 1 references");
    assert_false(audit(false));
}

/* The one thing that must never be, with all counts right. */
static void a_writable_mapping_of_a_table(void **state)
{
    (void)state;
    *entry_of(L1, 1) = fake_entry(L1, RW);
    finds("frame 0x5 is used as type 1 and as type 6");
    assert_false(audit(false));
}

static void a_mapping_of_a_foreign_frame(void **state)
{
    (void)state;
    *entry_of(L1, 2) = fake_entry(FOREIGN, RO);
    finds("entry 2 of the L1 table 0x5 leads to frame 0x28, which is not its owner's");
}

static void a_mapping_of_no_memory(void **state)
{
    (void)state;
    *entry_of(L1, 2) = fake_entry(0x123456, RO);
    finds("frame 0x123456 is nobody's");
}

static void a_bit_that_is_not_the_guests(void **state)
{
    (void)state;
    *entry_of(L2, 0) |= PTE_LARGE;
    finds("entry 0 of the L2 table 0x4 is 0x");
}

static void a_slot_of_the_hypervisor(void **state)
{
    (void)state;
    *entry_of(L4, 260) = 0;
    finds("slot 260 of the L4 table 0x2");
}

static void a_frame_left_busy(void **state)
{
    (void)state;
    fake.frame[PAGE2].word = pv_word(PV_L1, PV_VALIDATING, 0, 0);
    finds("frame 0x7 was left busy");
}

static void a_root_that_nobody_named(void **state)
{
    (void)state;
    assert_int_equal(pv_get_page_and_type(DOM, L4, 1, PV_L4), 0);
    finds("frame 0x2 counts");
}

/* The hypervisor's own hold on an event page: it is told how many there are, not where. */
static void what_the_caller_holds(void **state)
{
    (void)state;
    assert_int_equal(pv_get_page_and_type(DOM, PAGE2, 1, PV_WRITABLE), 0);
    assert_int_equal(pv_get_page_and_type(DOM, PAGE2, 1, PV_WRITABLE), 0);
    finds("frame 0x7 counts 3 references and 2 of type; there are 1 and 0");
    held = 1;
    finds("frame 0x7 counts 3 references and 2 of type; there are 1 and 0");
    held = 2;
    assert_true(audit(true));
    held = 3;
    finds("1 references that are held were not found");
}

#define A(test) cmocka_unit_test_setup(test, pinned)

int main(void)
{
    const struct CMUnitTest tests[] = {
        A(a_lost_page_reference),         A(a_lost_type_reference),        A(a_reference_too_few),
        A(a_writable_mapping_of_a_table), A(a_mapping_of_a_foreign_frame), A(a_mapping_of_no_memory),
        A(a_bit_that_is_not_the_guests),  A(a_slot_of_the_hypervisor),     A(a_frame_left_busy),
        A(a_root_that_nobody_named),      A(what_the_caller_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
