/* SPDX-License-Identifier: MIT */
// links: boot/memory_map.c
/* Memory maps as firmware of PCs gives them, and in the orders and overlaps that no firmware should. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "boot/memory_map.h"
#include "guest/abi/memory.h"

#define MAX 64
#define MIB (1ULL << 20)
#define GIB (1ULL << 30)

static const char overlap[] = "regions of the memory map overlap; what is not RAM in all of them is not used";

static struct boot_region out[MAX];
static const char *warning;

#define SANITISE(in) memory_map_sanitise(in, sizeof(in) / sizeof((in)[0]), out, MAX, &warning)
#define EXPECT(in, ...)                                                                                           \
    do {                                                                                                          \
        static const struct boot_region expected[] = {__VA_ARGS__};                                               \
        assert_int_equal(SANITISE(in), sizeof(expected) / sizeof(expected[0]));                                   \
        for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)                                       \
            assert_memory_equal(&out[i], &expected[i], offsetof(struct boot_region, type) + sizeof(out[i].type)); \
    } while (0)

/* A PC with 8 GiB and 1 GiB of holes below 4 GiB: what is in order stays as it is. */
static void a_good_map_stays(void **state)
{
    static const struct boot_region in[] = {
        {0, 0x9fc00, E820_RAM},
        {0x9fc00, 0x400, E820_RESERVED},
        {0xf0000, 0x10000, E820_RESERVED},
        {MIB, 3 * GIB - MIB - 0x50000, E820_RAM},
        {3 * GIB - 0x50000, 0x30000, E820_ACPI},
        {3 * GIB - 0x20000, 0x20000, E820_NVS},
        {0xfec00000, 0x1000, E820_RESERVED},
        {4 * GIB, 5 * GIB, E820_RAM},
    };

    (void)state;
    assert_int_equal(SANITISE(in), 8);
    assert_null(warning);
    for (unsigned i = 0; i < 8; i++) {
        assert_true(out[i].start == in[i].start && out[i].size == in[i].size);
        assert_int_equal(out[i].type, in[i].type);
    }
}

/* Nothing promises an order. A parser that takes the last entry for the top of memory loses RAM above 4 GiB. */
static void unsorted(void **state)
{
    static const struct boot_region in[] = {
        {4 * GIB, GIB, E820_RAM}, {MIB, GIB, E820_RAM}, {0xf0000, 0x10000, E820_RESERVED}, {0, 0xa0000, E820_RAM}};

    (void)state;
    EXPECT(in, {0, 0xa0000, E820_RAM}, {0xf0000, 0x10000, E820_RESERVED}, {MIB, GIB, E820_RAM},
           {4 * GIB, GIB, E820_RAM});
    assert_null(warning);
}

/* UEFI's maps have an entry for each use of RAM, and many of them touch. */
static void neighbours_become_one(void **state)
{
    static const struct boot_region in[] = {
        {0x3000, 0x1000, E820_RAM}, {0, 0x1800, E820_RAM},           {0x1800, 0x1800, E820_RAM},
        {0x5000, 0x1000, E820_RAM}, {0x4000, 0x1000, E820_RESERVED},
    };

    (void)state;
    EXPECT(in, {0, 0x4000, E820_RAM}, {0x4000, 0x1000, E820_RESERVED}, {0x5000, 0x1000, E820_RAM});
    assert_null(warning);
}

/* Said twice is no contradiction. */
static void the_same_type_twice(void **state)
{
    static const struct boot_region in[] = {
        {0, 0x4000, E820_RAM}, {0x1000, 0x8000, E820_RAM}, {0x2000, 0x1000, E820_RAM}, {0, 0x4000, E820_RAM}};

    (void)state;
    EXPECT(in, {0, 0x9000, E820_RAM});
    assert_null(warning);
}

