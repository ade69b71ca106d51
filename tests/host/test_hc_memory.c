/* SPDX-License-Identifier: MIT */
// links: kernel/hc_memory_pv.c kernel/frames.c kernel/p2m.c kernel/pages.c
/*
 * memory_op by pv domains: which frames are whose afterwards, and what the guest is told (docs/abi/pv-memory.md). Guest
 * addresses are the test's own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arch/x86/cpu.h"

/* Interrupts are let in by an instruction that a program may not use. */
static unsigned yield_at; /* the how manieth look at the clock says so; 0: none */
#define cpu_should_yield() (yield_at && --yield_at == 0)
#include "kernel/hc_memory.c"
#include "kernel/hc_memory_exchange.c"
#undef cpu_should_yield

#include "arch/x86/paging.h"
#include "boot/boot_info.h"
#include "guest/abi/pv.h"
#include "kernel/limbo.h"
#include "kernel/printk.h"

#define FRAMES 4096U
#define BAD 16U /* an address that is not the guest's */
#define READ_ONLY ((uint64_t)(uintptr_t)read_only)

struct page_pool memory_pool;
static struct page pages[FRAMES];
static uint64_t m2p[FRAMES], list[600], list2[600], read_only[2];
static struct domain d, other;
static struct vcpu v;
static bool more_soon; /* frames are on their way to the pool */

/* --- What stands behind it in the hypervisor */

static void set_m2p(uint64_t mfn, uint64_t pfn)
{
    m2p[mfn] = pfn;
}

static const struct virt_ops ops = {.set_m2p = set_m2p};

void limbo_free(uint64_t mfn)
{
    pages_free(&memory_pool, mfn, 0);
}

bool limbo_is_empty(void)
{
    return !more_soon;
}

uint64_t memory_alloc_owned(unsigned order, uint16_t domid)
{
    return pages_alloc(&memory_pool, order, domid);
}

int copy_from_guest(struct vcpu *unused, void *dst, uint64_t va, size_t n)
{
    (void)unused;
    if (va == BAD)
        return -XEN_EFAULT;
    memcpy(dst, (const void *)(uintptr_t)va, n);
    return 0;
}

int copy_to_guest(struct vcpu *unused, uint64_t va, const void *src, size_t n)
{
    (void)unused;
    if (va == BAD || va == READ_ONLY)
        return -XEN_EFAULT;
    memcpy((void *)(uintptr_t)va, src, n);
    return 0;
}

int hypercall_target(struct vcpu *unused, uint16_t domid, struct domain **target)
{
    (void)unused;
    if (domid == 2 && v.domain->privileged)
        *target = &other;
    else if (domid == 1 || domid == DOMID_SELF)
        *target = &d;
    else
        return -XEN_ESRCH;
    (*target)->refs++;
    return 0;
}

void domain_put(struct domain *target)
{
    target->refs--;
}

uint64_t paging_frame_at(uint64_t va)
{
    return va == MACH2PHYS_VIRT_START ? 0x1234 : 0;
}

const struct boot_region *memory_map(unsigned *nr)
{
    static const struct boot_region regions[] = {{0, 0x9f000, E820_RAM}, {0x100000, 0xf00000, E820_RAM}};
    *nr = 2;
    return regions;
}

void panic(const char *fmt, ...)
{
    fail_msg("panic: %s", fmt);
    abort();
}

