/* SPDX-License-Identifier: MIT */
/* mmu_update and update_va_mapping: entries of live tables, one by one and in lists. */
// links: arch/x86/pv/descriptor.c arch/x86/pv/frame.c arch/x86/pv/list.c arch/x86/pv/mmu_update.c arch/x86/pv/mmuext.c
// links: arch/x86/pv/table.c arch/x86/pv/update.c arch/x86/pv/va_mapping.c arch/x86/pv/vcpu_set.c
// links: arch/x86/pv/audit.c tests/host/pv_fake.c tests/host/pv_check.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arch/x86/pv/update.h"
#include "guest/abi/errno.h"
#include "guest/abi/mmu.h"
#include "guest/abi/xen.h"
#include "tests/host/pv_fake.h"

enum { L4 = 2, L3, L2, L1, PAGE, PAGE2, OTHER_L1, OTHER_L2, USER_L4, FOREIGN = 40, FOREIGN_L1, XEN };

#define RW (PTE_WRITE | PTE_USER)
#define RO PTE_USER
#define AD (PTE_ACCESSED | PTE_DIRTY)
#define VA 0x3000ULL /* entry 3 of L1 */

static uint64_t *entry_of(uint64_t table, unsigned index)
{
    return &fake.frame[table].content[index];
}

static uint64_t at(uint64_t table, unsigned index)
{
    return table << 12 | index << 3;
}

/* A live tree L4 -> L3 -> L2 -> L1 -> PAGE that vcpu 0 runs on. */
static int fresh(void **state)
{
    (void)state;
    fake_tree();
    fake_give(FOREIGN_L1, 2);
    fake_give(XEN, FAKE_HYPERVISOR);
    assert_int_equal(fake_mmuext(MMUEXT_NEW_BASEPTR, L4, 0), 0);
    return 0;
}

static int check(void **state)
{
    (void)state;
    fake_check(true);
    return 0;
}

/* --- L1 */

static void a_page_is_mapped_and_unmapped(void **state)
{
    (void)state;
    assert_int_equal(fake_mmu_update(at(L1, 5), fake_entry(PAGE2, RW)), 0);
    assert_int_equal(*entry_of(L1, 5), fake_entry(PAGE2, RW));
    assert_true(fake_is_live(PAGE2, PV_WRITABLE, 1));
    assert_int_equal(fake_mmu_update(at(L1, 5), fake_entry(PAGE2, RO)), 0);
    assert_int_equal(fake_phase(PAGE2), PV_IDLE);
    assert_int_equal(fake.frame[PAGE2].refs, 2);
    assert_int_equal(fake_mmu_update(at(L1, 5), 0x1234567890abcdeULL), 0); /* not present: any value */
    assert_int_equal(*entry_of(L1, 5), 0x1234567890abcdeULL);
    assert_int_equal(fake.frame[PAGE2].refs, 1);
}

/* PV-MMU-03, PV-MMU-10, PV-MMU-11 */
static void what_is_refused_changes_nothing(void **state)
{
    static const struct {
        uint64_t value;
        int rc;
    } rows[] = {
        {FOREIGN << 12 | RO | PTE_PRESENT, -XEN_EBUSY},
        {(uint64_t)XEN << 12 | RO | PTE_PRESENT, -XEN_EBUSY},
        {(uint64_t)L1 << 12 | RW | PTE_PRESENT, -XEN_EBUSY},
        {(uint64_t)L4 << 12 | RW | PTE_PRESENT, -XEN_EBUSY},
        {1ULL << 45 | RO | PTE_PRESENT, -XEN_EPERM},
        {(uint64_t)PAGE2 << 12 | RO | PTE_PRESENT | PTE_PWT, -XEN_EINVAL},
        {(uint64_t)PAGE2 << 12 | RO | PTE_PRESENT | PTE_LARGE, -XEN_EINVAL},
    };
    (void)state;
    uint64_t before = *entry_of(L1, 0);
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(fake_mmu_update(at(L1, 0), rows[i].value), rows[i].rc);
        assert_int_equal(*entry_of(L1, 0), before);
        fake_check(true);
    }
}