static void a_hole_in_ram(void **state)
{
    static const struct boot_region in[] = {{0x2000, 0x1000, E820_RESERVED}, {0, 0x10000, E820_RAM}};

    (void)state;
    EXPECT(in, {0, 0x2000, E820_RAM}, {0x2000, 0x1000, E820_RESERVED}, {0x3000, 0xd000, E820_RAM});
    assert_string_equal(warning, overlap);
}

/* To the byte: whoever uses whole pages rounds once, and does not lose what two RAM regions share. */
static void bytes_count(void **state)
{
    static const struct boot_region in[] = {{0, 0x10001, E820_RAM}, {0xffff, 1, E820_NVS}};

    (void)state;
    EXPECT(in, {0, 0xffff, E820_RAM}, {0xffff, 1, E820_NVS}, {0x10000, 1, E820_RAM});
}

static void what_forbids_more_wins(void **state)
{
    static const uint32_t order[] = {E820_RAM, E820_ACPI, E820_NVS, E820_RESERVED, E820_UNUSABLE};

    (void)state;
    for (unsigned a = 0; a < 5; a++) {
        for (unsigned b = 0; b < 5; b++) {
            const struct boot_region in[] = {{0x1000, 0x1000, order[a]}, {0x1000, 0x1000, order[b]}};
            assert_int_equal(SANITISE(in), 1);
            assert_int_equal(out[0].type, order[a > b ? a : b]);
            assert_true((warning != NULL) == (a != b));
        }
    }
}

/* Three at once, each starting and ending inside the others. */
static void staircase(void **state)
{
    static const struct boot_region in[] = {{0x2000, 0x4000, E820_ACPI},
                                            {0, 0x4000, E820_RAM},
                                            {0x3000, 0x1000, E820_UNUSABLE},
                                            {0x5000, 0x5000, E820_RAM}};

    (void)state;
    EXPECT(in, {0, 0x2000, E820_RAM}, {0x2000, 0x1000, E820_ACPI}, {0x3000, 0x1000, E820_UNUSABLE},
           {0x4000, 0x2000, E820_ACPI}, {0x6000, 0x4000, E820_RAM});
    assert_string_equal(warning, overlap);
}

/* The last byte of the address space belongs to a region that ends there. */
static void the_end_of_the_address_space(void **state)
{
    static const struct boot_region in[] = {{0, 16 * GIB, E820_RAM}, {8 * GIB, UINT64_MAX - 8 * GIB, E820_RESERVED}};

    (void)state;
    EXPECT(in, {0, 8 * GIB, E820_RAM}, {8 * GIB, UINT64_MAX - 8 * GIB, E820_RESERVED});
}

static void none(void **state)
{
    (void)state;
    assert_int_equal(memory_map_sanitise(NULL, 0, out, MAX, &warning), 0);
    assert_null(warning);
}

/* What lies above is lost, but what is there is whole and right. */
static void more_than_fit(void **state)
{
    struct boot_region in[5];

    (void)state;
    for (unsigned i = 0; i < 5; i++)
        in[i] = (struct boot_region){i * 0x2000, 0x1000, E820_RAM};
    memset(out, 0xa5, sizeof(out));
    assert_int_equal(memory_map_sanitise(in, 5, out, 4, &warning), 4);
    assert_string_equal(warning, "the memory map falls into too many regions; the highest were left out");
    assert_int_equal(out[3].start, 3 * 0x2000);
    assert_int_equal(out[3].size, 0x1000);
    assert_int_equal(out[4].type, 0xa5a5a5a5);
    assert_int_equal(memory_map_sanitise(in, 4, out, 4, &warning), 4);
    assert_null(warning);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_map_stays),
        cmocka_unit_test(unsorted),
        cmocka_unit_test(neighbours_become_one),
        cmocka_unit_test(the_same_type_twice),
        cmocka_unit_test(a_hole_in_ram),
        cmocka_unit_test(bytes_count),
        cmocka_unit_test(what_forbids_more_wins),
        cmocka_unit_test(staircase),
        cmocka_unit_test(the_end_of_the_address_space),
        cmocka_unit_test(none),
        cmocka_unit_test(more_than_fit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