/* What nothing here leads to. */
#define NOT_CALLED(type, name, ...)   \
    type name(__VA_ARGS__)            \
    {                                 \
        fail_msg(#name " is called"); \
        abort();                      \
    }                                 \
    struct name##_is_not_called

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
NOT_CALLED(enum extent_result, hvm_decrease, const struct extent *e);
NOT_CALLED(enum extent_result, hvm_populate, const struct extent *e);
NOT_CALLED(int64_t, hvm_add_to_physmap, struct vcpu *c, uint64_t *args);
NOT_CALLED(int64_t, hvm_remove_from_physmap, struct vcpu *c, uint64_t *args);
NOT_CALLED(int64_t, hvm_memory_map, struct vcpu *c, uint64_t *args);
NOT_CALLED(void *, memory_alloc, size_t size);
NOT_CALLED(void, memory_free, void *p, size_t size);
#pragma GCC diagnostic pop

/* --- The cases */

static int begin(void **state)
{
    (void)state;
    pages_init(&memory_pool, pages, FRAMES);
    pages_add(&memory_pool, 1, FRAMES - 1);
    memset(m2p, 0xff, sizeof m2p);
    memset(&d, 0, sizeof d);
    d.arch.ops = &ops;
    d.arch.domid = 1;
    d.container = CONTAINER_PV;
    d.refs = 1;
    d.max_pages = 2000;
    d.first_page = UINT64_MAX;
    other = d;
    other.arch.domid = 2;
    v = (struct vcpu){.domain = &d};
    yield_at = 0;
    more_soon = false;
    return 0;
}

/* No frame is lost, and none is counted wrongly. */
static int end(void **state)
{
    uint64_t owned = 0;
    (void)state;
    for (uint64_t i = 1; i < FRAMES; i++) {
        assert_int_not_equal(pages[i].owner, PAGE_OWNER_HYPERVISOR);
        assert_true(pages[i].owner == PAGE_OWNER_NONE || pages[i].refs > 0);
        owned += pages[i].owner == 1;
    }
    assert_int_equal(d.pages, owned);
    assert_int_equal(memory_pool.free_frames, FRAMES - 1 - owned);
    assert_int_equal(d.refs, 1);
    return 0;
}

static uint64_t own(unsigned order)
{
    uint64_t mfn = domain_alloc_pages(&d, order);
    assert_int_not_equal(mfn, NO_FRAME);
    return mfn;
}

static uint64_t at(const void *p)
{
    return (uint64_t)(uintptr_t)p;
}

/* The extents done, by a guest that calls again when it is told to; *calls times. */
static int64_t extents(unsigned cmd, uint64_t where, uint64_t n, unsigned order, uint16_t domid)
{
    struct xen_memory_reservation64 r = {where, n, order, 0, domid, {0}};
    uint64_t args[HYPERCALL_ARGS] = {cmd, at(&r)};
    int64_t rc;
    do
        rc = hc_memory_op(&v, args);
    while (rc == -XEN_ERESTART && !more_soon);
    return rc;
}

static struct xen_memory_exchange64 x;

static int64_t exchange_lists(uint64_t in, uint64_t nr_in, unsigned in_order, uint64_t out, uint64_t nr_out,
                              unsigned out_order)
{
    uint64_t args[HYPERCALL_ARGS] = {XENMEM_exchange, at(&x)};
    int64_t rc;
    x = (struct xen_memory_exchange64){.in = {in, nr_in, in_order, 0, DOMID_SELF, {0}},
                                       .out = {out, nr_out, out_order, 0, DOMID_SELF, {0}}};
    do
        rc = hc_memory_op(&v, args);
    while (rc == -XEN_ERESTART);
    return rc;
}

/* PV-MEM-02 */
static void a_frame_is_given_back_once(void **state)
{
    uint64_t mfn = list[0] = own(0);
    (void)state;
    assert_true(page_get_owned(&pages[mfn], 1)); /* a mapping */
    m2p[mfn] = 7;
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(extents(XENMEM_decrease_reservation, at(list), 1, 0, DOMID_SELF), 1);
        assert_int_equal(pages[mfn].refs, 1);
        assert_int_equal(d.pages, 1);
        assert_int_equal(m2p[mfn], 7);
    }
    domain_put_page(&d, mfn);
    assert_int_equal(m2p[mfn], UINT64_MAX);
    assert_int_equal(extents(XENMEM_decrease_reservation, at(list), 1, 0, DOMID_SELF), 0);
}

