/* SPDX-License-Identifier: MIT */
/* The guest's GDT and LDT: what is held while, and only while, a processor may read it. */
// links: arch/x86/pv/segments.c arch/x86/pv/bounce.c arch/x86/pv/debug.c
// links: arch/x86/pv/descriptor.c arch/x86/pv/frame.c arch/x86/pv/list.c arch/x86/pv/mmu_update.c arch/x86/pv/mmuext.c
// links: arch/x86/pv/table.c arch/x86/pv/update.c arch/x86/pv/va_mapping.c arch/x86/pv/vcpu_set.c
// links: tests/host/pv_fake.c tests/host/pv_vcpu_fake.c
#include <string.h>

#include "arch/x86/pv/env.h"
#include "guest/abi/mmu.h"
#include "tests/host/pv_vcpu_fake.h"

enum { L4 = 3, L3, L2, L1, A = 10, B, C, FOREIGN = 40 };

#define DATA 0x00cf93000000ffffULL /* ring 0 */
#define DATA_RING_3 0x00cff3000000ffffULL
#define TSS 0x0000890000000067ULL

static int64_t call(int64_t (*fn)(struct arch_vcpu *, uint64_t *), uint64_t a, uint64_t b)
{
    uint64_t args[6] = {a, b};
    int64_t rc;

    do
        rc = fn(&vcpu, args);
    while (rc == -XEN_ERESTART);
    return rc;
}

static int64_t set_gdt(const uint64_t *frames, unsigned n, uint64_t entries)
{
    return call(pv_set_gdt, argument(frames, n * sizeof *frames), entries);
}

static int64_t set_gdt_of_one(uint64_t mfn)
{
    return set_gdt(&mfn, 1, 512);
}

/* The frame may be mapped writable: it holds no descriptors. */
static bool is_free(uint64_t mfn)
{
    if (pv_get_page_and_type(&fake.domain[0], mfn, 1, PV_WRITABLE))
        return false;
    pv_put_page_and_type(&fake.domain[0], mfn);
    return true;
}

/* --- set_gdt */

/* PV-SEG-04 */
static void pages_of_the_gdt_are_held(void **state)
{
    (void)state;
    assert_int_equal(set_gdt((const uint64_t[]){A, B}, 2, 513), 0);
    assert_int_equal(processor.gdt[0], A);
    assert_int_equal(processor.gdt[1], B);
    assert_int_equal(P->gdt_entries, 513);
    assert_true(!is_free(A) && !is_free(B));
    assert_int_equal(set_gdt((const uint64_t[]){B, B}, 2, 1024), 0);
    assert_true(is_free(A) && !is_free(B));
    assert_int_equal(set_gdt((const uint64_t[]){C}, 1, 1), 0);
    assert_int_equal(processor.gdt[0], C);
    assert_int_equal(processor.gdt[1], 0);
    assert_true(is_free(B));
    assert_int_equal(call(pv_set_gdt, NOWHERE, 0), 0);
    assert_int_equal(processor.gdt[0], 0);
    assert_true(is_free(C));
}

/* PV-SEG-05: all or nothing; what was there stays. */
static void a_gdt_is_refused_as_a_whole(void **state)
{
    (void)state;
    assert_int_equal(set_gdt_of_one(A), 0);
    fake.frame[C].content[511] = TSS;
    assert_int_equal(set_gdt((const uint64_t[]){B, C}, 2, 1024), -XEN_EINVAL);
    assert_int_equal(set_gdt((const uint64_t[]){B, FOREIGN}, 2, 1024), -XEN_EINVAL);
    assert_int_equal(set_gdt((const uint64_t[]){B, 0}, 2, 1024), -XEN_EINVAL);
    assert_int_equal(set_gdt((const uint64_t[]){B, UINT64_MAX}, 2, 1024), -XEN_EINVAL);
    assert_true(is_free(B));
    assert_int_equal(pv_get_page_and_type(&fake.domain[0], B, 1, PV_WRITABLE), 0);
    assert_int_equal(set_gdt_of_one(B), -XEN_EINVAL);
    pv_put_page_and_type(&fake.domain[0], B);
    assert_int_equal(processor.gdt[0], A);
    assert_int_equal(P->gdt_entries, 512);
    assert_false(is_free(A));
}

