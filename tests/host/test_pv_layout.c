/* SPDX-License-Identifier: MIT */
// links: kernel/pv_layout.c
/*
 * The start of day of a pv guest, and what a kernel may ask for. The expected numbers are worked out by hand from the
 * description in the public header xen.h; whatever the kernel, the rules of that description are checked.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "guest/abi/elfnote.h"
#include "guest/abi/version.h"
#include "kernel/pv_layout.h"

#define PAGE 4096ULL
#define MIB (1ULL << 20)
#define TOP 0xffffffff80000000ULL
#define HYPERVISOR_START 0xffff800000000000ULL
#define HYPERVISOR_END 0xffff880000000000ULL
#define FRAMES(mib) ((mib)*256ULL)

static struct elf_image elf;
static struct pv_image image;
static struct pv_layout layout;
static const char *error;

static void set_note(unsigned n, uint64_t value)
{
    elf.notes.given |= 1U << n;
    elf.notes.number[n] = value;
}

/* As a Linux kernel is: a base of 2 GiB below the end of the address space, and loaded at 16 MiB. */
static int begin(void **state)
{
    (void)state;
    memset(&elf, 0, sizeof(elf));
    elf.bits = 64;
    elf.entry = 0x1000000;
    elf.nr_segments = 2;
    elf.segments[0] = (struct elf_segment){.paddr = 16 * MIB, .memsz = 5000};
    elf.segments[1] = (struct elf_segment){.paddr = 17 * MIB, .memsz = 3 * MIB + 1};
    set_note(XEN_ELFNOTE_ENTRY, TOP + 16 * MIB + 0x100);
    set_note(XEN_ELFNOTE_VIRT_BASE, TOP);
    set_note(XEN_ELFNOTE_HYPERCALL_PAGE, TOP + 16 * MIB + PAGE);
    set_note(XEN_ELFNOTE_HV_START_LOW, HYPERVISOR_START);
    return 0;
}

/* A small kernel at the address of its own choice. */
static void small_kernel(uint64_t base, uint64_t size)
{
    memset(&elf, 0, sizeof(elf));
    elf.bits = 64;
    elf.nr_segments = 1;
    elf.segments[0] = (struct elf_segment){.paddr = 0, .memsz = size};
    set_note(XEN_ELFNOTE_ENTRY, base);
    set_note(XEN_ELFNOTE_VIRT_BASE, base);
}

static void good_image(void)
{
    int rc = pv_image_read(&elf, &image, &error);

    if (rc)
        print_message("%s\n", error);
    assert_int_equal(rc, 0);
}

static void bad_image(const char *sentence)
{
    assert_int_equal(pv_image_read(&elf, &image, &error), -1);
    assert_string_equal(error, sentence);
}

static void bad_layout(uint64_t nr_pages, uint64_t module, const char *sentence)
{
    good_image();
    assert_int_equal(pv_layout_make(&image, nr_pages, module, &layout, &error), -1);
    assert_string_equal(error, sentence);
}

static uint64_t end_of(struct pv_range range)
{
    return range.pfn + range.count;
}

/* Tables of the level for pages [first, last] by brute force: the numbers that change along the way. */
static uint64_t tables_for(uint64_t va, uint64_t nr_pages)
{
    uint64_t n = 0;

    for (unsigned shift = 21; shift <= 48; shift += 9) {
        uint64_t before = UINT64_MAX;

        for (uint64_t i = 0; i < nr_pages; i++) {
            uint64_t index = shift == 48 ? 0 : (va + i * PAGE) >> shift;

            n += index != before;
            before = index;
        }
    }
    return n;
}

/* The rules of xen.h. */
static void check_rules(uint64_t module)
{
    uint64_t end = layout.virt_base + layout.nr_mapped * PAGE;
    struct pv_range parts[] = {layout.module, layout.p2m, layout.start_info, layout.tables, layout.stack};
    uint64_t at = (image.size + PAGE - 1) / PAGE;

    assert_int_equal(end % (4 * MIB), 0);                                        /* 2 */
    assert_true((layout.nr_mapped - end_of(layout.stack)) * PAGE >= 512 * 1024); /* 7 */
    assert_true((layout.nr_mapped - end_of(layout.stack)) * PAGE < 512 * 1024 + 4 * MIB);
    for (unsigned i = 0; i < 5; i++) { /* 3, 4: in this order, and packed */
        if ((i == 0 && image.module_unmapped) || (i == 1 && image.has_init_p2m))
            continue;
        assert_int_equal(parts[i].pfn, at);
        at = end_of(parts[i]);
    }
    assert_int_equal(layout.module.count, (module + PAGE - 1) / PAGE);
    assert_int_equal(layout.p2m.count, (layout.nr_pages * 8 + PAGE - 1) / PAGE);
    assert_int_equal(layout.start_info.count, 1);
    assert_int_equal(layout.stack.count, 1);
    assert_int_equal(layout.tables.count, tables_for(layout.virt_base, layout.nr_mapped));
    assert_true(layout.start_info_va == layout.virt_base + layout.start_info.pfn * PAGE);
    assert_true(layout.tables_va == layout.virt_base + layout.tables.pfn * PAGE);
    assert_true(layout.stack_va == layout.virt_base + end_of(layout.stack) * PAGE);
    assert_true(layout.nr_mapped <= layout.nr_pages);
}

