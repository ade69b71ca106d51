/* SPDX-License-Identifier: MIT */
#include "tests/model/pv/scenario.h"

#include <stddef.h>

#include "arch/x86/pv/update.h"
#include "arch/x86/regs.h"
#include "guest/abi/errno.h"

enum { L2 = 1, L1, OTHER_L1, PAGE, PAGE2, THIRD_L1 };

#define RW (PTE_PRESENT | PTE_WRITE | PTE_USER)
#define RO (PTE_PRESENT | PTE_USER)

#define EXPECT(cond)                                                      \
    do {                                                                  \
        if (!(cond))                                                      \
            machine_fail("%s:%d: not so: %s", __FILE__, __LINE__, #cond); \
    } while (0)

static struct pv_domain *domain(void)
{
    return &pv_world.domain;
}

static bool good(unsigned thread)
{
    return pv_world.result[thread] == 0;
}

/* --- Operations */

static int update(uint64_t table, unsigned slot, uint64_t mfn, uint64_t flags)
{
    struct pv_update u = {.mfn = table, .index = slot, .value = mfn << 12 | flags, .table_owner = 1, .data_owner = 1};
    return pv_update_entry(domain(), &u);
}

#define OPERATION(name, expression)    \
    static int name##_operation(void)  \
    {                                  \
        return expression;             \
    }                                  \
    static void name(void)             \
    {                                  \
        pv_world_do(name##_operation); \
    }

static int put_type(uint64_t mfn)
{
    pv_put_page_and_type(domain(), mfn);
    return 0;
}

static int get_and_put(uint64_t mfn, enum pv_type type)
{
    int rc = pv_get_page_and_type(domain(), mfn, 1, type);
    if (!rc)
        pv_put_page_and_type(domain(), mfn);
    return rc;
}

OPERATION(pin_l1, pv_pin(domain(), L1, 1, PV_L1))
OPERATION(pin_l2, pv_pin(domain(), L2, 1, PV_L2))
OPERATION(pin_l1_as_l2, pv_pin(domain(), L1, 1, PV_L2))
OPERATION(unpin_l1, pv_unpin(domain(), L1, 1))
OPERATION(unpin_l2, pv_unpin(domain(), L2, 1))
OPERATION(unpin_other, pv_unpin(domain(), OTHER_L1, 1))
OPERATION(put_l1, put_type(L1))
OPERATION(write_l1, get_and_put(L1, PV_WRITABLE))
OPERATION(use_l1, get_and_put(L1, PV_L1))
OPERATION(map_page, update(L1, 1, PAGE, RW))
OPERATION(map_page_readonly, update(L1, 1, PAGE, RO))
OPERATION(map_page2, update(L1, 1, PAGE2, RW))
OPERATION(unmap_page, update(L1, 1, 0, 0))
OPERATION(map_other_writable, update(L1, 2, OTHER_L1, RW))
OPERATION(hang_other, update(L2, 1, OTHER_L1, RW))
OPERATION(hang_third, update(L2, 1, THIRD_L1, RW))
OPERATION(hang_out, update(L2, 1, 0, 0))
OPERATION(pin_other, pv_pin(domain(), OTHER_L1, 1, PV_L1))

/* --- Beginnings */

static void set(uint64_t table, unsigned slot, uint64_t mfn, uint64_t flags)
{
    *pv_world_entry(table, slot) = mfn << 12 | flags;
}

/* L1 maps PAGE, L2 leads to L1; none is a table yet. */
static void tables(void)
{
    set(L1, 0, PAGE, RW);
    set(L2, 0, L1, RW);
    set(OTHER_L1, 0, PAGE2, RW);
}

static void l1_pinned(void)
{
    tables();
    pin_l1();
}

static void l1_pinned_by_a_reference(void)
{
    l1_pinned();
    (void)!pv_get_page_and_type(domain(), L1, 1, PV_L1);
    (void)!pv_unpin(domain(), L1, 1);
}

static void l2_pinned(void)
{
    tables();
    pin_l2();
}

static void page_mapped(void)
{
    l1_pinned();
    map_page();
}

static void other_hung_in(void)
{
    l2_pinned();
    hang_other();
}

static void other_hung_in_and_pinned(void)
{
    other_hung_in();
    pin_other();
}

static void other_pinned(void)
{
    l1_pinned();
    pin_other();
}

/* --- Ends */

static void one_of_two(void)
{
    EXPECT(good(0) != good(1));
}

static void at_most_one(void)
{
    EXPECT(!good(0) || !good(1));
}

static void both(void)
{
    EXPECT(good(0) && good(1));
}

static void l1_is_idle(void)
{
    EXPECT(good(0) && pv_world_is(L1, PV_NONE, 0) && pv_world_is(PAGE, PV_NONE, 0));
}

static void one_page_is_mapped(void)
{
    both();
    EXPECT(pv_world_is(PAGE, PV_WRITABLE, 2) != pv_world_is(PAGE2, PV_WRITABLE, 1));
}

static void first_is_good(void)
{
    EXPECT(good(0));
}

const struct pv_scenario pv_scenarios[] = {
    {"get type || put type", l1_pinned_by_a_reference, {put_l1, use_l1}, l1_is_idle, true, false},
    {"get another type || put type", l1_pinned_by_a_reference, {put_l1, write_l1}, l1_is_idle, true, false},
    {"pin || pin", tables, {pin_l1, pin_l1}, one_of_two, true, false},
    {"pin || pin at another level", tables, {pin_l1, pin_l1_as_l2}, NULL, true, false},
    {"pin || write", tables, {pin_l1, write_l1}, NULL, true, false},
    {"unpin || unpin", l1_pinned, {unpin_l1, unpin_l1}, one_of_two, true, false},
    {"pin || unpin", l1_pinned, {unpin_l1, pin_l1}, first_is_good, true, false},
    {"pin || pin of the table below", tables, {pin_l2, pin_l1}, both, true, false},
    {"unpin || unpin of the table below", other_hung_in_and_pinned, {unpin_l2, unpin_other}, both, true, false},
    {"unpin || use of the table below", l2_pinned, {unpin_l2, use_l1}, both, true, false},
    {"update || update of one entry", l1_pinned, {map_page, map_page2}, one_page_is_mapped, false, false},
    {"update || the same update", l1_pinned, {map_page, map_page}, both, false, false},
    {"map || unmap", page_mapped, {unmap_page, map_page_readonly}, both, false, false},
    {"map || unmap || map", page_mapped, {unmap_page, map_page_readonly, map_page2}, both, false, true},
    {"unpin || update", page_mapped, {unpin_l1, map_page2}, both, true, false},
    {"pin || update that maps the table", l1_pinned, {pin_other, map_other_writable}, at_most_one, true, false},
    {"unpin || update that maps the table",
     other_pinned,
     {unpin_other, map_other_writable},
     first_is_good,
     true,
     false},
    {"hang in || map writable", l2_pinned, {hang_other, map_other_writable}, at_most_one, true, false},
    {"hang out || map writable", other_hung_in, {hang_out, map_other_writable}, first_is_good, true, false},
    {"hang in || hang in another", other_hung_in, {hang_third, hang_out}, both, true, false},
    {"hang out || unpin", other_hung_in, {hang_out, unpin_l2}, first_is_good, false, true},
    {.name = NULL},
};