static void tables_may_be_mapped_for_reading(void **state)
{
    (void)state;
    assert_int_equal(fake_mmu_update(at(L1, 1), fake_entry(L1, RO)), 0);
    assert_int_equal(fake_mmu_update(at(L1, 2), fake_entry(L4, RO)), 0);
}

/* References stay with the frame when only flags change, and A and D go as the guest says. */
static void flags_change_alone(void **state)
{
    (void)state;
    assert_int_equal(fake_mmu_update(at(L1, 0), fake_entry(PAGE, RW | PTE_NX | 1ULL << 9 | AD)), 0);
    assert_true(fake_is_live(PAGE, PV_WRITABLE, 1));
    assert_int_equal(fake_mmu_update(at(L1, 0), fake_entry(PAGE, RW)), 0);
    assert_int_equal(*entry_of(L1, 0), fake_entry(PAGE, RW));
}

static void accessed_and_dirty_can_be_kept(void **state)
{
    (void)state;
    *entry_of(L1, 0) |= AD;
    assert_int_equal(fake_mmu_update(at(L1, 0) | MMU_PT_UPDATE_PRESERVE_AD, fake_entry(PAGE, RO)), 0);
    assert_int_equal(*entry_of(L1, 0), fake_entry(PAGE, RO | AD));
    assert_int_equal(fake_mmu_update(at(L1, 0) | MMU_PT_UPDATE_PRESERVE_AD, fake_entry(PAGE2, RW)), 0);
    assert_int_equal(*entry_of(L1, 0), fake_entry(PAGE2, RW | AD));
    assert_int_equal(fake_mmu_update(at(L1, 0) | MMU_PT_UPDATE_NO_TRANSLATE, fake_entry(PAGE, RO)), 0);
    assert_int_equal(*entry_of(L1, 0), fake_entry(PAGE, RO));
}

/* The processor marks the entry while the new frame's references are taken: neither is lost. */
static void dirty_it(void)
{
    if (fake.frame[PAGE2].refs == 2)
        *entry_of(L1, 0) |= AD;
}

static void a_processor_that_writes_in_between_is_not_overwritten(void **state)
{
    (void)state;
    fake.point = dirty_it;
    assert_int_equal(fake_mmu_update(at(L1, 0) | MMU_PT_UPDATE_PRESERVE_AD, fake_entry(PAGE2, RW)), 0);
    fake.point = NULL;
    assert_int_equal(*entry_of(L1, 0), fake_entry(PAGE2, RW | AD));
}

/* Somebody else changes the entry each time: after some attempts the hypercall is made again. */
static void flip_it(void)
{
    uint64_t *at0 = entry_of(L1, 0);

    if (fake.frame[PAGE2].refs == 2)
        *at0 = (*at0 & ~(7ULL << 9)) | ((*at0 >> 9 & 7) + 1) % 8 << 9;
}

static void attempts_are_bounded(void **state)
{
    struct mmu_update m = {at(L1, 0), fake_entry(PAGE2, RW)};
    uint64_t args[6] = {64, 1, 0, DOMID_SELF};
    (void)state;
    memcpy(fake.memory + 64, &m, sizeof(m));
    fake.point = flip_it;
    assert_int_equal(pv_mmu_update(&fake.cpu[0].v, args), -XEN_ERESTART);
    fake.point = NULL;
    assert_int_equal(*entry_of(L1, 0) & PTE_ADDRESS, PAGE << 12);
    fake_check(true);
    assert_int_equal(pv_mmu_update(&fake.cpu[0].v, args), 0);
    assert_true(fake_is_live(PAGE2, PV_WRITABLE, 1));
}

/* --- Upper levels */

static void a_table_is_hung_in_and_out(void **state)
{
    (void)state;
    *entry_of(OTHER_L1, 9) = fake_entry(PAGE2, RW);
    assert_int_equal(fake_mmu_update(at(L2, 1), fake_entry(OTHER_L1, RW)), 0);
    assert_true(fake_is_live(OTHER_L1, PV_L1, 1));
    assert_true(fake_is_live(PAGE2, PV_WRITABLE, 1));
    assert_int_equal(fake_mmu_update(at(L1, 1), fake_entry(OTHER_L1, RW)), -XEN_EBUSY);
    assert_int_equal(fake_mmu_update(at(L2, 1), 0), 0);
    assert_int_equal(fake_phase(OTHER_L1), PV_IDLE);
    assert_int_equal(fake_phase(PAGE2), PV_IDLE);
    assert_int_equal(fake_mmu_update(at(L1, 1), fake_entry(OTHER_L1, RW)), 0);
}