static void gdt_arguments(void **state)
{
    uint64_t frames[14];
    (void)state;
    for (unsigned i = 0; i < 14; i++)
        frames[i] = A + i;
    assert_int_equal(set_gdt(frames, 14, 7168), 0);
    assert_int_equal(processor.gdt[13], A + 13);
    assert_int_equal(set_gdt(frames, 14, 7169), -XEN_EINVAL);
    assert_int_equal(set_gdt(frames, 14, UINT32_MAX), -XEN_EINVAL);
    assert_int_equal(call(pv_set_gdt, NOWHERE, 1), -XEN_EFAULT);
    assert_int_equal(call(pv_set_gdt, NOWHERE, 7169), -XEN_EINVAL);
}

/* --- update_descriptor */

static int64_t update(uint64_t mfn, unsigned index, uint64_t descriptor)
{
    return call(pv_update_descriptor, mfn << 12 | index << 3, descriptor);
}

/* PV-SEG-06: in a table that is in use, and in memory that the guest could write to itself. */
static void descriptors_are_updated(void **state)
{
    (void)state;
    assert_int_equal(set_gdt_of_one(A), 0);
    assert_int_equal(update(A, 8, DATA), 0);
    assert_int_equal(fake.frame[A].content[8], DATA_RING_3);
    assert_int_equal(update(A, 8, TSS), -XEN_EINVAL);
    assert_int_equal(fake.frame[A].content[8], DATA_RING_3);
    assert_int_equal(update(B, 511, DATA), 0);
    assert_int_equal(fake.frame[B].content[511], DATA_RING_3);
    assert_int_equal(pv_get_page_and_type(&fake.domain[0], B, 1, PV_WRITABLE), 0);
    assert_int_equal(update(B, 511, 0), 0);
    pv_put_page_and_type(&fake.domain[0], B);
    assert_true(is_free(B));
    assert_int_equal(fake.frame[B].content[511], 0);
}

/* PV-SEG-06 */
static void descriptors_are_not_updated_elsewhere(void **state)
{
    (void)state;
    assert_int_equal(fake_mmuext(MMUEXT_PIN_L1_TABLE, B, 0), 0);
    assert_int_equal(update(B, 0, 0), -XEN_EINVAL);
    assert_int_equal(update(FOREIGN, 0, 0), -XEN_EINVAL);
    assert_int_equal(update(0, 0, 0), -XEN_EINVAL);
    assert_int_equal(update(0xfffffffffffff, 0, 0), -XEN_EINVAL);
    assert_int_equal(call(pv_update_descriptor, (A << 12) + 4, 0), -XEN_EINVAL);
}

/* --- LDT */

#define LDT 0x10000U /* guest address of its first page */
#define LDT_AT ((uint64_t)(uintptr_t)P->tables + PV_TABLE_PAGES * 4096ULL)

/* Page n of the LDT is this frame, in the guest's page tables. */
static void map_page(unsigned n, uint64_t mfn)
{
    fake.frame[L1].content[LDT / 4096 + n] = mfn ? fake_entry(mfn, PTE_USER) : 0;
}

static void set_ldt(unsigned entries)
{
    P->mmu.ldt_base = LDT;
    P->mmu.ldt_entries = (uint16_t)entries;
    pv_env_load_ldt(&P->mmu);
}

static int with_ldt(void **state)
{
    fake_vcpu_reset(state);
    fake.frame[L4].content[0] = fake_entry(L3, PTE_WRITE | PTE_USER);
    fake.frame[L3].content[0] = fake_entry(L2, PTE_WRITE | PTE_USER);
    fake.frame[L2].content[0] = fake_entry(L1, PTE_WRITE | PTE_USER);
    map_page(0, A);
    map_page(1, B);
    set_ldt(1024);
    return 0;
}

/* PV-SEG-08: on the first fault, and held until there is another LDT. */
static void pages_of_the_ldt_come_when_used(void **state)
{
    (void)state;
    assert_int_equal(processor.ldt_entries, 1024);
    assert_true(pv_ldt_fault(&vcpu, LDT_AT + 4096 + 8, 0));
    assert_int_equal(vcpu.regs.rip, 0x1234); /* the instruction is to be tried again */
    assert_int_equal(processor.ldt[0], 0);
    assert_int_equal(processor.ldt[1], B);
    assert_true(is_free(A) && !is_free(B));
    set_ldt(512);
    assert_int_equal(processor.ldt[1], 0);
    assert_true(is_free(B));
    assert_int_equal(processor.ldt_entries, 512);
}

