/* SPDX-License-Identifier: MIT */
/*
 * Random operations of two domains on a few frames. Once one after another, each result foretold by the reference, and
 * all counts compared with it; and once by vcpus that change places in the middle of operations, that are cut off by
 * the clock and sometimes do not come back. After each operation the invariants are computed from scratch.
 *
 * PV_OPERATIONS says how many; what stands here is for `make test`.
 */
// links: arch/x86/pv/descriptor.c arch/x86/pv/frame.c arch/x86/pv/list.c arch/x86/pv/mmu_update.c arch/x86/pv/mmuext.c
// links: arch/x86/pv/table.c arch/x86/pv/update.c arch/x86/pv/va_mapping.c arch/x86/pv/vcpu_set.c
// links: arch/x86/pv/audit.c tests/host/pv_fake.c tests/host/pv_check.c tests/host/pv_reference.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include <cmocka.h>

#include "arch/x86/pv/env.h"
#include "guest/abi/errno.h"
#include "guest/abi/mmu.h"
#include "guest/abi/xen.h"
#include "tests/host/pv_reference.h"

#define OPERATIONS 500000U
#define FRESH 10000U /* operations, and then another world */
#define CPUS (FAKE_VCPUS + 1)
#define FIRST_OF_2 30U /* frames of domain 2, and of nobody */
#define END_OF_2 38U
#define END_OF_1 25U

static unsigned operations(void)
{
    const char *text = getenv("PV_OPERATIONS");
    return text ? (unsigned)strtoul(text, NULL, 0) : OPERATIONS;
}

static bool one_in(unsigned n)
{
    return fake_draw(n) == 0;
}

/* --- What to do it with. Each frame has a level that it is mostly used for: 4 to 1, and 0 for data. */

static unsigned habit(uint64_t mfn)
{
    static const uint8_t levels[] = {4, 3, 2, 2, 1, 1, 0, 0};
    return levels[mfn % 8];
}

static uint64_t any_frame_of(uint16_t domid)
{
    return domid == 1 ? 1 + fake_draw(END_OF_1 - 1) : FIRST_OF_2 + fake_draw(END_OF_2 - FIRST_OF_2);
}

static uint64_t draw_frame(uint16_t domid, unsigned level)
{
    uint64_t mfn = any_frame_of(domid);

    if (one_in(20))
        return fake_draw(FAKE_FRAMES + 2);
    while (habit(mfn) != level && !one_in(16))
        mfn = any_frame_of(domid);
    return mfn;
}

static unsigned draw_slot(void)
{
    static const uint16_t slots[] = {0, 1, 2, 255, 256, 271, 272, 511};
    return slots[one_in(8) ? fake_draw(8) : one_in(4)];
}

static uint64_t draw_entry(uint16_t domid, unsigned level)
{
    static const uint64_t odd[] = {PTE_PWT,    PTE_PCD,    PTE_LARGE,  1ULL << 52, 1ULL << 62,   1ULL << 50,
                                   PTE_GLOBAL, PTE_GLOBAL, 1ULL << 10, PTE_NX,     PTE_ACCESSED, PTE_DIRTY};
    uint64_t flags = PTE_PRESENT;

    if (one_in(4))
        return one_in(2) ? 0 : fake_draw(1 << 20) & ~1U;
    flags |= one_in(2) ? PTE_WRITE : 0;
    flags |= one_in(8) ? 0 : PTE_USER;
    flags |= one_in(20) ? odd[fake_draw(12)] : 0;
    return draw_frame(domid, level ? level - 1 : fake_draw(4)) << 12 | flags;
}

static uint64_t draw_address(void)
{
    uint64_t va = 0;
    for (unsigned level = 4; level > 0; level--)
        va = va << 9 | draw_slot();
    va <<= 12;
    return va >> 47 & 1 ? va | 0xffff000000000000 : va;
}

/* --- Operations. Each returns what the guest got, and says by *expected what the reference does: which error it is
 * is the business of the other tests. */

static bool foretelling; /* one after another */

static int64_t expect(bool good)
{
    return good ? 0 : -XEN_EINVAL;
}