/* PV-MEM-02 */
static void only_the_domains_own_frames(void **state)
{
    const uint64_t wrong[] = {0, FRAMES, 1ULL << 40, UINT64_MAX, domain_alloc_pages(&other, 0)};
    (void)state;
    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        list[0] = wrong[i];
        assert_int_equal(extents(XENMEM_decrease_reservation, at(list), 1, 0, DOMID_SELF), 0);
        assert_int_equal(exchange_lists(at(list), 1, 0, at(list2), 1, 0), -XEN_EINVAL);
    }
    assert_int_equal(extents(XENMEM_decrease_reservation, BAD, 1, 0, DOMID_SELF), 0);
    assert_int_equal(extents(XENMEM_decrease_reservation, at(list), 1, 0, 99), 0);
    domain_put_page(&other, wrong[4]);
}

/* PV-MEM-03 */
static void more_frames_without_a_number(void **state)
{
    (void)state;
    assert_int_equal(extents(XENMEM_increase_reservation, at(list), 3, 2, DOMID_SELF), 3);
    assert_int_equal(d.pages, 12);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(pages[list[i] + 3].owner, 1);
        assert_int_equal(m2p[list[i]], UINT64_MAX);
        assert_true(d.first_page <= list[i] && list[i] + 4 <= d.end_page);
    }
    assert_int_equal(extents(XENMEM_increase_reservation, 0, 2, 0, DOMID_SELF), 2);
    assert_int_equal(extents(XENMEM_increase_reservation, READ_ONLY, 2, 0, DOMID_SELF), 0);
    assert_int_equal(d.pages, 15);
}

/* PV-MEM-04 */
static void frames_for_any_pfn(void **state)
{
    (void)state;
    list[0] = 5;
    list[1] = 1ULL << 40;
    assert_int_equal(extents(XENMEM_populate_physmap, at(list), 2, 1, DOMID_SELF), 2);
    assert_int_equal(m2p[list[0] + 1], 6);
    assert_true(m2p[list[1]] == 1ULL << 40);
    assert_int_equal(extents(XENMEM_populate_physmap, BAD, 1, 0, DOMID_SELF), 0);
    assert_int_equal(d.pages, 4);
    assert_int_equal(extents(XENMEM_populate_physmap, READ_ONLY, 1, 0, DOMID_SELF), 0);
    assert_int_equal(d.pages, 5);
}

static void not_more_than_it_may_have(void **state)
{
    (void)state;
    assert_int_equal(extents(XENMEM_increase_reservation, 0, 5, 9, DOMID_SELF), 3); /* 1536 of 2000 */
    assert_int_equal(extents(XENMEM_increase_reservation, 0, 1000, 0, DOMID_SELF), 2000 - 1536);
    assert_int_equal(extents(XENMEM_increase_reservation, 0, 1, 10, DOMID_SELF), 0);
    d.max_pages = UINT64_MAX;
    assert_int_equal(extents(XENMEM_increase_reservation, 0, 1, 10, DOMID_SELF), 0);
    assert_int_equal(extents(XENMEM_increase_reservation, 0, 4096, 0, DOMID_SELF), FRAMES - 1 - 2000);
}

/* A domain that gives and takes is not told that there is no memory because its last frames are not free yet. */
static void memory_that_comes_soon(void **state)
{
    (void)state;
    d.max_pages = UINT64_MAX;
    assert_int_equal(extents(XENMEM_increase_reservation, 0, FRAMES - 1, 0, DOMID_SELF), FRAMES - 1);
    more_soon = true;
    assert_int_equal(extents(XENMEM_increase_reservation, 0, 1, 0, DOMID_SELF), -XEN_ERESTART);
    more_soon = false;
    assert_int_equal(extents(XENMEM_increase_reservation, 0, 1, 0, DOMID_SELF), 0);
}

/* Its frames are being looked for one by one; one that came behind would stay for ever. */
static void a_domain_that_ends_gets_none(void **state)
{
    (void)state;
    d.releasing = true;
    assert_int_equal(extents(XENMEM_increase_reservation, 0, 1, 0, DOMID_SELF), 0);
    assert_int_equal(extents(XENMEM_populate_physmap, at(list), 1, 3, DOMID_SELF), 0);
}

static void a_long_list_is_continued(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 10; i++)
        list[i] = 100 + i;
    yield_at = 4;
    assert_int_equal(extents(XENMEM_populate_physmap, at(list), 10, 0, DOMID_SELF), 10);
    assert_int_equal(yield_at, 0);
    assert_int_equal(d.pages, 10);
    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(m2p[list[i]], 100 + i);
}