static void levels_are_kept_apart(void **state)
{
    (void)state;
    assert_int_equal(fake_mmu_update(at(L4, 1), fake_entry(L2, RW)), -XEN_EINVAL);
    assert_int_equal(fake_mmu_update(at(L4, 1), fake_entry(L4, RW)), -XEN_EINVAL);
    assert_int_equal(fake_mmu_update(at(L3, 1), fake_entry(L1, RW)), -XEN_EINVAL);
    assert_int_equal(fake_mmu_update(at(L2, 1), fake_entry(PAGE, RW)), -XEN_EINVAL);
    assert_int_equal(fake_mmu_update(at(L2, 1), fake_entry(PAGE2, RW | PTE_LARGE)), -XEN_EINVAL);
    assert_int_equal(fake_mmu_update(at(L3, 1), fake_entry(PAGE2, RW | PTE_LARGE)), -XEN_EINVAL);
    assert_int_equal(fake_mmu_update(at(L2, 1), fake_entry(FOREIGN_L1, RW)), -XEN_EINVAL);
}

static void the_hypervisors_slots_are_not_updated(void **state)
{
    (void)state;
    for (unsigned i = 256; i < 272; i++) {
        assert_int_equal(fake_mmu_update(at(L4, i), 0), -XEN_EINVAL);
        assert_int_equal(fake_mmu_update(at(L4, i), fake_entry(L3, RW)), -XEN_EINVAL);
    }
    assert_int_equal(fake_mmu_update(at(L3, 256), 0), 0);
    assert_int_equal(fake_mmu_update(at(L4, 255), fake_entry(L3, RW)), 0);
    assert_int_equal(fake_mmu_update(at(L4, 272), fake_entry(L3, RW)), 0);
}

/* --- Other frames and other commands */

static void ordinary_memory_can_be_written(void **state)
{
    (void)state;
    assert_int_equal(fake_mmu_update(at(PAGE, 7), ~0ULL), 0);
    assert_int_equal(*entry_of(PAGE, 7), ~0ULL);
    assert_true(fake_is_live(PAGE, PV_WRITABLE, 1));
    assert_int_equal(fake_mmu_update(at(PAGE2, 8), 5), 0); /* mapped nowhere */
    assert_int_equal(*entry_of(PAGE2, 8), 5);
    assert_int_equal(pv_get_page_and_type(&fake.domain[0], PAGE2, 1, PV_DESCRIPTORS), 0);
    assert_int_equal(fake_mmu_update(at(PAGE2, 8), 6), -XEN_EINVAL);
    pv_put_page_and_type(&fake.domain[0], PAGE2);
    assert_int_equal(fake_mmu_update(at(FOREIGN, 0), 5), -XEN_EINVAL);
    assert_int_equal(fake_mmu_update(at(XEN, 0), 5), -XEN_EINVAL);
    assert_int_equal(fake_mmu_update(at(0, 0), 5), -XEN_EINVAL);
    assert_int_equal(fake_mmu_update(~7ULL, 5), -XEN_EINVAL);
}

static void the_machine_to_physical_table_is_for_ones_own_frames(void **state)
{
    (void)state;
    assert_int_equal(fake_mmu_update(at(L1, 0) | MMU_MACHPHYS_UPDATE, 77), 0);
    assert_int_equal(fake.frame[L1].m2p, 77);
    assert_int_equal(fake_mmu_update(at(FOREIGN, 0) | MMU_MACHPHYS_UPDATE, 77), -XEN_EINVAL);
    assert_int_equal(fake_mmu_update(at(1 << 20, 0) | MMU_MACHPHYS_UPDATE, 77), -XEN_EINVAL);
    assert_int_equal(fake.frame[FOREIGN].m2p, 0);
}

static void unknown_commands_are_refused(void **state)
{
    (void)state;
    for (uint64_t cmd = 4; cmd < 8; cmd++)
        assert_int_equal(fake_mmu_update(at(L1, 0) | cmd, 0), -XEN_ENOSYS);
}

