/* SPDX-License-Identifier: MIT */
/* mmuext_op: pins, roots, flushes, the LDT, contents of pages. */
// links: arch/x86/pv/descriptor.c arch/x86/pv/frame.c arch/x86/pv/list.c arch/x86/pv/mmu_update.c arch/x86/pv/mmuext.c
// links: arch/x86/pv/table.c arch/x86/pv/update.c arch/x86/pv/va_mapping.c arch/x86/pv/vcpu_set.c
// links: arch/x86/pv/audit.c tests/host/pv_fake.c tests/host/pv_check.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "guest/abi/errno.h"
#include "guest/abi/mmu.h"
#include "guest/abi/xen.h"
#include "tests/host/pv_fake.h"

enum { L4 = 2, L3, L2, L1, PAGE, PAGE2, OTHER_L4, FOREIGN = 40, XEN };

#define RW (PTE_WRITE | PTE_USER)
#define CPU (&fake.cpu[0])

static int fresh(void **state)
{
    (void)state;
    fake_reset();
    for (uint64_t mfn = 2; mfn < 32; mfn++)
        fake_give(mfn, 1);
    fake_give(FOREIGN, 2);
    fake_give(XEN, FAKE_HYPERVISOR);
    fake.frame[L4].content[0] = fake_entry(L3, RW);
    fake.frame[L3].content[0] = fake_entry(L2, RW);
    fake.frame[L2].content[0] = fake_entry(L1, RW);
    fake.frame[L1].content[0] = fake_entry(PAGE, RW);
    return 0;
}

static int check(void **state)
{
    (void)state;
    fake_check(true);
    return 0;
}

static void each_level_is_pinned_by_its_command(void **state)
{
    (void)state;
    for (uint32_t cmd = MMUEXT_PIN_L1_TABLE; cmd <= MMUEXT_PIN_L4_TABLE; cmd++) {
        uint64_t mfn = L1 - cmd;
        assert_int_equal(fake_mmuext(cmd, mfn, 0), 0);
        assert_true(fake_is_live(mfn, (enum pv_type)(PV_L1 + cmd), 1));
        assert_int_equal(fake_mmuext(MMUEXT_UNPIN_TABLE, mfn, 0), 0);
        assert_int_equal(fake_phase(mfn), PV_IDLE);
        assert_int_equal(fake_mmuext(MMUEXT_UNPIN_TABLE, mfn, 0), -XEN_EINVAL);
        assert_int_equal(fake_mmuext(cmd, FOREIGN, 0), -XEN_EINVAL);
        assert_int_equal(fake_mmuext(cmd, XEN, 0), -XEN_EINVAL);
    }
}

static void a_domain_with_leave_pins_for_another(void **state)
{
    struct pv_vcpu *v = &CPU->v;
    (void)state;
    assert_int_equal(fake_mmuext_by(v, MMUEXT_PIN_L1_TABLE, FOREIGN, 0, 2), -XEN_EPERM);
    fake.may_name = true;
    assert_int_equal(fake_mmuext_by(v, MMUEXT_PIN_L1_TABLE, L1, 0, 2), -XEN_EINVAL);
    assert_int_equal(fake_mmuext_by(v, MMUEXT_PIN_L1_TABLE, FOREIGN, 0, 9), -XEN_ESRCH);
    assert_int_equal(fake_mmuext_by(v, MMUEXT_PIN_L1_TABLE, FOREIGN, 0, 2), 0);
    assert_int_equal(fake_mmuext_by(v, MMUEXT_UNPIN_TABLE, FOREIGN, 0, DOMID_SELF), -XEN_EINVAL);
    assert_int_equal(fake_mmuext_by(v, MMUEXT_UNPIN_TABLE, FOREIGN, 0, 2), 0);
}