/* PV-MEM-05 */
static void single_frames_for_one_extent_and_back(void **state)
{
    uint64_t old[4];
    (void)state;
    for (unsigned i = 0; i < 4; i++)
        old[i] = list[i] = own(0);
    list2[0] = 40;
    assert_int_equal(exchange_lists(at(list), 4, 0, at(list2), 1, 2), 0);
    assert_int_equal(x.nr_exchanged, 4);
    assert_int_equal(d.pages, 4);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(m2p[list2[0] + i], 40 + i);
        assert_true(pages[list2[0] + i].flags & PAGE_KEPT);
        assert_int_equal(m2p[old[i]], UINT64_MAX);
    }
    list[0] = list2[0];
    for (unsigned i = 0; i < 4; i++)
        list2[i] = 50 + i;
    assert_int_equal(exchange_lists(at(list), 1, 2, at(list2), 4, 0), 0);
    assert_int_equal(x.nr_exchanged, 1);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(m2p[list2[i]], 50 + i);
}

/* PV-MEM-05: a chunk that can't be exchanged leaves everything as it was, and those before it are done. */
static void a_chunk_is_exchanged_or_not(void **state)
{
    uint64_t mapped;
    (void)state;
    for (unsigned i = 0; i < 8; i++)
        list[i] = own(0);
    mapped = list[6];
    assert_true(page_get_owned(&pages[mapped], 1));
    list2[0] = 40;
    list2[1] = 60;
    assert_int_equal(exchange_lists(at(list), 8, 0, at(list2), 2, 2), -XEN_EINVAL);
    assert_int_equal(x.nr_exchanged, 4);
    assert_int_equal(m2p[list2[0] + 3], 43);
    assert_int_equal(list2[1], 60);
    for (unsigned i = 4; i < 8; i++) {
        assert_int_equal(pages[list[i]].refs, list[i] == mapped ? 2 : 1);
        assert_int_equal(pages[list[i]].owner, 1);
        assert_true(pages[list[i]].flags & PAGE_KEPT);
    }
    domain_put_page(&d, mapped);
    list[5] = list[4];
    assert_int_equal(exchange_lists(at(&list[4]), 4, 0, at(list2), 1, 2), -XEN_EINVAL); /* twice the same */
    assert_int_equal(pages[list[4]].refs, 1);
}

/* A frame that was given back and is mapped has one reference too: not its owner's. */
static void a_frame_that_is_not_kept(void **state)
{
    (void)state;
    list[0] = own(0);
    assert_true(page_disown(&pages[list[0]]));
    assert_int_equal(exchange_lists(at(list), 1, 0, at(list2), 1, 0), -XEN_EINVAL);
    assert_int_equal(pages[list[0]].refs, 1);
}

static void an_exchange_without_memory(void **state)
{
    (void)state;
    list[0] = own(2);
    while (pages_alloc(&memory_pool, 1, 2) != NO_FRAME)
        ;
    assert_int_equal(exchange_lists(at(list), 1, 2, at(list2), 4, 0), -XEN_ENOMEM);
    assert_int_equal(x.nr_exchanged, 0);
    assert_int_equal(pages[list[0] + 3].refs, 1);
    for (uint64_t i = 0; i < FRAMES; i++)
        if (pages[i].owner == 2)
            pages_free(&memory_pool, i, 0);
}

static void an_exchange_is_continued(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 6; i++) {
        list[i] = own(0);
        list2[i] = 70 + i;
    }
    yield_at = 3;
    assert_int_equal(exchange_lists(at(list), 6, 0, at(list2), 6, 0), 0);
    assert_int_equal(x.nr_exchanged, 6);
    for (unsigned i = 0; i < 6; i++)
        assert_int_equal(m2p[list2[i]], 70 + i);
}