/* --- Lists */

static int64_t list_of(const struct mmu_update *m, unsigned n, uint32_t *done)
{
    uint64_t args[6] = {64, n, 16, DOMID_SELF};
    int64_t rc;

    memcpy(fake.memory + 64, m, n * sizeof(*m));
    do
        rc = pv_mmu_update(&fake.cpu[0].v, args);
    while (rc == -XEN_ERESTART);
    memcpy(done, fake.memory + 16, 4);
    fake_drain(&fake.domain[0]);
    return rc;
}

static void a_list_stops_at_the_first_error(void **state)
{
    const struct mmu_update m[] = {
        {at(L1, 1), fake_entry(PAGE2, RW)},
        {at(L1, 2), fake_entry(PAGE2, RO)},
        {at(L1, 3), fake_entry(FOREIGN, RO)},
        {at(L1, 4), fake_entry(PAGE2, RO)},
    };
    uint32_t done;
    (void)state;
    for (fake.yield_one_in = 0; fake.yield_one_in < 3; fake.yield_one_in++) {
        assert_int_equal(list_of(m, 2, &done), 0);
        assert_int_equal(done, 2);
        assert_int_equal(list_of(m, 4, &done), -XEN_EBUSY);
        assert_int_equal(done, 2);
        assert_int_equal(list_of(m, 0, &done), 0);
        assert_int_equal(done, 0);
        assert_int_equal(*entry_of(L1, 4), 0);
    }
}

/* What the list gave up is free for its next entry, even if time is up in between. */
static void the_order_of_a_list_is_kept(void **state)
{
    const struct mmu_update m[] = {{at(L2, 1), 0}, {at(L1, 1), fake_entry(OTHER_L1, RW)}};
    const struct mmu_update back[] = {{at(L1, 1), 0}, {at(L2, 1), fake_entry(OTHER_L1, RW)}};
    uint32_t done;
    (void)state;
    for (fake.yield_one_in = 0; fake.yield_one_in < 3; fake.yield_one_in++) {
        assert_int_equal(list_of(back, 2, &done), 0);
        assert_int_equal(done, 2);
        assert_int_equal(list_of(m, 2, &done), 0);
        assert_int_equal(done, 2);
    }
}

/* PV-MMU-30, PV-MMU-31 */
static void bad_addresses(void **state)
{
    uint64_t none[6] = {FAKE_ADDRESS_BAD, 1, 16, DOMID_SELF};
    uint64_t unread[6] = {FAKE_ADDRESS_BAD, 0, 16, DOMID_SELF};
    uint64_t impossible[6] = {1ULL << 47, 0, 16, DOMID_SELF};
    uint64_t nowhere[6] = {64, 1, FAKE_ADDRESS_BAD, DOMID_SELF};
    uint64_t unasked[6] = {64, 1, 0, DOMID_SELF};
    struct mmu_update m = {at(L1, 1), fake_entry(PAGE2, RW)};
    (void)state;
    memcpy(fake.memory + 64, &m, sizeof(m));
    assert_int_equal(pv_mmu_update(&fake.cpu[0].v, none), -XEN_EFAULT);
    assert_int_equal(pv_mmu_update(&fake.cpu[0].v, unread), 0);
    assert_int_equal(pv_mmu_update(&fake.cpu[0].v, impossible), -XEN_EFAULT);
    assert_int_equal(pv_mmu_update(&fake.cpu[0].v, nowhere), 0); /* the guest does not want to know */
    assert_int_equal(*entry_of(L1, 1), fake_entry(PAGE2, RW));
    assert_int_equal(pv_mmu_update(&fake.cpu[0].v, unasked), 0);
}

/* A list whose number can't be told is continued all the same. */
static void a_list_goes_on_without_its_number(void **state)
{
    const struct mmu_update m[] = {{at(L1, 1), fake_entry(PAGE2, RW)}, {at(L1, 2), fake_entry(PAGE2, RO)}};
    uint64_t args[6] = {64, 2, FAKE_ADDRESS_BAD, DOMID_SELF};
    (void)state;
    fake.yield_one_in = 1;
    memcpy(fake.memory + 64, m, sizeof(m));
    assert_int_equal(pv_mmu_update(&fake.cpu[0].v, args), -XEN_ERESTART);
    assert_int_equal(pv_mmu_update(&fake.cpu[0].v, args), 0);
    assert_int_equal(*entry_of(L1, 2), fake_entry(PAGE2, RO));
}

