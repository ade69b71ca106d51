/* SPDX-License-Identifier: MIT */
/* What tests of frames and entries begin with: L4 -> L3 -> L2 -> L1 -> PAGE, none of them a table yet. */
#ifndef TESTS_HOST_PV_TREE_H
#define TESTS_HOST_PV_TREE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "guest/abi/errno.h"
#include "tests/host/pv_fake.h"

enum { L4 = 2, L3, L2, L1, PAGE, PAGE2, OTHER_L1, OTHER_L2, FOREIGN = 40, XEN };

#define DOM (&fake.domain[0])
#define RW (PTE_WRITE | PTE_USER)
#define RO PTE_USER

static inline uint64_t *entry_of(uint64_t table, unsigned index)
{
    return &fake.frame[table].content[index];
}

static inline int fresh(void **state)
{
    (void)state;
    fake_tree();
    fake_give(XEN, FAKE_HYPERVISOR);
    *entry_of(L1, 1) = fake_entry(L1, RO); /* as guests do: they see their tables, but can't write to them */
    return 0;
}

static inline int check(void **state)
{
    (void)state;
    fake_drain(DOM);
    fake_check(true);
    return 0;
}

static inline int pin_l(unsigned level, uint64_t mfn)
{
    int rc;
    do
        rc = pv_pin(DOM, mfn, 1, (enum pv_type)level);
    while (rc == -XEN_ERESTART);
    return rc;
}

static inline void unpin(uint64_t mfn)
{
    assert_int_equal(pv_unpin(DOM, mfn, 1), 0);
    fake_drain(DOM);
}

static inline bool is_idle(uint64_t mfn)
{
    return fake_phase(mfn) == PV_IDLE;
}

#define T(test) cmocka_unit_test_setup_teardown(test, fresh, check)

#endif
