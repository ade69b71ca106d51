/* SPDX-License-Identifier: MIT */
/* Entries of tables and descriptors (arch/x86/pv/table.h, descriptor.h): which are allowed, and what becomes of them.
 */
// links: arch/x86/pv/descriptor.c arch/x86/pv/frame.c arch/x86/pv/list.c arch/x86/pv/mmu_update.c arch/x86/pv/mmuext.c
// links: arch/x86/pv/table.c arch/x86/pv/update.c arch/x86/pv/va_mapping.c arch/x86/pv/vcpu_set.c
// links: arch/x86/pv/audit.c tests/host/pv_fake.c tests/host/pv_check.c
#include "tests/host/pv_tree.h"

/* --- Entries */

static void writable_mappings_of_tables_are_refused(void **state)
{
    (void)state;
    *entry_of(L1, 2) = fake_entry(L1, RW);
    assert_int_equal(pin_l(1, L1), -XEN_EBUSY);
    *entry_of(L1, 2) = fake_entry(L2, RW);
    assert_int_equal(pin_l(1, L1), 0); /* L2 is nothing yet, but it can't become a table now */
    assert_int_equal(pin_l(2, L2), -XEN_EINVAL);
    unpin(L1);
    assert_int_equal(pin_l(2, L2), -XEN_EBUSY); /* PV-MMU-12: the error is that of the entry which is wrong */
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
        {1ULL << 52, {0}},
        {1ULL << 58, {0}},
        {1ULL << 62, {0}},
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
    *entry_of(L1, 0) = fake_entry(PAGE, RW | PTE_GLOBAL | PTE_NX | 1ULL << 9);
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

/* PV-MMU-02: what the user bit is missing from is the guest's kernel's, and bit 52 says so. */
static void without_user_a_mapping_is_the_kernels(void **state)
{
    (void)state;
    *entry_of(L1, 0) = fake_entry(PAGE, PTE_WRITE);
    *entry_of(L2, 0) = fake_entry(L1, PTE_WRITE);
    assert_int_equal(pin_l(2, L2), 0);
    assert_int_equal(*entry_of(L1, 0), fake_entry(PAGE, PTE_WRITE | PTE_USER | 1ULL << 52));
    assert_int_equal(*entry_of(L2, 0), fake_entry(L1, PTE_WRITE | PTE_USER | PTE_ACCESSED));
    unpin(L2);
}

/* PV-MMU-10, PV-MMU-11: of what L1 maps the error says what is wrong; a table with such an entry is refused with it. */
static void errors_of_mapped_frames(void **state)
{
    static const struct {
        uint64_t mfn;
        int rc;
    } rows[] = {{FOREIGN, -XEN_EBUSY}, {XEN, -XEN_EBUSY}, {FAKE_FRAMES + 5, -XEN_EPERM}, {1ULL << 39, -XEN_EPERM}};
    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        *entry_of(20, 3) = fake_entry(rows[i].mfn, RO);
        assert_int_equal(pin_l(1, 20), rows[i].rc);
        *entry_of(20, 3) = fake_entry(rows[i].mfn, RW);
        assert_int_equal(pin_l(1, 20), rows[i].rc);
        for (unsigned level = 2; level <= 4; level++)
            assert_int_equal(pin_l(level, 20), -XEN_EINVAL);
    }
    *entry_of(21, 0) = fake_entry(20, RW);
    assert_int_equal(pin_l(2, 21), -XEN_EPERM);
}

/* --- Descriptor pages */

#define CODE64 0x00af9b000000ffffULL /* DPL 0 */
#define RING3 (3ULL << 45)

/* docs/abi/pv-traps.md, PV-SEG-07. */
static void descriptors_are_adjusted_or_refused(void **state)
{
    static const struct {
        uint64_t descriptor, becomes; /* 0: refused, unless it was 0 */
    } rows[] = {
        {0, 0},
        {CODE64 | RING3, CODE64 | RING3},
        {CODE64, CODE64 | RING3},
        {CODE64 | 1ULL << 45, CODE64 | RING3},
        {CODE64 | 2ULL << 45, CODE64 | RING3},
        {0x00cf93000000ffffULL, 0x00cff3000000ffffULL}, /* data */
        {0x00cf9b000000ffffULL, 0x00cffb000000ffffULL}, /* 32-bit code */
        {0x00ef9b000000ffffULL, 0x00effb000000ffffULL}, /* long and with a default size: nobody can load it */
        {0x0000ec000008abcdULL, 0x00008c00000babcdULL}, /* a call gate: ring 0 */
        {0x0000e000ffff8000ULL, 0x0000e000ffff8000ULL}, /* type 0: the second half of one */
        {0x0000890000000067ULL, 0},                     /* TSS */
        {0x000082000000ffffULL, 0},                     /* LDT */
        {0x0000ee0000080000ULL, 0},                     /* interrupt gate */
        {0x0000e50000080000ULL, 0},                     /* task gate */
        {0x00006e000008abcdULL, 0x00006e000008abcdULL}, /* not present: anything */
    };
    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        *entry_of(20, i * 30) = rows[i].descriptor;
        int rc = pv_get_page_and_type(DOM, 20, 1, PV_DESCRIPTORS);
        assert_int_equal(rc, rows[i].descriptor && !rows[i].becomes ? -XEN_EINVAL : 0);
        if (!rc) {
            assert_int_equal(*entry_of(20, i * 30), rows[i].becomes);
            pv_put_page_and_type(DOM, 20);
        }
        *entry_of(20, i * 30) = 0;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(writable_mappings_of_tables_are_refused),
        T(tables_of_the_same_level_are_refused),
        T(cycles_are_refused),
        T(bits_that_are_not_the_guests_are_refused),
        T(without_nx_its_bit_is_reserved),
        T(user_is_added_and_global_is_taken_away),
        T(the_hypervisors_slots_are_filled_and_cleared),
        T(without_user_a_mapping_is_the_kernels),
        T(errors_of_mapped_frames),
        T(descriptors_are_adjusted_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