/* The order of a batch: what was a tree is memory again for the next operation, whatever the clock says. */
static void unpin_and_reuse_in_one_list(void **state)
{
    struct mmuext_op ops[] = {
        {.cmd = MMUEXT_PIN_L4_TABLE, .arg1.mfn = L4},
        {.cmd = MMUEXT_UNPIN_TABLE, .arg1.mfn = L4},
        {.cmd = MMUEXT_CLEAR_PAGE, .arg1.mfn = L1},
        {.cmd = MMUEXT_UNPIN_TABLE, .arg1.mfn = L4},
    };
    uint32_t done;
    int64_t rc;
    (void)state;
    for (fake.yield_one_in = 0; fake.yield_one_in < 4; fake.yield_one_in++) {
        uint64_t args[6] = {128, 4, 16, DOMID_SELF};
        fake.frame[L1].content[0] = fake_entry(PAGE, RW);
        memcpy(fake.memory + 128, ops, sizeof(ops));
        do
            rc = pv_mmuext_op(&CPU->v, args);
        while (rc == -XEN_ERESTART);
        assert_int_equal(rc, -XEN_EINVAL); /* the last one: it is no longer pinned */
        memcpy(&done, fake.memory + 16, 4);
        assert_int_equal(done, 3);
        assert_int_equal(fake.frame[L1].content[0], 0);
    }
}

static void roots_are_loaded_before_the_old_ones_go(void **state)
{
    (void)state;
    assert_int_equal(fake_mmuext(MMUEXT_NEW_BASEPTR, L4, 0), 0);
    assert_int_equal(CPU->loaded_kernel, L4);
    assert_int_equal(fake_mmuext(MMUEXT_NEW_USER_BASEPTR, OTHER_L4, 0), 0);
    assert_int_equal(CPU->loaded_user, OTHER_L4);
    fake_check(true);
    assert_int_equal(fake_mmuext(MMUEXT_NEW_BASEPTR, OTHER_L4, 0), 0);
    assert_int_equal(CPU->loaded_kernel, OTHER_L4);
    assert_true(fake_is_live(OTHER_L4, PV_L4, 2));
    assert_int_equal(fake_phase(L4), PV_IDLE);
    uint32_t flushed = CPU->flushed;
    assert_int_equal(fake_mmuext(MMUEXT_NEW_BASEPTR, OTHER_L4, 0), 0); /* the same again */
    assert_true(fake_is_live(OTHER_L4, PV_L4, 2));
    assert_true(CPU->flushed > flushed);
    assert_int_equal(fake_mmuext(MMUEXT_NEW_USER_BASEPTR, 0, 0), 0);
    assert_int_equal(CPU->loaded_user, 0);
    assert_true(fake_is_live(OTHER_L4, PV_L4, 1));
}

static void roots_that_are_not_fit_change_nothing(void **state)
{
    static const uint64_t bad[] = {L3, PAGE, FOREIGN, XEN, 0, 1ULL << 40};
    (void)state;
    assert_int_equal(fake_mmuext(MMUEXT_NEW_BASEPTR, L4, 0), 0);
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(fake_mmuext(MMUEXT_NEW_BASEPTR, bad[i], 0), -XEN_EINVAL);
        if (bad[i])
            assert_int_equal(fake_mmuext(MMUEXT_NEW_USER_BASEPTR, bad[i], 0), -XEN_EINVAL);
        assert_int_equal(CPU->loaded_kernel, L4);
    }
}

static void a_vcpu_that_goes_lets_go_of_its_roots(void **state)
{
    (void)state;
    assert_int_equal(fake_mmuext(MMUEXT_NEW_BASEPTR, L4, 0), 0);
    assert_int_equal(fake_mmuext(MMUEXT_NEW_USER_BASEPTR, OTHER_L4, 0), 0);
    pv_release_roots(&CPU->v);
    fake_drain(&fake.domain[0]);
    for (uint64_t mfn = 2; mfn < 10; mfn++)
        assert_int_equal(fake_phase(mfn), PV_IDLE);
    pv_release_roots(&CPU->v);
}