/* --- Other domains: FD for what is mapped, PFD for the table */

/* PV-MMU-40, PV-MMU-41: DOMID_SELF is the way to say it; as PFD one's own number is. */
static void ones_own_number_names_nobody(void **state)
{
    struct pv_vcpu *v = &fake.cpu[0].v;
    (void)state;
    assert_int_equal(fake_mmu_update_by(v, at(L1, 1), 0, 1), -XEN_ESRCH);
    assert_int_equal(fake_mmu_update_by(v, at(L1, 1), 0, DOMID_SELF | 2U << 16), 0);
    assert_int_equal(fake_mmu_update_by(v, at(L1, 1), 0, DOMID_SELF | (DOMID_SELF + 1U) << 16), -XEN_ESRCH);
    assert_int_equal(pv_update_va_mapping_otherdomain(v, (uint64_t[6]){VA, 0, UVMF_NONE, 1}), -XEN_ESRCH);
}

static void naming_another_domain_needs_leave(void **state)
{
    struct pv_vcpu *v = &fake.cpu[0].v;
    uint64_t args[6] = {VA, fake_entry(FOREIGN, RW), UVMF_NONE, 2};
    (void)state;
    assert_int_equal(fake_mmu_update_by(v, at(L1, 1), fake_entry(FOREIGN, RW), 2), -XEN_EPERM);
    assert_int_equal(fake_mmu_update_by(v, at(L1, 1), 0, DOMID_SELF | 3U << 16), -XEN_EPERM);
    assert_int_equal(fake_mmu_update_by(v, at(L1, 1), 0, DOMID_XEN), -XEN_EPERM);
    assert_int_equal(pv_update_va_mapping_otherdomain(v, args), -XEN_EPERM);
    fake.may_name = true;
    assert_int_equal(fake_mmu_update_by(v, at(L1, 1), 0, 9), -XEN_ESRCH);
    assert_int_equal(fake_mmu_update_by(v, at(L1, 1), 0, DOMID_SELF | 10U << 16), -XEN_ESRCH);
    assert_int_equal(fake_mmu_update_by(v, at(L1, 1), fake_entry(FOREIGN, RW), 2), 0);
    assert_int_equal(fake_mmu_update_by(v, at(L1, 1), fake_entry(PAGE2, RW), 2), -XEN_EBUSY);
    assert_int_equal(pv_update_va_mapping_otherdomain(v, args), 0);
    assert_true(fake_is_live(FOREIGN, PV_WRITABLE, 2));
    fake_check(true);
    /* A table of domain 2, and what it maps, by leave of domain 1. */
    assert_int_equal(fake_mmuext_by(&fake.cpu[FAKE_VCPUS].v, MMUEXT_PIN_L1_TABLE, FOREIGN_L1, 0, DOMID_SELF), 0);
    assert_int_equal(fake_mmu_update_by(v, at(FOREIGN_L1, 1), fake_entry(FOREIGN, RW), 2 | 3U << 16), 0);
    assert_int_equal(fake_mmu_update_by(v, at(FOREIGN_L1, 1), 0, 2), -XEN_EINVAL);
    assert_true(fake_is_live(FOREIGN, PV_WRITABLE, 3));
}

/* FD is about what L1 entries map; a table leads to tables of its own owner only. */
static void tables_are_the_table_owners(void **state)
{
    struct pv_vcpu *v = &fake.cpu[0].v;
    (void)state;
    fake.may_name = true;
    assert_int_equal(fake_mmu_update_by(v, at(L2, 1), fake_entry(FOREIGN_L1, RW), 2), -XEN_EINVAL);
    assert_int_equal(fake_mmu_update_by(v, at(L2, 1), fake_entry(OTHER_L1, RW), 2), 0);
}

/* The frame was none when it was looked at first; another vcpu makes it a table before it is written to. */
static unsigned steps_before;