static bool is_owned(uint64_t mfn, uint16_t domid)
{
    return mfn > 0 && mfn < FAKE_FRAMES && fake.frame[mfn].refs > 0 && fake.frame[mfn].owner == domid;
}

static bool allows_update(uint64_t mfn, uint16_t domid, unsigned slot, uint64_t value)
{
    reference_compute();
    if (!is_owned(mfn, domid))
        return false;
    enum pv_type type = reference_type(mfn);
    if (type >= PV_L1 && type <= PV_L4)
        return reference_allows_entry(mfn, (unsigned)type, slot, value);
    return type != PV_DESCRIPTORS;
}

static int64_t do_update(struct fake_cpu *cpu, int64_t *expected)
{
    uint16_t domid = cpu->v.dom->domid;
    unsigned level = fake_draw(5), slot = draw_slot();
    uint64_t mfn = draw_frame(domid, level), value = draw_entry(domid, level);
    uint64_t cmd = one_in(3) ? MMU_PT_UPDATE_PRESERVE_AD : MMU_NORMAL_PT_UPDATE;

    if (foretelling)
        *expected = expect(allows_update(mfn, domid, slot, value));
    return fake_mmu_update_by(&cpu->v, mfn << 12 | slot << 3 | cmd, value, DOMID_SELF);
}

/* The L1 table for va from the reference's root, or 0. */
static uint64_t walk(uint64_t mfn, uint64_t va)
{
    for (unsigned level = 4; level > 1 && mfn; level--) {
        uint64_t entry = fake.frame[mfn].content[va >> (12 + 9 * (level - 1)) & 511];
        mfn = entry & PTE_PRESENT ? (entry & PTE_ADDRESS) >> 12 : 0;
    }
    return mfn;
}

static int64_t do_va_mapping(struct fake_cpu *cpu, int64_t *expected)
{
    uint64_t va = draw_address(), value = draw_entry(cpu->v.dom->domid, 1);
    uint64_t args[6] = {va, value, fake_draw(3) | (one_in(2) ? UVMF_ALL : UVMF_LOCAL)};
    bool reserved = va >= 0xffff800000000000 && va < 0xffff880000000000;
    int64_t rc;

    if (foretelling) {
        uint64_t l1 = reserved ? 0 : walk(reference.kernel_root[cpu - fake.cpu], va);
        *expected = expect(l1 && reference_allows_entry(l1, 1, va >> 12 & 511, value));
    }
    do
        rc = pv_update_va_mapping(&cpu->v, args);
    while (rc == -XEN_ERESTART);
    return rc;
}

static int64_t do_pin(struct fake_cpu *cpu, int64_t *expected)
{
    uint16_t domid = cpu->v.dom->domid;
    unsigned level = 1 + fake_draw(4);
    uint64_t mfn = draw_frame(domid, level);

    if (foretelling)
        *expected = expect(reference_allows(mfn, domid, (enum pv_type)level) && !reference.pin[mfn]);
    int64_t rc = fake_mmuext_by(&cpu->v, MMUEXT_PIN_L1_TABLE + level - 1, mfn, 0, DOMID_SELF);
    if (!rc)
        reference.pin[mfn] = (uint8_t)level;
    return rc;
}

static int64_t do_unpin(struct fake_cpu *cpu, int64_t *expected)
{
    uint16_t domid = cpu->v.dom->domid;
    uint64_t mfn = draw_frame(domid, 1 + fake_draw(4));

    if (foretelling)
        *expected = expect(is_owned(mfn, domid) && reference.pin[mfn]);
    int64_t rc = fake_mmuext_by(&cpu->v, MMUEXT_UNPIN_TABLE, mfn, 0, DOMID_SELF);
    if (!rc)
        reference.pin[mfn] = 0;
    return rc;
}

