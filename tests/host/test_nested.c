/* SPDX-License-Identifier: MIT */
/*
 * Nested page tables in both formats: what a processor finds there after each change, walked by a second walker that
 * knows the formats from the manuals (APM Vol. 2, section 15.25; SDM Vol. 3C, section 28.2), and that every table comes
 * back.
 */
// links: arch/x86/nested.c arch/x86/svm/npt.c arch/x86/vmx/ept.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arch/x86/mtrr.h"
#include "arch/x86/nested.h"
#include "arch/x86/paging.h"
#include "arch/x86/svm/svm.h"
#include "arch/x86/vmx/vmx.h"
#include "guest/abi/errno.h"
#include "kernel/door.h"

#define LARGE_PAGES 512U
#define TYPES_META 0x700000ULL /* an mfn: the frames of its 2 MiB have two memory types */

/* --- What the tables need of the hypervisor --- */

static unsigned live, allocations, fail_at; /* fail_at: this allocation finds nothing; 0 = none */

/* mfn_to_virt() of it is the page: the direct map's base wraps round. */
static uint64_t mfn_of(const void *page)
{
    return (((uint64_t)(uintptr_t)page - DIRECTMAP_BASE) & ((1ULL << 52) - 1)) >> PAGE_SHIFT;
}

uint64_t door_alloc_frames(unsigned order)
{
    assert_int_equal(order, 0);
    if (++allocations == fail_at)
        return 0;
    void *page = aligned_alloc(PAGE_SIZE, PAGE_SIZE);
    assert_non_null(page);
    memset(page, 0, PAGE_SIZE);
    live++;
    return mfn_of(page);
}

void door_free_frames(uint64_t mfn, unsigned order)
{
    assert_int_equal(order, 0);
    memset(mfn_to_virt(mfn), 0xEE, PAGE_SIZE);
    free(mfn_to_virt(mfn));
    live--;
}

struct vmx_capability vmx_capability;

uint8_t mtrr_type(uint64_t pa)
{
    uint64_t mfn = pa >> PAGE_SHIFT;
    return mfn >= TYPES_META + 16 && mfn < TYPES_META + LARGE_PAGES ? MEMORY_UC : MEMORY_WB;
}

bool mtrr_is_uniform(uint64_t pa, uint64_t size)
{
    return mtrr_type(pa) == mtrr_type(pa + size - 1);
}

/* --- The two formats --- */

struct format {
    int (*map)(struct arch_domain *d, uint64_t gfn, uint64_t mfn, unsigned order, bool writable);
    uint64_t present, write, execute, no_execute; /* bits of an entry that maps memory */
    bool has_types;                               /* in bits 5:3 */
};

static const struct format npt = {svm_map, 1, 2, 0, 1ULL << 63, false};
static const struct format ept = {vmx_map, 1, 2, 4, 0, true};

static const struct format *format;
static struct arch_domain domain;

static int begin(const struct format *f)
{
    format = f;
    live = allocations = fail_at = 0;
    vmx_capability.ept_vpid = EPT_CAP_2M;
    memset(&domain, 0, sizeof(domain));
    return nested_init(&domain);
}

static int begin_npt(void **state)
{
    (void)state;
    return begin(&npt);
}

static int begin_ept(void **state)
{
    (void)state;
    return begin(&ept);
}

static int end(void **state)
{
    (void)state;
    nested_free(&domain);
    nested_free(&domain); /* it has none any more */
    return live != 0;
}

/* --- What a processor finds --- */

struct found {
    bool present, writable;
    unsigned level; /* 1: a page, 2: 2 MiB */
    uint64_t mfn;
    uint8_t type;
};

static struct found walk(uint64_t gfn)
{
    uint64_t table = domain.nested_root, entry = 0;
    unsigned level = 4;

    for (;; level--) {
        entry = ((const uint64_t *)mfn_to_virt(table))[gfn >> 9 * (level - 1) & 511];
        if (!(entry & 7) || level == 1 || (level == 2 && (entry & 0x80)))
            break;
        assert_int_equal(entry & 0xFFF, 7); /* a table: all rights, no reserved bit */
        table = (entry & 0xFFFFFFFFFF000) >> 12;
    }
    if (!(entry & 7))
        return (struct found){.level = level};
    assert_int_equal(entry & format->present, format->present);
    assert_int_equal(entry & format->execute, format->execute);
    assert_int_equal(entry & format->no_execute, 0);
    assert_true(level == 2 || !(entry & 0x80)); /* APM: PAT, which has no business here; SDM: ignored */
    if (!format->has_types)
        assert_int_equal(entry & 4, 4); /* PTE_USER */
    return (struct found){
        .present = true,
        .writable = entry & format->write,
        .level = level,
        .mfn = ((entry & 0xFFFFFFFFFF000) >> 12) + (level == 2 ? gfn % LARGE_PAGES : 0),
        .type = format->has_types ? entry >> 3 & 7 : MEMORY_WB,
    };
}