static void pin_meanwhile(void)
{
    if (fake.frame[OTHER_L1].refs == 1 || fake.steps <= steps_before)
        return;
    fake.point = NULL;
    int rc = pv_pin(&fake.domain[0], OTHER_L1, 1, PV_L1);
    assert_true(rc == 0 || rc == -XEN_EINVAL); /* too late, if it is on its way to be written to */
}

static void a_frame_may_become_a_table_before_it_is_written_to(void **state)
{
    struct pv_update u = {.mfn = OTHER_L1, .value = fake_entry(PAGE2, RW), .table_owner = 1, .data_owner = 1};
    (void)state;
    for (unsigned skip = 0; skip < 8; skip++) {
        fake_mmuext(MMUEXT_UNPIN_TABLE, OTHER_L1, 0);
        fake.steps = 0;
        steps_before = skip;
        fake.point = pin_meanwhile;
        assert_int_equal(pv_update_entry(&fake.domain[0], &u), 0);
        fake.point = NULL;
        fake_drain(&fake.domain[0]);
        fake_check(true);
        assert_int_equal(*entry_of(OTHER_L1, 0), fake_entry(PAGE2, RW));
        *entry_of(OTHER_L1, 0) = fake_phase(OTHER_L1) == PV_IDLE ? 0 : *entry_of(OTHER_L1, 0);
    }
}

/* --- update_va_mapping */

static void an_address_is_mapped(void **state)
{
    (void)state;
    assert_int_equal(fake_va_mapping(VA, fake_entry(PAGE2, RW), UVMF_NONE), 0);
    assert_int_equal(*entry_of(L1, 3), fake_entry(PAGE2, RW));
    assert_int_equal(fake_va_mapping(VA, fake_entry(L1, RW), UVMF_NONE), -XEN_EBUSY);
    assert_int_equal(fake_va_mapping(VA, 0, UVMF_NONE), 0);
    assert_int_equal(fake.frame[PAGE2].refs, 1);
}

static void addresses_without_a_table_are_refused(void **state)
{
    static const uint64_t addresses[] = {
        1ULL << 21,         1ULL << 30,         1ULL << 39, 0xffff800000000000,
        0xffff87ffffffffff, 0x0000800000000000, 1ULL << 63, ~0ULL,
    };
    (void)state;
    for (unsigned i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++)
        assert_int_equal(fake_va_mapping(addresses[i], 0, UVMF_NONE), -XEN_EINVAL);
    assert_int_equal(pv_update_va_mapping(&fake.cpu[1].v, (uint64_t[6]){VA}), -XEN_EINVAL); /* it has no root */
}

static void flushes_are_whose_and_what_the_flags_say(void **state)
{
    static const struct {
        uint64_t flags;
        uint8_t bitmap;
        unsigned flushes[FAKE_VCPUS], invalidations[FAKE_VCPUS];
    } rows[] = {
        {UVMF_NONE, 0, {0}, {0}},
        {UVMF_NONE | UVMF_ALL, 0, {0}, {0}},
        {UVMF_TLB_FLUSH | UVMF_LOCAL, 0, {1, 0, 0}, {0}},
        {UVMF_TLB_FLUSH | UVMF_ALL, 0, {1, 1, 1}, {0}},
        {UVMF_INVLPG | UVMF_LOCAL, 0, {0}, {1, 0, 0}},
        {UVMF_INVLPG | UVMF_ALL, 0, {0}, {1, 1, 1}},
        {UVMF_INVLPG | 1024, 6, {0}, {0, 1, 1}},
        {UVMF_TLB_FLUSH | 1024, 0xfd, {1, 0, 1}, {0}},
        {UVMF_FLUSHTYPE_MASK | UVMF_LOCAL, 0, {0}, {1, 0, 0}}, /* no type of theirs, and no error */
    };
    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (unsigned j = 0; j < FAKE_VCPUS; j++)
            fake.cpu[j].flushes = fake.cpu[j].invalidations = 0;
        fake.memory[1024] = rows[i].bitmap;
        assert_int_equal(fake_va_mapping(VA, 0, rows[i].flags), 0);
        for (unsigned j = 0; j < FAKE_VCPUS; j++) {
            assert_int_equal(fake.cpu[j].flushes, rows[i].flushes[j]);
            assert_int_equal(fake.cpu[j].invalidations, rows[i].invalidations[j]);
        }
    }
}