static void good_layout(uint64_t nr_pages, uint64_t module)
{
    int rc;

    good_image();
    rc = pv_layout_make(&image, nr_pages, module, &layout, &error);
    if (rc)
        print_message("%s\n", error);
    assert_int_equal(rc, 0);
    check_rules(module);
}

static void test_linux(void **state)
{
    (void)state;
    good_layout(FRAMES(64), 0);
    assert_int_equal(image.size, 20 * MIB + 1);
    assert_true(image.entry == TOP + 16 * MIB + 0x100);
    assert_int_equal(layout.p2m.pfn, 5121); /* 20 MiB and a byte */
    assert_int_equal(layout.p2m.count, 32);
    assert_int_equal(layout.start_info.pfn, 5153);
    assert_int_equal(layout.tables.count, 3 + 12); /* 24 MiB */
    assert_int_equal(layout.nr_mapped, FRAMES(24));
    assert_int_equal(layout.module_start, 0);
    assert_true(layout.p2m_address == TOP + 5121 * PAGE);
}

static void test_module(void **state)
{
    (void)state;
    good_layout(FRAMES(64), 3 * MIB + 5);
    assert_int_equal(layout.module.pfn, 5121);
    assert_int_equal(layout.module.count, 769);
    assert_true(layout.module_start == TOP + 5121 * PAGE);
}

/* PV-START-13. MOD_START_PFN: the ramdisk lies behind what is mapped, and is named by its frame. */
static void test_module_unmapped(void **state)
{
    (void)state;
    set_note(XEN_ELFNOTE_MOD_START_PFN, 1);
    good_layout(FRAMES(64), 3 * MIB + 5);
    assert_int_equal(layout.module.pfn, layout.nr_mapped);
    assert_int_equal(layout.module_start, layout.nr_mapped);
    good_layout(FRAMES(64), 0);
    assert_int_equal(layout.module_start, 0);
    set_note(XEN_ELFNOTE_MOD_START_PFN, 0);
    good_layout(FRAMES(64), 1);
    assert_int_equal(layout.module.pfn, 5121);
}

/* INIT_P2M: the list has tables of its own, but those that it shares with the rest. */
static void test_init_p2m(void **state)
{
    static const struct {
        uint64_t address, tables;
    } cases[] = {
        {0xffffc90000000000, 3}, /* its own L1, L2, L3 */
        {0xffffff8000000000, 2}, /* the same L3 */
        {TOP + 512 * MIB, 1},    /* the same L2 */
        {TOP + 24 * MIB, 1},     /* just behind */
        {TOP - 32 * PAGE, 2},    /* just before: the same L3 */
        {0xffffc900001ff000, 4}, /* two L1s */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        begin(state);
        set_note(XEN_ELFNOTE_INIT_P2M, cases[i].address);
        good_layout(FRAMES(64), 0);
        assert_int_equal(layout.p2m.pfn, layout.nr_mapped);
        assert_int_equal(layout.p2m.count, 32);
        assert_int_equal(layout.p2m_tables.pfn, layout.nr_mapped + 32);
        assert_int_equal(layout.p2m_tables.count, cases[i].tables);
        assert_int_equal(layout.start_info.pfn, 5121);
    }
}

static void test_bad_init_p2m(void **state)
{
    static const char overlap[] = "its kernel's INIT_P2M lies in the memory that is mapped at the start";
    static const char forbidden[] = "its kernel's virtual addresses are the hypervisor's, or there are no such "
                                    "addresses";

    (void)state;
    set_note(XEN_ELFNOTE_INIT_P2M, TOP);
    bad_layout(FRAMES(64), 0, overlap);
    set_note(XEN_ELFNOTE_INIT_P2M, TOP + 24 * MIB - PAGE);
    bad_layout(FRAMES(64), 0, overlap);
    set_note(XEN_ELFNOTE_INIT_P2M, TOP - PAGE);
    bad_layout(FRAMES(64), 0, overlap);
    set_note(XEN_ELFNOTE_INIT_P2M, HYPERVISOR_START);
    bad_layout(FRAMES(64), 0, forbidden);
    set_note(XEN_ELFNOTE_INIT_P2M, HYPERVISOR_END - PAGE);
    bad_layout(FRAMES(64), 0, forbidden);
    set_note(XEN_ELFNOTE_INIT_P2M, 0xfffffffffffff000);
    bad_layout(FRAMES(64), 0, forbidden);
    set_note(XEN_ELFNOTE_INIT_P2M, 0x00007ffffffff000); /* 32 pages from the last that is canonical */
    bad_layout(FRAMES(64), 0, forbidden);
    set_note(XEN_ELFNOTE_INIT_P2M, TOP + 24 * MIB + 8);
    bad_image("its kernel's VIRT_BASE or INIT_P2M is not the address of a page");
}