static void assert_maps(uint64_t gfn, uint64_t mfn, bool writable, unsigned level)
{
    struct found f = walk(gfn);

    assert_true(f.present);
    assert_true(f.mfn == mfn);
    assert_int_equal(f.writable, writable);
    assert_int_equal(f.level, level);
    assert_int_equal(f.type, format->has_types ? mtrr_type(mfn << PAGE_SHIFT) : MEMORY_WB);
}

static void assert_nothing(uint64_t gfn)
{
    assert_false(walk(gfn).present);
}

static void map(uint64_t gfn, uint64_t mfn, unsigned order, bool writable)
{
    assert_int_equal(format->map(&domain, gfn, mfn, order, writable), 0);
}

/* --- Pages --- */

static void a_page(void **state)
{
    (void)state;
    map(0x12345, 0x777, 0, true);
    assert_maps(0x12345, 0x777, true, 1);
    assert_nothing(0x12344);
    assert_nothing(0x12346);
    assert_nothing(0x12345 + (1ULL << 9));
    assert_nothing(0x12345 + (1ULL << 18));
    assert_nothing(0x12345 + (1ULL << 27));
    assert_int_equal(live, 4);
    map(0x12346, 0x888, 0, false); /* in the same tables */
    assert_maps(0x12346, 0x888, false, 1);
    assert_int_equal(live, 4);
}

static void the_ends_of_the_address_space(void **state)
{
    (void)state;
    uint64_t last = (1ULL << 36) - 1;

    map(0, 0xFFFFFFFFFF, 0, true); /* the last frame that an entry can name */
    map(last, 1, 0, true);
    assert_maps(0, 0xFFFFFFFFFF, true, 1);
    assert_maps(last, 1, true, 1);
    assert_int_equal(live, 1 + 3 + 3);
}

static void a_page_is_mapped_again(void **state)
{
    (void)state;
    map(5, 0x100, 0, true);
    map(5, 0x200, 0, false);
    assert_maps(5, 0x200, false, 1);
    assert_int_equal(nested_unmap(&domain, 5), 0);
    assert_nothing(5);
    map(5, 0x300, 0, true);
    assert_maps(5, 0x300, true, 1);
    assert_int_equal(live, 4);
}

/* To remove what is not there makes no tables. */
static void nothing_is_unmapped(void **state)
{
    (void)state;
    uint64_t *slot = &(uint64_t){0};

    assert_int_equal(nested_unmap(&domain, 0x12345), 0);
    assert_int_equal(live, 1);
    assert_int_equal(nested_find(&domain, 0x12345, 1, false, &slot), 0);
    assert_null(slot);
}

/* --- 2 MiB --- */

static void a_large_page(void **state)
{
    (void)state;
    map(0x400, 0x80000, NESTED_ORDER_2M, true);
    for (unsigned i = 0; i < LARGE_PAGES; i++)
        assert_maps(0x400 + i, 0x80000 + i, true, 2);
    assert_nothing(0x3FF);
    assert_nothing(0x600);
    assert_int_equal(live, 3);
    map(0x400, 0x90000, NESTED_ORDER_2M, false);
    assert_maps(0x400, 0x90000, false, format->has_types ? 1 : 2); /* the EPT code knows a fresh place only */
}

/* Removing a page splits: the other 511 stay, with their rights and type. */
static void a_large_page_loses_one(void **state)
{
    (void)state;
    map(0x400, 0x80000, NESTED_ORDER_2M, false);
    assert_int_equal(nested_unmap(&domain, 0x400 + 77), 0);
    for (unsigned i = 0; i < LARGE_PAGES; i++) {
        if (i == 77)
            assert_nothing(0x400 + i);
        else
            assert_maps(0x400 + i, 0x80000 + i, false, 1);
    }
    assert_int_equal(live, 4);
}

static void a_large_page_changes_one(void **state)
{
    (void)state;
    map(0x400, 0x80000, NESTED_ORDER_2M, true);
    map(0x5FF, 0x42, 0, false);
    for (unsigned i = 0; i < LARGE_PAGES - 1; i++)
        assert_maps(0x400 + i, 0x80000 + i, true, 1);
    assert_maps(0x5FF, 0x42, false, 1);
    assert_int_equal(live, 4);
}