static int64_t do_root(struct fake_cpu *cpu, int64_t *expected)
{
    uint16_t domid = cpu->v.dom->domid;
    bool user = one_in(3);
    uint64_t mfn = user && one_in(4) ? 0 : draw_frame(domid, 4);
    uint64_t *root = user ? reference.user_root : reference.kernel_root;

    if (foretelling)
        *expected = expect((user && !mfn) || reference_allows(mfn, domid, PV_L4));
    int64_t rc = fake_mmuext_by(&cpu->v, user ? MMUEXT_NEW_USER_BASEPTR : MMUEXT_NEW_BASEPTR, mfn, 0, DOMID_SELF);
    if (!rc)
        root[cpu - fake.cpu] = mfn;
    return rc;
}

static int64_t do_page(struct fake_cpu *cpu, int64_t *expected)
{
    uint16_t domid = cpu->v.dom->domid;
    bool copy = one_in(2);
    uint64_t to = draw_frame(domid, fake_draw(5)), from = draw_frame(domid, fake_draw(5));

    if (foretelling)
        *expected = expect(reference_allows(to, domid, PV_WRITABLE) && (!copy || is_owned(from, domid)));
    return fake_mmuext_by(&cpu->v, copy ? MMUEXT_COPY_PAGE : MMUEXT_CLEAR_PAGE, to, from, DOMID_SELF);
}

/* As a GDT will hold its pages: some frames of zeros are good for it. */
static int64_t do_descriptors(struct fake_cpu *cpu, int64_t *expected)
{
    uint16_t domid = cpu->v.dom->domid;
    uint64_t mfn = draw_frame(domid, 0);
    int rc;

    *expected = 0;
    if (is_owned(mfn, domid) && fake.frame[mfn].held && one_in(2)) {
        fake.frame[mfn].held--;
        pv_put_page_and_type(cpu->v.dom, mfn);
        return 0;
    }
    do
        rc = pv_get_page_and_type(cpu->v.dom, mfn, domid, PV_DESCRIPTORS);
    while (rc == -XEN_ERESTART);
    if (!rc)
        fake.frame[mfn].held++;
    *expected = rc; /* the comparison of counts says whether it was right */
    return rc;
}

/* A frame is given back, whatever still leads to it, or what is nobody's is handed out. */
static int64_t do_reservation(struct fake_cpu *cpu, int64_t *expected)
{
    uint16_t domid = cpu->v.dom->domid;
    uint64_t mfn = any_frame_of(domid);

    *expected = 0;
    if (fake.frame[mfn].refs == 0)
        fake_give(mfn, domid);
    else if (fake.frame[mfn].allocated && one_in(4))
        fake_take_back(mfn);
    return 0;
}

static int64_t do_touch(struct fake_cpu *cpu, int64_t *expected)
{
    *expected = 0;
    for (unsigned i = 0; i < 4; i++)
        fake_touch(cpu, draw_address(), one_in(2));
    return 0;
}