/* Every size from nothing to a few MiB, at addresses where tables begin: the rules hold. */
static void test_many_sizes(void **state)
{
    static const uint64_t bases[] = {
        0, PAGE, 4 * MIB - PAGE, 0x3fffffff000, 0x7ffff0000000, HYPERVISOR_END, TOP, 0xffffffc000000000 - 2 * MIB};

    (void)state;
    for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
        for (uint64_t size = 1; size < 10 * MIB; size += 77777) {
            small_kernel(bases[i], size);
            good_layout(FRAMES(32), size / 3);
        }
    }
}

/* The edge at which the padding takes 4 MiB more. */
static void test_padding(void **state)
{
    uint64_t fixed = 16 + 1 + 5 + 1; /* list, start info, tables (with 2 L1s), stack */

    (void)state;
    small_kernel(0, (1024 - 128 - fixed) * PAGE);
    good_layout(FRAMES(32), 0);
    assert_int_equal(layout.nr_mapped, 1024);
    small_kernel(0, (1024 - 128 - fixed) * PAGE + 1);
    good_layout(FRAMES(32), 0);
    assert_int_equal(layout.nr_mapped, 2048);
}

static void test_forbidden_addresses(void **state)
{
    static const char forbidden[] = "its kernel's virtual addresses are the hypervisor's, or there are no such "
                                    "addresses";
    static const uint64_t bases[] = {HYPERVISOR_START,        HYPERVISOR_END - PAGE, 0x800000000000,    0x7fffffffd000,
                                     HYPERVISOR_START - PAGE, 0xfffffffffffff000,    0xffffffffffff0000};

    (void)state;
    for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
        small_kernel(bases[i], PAGE);
        bad_layout(FRAMES(32), 0, forbidden);
    }
    small_kernel(0xffffffffffc00000, PAGE); /* the last 4 MiB of the address space are enough */
    good_layout(FRAMES(32), 0);
    small_kernel(0xffffffffffc00000, 4 * MIB);
    bad_layout(FRAMES(32), 0, forbidden);
}

static void test_too_large(void **state)
{
    static const char together[] = "its kernel, ramdisk, page tables and the padding behind them do not fit into its "
                                   "memory";

    (void)state;
    bad_layout(FRAMES(16), 0, "its kernel and its ramdisk do not fit into its memory");
    bad_layout(FRAMES(64), FRAMES(65) * PAGE, "its kernel and its ramdisk do not fit into its memory");
    bad_layout(FRAMES(64), UINT64_MAX, "its kernel and its ramdisk do not fit into its memory");
    bad_layout(FRAMES(64), 63 * MIB, together);
    bad_layout(FRAMES(24) - 1, 0, together);
    good_layout(FRAMES(24), 0);
    set_note(XEN_ELFNOTE_MOD_START_PFN, 1);
    bad_layout(FRAMES(24), 1, together);
    good_layout(FRAMES(24) + 1, 1);
    begin(state);
    set_note(XEN_ELFNOTE_INIT_P2M, 0xffffc90000000000);
    bad_layout(FRAMES(24) + 12 + 2, 0, together); /* 13 pages of list, 3 tables */
    good_layout(FRAMES(24) + 13 + 3, 0);
}

static void test_kinds(void **state)
{
    (void)state;
    elf.notes.given = 0;
    bad_image("its kernel has no Xen notes: it is not a PV kernel");
    elf.has_phys32_entry = true;
    bad_image("its kernel is a PVH kernel: it has no entry for a pv domain");
    assert_false(pv_image_exists(&elf));
    begin(state);
    assert_true(pv_image_exists(&elf));
    elf.bits = 32;
    bad_image("its kernel is a 32-bit PV kernel, and pv domains are 64-bit here");
    begin(state);
    elf.notes.other_version = true;
    bad_image("its kernel is not made for Xen 3.0 or later");
    begin(state);
    elf.notes.other_loader = true;
    bad_image("its kernel asks for a loader that is not \"generic\"");
}

