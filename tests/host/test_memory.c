/* SPDX-License-Identifier: MIT */
// links: kernel/memory.c kernel/pages.c
/* Which frames of the machine become free memory: all RAM that nobody uses, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "arch/x86/arch.h"
#include "boot/boot_info.h"
#include "guest/abi/memory.h"
#include "kernel/memory.h"
#include "kernel/printk.h"

#define FRAMES 4096 /* 16 MiB: the machine's memory here */
#define MIB (1ULL << 20)

static struct boot_info info;
static struct page *array;
static uint64_t top;       /* what arch_memory_init() answers */
static uint64_t most_room; /* bytes that the largest free region has */
static unsigned warnings;
static bool is_free[FRAMES];

/* --- the machine */

uint64_t arch_memory_init(const struct boot_info *unused)
{
    (void)unused;
    return top;
}

void *arch_early_alloc(uint64_t bytes)
{
    if (bytes > most_room)
        return NULL;
    array = calloc(1, bytes);
    return array;
}

/* The first MiB and the image, which overlap here. */
bool arch_early_reserved(unsigned i, uint64_t *start, uint64_t *end)
{
    static const uint64_t taken[][2] = {{0, MIB}, {MIB - 0x1000, MIB + 0x4000}};

    if (i >= 2)
        return false;
    *start = taken[i][0];
    *end = taken[i][1];
    return true;
}

void printk(enum log_level level, const char *fmt, ...)
{
    (void)fmt;
    warnings += level == LOG_WARNING;
}

void panic(const char *fmt, ...)
{
    (void)fmt;
    mock_assert(0, "panic", __FILE__, __LINE__);
    abort();
}

/* --- the tests */

static void region(uint64_t start, uint64_t size, uint32_t type)
{
    info.regions[info.nr_regions++] = (struct boot_region){start, size, type};
}

static int begin(void **state)
{
    (void)state;
    info = (struct boot_info){0};
    top = FRAMES;
    most_room = UINT64_MAX;
    warnings = 0;
    return 0;
}

static int end(void **state)
{
    (void)state;
    free(array);
    array = NULL;
    return 0;
}

/* Start, and take every frame that is free. No frame may come twice. */
static void take_all(void)
{
    uint64_t mfn;

    memory_init(&info);
    for (unsigned i = 0; i < FRAMES; i++)
        is_free[i] = false;
    while ((mfn = pages_alloc(&memory_pool, 0, 1)) != UINT64_MAX) {
        assert_in_range(mfn, 0, FRAMES - 1);
        assert_false(is_free[mfn]);
        is_free[mfn] = true;
    }
}

static void expect_free(uint64_t first, uint64_t end_frame, bool yes)
{
    for (uint64_t i = first; i < end_frame; i++)
        if (is_free[i] != yes)
            fail_msg("frame %llu is%s free", (unsigned long long)i, yes ? " not" : "");
}

static void what_is_taken_stays_taken(void **state)
{
    (void)state;
    region(0, 16 * MIB, E820_RAM);
    info.modules[info.nr_modules++] = (struct boot_module){.start = 4 * MIB + 1, .size = 0x1000, .cmdline = ""};
    info.modules[info.nr_modules++] = (struct boot_module){.start = 16 * MIB - 0x1000, .size = 0x1000, .cmdline = ""};
    take_all();
    expect_free(0, 260, false);
    expect_free(260, 1024, true);
    expect_free(1024, 1026, false);
    expect_free(1026, 4095, true);
    expect_free(4095, 4096, false);
}

/* A page that is RAM in part belongs to somebody else. */
static void whole_pages_only(void **state)
{
    (void)state;
    region(2 * MIB + 1, 0x3000, E820_RAM);
    region(2 * MIB + 0x3001, 0x1000, E820_ACPI);
    region(3 * MIB, 0xfff, E820_RAM);
    take_all();
    expect_free(0, 513, false);
    expect_free(513, 515, true);
    expect_free(515, FRAMES, false);
}

/* Rounded up, its start would be 0, and everything would be free. */
static void ram_at_the_end_of_the_address_space(void **state)
{
    (void)state;
    region(2 * MIB, MIB, E820_RAM);
    region(UINT64_MAX - 0xf00, 0xe00, E820_RAM);
    take_all();
    expect_free(0, 512, false);
    expect_free(512, 768, true);
    expect_free(768, FRAMES, false);
}

/* Some MiB of RAM at many TiB would need more memory for the array of pages than there is. */
static void ram_too_far_up_is_not_used(void **state)
{
    (void)state;
    region(MIB, 3 * MIB, E820_RAM);
    region(5 * MIB, 3 * MIB, E820_RAM);
    region(1ULL << 45, MIB, E820_RAM);
    region((1ULL << 45) + 2 * MIB, MIB, E820_RAM);
    top = ((1ULL << 45) + 3 * MIB) >> 12;
    most_room = 2 * MIB;
    take_all();
    assert_int_equal(warnings, 1);
    expect_free(260, 1024, true);
    expect_free(1024, 1280, false);
    expect_free(1280, 2048, true);
}

static void no_room_at_all(void **state)
{
    (void)state;
    region(0, MIB, E820_RAM);
    most_room = 0;
    expect_assert_failure(memory_init(&info));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_taken_stays_taken),  TEST(whole_pages_only), TEST(ram_at_the_end_of_the_address_space),
        TEST(ram_too_far_up_is_not_used), TEST(no_room_at_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