/* PV-SEG-09: what can't be mapped is the guest's page fault, at its own address. */
static void an_ldt_that_is_not_there(void **state)
{
    (void)state;
    map_page(1, 0);
    assert_true(pv_ldt_fault(&vcpu, LDT_AT + 4096 + 8, 0));
    assert_int_equal(vcpu.regs.rip, HANDLER(14));
    assert_int_equal(word_at(vcpu.regs.rsp + 16), 0);
    assert_int_equal(vcpu_info()->arch_cr2, LDT + 4096 + 8);
    fake.frame[A].content[3] = TSS;
    assert_true(pv_ldt_fault(&vcpu, LDT_AT, 0));
    assert_int_equal(vcpu_info()->arch_cr2, LDT);
    map_page(0, FOREIGN);
    assert_true(pv_ldt_fault(&vcpu, LDT_AT + 16, 0));
    assert_int_equal(vcpu_info()->arch_cr2, LDT + 16);
    map_page(0, L1); /* a table, and no page of descriptors */
    assert_int_equal(fake_mmuext(MMUEXT_PIN_L1_TABLE, L1, 0), 0);
    assert_true(pv_ldt_fault(&vcpu, LDT_AT + 24, 0));
    assert_int_equal(vcpu_info()->arch_cr2, LDT + 24);
    assert_int_equal(processor.ldt[0] | processor.ldt[1], 0);
}

/* The last addresses before the hypervisor's: the tables of the guest say nothing about what comes then. */
static void an_ldt_that_leaves_the_guest(void **state)
{
    (void)state;
    P->mmu.ldt_base = 0x7ffffffff000;
    fake.frame[L4].content[256] = fake_entry(L3, PTE_USER);
    fake.frame[L1].content[0] = fake_entry(A, PTE_USER);
    assert_true(pv_ldt_fault(&vcpu, LDT_AT + 4096, 0));
    assert_int_equal(vcpu.regs.rip, HANDLER(14));
    assert_int_equal(processor.ldt[1], 0);
}

/* A register that is loaded on behalf of the guest, where it can't take an exception. */
static void the_hypervisor_maps_the_ldt_too(void **state)
{
    (void)state;
    assert_int_equal(pv_ldt_map(P, LDT_AT), 0);
    assert_int_equal(processor.ldt[0], A);
    assert_int_equal(pv_ldt_map(P, LDT_AT), -XEN_EINVAL);
    assert_int_equal(pv_ldt_map(P, LDT_AT + 8192), -XEN_EINVAL);
    map_page(1, 0);
    assert_int_equal(pv_ldt_map(P, LDT_AT + 4096), -XEN_EINVAL);
    assert_int_equal(vcpu.regs.rip, 0x1234);
}

static void faults_elsewhere_are_no_faults_of_the_ldt(void **state)
{
    (void)state;
    assert_false(pv_ldt_fault(&vcpu, LDT_AT - 1, 0));
    assert_false(pv_ldt_fault(&vcpu, LDT_AT + 8192, 0));
    assert_false(pv_ldt_fault(&vcpu, LDT, 0));
    assert_false(pv_ldt_fault(&vcpu, LDT_AT, PAGE_FAULT_USER)); /* it went there by itself */
    assert_int_equal(processor.ldt[0], 0);
    assert_true(pv_ldt_fault(&vcpu, LDT_AT, 0));
    assert_true(pv_ldt_fault(&vcpu, LDT_AT, 0)); /* it is mapped: so the fault is about something else */
    assert_int_equal(vcpu.regs.rip, HANDLER(14));
}

static void all_is_given_back(void **state)
{
    (void)state;
    assert_int_equal(set_gdt_of_one(C), 0);
    assert_true(pv_ldt_fault(&vcpu, LDT_AT, 0));
    assert_true(!is_free(A) && !is_free(C));
    pv_release_tables(P);
    assert_true(is_free(A) && is_free(C));
    assert_int_equal(processor.gdt[0] | processor.ldt[0], 0);
    assert_int_equal(P->gdt_entries, 0);
}

/* --- Whatever happens */

