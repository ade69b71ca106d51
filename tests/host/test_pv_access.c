/* SPDX-License-Identifier: MIT */
/*
 * How the hypervisor reaches memory of a pv guest (arch/x86/pv/access.c): what the guest can't read or write by its own
 * page tables, the hypervisor does not read or write for it, whatever others do to the tables meanwhile.
 */
// links: arch/x86/pv/descriptor.c arch/x86/pv/frame.c arch/x86/pv/list.c arch/x86/pv/mmu_update.c arch/x86/pv/mmuext.c
// links: arch/x86/pv/table.c arch/x86/pv/update.c arch/x86/pv/va_mapping.c arch/x86/pv/vcpu_set.c
// links: arch/x86/pv/access.c arch/x86/pv/audit.c tests/host/pv_fake.c tests/host/pv_check.c
#include "arch/x86/pv/container.h"
#include "arch/x86/pv/env.h"
#include "tests/host/pv_tree.h"

#define AT(index) ((uint64_t)(index) << 12) /* the address that this entry of L1 maps */

static struct pv_guest guest;
static struct arch_vcpu vcpu = {.hw = &guest};

static int begin(void **state)
{
    fresh(state);
    assert_int_equal(pin_l(4, L4), 0);
    guest = (struct pv_guest){.mmu = {.dom = DOM, .kernel_root = L4}, .kernel_mode = true};
    return 0;
}

/* Another vcpu, or a defect of the core: an entry that nobody has looked at. */
static uint8_t *reach_by(uint64_t entry, bool write)
{
    *entry_of(L1, 2) = entry;
    uint8_t *byte = pv_reach(&vcpu, AT(2) + 8, write);
    *entry_of(L1, 2) = 0;
    return byte;
}

static void a_page_of_the_guests(void **state)
{
    (void)state;
    assert_ptr_equal(pv_reach(&vcpu, AT(0) + 17, false), (uint8_t *)fake.frame[PAGE].content + 17);
    pv_env_put_page(PAGE);
    assert_ptr_equal(pv_reach(&vcpu, AT(0) + 17, true), (uint8_t *)fake.frame[PAGE].content + 17);
    pv_put_page_and_type(DOM, PAGE);
}

/* The bug: an argument that is written back changed a page that its guest has mapped read-only. */
static void read_only_is_not_written(void **state)
{
    (void)state;
    assert_null(reach_by(fake_entry(PAGE2, RO), true));
    assert_non_null(reach_by(fake_entry(PAGE2, RO), false));
    pv_env_put_page(PAGE2);
}

static void a_page_table_is_not_written(void **state)
{
    (void)state;
    assert_null(reach_by(fake_entry(L2, RW), true));
}

static void others_memory_is_not_reached(void **state)
{
    (void)state;
    fake_give(FOREIGN, 2);
    assert_null(reach_by(fake_entry(FOREIGN, RW), false));
    assert_null(reach_by(fake_entry(FOREIGN, RW), true));
    assert_null(reach_by(fake_entry(XEN, RW), false));
    assert_null(reach_by(fake_entry(FAKE_FRAMES + 1000, RW), false));
}

static void nothing_is_there(void **state)
{
    (void)state;
    assert_null(reach_by(0, false));
    assert_null(reach_by(fake_entry(PAGE2, PTE_WRITE), false)); /* not for ring 3 */
    assert_null(pv_reach(&vcpu, 1ULL << 39, false));
    assert_null(pv_reach(&vcpu, 0xffff800000000000, false)); /* the machine-to-physical table */
    assert_null(pv_reach(&vcpu, 1ULL << 47, false));
}

/* A system call whose arguments lie in the kernel's addresses. */
static void each_mode_has_its_root(void **state)
{
    (void)state;
    guest.kernel_mode = false;
    assert_null(pv_reach(&vcpu, AT(0), false));
    guest.mmu.user_root = L4;
    assert_non_null(pv_reach(&vcpu, AT(0), false));
    pv_env_put_page(PAGE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, check)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_page_of_the_guests),         TEST(read_only_is_not_written), TEST(a_page_table_is_not_written),
        TEST(others_memory_is_not_reached), TEST(nothing_is_there),         TEST(each_mode_has_its_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