static void test_features(void **state)
{
    (void)state;
    elf.notes.features = UINT32_MAX;
    good_image();
    elf.notes.required = 1U << XENFEAT_writable_page_tables | 1U << XENFEAT_pae_pgdir_above_4gb;
    good_image();
    elf.notes.required |= 1U << XENFEAT_auto_translated_physmap;
    bad_image("its kernel needs an auto-translated physmap, which pv domains don't have");
    elf.notes.required = 1U << XENFEAT_supervisor_mode_kernel;
    bad_image("its kernel needs a feature that pv domains don't have here");
    elf.notes.required = 0;
    elf.notes.requires_unknown = true;
    bad_image("its kernel needs a feature that pv domains don't have here");
}

static void test_addresses(void **state)
{
    (void)state;
    set_note(XEN_ELFNOTE_ENTRY, TOP + 20 * MIB); /* the last byte */
    good_image();
    set_note(XEN_ELFNOTE_ENTRY, TOP + 20 * MIB + 1);
    bad_image("its kernel's entry lies outside of the image");
    set_note(XEN_ELFNOTE_ENTRY, TOP - 1);
    bad_image("its kernel's entry lies outside of the image");
    begin(state);
    set_note(XEN_ELFNOTE_HYPERCALL_PAGE, TOP + 20 * MIB);
    bad_image("its kernel's hypercall page is not a page of the image");
    set_note(XEN_ELFNOTE_HYPERCALL_PAGE, TOP + 16 * MIB + 8);
    bad_image("its kernel's hypercall page is not a page of the image");
    elf.notes.given &= ~(1U << XEN_ELFNOTE_HYPERCALL_PAGE);
    good_image();
    begin(state);
    set_note(XEN_ELFNOTE_HV_START_LOW, HYPERVISOR_START + 1);
    bad_image("its kernel wants addresses that are the hypervisor's");
    begin(state);
    set_note(XEN_ELFNOTE_VIRT_BASE, TOP + 8);
    bad_image("its kernel's VIRT_BASE or INIT_P2M is not the address of a page");
}

/* PV-START-15: PADDR_OFFSET without VIRT_BASE: the base is 0. */
static void test_offset_without_base(void **state)
{
    (void)state;
    set_note(XEN_ELFNOTE_PADDR_OFFSET, 16 * MIB);
    set_note(XEN_ELFNOTE_ENTRY, 0x100);
    set_note(XEN_ELFNOTE_VIRT_BASE, 0);
    elf.notes.given &= ~(1U << XEN_ELFNOTE_HYPERCALL_PAGE | 1U << XEN_ELFNOTE_VIRT_BASE);
    good_image();
    assert_true(image.virt_base == 0);
}

static void test_segments(void **state)
{
    (void)state;
    set_note(XEN_ELFNOTE_PADDR_OFFSET, 16 * MIB);
    set_note(XEN_ELFNOTE_ENTRY, TOP);
    elf.notes.given &= ~(1U << XEN_ELFNOTE_HYPERCALL_PAGE);
    good_image();
    assert_int_equal(image.size, 4 * MIB + 1);
    assert_int_equal(pv_image_offset(&elf, &elf.segments[1]), MIB);
    set_note(XEN_ELFNOTE_PADDR_OFFSET, 16 * MIB + 1);
    bad_image("a segment of its kernel lies below PADDR_OFFSET");
    begin(state);
    elf.segments[1].memsz = UINT64_MAX - elf.segments[1].paddr;
    bad_image("its kernel does not fit into its memory");
    elf.segments[1].paddr = UINT64_MAX - 5;
    elf.segments[1].memsz = 1;
    bad_image("its kernel does not fit into its memory");
}

/* The older form names no entry: the ELF header's counts. */
static void test_legacy_entry(void **state)
{
    (void)state;
    memset(&elf.notes, 0, sizeof(elf.notes));
    elf.notes.is_legacy = true;
    good_image();
    assert_int_equal(image.entry, 0x1000000);
}

#define TEST(name) cmocka_unit_test_setup(name, begin)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(test_linux),
        TEST(test_module),
        TEST(test_module_unmapped),
        TEST(test_init_p2m),
        TEST(test_bad_init_p2m),
        TEST(test_many_sizes),
        TEST(test_padding),
        TEST(test_forbidden_addresses),
        TEST(test_too_large),
        TEST(test_kinds),
        TEST(test_features),
        TEST(test_addresses),
        TEST(test_offset_without_base),
        TEST(test_segments),
        TEST(test_legacy_entry),
    };

    return cmocka_run_group_tests_name("pv_layout", tests, NULL, NULL);
}