/* PV-MEM-06 */
static void an_exchange_that_makes_no_sense(void **state)
{
    uint64_t args[HYPERCALL_ARGS] = {XENMEM_exchange, at(&x)};
    (void)state;
    list[0] = own(0);
    assert_int_equal(exchange_lists(at(list), 0, 0, at(list2), 0, 0), 0);
    assert_int_equal(exchange_lists(at(list), 1, 0, at(list2), 2, 0), -XEN_EINVAL);
    assert_int_equal(exchange_lists(at(list), 1ULL << 60, 0, at(list2), 1ULL << 60, 0), -XEN_EINVAL);
    assert_int_equal(exchange_lists(at(list), 1ULL << 63, 1, at(list2), 0, 0), -XEN_EINVAL);
    assert_int_equal(exchange_lists(at(list), 1, 30, at(list2), 1, 30), -XEN_EPERM);
    assert_int_equal(exchange_lists(BAD, 1, 0, at(list2), 1, 0), -XEN_EFAULT);
    assert_int_equal(d.pages, 1);
    x.out.domid = 99;
    assert_int_equal(hc_memory_op(&v, args), -XEN_EINVAL);
    x.in.domid = 99;
    assert_int_equal(hc_memory_op(&v, args), -XEN_ESRCH);
    x.nr_exchanged = 2;
    assert_int_equal(hc_memory_op(&v, args), -XEN_EINVAL);
    args[1] = BAD;
    assert_int_equal(hc_memory_op(&v, args), -XEN_EFAULT);
}

/* PV-MEM-05: the frames have changed hands, and the guest does not know. */
static void an_exchange_into_a_list_that_is_not_there(void **state)
{
    (void)state;
    list[0] = own(0);
    assert_int_equal(exchange_lists(at(list), 1, 0, READ_ONLY, 1, 0), -XEN_EFAULT);
    assert_int_equal(d.pages, 1);
}

/* PV-MEM-07, -08 */
static void tables_and_maps(void **state)
{
    struct e820entry entries[3];
    struct xen_memory_map64 map = {3, 0, at(entries)};
    struct xen_machphys_mfn_list64 parts = {5, 0, at(list), 77, 0};
    struct xen_machphys_mapping64 mapping = {0};
    uint64_t args[HYPERCALL_ARGS] = {XENMEM_memory_map, at(&map)};
    (void)state;
    d.config.memory = 0x800000;
    assert_int_equal(hc_memory_op(&v, args), 0);
    assert_true(map.nr_entries == 1 && entries[0].size == 0x800000);
    args[0] = XENMEM_machine_memory_map;
    assert_int_equal(hc_memory_op(&v, args), -XEN_EPERM);
    d.privileged = true;
    assert_int_equal(hc_memory_op(&v, args), -XEN_EINVAL);
    map.nr_entries = 3;
    assert_int_equal(hc_memory_op(&v, args), 0);
    assert_true(map.nr_entries == 2 && entries[1].addr == 0x100000);
    args[0] = XENMEM_memory_map;
    assert_int_equal(hc_memory_op(&v, args), -XEN_ENOSYS);
    args[0] = XENMEM_machphys_mfn_list;
    args[1] = at(&parts);
    assert_int_equal(hc_memory_op(&v, args), 0);
    assert_true(parts.nr_extents == 1 && list[0] == 0x1234);
    args[0] = XENMEM_machphys_mapping;
    args[1] = at(&mapping);
    assert_int_equal(hc_memory_op(&v, args), 0);
    assert_int_equal(mapping.max_mfn, FRAMES - 1);
}

#define T(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_frame_is_given_back_once),
        T(only_the_domains_own_frames),
        T(more_frames_without_a_number),
        T(frames_for_any_pfn),
        T(not_more_than_it_may_have),
        T(memory_that_comes_soon),
        T(a_domain_that_ends_gets_none),
        T(a_long_list_is_continued),
        T(single_frames_for_one_extent_and_back),
        T(a_chunk_is_exchanged_or_not),
        T(a_frame_that_is_not_kept),
        T(an_exchange_without_memory),
        T(an_exchange_is_continued),
        T(an_exchange_that_makes_no_sense),
        T(an_exchange_into_a_list_that_is_not_there),
        T(tables_and_maps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