/* The table stays: another processor may remember it. */
static void a_large_page_where_a_table_stands(void **state)
{
    (void)state;
    map(0x401, 0x42, 0, false);
    map(0x400, 0x80000, NESTED_ORDER_2M, true);
    for (unsigned i = 0; i < LARGE_PAGES; i++)
        assert_maps(0x400 + i, 0x80000 + i, true, 1);
    assert_int_equal(live, 4);
}

/* --- No memory --- */

/* An allocation fails at each place where one is made: nothing is mapped, and nothing else changes. */
static void no_memory_for_a_table(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= 3; n++) {
        allocations = 0;
        fail_at = n;
        assert_int_equal(format->map(&domain, (uint64_t)n << 27, 7, 0, true), -XEN_ENOMEM);
        assert_nothing((uint64_t)n << 27);
    }
    fail_at = 0;
    map(1ULL << 27, 7, 0, true);
    assert_maps(1ULL << 27, 7, true, 1);
}

static void no_memory_for_a_split(void **state)
{
    (void)state;
    map(0x400, 0x80000, NESTED_ORDER_2M, true);
    allocations = 0;
    fail_at = 1;
    assert_int_equal(nested_unmap(&domain, 0x401), -XEN_ENOMEM);
    allocations = 0;
    assert_int_equal(format->map(&domain, 0x402, 7, 0, true), -XEN_ENOMEM);
    for (unsigned i = 0; i < LARGE_PAGES; i++)
        assert_maps(0x400 + i, 0x80000 + i, true, 2);
}

static void no_memory_for_the_root(void **state)
{
    (void)state;
    struct arch_domain d = {.nested_root = 0};

    allocations = 0;
    fail_at = 1;
    assert_int_equal(nested_init(&d), -XEN_ENOMEM);
    nested_free(&d);
    assert_int_equal(live, 1); /* the other domain's */
}

/* --- Everything comes back --- */

/* A tree with tables, pages and large pages at every level: end() counts. */
static void all_tables_are_freed(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 40; i++) {
        uint64_t gfn = (uint64_t)i << (9 + i % 4 * 9) & ((1ULL << 36) - 1);

        map(gfn & ~511ULL, 0x80000, i % 3 ? NESTED_ORDER_2M : 0, true);
        if (i % 2)
            assert_int_equal(nested_unmap(&domain, gfn + 3), 0);
    }
    assert_true(live > 10);
}

/* --- EPT only --- */

/* A processor without large EPT pages gets 512 small ones. */
static void a_processor_without_large_pages(void **state)
{
    (void)state;
    vmx_capability.ept_vpid = 0;
    map(0x400, 0x80000, NESTED_ORDER_2M, true);
    for (unsigned i = 0; i < LARGE_PAGES; i++)
        assert_maps(0x400 + i, 0x80000 + i, true, 1);
}

/* One entry has one memory type. */
static void memory_of_two_types(void **state)
{
    (void)state;
    map(0x400, TYPES_META, NESTED_ORDER_2M, true);
    for (unsigned i = 0; i < LARGE_PAGES; i++)
        assert_maps(0x400 + i, TYPES_META + i, true, 1);
    assert_int_equal(walk(0x400).type, MEMORY_WB);
    assert_int_equal(walk(0x5FF).type, MEMORY_UC);
}

#define IN_NPT(test) cmocka_unit_test_setup_teardown(test, begin_npt, end)
#define IN_EPT(test) cmocka_unit_test_setup_teardown(test, begin_ept, end)
#define IN_BOTH(test) IN_NPT(test), IN_EPT(test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_BOTH(a_page),
        IN_BOTH(the_ends_of_the_address_space),
        IN_BOTH(a_page_is_mapped_again),
        IN_BOTH(nothing_is_unmapped),
        IN_BOTH(a_large_page),
        IN_BOTH(a_large_page_loses_one),
        IN_BOTH(a_large_page_changes_one),
        IN_BOTH(a_large_page_where_a_table_stands),
        IN_BOTH(no_memory_for_a_table),
        IN_BOTH(no_memory_for_a_split),
        IN_BOTH(no_memory_for_the_root),
        IN_BOTH(all_tables_are_freed),
        IN_EPT(a_processor_without_large_pages),
        IN_EPT(memory_of_two_types),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