static void flushes_reach_whom_they_name(void **state)
{
    static const struct {
        uint32_t cmd;
        uint8_t bitmap;
        bool whole;
        unsigned reached; /* bit by vcpu */
    } rows[] = {
        {MMUEXT_TLB_FLUSH_LOCAL, 0, true, 1},  {MMUEXT_INVLPG_LOCAL, 0, false, 1}, {MMUEXT_TLB_FLUSH_MULTI, 6, true, 6},
        {MMUEXT_INVLPG_MULTI, 0xf5, false, 5}, {MMUEXT_TLB_FLUSH_ALL, 0, true, 7}, {MMUEXT_INVLPG_ALL, 0, false, 7},
    };
    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (unsigned j = 0; j <= FAKE_VCPUS; j++)
            fake.cpu[j].flushes = fake.cpu[j].invalidations = 0;
        fake.memory[1024] = rows[i].bitmap;
        assert_int_equal(fake_mmuext(rows[i].cmd, 0x5000, 1024), 0);
        for (unsigned j = 0; j <= FAKE_VCPUS; j++) {
            assert_int_equal(fake.cpu[j].flushes, rows[i].whole && (rows[i].reached >> j & 1));
            assert_int_equal(fake.cpu[j].invalidations, !rows[i].whole && (rows[i].reached >> j & 1));
        }
    }
    assert_int_equal(fake_mmuext(MMUEXT_TLB_FLUSH_MULTI, 0, FAKE_ADDRESS_BAD), -XEN_EINVAL); /* PV-MMU-53 */
    assert_int_equal(fake_mmuext(MMUEXT_INVLPG_MULTI, 0, FAKE_ADDRESS_BAD), -XEN_EINVAL);
}

static void an_ldt_is_noted(void **state)
{
    (void)state;
    assert_int_equal(fake_mmuext(MMUEXT_SET_LDT, 0x7000, 8192), 0);
    assert_int_equal(CPU->v.ldt_base, 0x7000);
    assert_int_equal(CPU->v.ldt_entries, 8192);
    assert_int_equal(CPU->ldt_loads, 1);
    assert_int_equal(fake_mmuext(MMUEXT_SET_LDT, 0x7000, 8193), -XEN_EINVAL);
    assert_int_equal(fake_mmuext(MMUEXT_SET_LDT, 0x7008, 1), -XEN_EINVAL);
    assert_int_equal(fake_mmuext(MMUEXT_SET_LDT, 0xffff800000000000, 1), -XEN_EINVAL);
    assert_int_equal(fake_mmuext(MMUEXT_SET_LDT, 0xffff87fffffff000, 1), -XEN_EINVAL);
    assert_int_equal(fake_mmuext(MMUEXT_SET_LDT, 0x00007ffffffff000, 512), 0);
    assert_int_equal(fake_mmuext(MMUEXT_SET_LDT, 0x00007ffffffff000, 513), -XEN_EINVAL);
    assert_int_equal(fake_mmuext(MMUEXT_SET_LDT, 0xfffffffffffff000, 513),
                     0);                                         /* it wraps: its end is the guest's too */
    assert_int_equal(fake_mmuext(MMUEXT_SET_LDT, 0x7008, 0), 0); /* PV-MMU-54: none is none anywhere */
    assert_int_equal(fake_mmuext(MMUEXT_SET_LDT, 0xffff800000000000, 0), 0);
    assert_int_equal(CPU->v.ldt_base, 0);
    assert_int_equal(CPU->v.ldt_entries, 0);
}

