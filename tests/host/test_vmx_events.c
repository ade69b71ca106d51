/* SPDX-License-Identifier: MIT */
/* What becomes of events at exits and entries: each of the cases that the processor would refuse, lose or repeat. */
// links: arch/x86/vmx/events.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arch/x86/vmx/events.h"

#define VALID INTERRUPT_VALID
#define DB (EXCEPTION_DB | INTERRUPT_TYPE_EXCEPTION | VALID)
#define AC (EXCEPTION_AC | INTERRUPT_TYPE_EXCEPTION | INTERRUPT_ERROR_VALID | VALID)
#define INT1 (EXCEPTION_DB | INTERRUPT_TYPE_PRIV_EXCEPTION | VALID)
#define PF (14 | INTERRUPT_TYPE_EXCEPTION | INTERRUPT_ERROR_VALID | VALID)
#define NMI (EXCEPTION_NMI | INTERRUPT_TYPE_NMI | VALID)

/* An error code is asked for that real mode does not push: the entry fails. */
static void error_codes_of_exceptions(void **state)
{
    (void)state;
    for (unsigned vector = 0; vector < 32; vector++) {
        bool has = vector == 8 || (vector >= 10 && vector <= 14) || vector == 17;
        uint32_t plain = vector | INTERRUPT_TYPE_EXCEPTION | VALID;
        assert_int_equal(vmx_exception_info(vector, false), plain);
        assert_int_equal(vmx_exception_info(vector, true), has ? plain | INTERRUPT_ERROR_VALID : plain);
    }
}

static void a_debug_exception_goes_back(void **state)
{
    (void)state;
    struct vmx_reflection r = vmx_reflect(DB, 0, 0, true);
    assert_int_equal(r.info, DB);
    assert_int_equal(r.interruptibility, 0);
    assert_true(r.has_dr6);
    assert_false(r.passes_over);
}

/*
 * A single step into the shadow of STI or MOV SS: left blocked, with RFLAGS.TF set and no pending single step, the
 * entry is refused (section 26.3.1.5). What blocks NMIs and SMIs is not the instruction's, and stays.
 */
static void a_debug_exception_behind_sti(void **state)
{
    (void)state;
    static const uint32_t others[] = {0, BLOCKED_BY_NMI, BLOCKED_BY_SMI, BLOCKED_BY_NMI | BLOCKED_BY_SMI};
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(vmx_reflect(DB, 0, others[i] | BLOCKED_BY_STI, true).interruptibility, others[i]);
        assert_int_equal(vmx_reflect(DB, 0, others[i] | BLOCKED_BY_MOV_SS, true).interruptibility, others[i]);
        assert_int_equal(vmx_reflect(AC, 0, others[i] | BLOCKED_BY_STI, true).interruptibility, others[i]);
        assert_int_equal(vmx_unblocked(others[i] | BLOCKED_BY_STI | BLOCKED_BY_MOV_SS), others[i]);
    }
}

/* Delivered as an exception of the processor, INT1 would return to itself for ever; and it leaves DR6 alone. */
static void int1_is_passed_over(void **state)
{
    (void)state;
    for (int protected_mode = 0; protected_mode < 2; protected_mode++) {
        struct vmx_reflection r = vmx_reflect(INT1, 0, BLOCKED_BY_STI, protected_mode);
        assert_int_equal(r.info, INT1);
        assert_int_equal(r.interruptibility, 0);
        assert_true(r.passes_over);
        assert_false(r.has_dr6);
    }
}

static void an_alignment_check_goes_back(void **state)
{
    (void)state;
    struct vmx_reflection r = vmx_reflect(AC, 0, BLOCKED_BY_NMI, true);
    assert_int_equal(r.info, AC);
    assert_int_equal(r.interruptibility, BLOCKED_BY_NMI);
    assert_false(r.has_dr6 || r.passes_over);
    assert_int_equal(vmx_reflect(AC, 0, 0, false).info, AC & ~INTERRUPT_ERROR_VALID);
}

/*
 * An IRET at the end of an NMI's handler that faults has let NMIs in, though it has not returned: one that came now
 * would overwrite the handler's frame. Not where the fault came while an event was delivered: the bit is undefined then
 * (section 27.2.3). A #DB is never the IRET's fault.
 */
static void an_iret_that_faults_blocks_nmis_again(void **state)
{
    (void)state;
    assert_int_equal(vmx_reflect(AC | IRET_UNBLOCKED_NMI, 0, 0, true).interruptibility, BLOCKED_BY_NMI);
    assert_int_equal(vmx_reflect(AC | IRET_UNBLOCKED_NMI, 0, 0, true).info, AC);
    assert_int_equal(vmx_reflect(AC, 0, 0, true).interruptibility, 0);
    assert_int_equal(vmx_reflect(AC | IRET_UNBLOCKED_NMI, PF, 0, true).interruptibility, 0);
    assert_int_equal(vmx_reflect(AC | IRET_UNBLOCKED_NMI, PF & ~VALID, 0, true).interruptibility, BLOCKED_BY_NMI);
    assert_int_equal(vmx_reflect(DB | IRET_UNBLOCKED_NMI, 0, 0, true).interruptibility, 0);
}

