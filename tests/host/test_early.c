/* SPDX-License-Identifier: MIT */
// links: arch/x86/early.c arch/x86/ranges.c
/* The machine's RAM before there is an allocator. The image lies nowhere here: what it takes is no part of this. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "arch/x86/early.h"
#include "arch/x86/sections.h"
#include "boot/boot_info.h"
#include "guest/abi/memory.h"
#include "kernel/printk.h"

#define MIB (1ULL << 20)
#define GIB (1ULL << 30)

const uint8_t image_start[1], image_end[1];
static struct boot_info info;

void panic(const char *fmt, ...)
{
    (void)fmt;
    abort();
}

static void region(uint64_t start, uint64_t size, uint32_t type)
{
    info.regions[info.nr_regions++] = (struct boot_region){start, size, type};
}

static int begin(void **state)
{
    (void)state;
    info = (struct boot_info){0};
    early_ram.nr = 0;
    return 0;
}

static void only_ram_counts(void **state)
{
    (void)state;
    region(0, 0x9fc00, E820_RAM);
    region(0x9fc00, 0x400, E820_RESERVED);
    region(MIB, GIB, E820_RAM);
    region(MIB + GIB, MIB, E820_ACPI);
    region(2 * GIB, MIB, E820_UNUSABLE);
    early_init(&info, 1ULL << 39);
    assert_int_equal(early_ram.nr, 2);
    assert_int_equal(early_ram.r[0].end, 0x9f000);
    assert_int_equal(early_ram.r[1].end, MIB + GIB);
}

/* Mapped, a page up there would be a reserved bit in a page table entry: the first touch is a fault. */
static void ram_that_the_processor_cannot_address(void **state)
{
    (void)state;
    region(MIB, 2 * GIB, E820_RAM);
    region(60 * GIB, 8 * GIB, E820_RAM);
    region(64 * GIB, GIB, E820_RAM);
    region(UINT64_MAX - 2 * GIB, GIB, E820_RAM);
    early_init(&info, 64 * GIB);
    assert_int_equal(early_ram.nr, 2);
    assert_true(early_ram.r[1].start == 60 * GIB);
    assert_true(early_ram.r[1].end == 64 * GIB);
}

/* The page where other CPUs start: firmware keeps the first one and what is near 640 KiB, whatever it says. */
static void page_for_other_cpus(void **state)
{
    (void)state;
    region(0, 0x9fc00, E820_RAM);
    region(MIB, GIB, E820_RAM);
    early_init(&info, 1ULL << 39);
    assert_int_equal(early_low_page(), 0x8f000);
}

static void no_page_for_other_cpus(void **state)
{
    (void)state;
    region(0, 0x1000, E820_RAM);
    region(0x90000, 0xf000, E820_RAM);
    region(MIB, GIB, E820_RAM);
    early_init(&info, 1ULL << 39);
    assert_int_equal(early_low_page(), 0);
}

/* Firmware's tables may name the registers of a device, and be wrong: nothing is written to memory as to a device. */
static void an_address_is_told_from_memory(void **state)
{
    (void)state;
    region(0, 0x9fc00, E820_RAM);
    region(MIB, GIB, E820_RAM);
    early_init(&info, 1ULL << 39);
    assert_true(early_has_ram(0, 1));
    assert_true(early_has_ram(0x9efff, 0x9f000));
    assert_false(early_has_ram(0xa0000, 0xc0000));
    assert_true(early_has_ram(MIB - 1, MIB + 1));
    assert_true(early_has_ram(GIB, GIB + 8));
    assert_true(early_has_ram(0, UINT64_MAX));
    assert_false(early_has_ram(MIB + GIB, UINT64_MAX));
    assert_false(early_has_ram(0xfed00000, 0xfed00400));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(only_ram_counts, begin),
        cmocka_unit_test_setup(ram_that_the_processor_cannot_address, begin),
        cmocka_unit_test_setup(page_for_other_cpus, begin),
        cmocka_unit_test_setup(no_page_for_other_cpus, begin),
        cmocka_unit_test_setup(an_address_is_told_from_memory, begin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