/* PV-MMU-43 */
static void what_is_about_the_vcpu_names_no_other_domain(void **state)
{
    static const uint32_t commands[] = {
        MMUEXT_NEW_BASEPTR,  MMUEXT_TLB_FLUSH_LOCAL,  MMUEXT_INVLPG_LOCAL, MMUEXT_TLB_FLUSH_MULTI,
        MMUEXT_INVLPG_MULTI, MMUEXT_TLB_FLUSH_ALL,    MMUEXT_INVLPG_ALL,   MMUEXT_FLUSH_CACHE,
        MMUEXT_SET_LDT,      MMUEXT_NEW_USER_BASEPTR,
    };
    (void)state;
    fake.may_name = true;
    for (unsigned i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        assert_int_equal(fake_mmuext_by(&CPU->v, commands[i], 0, 0, 2), -XEN_EPERM);
}

static void pages_are_cleared_and_copied(void **state)
{
    (void)state;
    memset(fake.frame[PAGE].content, 0xa5, 4096);
    assert_int_equal(fake_mmuext(MMUEXT_COPY_PAGE, PAGE2, PAGE), 0);
    assert_memory_equal(fake.frame[PAGE2].content, fake.frame[PAGE].content, 4096);
    assert_int_equal(fake_mmuext(MMUEXT_CLEAR_PAGE, PAGE, 0), 0);
    assert_int_equal(fake.frame[PAGE].content[511], 0);
    assert_int_equal(fake_mmuext(MMUEXT_COPY_PAGE, PAGE2, PAGE2), 0);
}

static void tables_are_neither_cleared_nor_copied_over(void **state)
{
    (void)state;
    assert_int_equal(fake_mmuext(MMUEXT_PIN_L4_TABLE, L4, 0), 0);
    assert_int_equal(fake_mmuext(MMUEXT_CLEAR_PAGE, L1, 0), -XEN_EINVAL);
    assert_int_equal(fake_mmuext(MMUEXT_COPY_PAGE, L4, PAGE), -XEN_EINVAL);
    assert_int_equal(fake_mmuext(MMUEXT_COPY_PAGE, PAGE2, L1), 0); /* reading them is allowed */
    assert_int_equal(fake_mmuext(MMUEXT_CLEAR_PAGE, FOREIGN, 0), -XEN_EINVAL);
    assert_int_equal(fake_mmuext(MMUEXT_COPY_PAGE, FOREIGN, PAGE), -XEN_EINVAL);
    assert_int_equal(fake_mmuext(MMUEXT_COPY_PAGE, PAGE, FOREIGN), -XEN_EINVAL);
    assert_int_equal(fake_mmuext(MMUEXT_COPY_PAGE, PAGE, XEN), -XEN_EINVAL);
}

static void the_rest_has_its_errors(void **state)
{
    (void)state;
    assert_int_equal(fake_mmuext(MMUEXT_FLUSH_CACHE, 0, 0), -XEN_EACCES);
    assert_int_equal(fake_mmuext(MMUEXT_FLUSH_CACHE_GLOBAL, 0, 0), -XEN_EACCES);
    assert_int_equal(fake_mmuext(MMUEXT_MARK_SUPER, PAGE, 0), -XEN_EOPNOTSUPP);
    assert_int_equal(fake_mmuext(MMUEXT_UNMARK_SUPER, PAGE, 0), -XEN_EOPNOTSUPP);
    assert_int_equal(fake_mmuext(14, PAGE, 0), -XEN_ENOSYS);
    assert_int_equal(fake_mmuext(21, PAGE, 0), -XEN_ENOSYS);
    assert_int_equal(fake_mmuext(UINT32_MAX, PAGE, 0), -XEN_ENOSYS);
}

#define T(test) cmocka_unit_test_setup_teardown(test, fresh, check)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(each_level_is_pinned_by_its_command),
        T(a_domain_with_leave_pins_for_another),
        T(unpin_and_reuse_in_one_list),
        T(roots_are_loaded_before_the_old_ones_go),
        T(roots_that_are_not_fit_change_nothing),
        T(a_vcpu_that_goes_lets_go_of_its_roots),
        T(flushes_reach_whom_they_name),
        T(an_ldt_is_noted),
        T(what_is_about_the_vcpu_names_no_other_domain),
        T(pages_are_cleared_and_copied),
        T(tables_are_neither_cleared_nor_copied_over),
        T(the_rest_has_its_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