static void an_nmi_is_injected_when_nothing_is_in_the_way(void **state)
{
    (void)state;
    assert_int_equal(vmx_nmi_window(false, 0), 0);
    assert_int_equal(vmx_nmi_window(false, BLOCKED_BY_SMI), 0);
    assert_int_equal(vmx_nmi_window(true, 0), CPU_NMI_WINDOW);
    assert_int_equal(vmx_nmi_window(false, BLOCKED_BY_NMI), CPU_NMI_WINDOW);
    assert_int_equal(vmx_nmi_window(false, BLOCKED_BY_MOV_SS), CPU_NMI_WINDOW);
    assert_int_equal(vmx_nmi_window(true, BLOCKED_BY_NMI), CPU_NMI_WINDOW);
}

/* A window for NMIs that STI does not shut exits at the same instruction for ever. */
static void an_nmi_behind_sti_waits_for_the_other_window(void **state)
{
    (void)state;
    assert_int_equal(vmx_nmi_window(false, BLOCKED_BY_STI), CPU_INTERRUPT_WINDOW);
    assert_int_equal(vmx_nmi_window(true, BLOCKED_BY_STI), CPU_INTERRUPT_WINDOW);
    assert_int_equal(vmx_nmi_window(false, BLOCKED_BY_STI | BLOCKED_BY_NMI), CPU_INTERRUPT_WINDOW);
}

static void an_exit_that_interrupted_nothing(void **state)
{
    (void)state;
    struct vmx_kept kept = vmx_keep(PF & ~VALID, BLOCKED_BY_NMI | BLOCKED_BY_STI);
    assert_int_equal(kept.info, 0);
    assert_int_equal(kept.interruptibility, BLOCKED_BY_NMI | BLOCKED_BY_STI);
    assert_false(kept.nmi);
}

/* Bit 12 is undefined there and reserved at entries: an entry that repeats it is refused. */
static void an_interrupted_exception_is_delivered_again(void **state)
{
    (void)state;
    struct vmx_kept kept = vmx_keep(PF | IRET_UNBLOCKED_NMI, BLOCKED_BY_NMI);
    assert_int_equal(kept.info, PF);
    assert_int_equal(kept.interruptibility, BLOCKED_BY_NMI);
    assert_false(kept.nmi);
}

/* The attempt has blocked NMIs already; taken for the guest's handler, that would keep the NMI out for ever. */
static void an_interrupted_nmi_is_pending_again(void **state)
{
    (void)state;
    struct vmx_kept kept = vmx_keep(NMI, BLOCKED_BY_NMI | BLOCKED_BY_SMI);
    assert_int_equal(kept.info, 0);
    assert_int_equal(kept.interruptibility, BLOCKED_BY_SMI);
    assert_true(kept.nmi);
}

/* The upcall is a level, and an instruction raises what it raises anew: delivered again, they would come twice. */
static void what_comes_again_by_itself_is_dropped(void **state)
{
    (void)state;
    static const uint32_t types[] = {INTERRUPT_TYPE_EXTERNAL, INTERRUPT_TYPE_SOFT_INT, INTERRUPT_TYPE_PRIV_EXCEPTION,
                                     INTERRUPT_TYPE_SOFT_EXCEPTION};
    for (unsigned i = 0; i < 4; i++) {
        struct vmx_kept kept = vmx_keep(0x40 | types[i] | VALID, BLOCKED_BY_NMI);
        assert_int_equal(kept.info, 0);
        assert_int_equal(kept.interruptibility, BLOCKED_BY_NMI);
        assert_false(kept.nmi);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(error_codes_of_exceptions),
        cmocka_unit_test(a_debug_exception_goes_back),
        cmocka_unit_test(a_debug_exception_behind_sti),
        cmocka_unit_test(int1_is_passed_over),
        cmocka_unit_test(an_alignment_check_goes_back),
        cmocka_unit_test(an_iret_that_faults_blocks_nmis_again),
        cmocka_unit_test(an_nmi_is_injected_when_nothing_is_in_the_way),
        cmocka_unit_test(an_nmi_behind_sti_waits_for_the_other_window),
        cmocka_unit_test(an_exit_that_interrupted_nothing),
        cmocka_unit_test(an_interrupted_exception_is_delivered_again),
        cmocka_unit_test(an_interrupted_nmi_is_pending_again),
        cmocka_unit_test(what_comes_again_by_itself_is_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