/* PV-MMU-62: what is wrong with the flush is found when the entry has changed. */
static void the_entry_comes_before_the_flush(void **state)
{
    (void)state;
    assert_int_equal(fake_va_mapping(VA, fake_entry(PAGE2, RO), UVMF_INVLPG | FAKE_ADDRESS_BAD), -XEN_EFAULT);
    assert_int_equal(*entry_of(L1, 3), fake_entry(PAGE2, RO));
    assert_int_equal(fake_va_mapping(VA, 0, UVMF_NONE | FAKE_ADDRESS_BAD), 0); /* nobody's is read */
    assert_int_equal(fake_va_mapping(VA, fake_entry(FOREIGN, RO), UVMF_INVLPG | FAKE_ADDRESS_BAD), -XEN_EBUSY);
}

/* --- What processors remember */

/* A page is written through a mapping that is gone by now; as a table it can't be. fake_check() would find it. */
static void a_stale_writable_translation_is_gone_when_a_page_becomes_a_table(void **state)
{
    (void)state;
    assert_int_equal(fake_va_mapping(VA, fake_entry(OTHER_L1, RW), UVMF_NONE), 0);
    fake_touch(&fake.cpu[0], VA, true);
    assert_true(*entry_of(L1, 3) & PTE_DIRTY);
    assert_int_equal(fake_va_mapping(VA, 0, UVMF_NONE), 0);
    unsigned before = fake.cpu[0].flushes;
    fake_check(true);
    assert_int_equal(fake_mmuext(MMUEXT_PIN_L1_TABLE, OTHER_L1, 0), 0);
    assert_int_equal(fake.cpu[0].flushes, before + 1);
}

static void a_stale_table_is_gone_when_it_becomes_writable(void **state)
{
    (void)state;
    *entry_of(OTHER_L1, 0) = fake_entry(PAGE2, RW);
    assert_int_equal(fake_mmu_update(at(L2, 1), fake_entry(OTHER_L1, RW)), 0);
    fake_touch(&fake.cpu[0], 1ULL << 21, true);
    assert_int_equal(fake_mmu_update(at(L2, 1), 0), 0);
    unsigned before = fake.cpu[0].flushes;
    assert_int_equal(fake_va_mapping(VA, fake_entry(OTHER_L1, RW), UVMF_NONE), 0);
    assert_int_equal(fake.cpu[0].flushes, before + 1);
    assert_int_equal(fake_mmuext(MMUEXT_PIN_L1_TABLE, PAGE2, 0), 0); /* that flush forgot it too */
    assert_int_equal(fake.cpu[0].flushes, before + 1);
}

#define T(test) cmocka_unit_test_setup_teardown(test, fresh, check)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_page_is_mapped_and_unmapped),
        T(what_is_refused_changes_nothing),
        T(tables_may_be_mapped_for_reading),
        T(flags_change_alone),
        T(accessed_and_dirty_can_be_kept),
        T(a_processor_that_writes_in_between_is_not_overwritten),
        T(attempts_are_bounded),
        T(a_table_is_hung_in_and_out),
        T(levels_are_kept_apart),
        T(the_hypervisors_slots_are_not_updated),
        T(ordinary_memory_can_be_written),
        T(the_machine_to_physical_table_is_for_ones_own_frames),
        T(unknown_commands_are_refused),
        T(a_list_stops_at_the_first_error),
        T(the_order_of_a_list_is_kept),
        T(bad_addresses),
        T(a_list_goes_on_without_its_number),
        T(ones_own_number_names_nobody),
        T(naming_another_domain_needs_leave),
        T(tables_are_the_table_owners),
        T(a_frame_may_become_a_table_before_it_is_written_to),
        T(an_address_is_mapped),
        T(addresses_without_a_table_are_refused),
        T(flushes_are_whose_and_what_the_flags_say),
        T(the_entry_comes_before_the_flush),
        T(a_stale_writable_translation_is_gone_when_a_page_becomes_a_table),
        T(a_stale_table_is_gone_when_it_becomes_writable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