/* Frames A to A + 7: each is what the processor's tables and a writable mapping need it to be, and no more. */
static void check_uses(const bool *written)
{
    for (uint64_t mfn = A; mfn < A + 8; mfn++) {
        uint32_t uses = 0;
        for (unsigned i = 0; i < PV_TABLE_PAGES; i++)
            uses += (processor.gdt[i] == mfn) + (processor.ldt[i] == mfn);
        if (uses)
            assert_true(fake_is_live(mfn, PV_DESCRIPTORS, uses) && !written[mfn - A]);
        else
            assert_int_equal(fake_is_live(mfn, PV_WRITABLE, 1), written[mfn - A]);
        assert_int_equal(fake.frame[mfn].refs, 1 + uses + written[mfn - A]);
    }
}

/* Nothing that a processor may load leads into an inner ring, or is a system segment. */
static void check_descriptors(const uint64_t *mapped)
{
    for (unsigned i = 0; i < PV_TABLE_PAGES; i++)
        for (unsigned j = 0; mapped[i] && j < PV_ENTRIES; j++) {
            uint64_t d = fake.frame[mapped[i]].content[j];
            bool present = d >> 47 & 1, segment = d >> 44 & 1;
            if (present && segment)
                assert_int_equal(d >> 45 & 3, 3);
            else if (present) /* a gate of ring 0, or nothing (type 0) */
                assert_true((d >> 40 & 0xff) == 0x8c || (d >> 40 & 0x1f) == 0);
        }
}

static uint64_t draw_descriptor(void)
{
    return (uint64_t)fake_draw(1U << 16) << 32 | (uint64_t)fake_draw(2) << 53;
}

static uint64_t draw_frame(void)
{
    return fake_draw(16) ? A + fake_draw(8) : (const uint64_t[]){0, L4, FOREIGN, UINT64_MAX}[fake_draw(4)];
}

static void draw_gdt(void)
{
    uint64_t frames[3] = {draw_frame(), draw_frame(), draw_frame()};

    (void)set_gdt(frames, 3, fake_draw(3 * 512 + 1));
}

/* The guest maps one of the frames writable, or gives that up; and writes to it. */
static void draw_write(bool *written)
{
    unsigned n = fake_draw(8);

    if (written[n]) {
        fake.frame[A + n].content[fake_draw(PV_ENTRIES)] = draw_descriptor();
        pv_put_page_and_type(&fake.domain[0], A + n);
        written[n] = false;
    } else {
        written[n] = !pv_get_page_and_type(&fake.domain[0], A + n, 1, PV_WRITABLE);
    }
}

static void tables_stay_what_they_are(void **state)
{
    bool written[8] = {false};

    (void)state;
    for (unsigned round = 0; round < 30000; round++) {
        switch (fake_draw(6)) {
        case 0:
            draw_gdt();
            break;
        case 1:
            (void)update(draw_frame(), fake_draw(PV_ENTRIES), draw_descriptor());
            break;
        case 2:
            draw_write(written);
            break;
        case 3:
            if (fake_draw(16) == 0)
                set_ldt(fake_draw(1025));
            break;
        case 4:
            map_page(fake_draw(2), fake_draw(4) ? draw_frame() & 0xff : 0);
            break;
        default:
            (void)pv_ldt_fault(&vcpu, LDT_AT + fake_draw(2 * 4096), 0);
            vcpu.regs.rsp = STACK;
        }
        check_uses(written);
        if (round % 16 == 0) {
            check_descriptors(processor.gdt);
            check_descriptors(processor.ldt);
        }
    }
}

#define T(name) cmocka_unit_test_setup(name, fake_vcpu_reset)
#define L(name) cmocka_unit_test_setup(name, with_ldt)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(pages_of_the_gdt_are_held),
        T(a_gdt_is_refused_as_a_whole),
        T(gdt_arguments),
        T(descriptors_are_updated),
        T(descriptors_are_not_updated_elsewhere),
        L(pages_of_the_ldt_come_when_used),
        L(an_ldt_that_is_not_there),
        L(an_ldt_that_leaves_the_guest),
        L(the_hypervisor_maps_the_ldt_too),
        L(faults_elsewhere_are_no_faults_of_the_ldt),
        L(all_is_given_back),
        L(tables_stay_what_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