static const struct {
    int64_t (*run)(struct fake_cpu *cpu, int64_t *expected);
    unsigned weight;
} kinds[] = {
    {do_update, 50}, {do_va_mapping, 10}, {do_pin, 10},        {do_unpin, 6},  {do_root, 6},
    {do_page, 3},    {do_descriptors, 2}, {do_reservation, 3}, {do_touch, 10},
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static struct {
    unsigned done, good;
} tally[KINDS];

static void step(struct fake_cpu *cpu)
{
    unsigned kind = 0, choice = fake_draw(100);
    int64_t expected = 0;

    while (choice >= kinds[kind].weight)
        choice -= kinds[kind++].weight;
    int64_t rc = kinds[kind].run(cpu, &expected);
    tally[kind].done++;
    tally[kind].good += rc == 0;
    if (foretelling && (rc < 0 ? -XEN_EINVAL : rc) != expected)
        fake_fail("operation %u of kind %u gives %ld, not %ld", tally[kind].done, kind, (long)rc, (long)expected);
}

static void set_up(uint32_t seed)
{
    fake_reset();
    reference_reset();
    fake_check_slots(reference_slots, reference_nr_slots);
    for (uint64_t mfn = 1; mfn < END_OF_1; mfn++)
        fake_give(mfn, 1);
    for (uint64_t mfn = FIRST_OF_2; mfn < END_OF_2; mfn++)
        fake_give(mfn, 2);
    fake_give(44, FAKE_HYPERVISOR);
    fake.seed = seed;
}

static void report(void)
{
    for (unsigned i = 0; i < KINDS; i++)
        print_message("%u: %u of %u good\n", i, tally[i].good, tally[i].done);
    memset(tally, 0, sizeof(tally));
}

/* --- One after another */

static void each_result_is_foretold(void **state)
{
    unsigned n = operations();
    (void)state;
    foretelling = true;
    for (unsigned i = 0; i < n; i++) {
        if (i % FRESH == 0)
            set_up(2 * i + 1);
        if (i % 64 == 0)
            fake.yield_one_in = fake_draw(8);
        step(&fake.cpu[fake_draw(CPUS)]);
        fake_drain(&fake.domain[0]);
        fake_drain(&fake.domain[1]);
        fake_check(true);
        reference_compare();
    }
    report();
}

/* --- Changing places */

#define STACK (256U << 10)
static ucontext_t main_context, contexts[CPUS];
static uint8_t stacks[CPUS][STACK];
static unsigned current, left;
static bool inside[CPUS], closing;

/* Somebody else's turn, perhaps; when the round is closing, only for those who are in the middle of something. */
static void change_places(void)
{
    unsigned next = fake_draw(CPUS), was = current;

    if (next == was || !one_in(3) || (closing && !inside[next]))
        return;
    current = next;
    swapcontext(&contexts[was], &contexts[next]);
}

static void one_round(void)
{
    unsigned self = current;

    while (!closing) {
        inside[self] = true;
        step(&fake.cpu[self]);
        inside[self] = false;
        fake_check(false);
        closing = closing || --left == 0;
        change_places();
    }
    for (unsigned i = 0; i < CPUS; i++)
        if (inside[i]) {
            current = i;
            setcontext(&contexts[i]);
        }
    setcontext(&main_context);
}

static void prepare(unsigned i)
{
    getcontext(&contexts[i]);
    contexts[i].uc_stack.ss_sp = stacks[i];
    contexts[i].uc_stack.ss_size = STACK;
    makecontext(&contexts[i], one_round, 0);
    inside[i] = false;
}

/* All vcpus at once, until `n` operations are done and everybody is out. */
static void round_of(unsigned n)
{
    closing = false;
    left = n;
    for (unsigned i = 0; i < CPUS; i++)
        prepare(i);
    current = fake_draw(CPUS);
    fake.point = change_places;
    swapcontext(&main_context, &contexts[current]);
    fake.point = NULL;
}

static void vcpus_change_places_in_the_middle(void **state)
{
    unsigned n = operations(), size = 50;
    (void)state;
    foretelling = false;
    for (unsigned i = 0; i < n; i += size) {
        if (i % FRESH == 0)
            set_up(i + 2);
        fake.yield_one_in = fake_draw(8);
        fake.give_up_one_in = fake_draw(4) * 2;
        round_of(size);
        fake_drain(&fake.domain[0]);
        fake_drain(&fake.domain[1]);
        fake_check(true);
    }
    report();
}

/* The end of both domains, in the middle of it all: nothing is left. */
static void in_the_end_every_frame_is_free(void **state)
{
    (void)state;
    for (unsigned i = 0; i < CPUS; i++)
        pv_release_roots(&fake.cpu[i].v);
    for (uint64_t mfn = 1; mfn < END_OF_2; mfn++) {
        struct pv_domain *d = &fake.domain[fake.frame[mfn].owner == 2];
        if (!pv_env_get_page(mfn, d->domid))
            continue;
        for (; fake.frame[mfn].held; fake.frame[mfn].held--)
            pv_put_page_and_type(d, mfn);
        pv_abandon(d, mfn);
        if (fake.frame[mfn].allocated)
            fake_take_back(mfn);
        pv_env_put_page(mfn);
    }
    fake_drain(&fake.domain[0]);
    fake_drain(&fake.domain[1]);
    for (uint64_t mfn = 1; mfn < END_OF_2; mfn++)
        assert_int_equal(fake.frame[mfn].refs, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_result_is_foretold),
        cmocka_unit_test(vcpus_change_places_in_the_middle),
        cmocka_unit_test(in_the_end_every_frame_is_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
