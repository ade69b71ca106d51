/* SPDX-License-Identifier: MIT */
/* The end of a domain: whatever it left behind, all its frames become nobody's, in steps. */
// links: arch/x86/pv/release.c arch/x86/pv/descriptor.c arch/x86/pv/frame.c arch/x86/pv/list.c
// links: arch/x86/pv/mmu_update.c arch/x86/pv/mmuext.c arch/x86/pv/table.c arch/x86/pv/update.c
// links: arch/x86/pv/va_mapping.c arch/x86/pv/vcpu_set.c arch/x86/pv/audit.c tests/host/pv_fake.c
// links: tests/host/pv_check.c
#include "arch/x86/pv/container.h"
#include "arch/x86/pv/env.h"
#include "guest/abi/mmu.h"
#include "guest/abi/xen.h"
#include "kernel/door.h"
#include "tests/host/pv_tree.h"

#define VCPU(n) (&fake.cpu[n].v)
#define OTHER_L4 20
#define HELD 21

/* pv_container() and pv_guest() begin with what the fake machine has. */
static struct arch_domain domain = {.hw = &fake.domain[0]};
static struct arch_vcpu vcpus[FAKE_VCPUS];
static unsigned tables_released;

struct arch_vcpu *door_vcpu(const struct arch_domain *d, unsigned id)
{
    assert_ptr_equal(d, &domain);
    vcpus[id].hw = VCPU(id);
    return id == 2 ? NULL : &vcpus[id]; /* one could not be made */
}

void door_page_range(const struct arch_domain *d, uint64_t *first, uint64_t *end)
{
    assert_ptr_equal(d, &domain);
    *first = 2;
    *end = 32;
}

bool door_page_disown(uint64_t mfn)
{
    bool was = fake.frame[mfn].allocated;
    fake.frame[mfn].allocated = false;
    return was;
}

void pv_release_tables(struct pv_guest *p)
{
    (void)p;
    tables_released++;
}

/* How many calls it took. */
static unsigned release(unsigned budget)
{
    uint64_t cursor = 0;
    unsigned steps = 1;
    tables_released = 0;
    while (!pv_release(&domain, &cursor, budget))
        steps++;
    assert_in_range(tables_released, 2, 2 * steps);
    return steps;
}

static void assert_all_gone_but(uint64_t held)
{
    for (uint64_t mfn = 2; mfn < 32; mfn++)
        assert_int_equal(fake.frame[mfn].owner, mfn == held ? 1 : FAKE_NOBODY);
    assert_int_equal(fake.frame[FOREIGN].owner, 2);
    assert_int_equal(fake.frame[FOREIGN].refs, 1);
}

static void frames_that_were_never_used(void **state)
{
    (void)state;
    assert_int_equal(release(1000), 1);
    assert_all_gone_but(0);
}

static void at_most_the_budget_a_step(void **state)
{
    (void)state;
    assert_in_range(release(4), 7, 9);
    assert_all_gone_but(0);
}

static void pins_and_roots(void **state)
{
    (void)state;
    *entry_of(OTHER_L4, 0) = fake_entry(L3, RW);
    assert_int_equal(pin_l(4, L4), 0);
    assert_int_equal(pin_l(1, L1), 0);
    assert_int_equal(fake_mmuext_by(VCPU(0), MMUEXT_NEW_BASEPTR, L4, 0, DOMID_SELF), 0);
    assert_int_equal(fake_mmuext_by(VCPU(1), MMUEXT_NEW_BASEPTR, L4, 0, DOMID_SELF), 0);
    assert_int_equal(fake_mmuext_by(VCPU(1), MMUEXT_NEW_USER_BASEPTR, OTHER_L4, 0, DOMID_SELF), 0);
    fake_check(true);
    release(3);
    assert_all_gone_but(0);
}

/* The guest gave it back, and kept it mapped. */
static void what_was_given_back_already(void **state)
{
    (void)state;
    assert_int_equal(pin_l(4, L4), 0);
    fake_take_back(PAGE);
    fake_take_back(L2);
    assert_int_equal(fake.frame[PAGE].owner, 1);
    release(1000);
    assert_all_gone_but(0);
}

/* A hypercall was not made again when it said so, and the domain crashed. */
static void tables_that_are_half_done(void **state)
{
    (void)state;
    for (unsigned i = 2; i < PV_ENTRIES; i++)
        *entry_of(L1, i) = fake_entry(PAGE, RW);
    fake.yield_one_in = 2;
    while (pv_pin(DOM, L4, 1, PV_L4) != -XEN_ERESTART || fake_phase(L4) != PV_PARTIAL)
        if (fake_phase(L4) == PV_LIVE)
            unpin(L4);
    release(5);
    fake.yield_one_in = 0;
    assert_all_gone_but(0);
}

static void tables_that_are_half_taken_apart(void **state)
{
    (void)state;
    for (unsigned i = 2; i < PV_ENTRIES; i++)
        *entry_of(L1, i) = fake_entry(PAGE, RW);
    assert_int_equal(pin_l(4, L4), 0);
    fake.yield_one_in = 1;
    assert_int_equal(pv_unpin(DOM, L4, 1), 0);
    assert_int_equal(pv_drain(DOM), -XEN_ERESTART);
    assert_true(release(1000) > 8);
    fake.yield_one_in = 0;
    assert_all_gone_but(0);
}

/* Event-channel pages and the like: the hypervisor lets go of them later. */
static void what_the_hypervisor_holds(void **state)
{
    (void)state;
    assert_int_equal(pv_get_page_and_type(DOM, HELD, 1, PV_WRITABLE), 0);
    release(1000);
    assert_all_gone_but(HELD);
    pv_put_page_and_type(DOM, HELD);
    assert_all_gone_but(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(frames_that_were_never_used), T(at_most_the_budget_a_step), T(pins_and_roots),
        T(what_was_given_back_already), T(tables_that_are_half_done), T(tables_that_are_half_taken_apart),
        T(what_the_hypervisor_holds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
