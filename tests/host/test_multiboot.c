/* SPDX-License-Identifier: MIT */
// links: boot/boot_info.c boot/memory_map.c boot/multiboot1.c boot/multiboot2.c
/* What boot loaders hand over, in the shapes of QEMU and GRUB, and in every malformed shape. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "boot/boot_info.h"
#include "guest/abi/memory.h"
#include "tests/host/exact_window.h"

#define MEM_BASE 0x10000U /* where the boot information lies */
#define MEM_SIZE 0x20000U
#define STRINGS (MEM_BASE + 0x1000)
#define MMAP (MEM_BASE + 0x8000)
#define MODS (MEM_BASE + 0x7000)

static uint8_t mem[MEM_SIZE];
static uint32_t next_string;
static size_t tags_end; /* multiboot 2: where the next tag goes, relative to MEM_BASE */
static struct boot_info info;
static const char *error, *warning;

static void put(uint32_t pa, const void *data, size_t n)
{
    memcpy(mem + (pa - MEM_BASE), data, n);
}

static void put32(uint32_t pa, uint32_t value)
{
    put(pa, &value, sizeof(value));
}

static void put64(uint32_t pa, uint64_t value)
{
    put(pa, &value, sizeof(value));
}

static uint32_t put_string(const char *string)
{
    uint32_t at = next_string;

    put(at, string, strlen(string) + 1);
    next_string += (uint32_t)strlen(string) + 1;
    return at;
}

static int parse(uint32_t magic)
{
    error = warning = "not set";
    return boot_info_parse(magic, MEM_BASE, exact_window, &info, &error, &warning);
}

#define assert_error(magic, sentence)         \
    do {                                      \
        assert_int_equal(parse(magic), -1);   \
        assert_string_equal(error, sentence); \
    } while (0)

#define assert_warning(magic, sentence)         \
    do {                                        \
        assert_int_equal(parse(magic), 0);      \
        assert_non_null(warning);               \
        assert_string_equal(warning, sentence); \
    } while (0)

static int begin(void **state)
{
    (void)state;
    exact_clear();
    memset(mem, 0, sizeof(mem));
    memset(&info, 0xa5, sizeof(info)); /* the parser must set everything itself */
    exact_add(MEM_BASE, mem, sizeof(mem));
    next_string = STRINGS;
    tags_end = 8;
    return 0;
}

static int end(void **state)
{
    (void)state;
    exact_clear();
    return 0;
}

/* ---- multiboot 1 ---- */

static void mb1_mmap_entry(uint32_t at, uint32_t size, uint64_t base, uint64_t length, uint32_t type)
{
    put32(at, size);
    put64(at + 4, base);
    put64(at + 12, length);
    put32(at + 20, type);
}

/* A good structure: memory map with two regions of RAM and one that is reserved. */
static void mb1_good(void)
{
    put32(MEM_BASE, 1U << 6);
    put32(MEM_BASE + 44, 3 * 24);
    put32(MEM_BASE + 48, MMAP);
    mb1_mmap_entry(MMAP, 20, 0, 0x9fc00, 1);
    mb1_mmap_entry(MMAP + 24, 20, 0xf0000, 0x10000, 2);
    mb1_mmap_entry(MMAP + 48, 20, 0x100000, 0x7f00000, 1);
}

static void mb1_flag(unsigned bit)
{
    uint32_t flags;

    memcpy(&flags, mem, sizeof(flags));
    put32(MEM_BASE, flags | 1U << bit);
}

static void mb1_cmdline(const char *cmdline, const char *loader)
{
    mb1_flag(2);
    put32(MEM_BASE + 16, put_string(cmdline));
    mb1_flag(9);
    put32(MEM_BASE + 64, put_string(loader));
}

static void mb1_module(uint32_t i, uint32_t start, uint32_t stop, const char *cmdline)
{
    mb1_flag(3);
    put32(MEM_BASE + 20, i + 1);
    put32(MEM_BASE + 24, MODS);
    put32(MODS + 16 * i, start);
    put32(MODS + 16 * i + 4, stop);
    put32(MODS + 16 * i + 8, cmdline ? put_string(cmdline) : 0);
}

static void mb1_framebuffer(uint32_t width, uint8_t bpp, uint8_t type)
{
    static const uint8_t colours[6] = {16, 8, 8, 8, 0, 8};

    mb1_flag(12);
    put64(MEM_BASE + 88, 0xfd000000);
    put32(MEM_BASE + 96, 4096);
    put32(MEM_BASE + 100, width);
    put32(MEM_BASE + 104, 768);
    mem[108] = bpp;
    mem[109] = type;
    put(MEM_BASE + 110, colours, sizeof(colours));
}

/* qemu -kernel build/xenolith -append "com1=on" -initrd "hello name=\"a b\",second" */
static void test_mb1_like_qemu(void **state)
{
    (void)state;
    mb1_good();
    mb1_cmdline("build/xenolith com1=on x=/y", "qemu");
    mb1_module(0, 0x200000, 0x210000, "hello name=\"a b\"");
    mb1_module(1, 0x300000, 0x300001, "second");
    assert_int_equal(parse(MULTIBOOT1_MAGIC), 0);
    assert_null(error);
    assert_null(warning);
    assert_string_equal(info.protocol, "multiboot 1");
    assert_string_equal(info.loader, "qemu");
    assert_string_equal(info.cmdline, "com1=on x=/y");
    assert_int_equal(info.nr_regions, 3);
    assert_int_equal(info.regions[1].start, 0xf0000);
    assert_int_equal(info.regions[1].size, 0x10000);
    assert_int_equal(info.regions[1].type, E820_RESERVED);
    assert_int_equal(info.nr_modules, 2);
    assert_int_equal(info.modules[0].start, 0x200000);
    assert_int_equal(info.modules[0].size, 0x10000);
    assert_string_equal(info.modules[0].cmdline, "hello name=\"a b\"");
    assert_string_equal(info.modules[1].cmdline, "second");
    assert_int_equal(info.framebuffer.addr, 0);
    assert_int_equal(info.rsdp, 0);
    assert_int_equal(info.rsdp_copy_size, 0);
    assert_false(info.efi);
}

static void test_mb1_like_grub(void **state)
{
    (void)state;
    mb1_good();
    mb1_cmdline("console=com1 log=/x", "GRUB 2.06-13");
    mb1_module(0, 0x200000, 0x210000, "\"name=a b\" vcpus=2");
    mb1_framebuffer(1024, 32, 1);
    assert_int_equal(parse(MULTIBOOT1_MAGIC), 0);
    assert_null(warning);
    assert_string_equal(info.cmdline, "console=com1 log=/x");
    assert_int_equal(info.framebuffer.addr, 0xfd000000);
    assert_int_equal(info.framebuffer.pitch, 4096);
    assert_int_equal(info.framebuffer.width, 1024);
    assert_int_equal(info.framebuffer.height, 768);
    assert_int_equal(info.framebuffer.bpp, 32);
    assert_int_equal(info.framebuffer.red_pos, 16);
    assert_int_equal(info.framebuffer.blue_size, 8);
}

/* The strings must be ours: the loader's memory is given to the guests later. */
static void test_mb1_copies_strings(void **state)
{
    (void)state;
    mb1_good();
    mb1_cmdline("one", "loader");
    mb1_module(0, 0x200000, 0x210000, "two");
    assert_int_equal(parse(MULTIBOOT1_MAGIC), 0);
    memset(mem, 'X', sizeof(mem));
    assert_string_equal(info.cmdline, "one");
    assert_string_equal(info.modules[0].cmdline, "two");
    assert_in_range((uintptr_t)info.cmdline, (uintptr_t)info.strings, (uintptr_t)info.strings + BOOT_STRING_SPACE);
}

static void test_mb1_without_anything_optional(void **state)
{
    (void)state;
    mb1_good();
    mb1_module(0, 0x200000, 0x200000, NULL);
    mb1_flag(2); /* a command line that is said to be there, at address 0 */
    assert_int_equal(parse(MULTIBOOT1_MAGIC), 0);
    assert_string_equal(info.cmdline, "");
    assert_string_equal(info.loader, "unknown loader");
    assert_string_equal(info.modules[0].cmdline, "");
    assert_int_equal(info.modules[0].size, 0);
}

static void test_mb1_basic_memory(void **state)
{
    (void)state;
    put32(MEM_BASE, 1);
    put32(MEM_BASE + 4, 639);
    put32(MEM_BASE + 8, 130048);
    assert_int_equal(parse(MULTIBOOT1_MAGIC), 0);
    assert_int_equal(info.nr_regions, 2);
    assert_int_equal(info.regions[0].size, 639 * 1024);
    assert_int_equal(info.regions[1].start, 0x100000);
    assert_int_equal(info.regions[1].size, 130048 * 1024ULL);
}

/* An entry may be longer than 20 bytes: its size field leads to the next. */
static void test_mb1_long_entries(void **state)
{
    (void)state;
    mb1_good();
    put32(MEM_BASE + 44, 28 + 24);
    mb1_mmap_entry(MMAP, 24, 0, 0x1000, 1);
    mb1_mmap_entry(MMAP + 28, 20, 0x100000, 0x1000, 4);
    assert_int_equal(parse(MULTIBOOT1_MAGIC), 0);
    assert_int_equal(info.nr_regions, 2);
    assert_int_equal(info.regions[1].type, E820_NVS);
}

static void test_mb1_no_ram(void **state)
{
    (void)state;
    assert_error(MULTIBOOT1_MAGIC, "the boot loader named no RAM");
    mb1_good();
    put32(MEM_BASE + 44, 24);
    mb1_mmap_entry(MMAP, 20, 0, 0x1000, 2);
    assert_error(MULTIBOOT1_MAGIC, "the boot loader named no RAM");
}

static void test_mb1_broken_map(void **state)
{
    (void)state;
    mb1_good();
    put32(MEM_BASE + 44, 24 + 23);
    assert_error(MULTIBOOT1_MAGIC, "the memory map ends in the middle of an entry");
    put32(MEM_BASE + 44, 48);
    mb1_mmap_entry(MMAP, 19, 0, 0x1000, 1);
    assert_error(MULTIBOOT1_MAGIC, "an entry of the memory map is too short");
    mb1_mmap_entry(MMAP, 0, 0, 0x1000, 1);
    assert_error(MULTIBOOT1_MAGIC, "an entry of the memory map is too short");
    /* A size that would wrap a 32-bit offset ends the map. */
    mb1_mmap_entry(MMAP, UINT32_MAX, 0, 0x1000, 1);
    assert_int_equal(parse(MULTIBOOT1_MAGIC), 0);
    assert_int_equal(info.nr_regions, 1);
    put32(MEM_BASE + 48, MEM_BASE + MEM_SIZE - 23);
    assert_error(MULTIBOOT1_MAGIC, "the boot information points to memory that cannot be read");
}

static void test_mb1_endless_map(void **state)
{
    (void)state;
    mb1_good();
    put32(MEM_BASE + 44, 4097 * 24);
    put32(MEM_BASE + 48, MEM_BASE + 0x100);
    for (uint32_t i = 0; i < 4097; i++)
        mb1_mmap_entry(MEM_BASE + 0x100 + i * 24, 20, 0, 0, 1);
    assert_error(MULTIBOOT1_MAGIC, "the memory map has too many entries");
}

static void test_odd_regions(void **state)
{
    (void)state;
    mb1_good();
    mb1_mmap_entry(MMAP, 20, 0xfffffffffffff000, 0x2000, 1);
    assert_warning(MULTIBOOT1_MAGIC, "a region of the memory map goes beyond the end of the address space and was cut");
    assert_int_equal(info.nr_regions, 3);
    assert_true(info.regions[2].start == 0xfffffffffffff000);
    assert_int_equal(info.regions[2].size, 0xfff);
    mb1_mmap_entry(MMAP, 20, UINT64_MAX, 1, 1);
    assert_warning(MULTIBOOT1_MAGIC, "a region of the memory map goes beyond the end of the address space and was cut");
    assert_int_equal(info.nr_regions, 2);
    static const uint32_t unknown[] = {0, 6, 7, 77, UINT32_MAX};
    for (unsigned i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        mb1_mmap_entry(MMAP, 20, 0, 0x1000, unknown[i]);
        assert_int_equal(parse(MULTIBOOT1_MAGIC), 0);
        assert_null(warning);
        assert_int_equal(info.regions[0].type, E820_RESERVED);
    }
    mb1_mmap_entry(MMAP, 20, 0x5000, 0, 1);
    assert_int_equal(parse(MULTIBOOT1_MAGIC), 0);
    assert_null(warning);
    assert_int_equal(info.nr_regions, 2);
    assert_int_equal(info.nr_firmware_regions, 2);
}

/* What is not RAM in one entry must not be used, whatever another says, and in whatever order they come. */
static void test_overlapping_regions(void **state)
{
    (void)state;
    mb1_good();
    mb1_mmap_entry(MMAP, 20, 0x200000, 0x1000, 3);
    mb1_module(0, 0x1ff000, 0x201000, "in RAM and in ACPI's tables");
    assert_warning(MULTIBOOT1_MAGIC, "regions of the memory map overlap; what is not RAM in all of them is not used");
    assert_int_equal(info.nr_modules, 0);
    assert_int_equal(info.nr_regions, 4);
    assert_int_equal(info.nr_firmware_regions, 3);
}

/* RAM that does not fit into the table is lost; a hole in RAM that does not fit would be used. */
static void test_too_many_regions(void **state)
{
    static const char sentence[] = "the memory map has more than 512 regions; some RAM was left out";
    const uint32_t last = BOOT_MAX_FIRMWARE_REGIONS;

    (void)state;
    mb1_good();
    put32(MEM_BASE + 44, (last + 1) * 24);
    for (uint32_t i = 0; i <= last; i++)
        mb1_mmap_entry(MMAP + i * 24, 20, i * 0x1000, i == 7 ? 0x800 : 0x1000, 1);
    assert_warning(MULTIBOOT1_MAGIC, sentence);
    assert_int_equal(info.nr_regions, 2);
    assert_int_equal(info.regions[0].size, 7 * 0x1000 + 0x800);
    assert_int_equal(info.regions[1].start, 0x8000);
    assert_int_equal(info.regions[1].size, (last - 8) * 0x1000);
    mb1_mmap_entry(MMAP + last * 24, 20, 0x20000, 0x1000, 2);
    assert_warning(MULTIBOOT1_MAGIC, sentence);
    assert_int_equal(info.nr_regions, 4); /* RAM but for the smallest piece, hole, RAM */
    assert_int_equal(info.regions[0].start, 0);
    assert_int_equal(info.regions[0].size, 7 * 0x1000);
    assert_int_equal(info.regions[2].start, 0x20000);
    assert_int_equal(info.regions[2].type, E820_RESERVED);
    for (uint32_t i = 0; i < last; i++)
        mb1_mmap_entry(MMAP + i * 24, 20, i * 0x1000, 0x1000, 2);
    mb1_mmap_entry(MMAP + last * 24, 20, 0x40000000, 0x1000, 2);
    assert_error(MULTIBOOT1_MAGIC, "the boot loader named no RAM");
    assert_int_equal(info.nr_regions, 1);
}

static void test_mb1_modules_broken(void **state)
{
    (void)state;
    mb1_good();
    mb1_module(0, 0x200001, 0x200000, "x");
    assert_error(MULTIBOOT1_MAGIC, "a boot module ends before it starts");
    put32(MEM_BASE + 24, UINT32_MAX - 8);
    assert_error(MULTIBOOT1_MAGIC, "the boot information points to memory that cannot be read");
    mb1_module(0, 0x200000, 0x200000, "x");
    put32(MODS + 8, MEM_BASE + MEM_SIZE - 4); /* a string without an end */
    memset(mem + MEM_SIZE - 4, 'a', 4);
    assert_error(MULTIBOOT1_MAGIC, "the boot information points to memory that cannot be read");
}

static void test_mb1_too_many_modules(void **state)
{
    (void)state;
    mb1_good();
    for (uint32_t i = 0; i < 129; i++)
        mb1_module(i, 0x200000, 0x201000, "m");
    assert_warning(MULTIBOOT1_MAGIC, "there are more than 128 boot modules; the others were left out");
    assert_int_equal(info.nr_modules, BOOT_MAX_MODULES);
    put32(MEM_BASE + 20, UINT32_MAX);
    assert_int_equal(parse(MULTIBOOT1_MAGIC), 0);
}

/* A module that is not in RAM would be read through addresses that nobody mapped. */
static void test_stray_modules(void **state)
{
    (void)state;
    mb1_good();
    mb1_module(0, 0x200000, 0x210000, "inside");
    mb1_module(1, 0x7fff000, 0x8001000, "half outside");
    mb1_module(2, 0xf0000, 0xf1000, "reserved");
    mb1_module(3, 0x300000, 0x301000, "inside too");
    assert_warning(MULTIBOOT1_MAGIC,
                   "a boot module lies outside of the RAM that the memory map names and was left out");
    assert_int_equal(info.nr_modules, 2);
    assert_string_equal(info.modules[1].cmdline, "inside too");
    /* Two regions that touch hold a module together. */
    mb1_mmap_entry(MMAP + 24, 20, 0x8000000, 0x10000, 1);
    assert_int_equal(parse(MULTIBOOT1_MAGIC), 0);
    assert_int_equal(info.nr_modules, 3);
}

static void test_mb1_string_space(void **state)
{
    (void)state;
    mb1_good();
    mb1_flag(2);
    put32(MEM_BASE + 16, MEM_BASE + 0x9000);
    memset(mem + 0x9000, 'a', BOOT_STRING_SPACE - 1);
    assert_int_equal(parse(MULTIBOOT1_MAGIC), 0);
    assert_int_equal(strlen(info.cmdline), BOOT_STRING_SPACE - 1);
    mb1_flag(9);
    put32(MEM_BASE + 64, put_string("x"));
    assert_error(MULTIBOOT1_MAGIC, "the command lines from the boot loader are longer than 64 KiB in total");
}

static void test_mb1_cut_off(void **state)
{
    (void)state;
    exact_clear();
    assert_error(MULTIBOOT1_MAGIC, "the boot information points to memory that cannot be read");
    mb1_good();
    exact_add(MEM_BASE, mem, 48); /* in the middle of the map's address */
    assert_error(MULTIBOOT1_MAGIC, "the boot information points to memory that cannot be read");
    assert_int_equal(boot_info_parse(MULTIBOOT1_MAGIC, 1ULL << 32, exact_window, &info, &error, &warning), -1);
    assert_string_equal(error, "the boot information lies above 4 GiB");
}

static void test_odd_framebuffers(void **state)
{
    static const char sentence[] = "the boot loader's framebuffer makes no sense and is not used";

    (void)state;
    mb1_good();
    mb1_framebuffer(1025, 32, 1); /* wider than the pitch */
    assert_warning(MULTIBOOT1_MAGIC, sentence);
    assert_int_equal(info.framebuffer.addr, 0);
    mb1_framebuffer(0, 32, 1);
    assert_warning(MULTIBOOT1_MAGIC, sentence);
    mb1_framebuffer(1024, 32, 3);
    assert_warning(MULTIBOOT1_MAGIC, sentence);
    mb1_framebuffer(1024, 32, 1);
    put64(MEM_BASE + 88, UINT64_MAX - 5);
    assert_warning(MULTIBOOT1_MAGIC, sentence);
    mb1_framebuffer(80, 16, 2); /* text mode: no colours */
    assert_int_equal(parse(MULTIBOOT1_MAGIC), 0);
    assert_null(warning);
    assert_int_equal(info.framebuffer.type, 2);
    assert_int_equal(info.framebuffer.red_pos, 0);
}

/* The first word of our command line goes if it is the image's file name. */
static void test_own_file_name(void **state)
{
    static const struct {
        const char *loader, *given, *kept;
    } cases[] = {
        {"qemu", "xenolith", ""},
        {"qemu", "xenolith  a=b", "a=b"},
        {"qemu", "dir=1/xenolith a=b", "a=b"},
        {"GRUB 2.06", "a=b c", "a=b c"},
        {"GRUB 2.06", "verbose a=b", "verbose a=b"},
        {"GRUB 2.06", "a=/b c", "a=/b c"},
        {"GRUB 2.06", "", ""},
        {"other", "/boot/xenolith a=b", "a=b"},
        {"other", "/boot/xenolith", ""},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        begin(state);
        mb1_good();
        mb1_cmdline(cases[i].given, cases[i].loader);
        assert_int_equal(parse(MULTIBOOT1_MAGIC), 0);
        assert_string_equal(info.cmdline, cases[i].kept);
    }
}

/* ---- multiboot 2 ---- */

static uint32_t mb2_tag(uint32_t type, uint32_t size)
{
    uint32_t at = MEM_BASE + (uint32_t)tags_end;

    put32(at, type);
    put32(at + 4, size);
    tags_end = (tags_end + size + 7) & ~(size_t)7;
    put32(MEM_BASE, (uint32_t)tags_end);
    return at;
}

static void mb2_string(uint32_t type, const char *string)
{
    uint32_t at = mb2_tag(type, 8 + (uint32_t)strlen(string) + 1);

    put(at + 8, string, strlen(string) + 1);
}

static void mb2_module(uint32_t start, uint32_t stop, const char *cmdline)
{
    uint32_t at = mb2_tag(3, 16 + (uint32_t)strlen(cmdline) + 1);

    put32(at + 8, start);
    put32(at + 12, stop);
    put(at + 16, cmdline, strlen(cmdline) + 1);
}

/* Two regions; entries of entry_size bytes, which may be more than the 24 that are defined. */
static uint32_t mb2_mmap(uint32_t entry_size)
{
    uint32_t at = mb2_tag(6, 16 + 2 * entry_size);

    put32(at + 8, entry_size);
    put64(at + 16, 0);
    put64(at + 24, 0x9f000);
    put32(at + 32, 1);
    put64(at + 16 + entry_size, 0x100000);
    put64(at + 24 + entry_size, 0x7f00000);
    put32(at + 32 + entry_size, 1);
    return at;
}

static uint32_t mb2_rsdp(uint32_t type, uint8_t size, char fill)
{
    uint32_t at = mb2_tag(type, 8U + size);

    memset(mem + (at - MEM_BASE) + 8, fill, size);
    return at + 8;
}

static uint32_t mb2_framebuffer(uint32_t size, uint8_t type)
{
    static const uint8_t colours[6] = {16, 8, 8, 8, 0, 8};
    uint32_t at = mb2_tag(8, size);

    put64(at + 8, 0x80000000);
    put32(at + 16, 4096);
    put32(at + 20, 1024);
    put32(at + 24, 768);
    mem[at - MEM_BASE + 28] = 32;
    mem[at - MEM_BASE + 29] = type;
    if (size >= 38)
        put(at + 32, colours, sizeof(colours));
    return at;
}

static void mb2_end(void)
{
    mb2_tag(0, 8);
}

/* What GRUB 2.06 sends on a BIOS machine; tags that we do not know are skipped. */
static void test_mb2_like_grub_bios(void **state)
{
    uint32_t rsdp;

    (void)state;
    mb2_tag(21, 12);
    mb2_string(1, "console=com1");
    mb2_string(2, "GRUB 2.06-13+deb12u1");
    mb2_tag(10, 28);
    mb2_module(0x200000, 0x210000, "\"name=a b\" vcpus=2");
    mb2_module(0x300000, 0x300100, "");
    mb2_mmap(24);
    mb2_tag(9, 20);
    mb2_tag(4, 16);
    mb2_tag(5, 20);
    mb2_framebuffer(38, 1);
    rsdp = mb2_rsdp(14, 20, 'o');
    mb2_tag(9999, 8);
    mb2_end();
    assert_int_equal(parse(MULTIBOOT2_MAGIC), 0);
    assert_null(error);
    assert_null(warning);
    assert_string_equal(info.protocol, "multiboot 2");
    assert_string_equal(info.loader, "GRUB 2.06-13+deb12u1");
    assert_string_equal(info.cmdline, "console=com1");
    assert_int_equal(info.nr_modules, 2);
    assert_string_equal(info.modules[0].cmdline, "\"name=a b\" vcpus=2");
    assert_int_equal(info.modules[1].start, 0x300000);
    assert_int_equal(info.modules[1].size, 0x100);
    assert_string_equal(info.modules[1].cmdline, "");
    assert_int_equal(info.nr_regions, 2);
    assert_int_equal(info.framebuffer.addr, 0x80000000);
    assert_int_equal(info.framebuffer.red_pos, 16);
    assert_int_equal(info.rsdp, rsdp);
    assert_int_equal(info.rsdp_copy_size, 20);
    assert_memory_equal(info.rsdp_copy, "oooooooooooooooooooo", 20);
    assert_false(info.efi);
}

/* On UEFI both RSDPs come; the new one wins in either order. */
static void test_mb2_like_grub_efi(void **state)
{
    uint32_t rsdp;

    (void)state;
    mb2_tag(12, 16);
    mb2_tag(20, 16);
    mb2_mmap(40);
    rsdp = mb2_rsdp(15, 36, 'n');
    mb2_rsdp(14, 20, 'o');
    mb2_tag(17, 16);
    mb2_end();
    assert_int_equal(parse(MULTIBOOT2_MAGIC), 0);
    assert_null(warning);
    assert_true(info.efi);
    assert_int_equal(info.nr_regions, 2);
    assert_int_equal(info.regions[1].start, 0x100000);
    assert_int_equal(info.rsdp_copy_size, 36);
    assert_int_equal(info.rsdp, rsdp);
    assert_int_equal(info.rsdp_copy[35], 'n');
}

static void test_mb2_rsdp_order(void **state)
{
    (void)state;
    mb2_mmap(24);
    mb2_rsdp(14, 20, 'o');
    mb2_rsdp(15, 36, 'n');
    mb2_end();
    assert_int_equal(parse(MULTIBOOT2_MAGIC), 0);
    assert_int_equal(info.rsdp_copy_size, 36);
    assert_int_equal(info.rsdp_copy[0], 'n');
    assert_false(info.efi);
}

static void test_mb2_efi_tags(void **state)
{
    static const uint32_t tags[] = {11, 12, 17, 19, 20};

    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
        begin(state);
        mb2_mmap(24);
        mb2_tag(tags[i], 16);
        mb2_end();
        assert_int_equal(parse(MULTIBOOT2_MAGIC), 0);
        assert_true(info.efi);
    }
    begin(state);
    mb2_mmap(24);
    mb2_tag(18, 8);
    mb2_end();
    assert_warning(MULTIBOOT2_MAGIC, "the boot loader left UEFI's boot services running");
    assert_true(info.efi);
}

static void test_mb2_basic_memory(void **state)
{
    uint32_t at;

    (void)state;
    at = mb2_tag(4, 16);
    put32(at + 8, 640);
    put32(at + 12, 1024);
    mb2_end();
    assert_int_equal(parse(MULTIBOOT2_MAGIC), 0);
    assert_int_equal(info.nr_regions, 2);
    assert_int_equal(info.regions[1].size, 1024 * 1024);
}

static void test_mb2_no_ram(void **state)
{
    (void)state;
    mb2_end();
    assert_error(MULTIBOOT2_MAGIC, "the boot loader named no RAM");
}

static void test_mb2_total_size(void **state)
{
    (void)state;
    mb2_mmap(24);
    assert_error(MULTIBOOT2_MAGIC, "the boot information has no end tag");
    mb2_end();
    put32(MEM_BASE, 15);
    assert_error(MULTIBOOT2_MAGIC, "the boot information has an impossible size");
    put32(MEM_BASE, UINT32_MAX);
    assert_error(MULTIBOOT2_MAGIC, "the boot information has an impossible size");
    put32(MEM_BASE, MEM_SIZE + 8);
    assert_error(MULTIBOOT2_MAGIC, "the boot information points to memory that cannot be read");
    put32(MEM_BASE, (uint32_t)tags_end - 8); /* the end tag lies behind the end */
    assert_error(MULTIBOOT2_MAGIC, "the boot information has no end tag");
    put32(MEM_BASE, (uint32_t)tags_end - 1);
    assert_error(MULTIBOOT2_MAGIC, "the boot information has no end tag");
    exact_clear();
    assert_error(MULTIBOOT2_MAGIC, "the boot information points to memory that cannot be read");
}

static void test_mb2_alignment(void **state)
{
    (void)state;
    assert_int_equal(boot_info_parse(MULTIBOOT2_MAGIC, MEM_BASE + 4, exact_window, &info, &error, &warning), -1);
    assert_string_equal(error, "the boot information is not aligned to 8 bytes");
    assert_int_equal(boot_info_parse(MULTIBOOT2_MAGIC, UINT64_MAX - 7, exact_window, &info, &error, &warning), -1);
    assert_string_equal(error, "the boot information points to memory that cannot be read");
}

static void test_mb2_tag_sizes(void **state)
{
    static const uint32_t sizes[] = {0, 7, 1000, UINT32_MAX, UINT32_MAX - 7};

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        uint32_t at;

        begin(state);
        mb2_mmap(24);
        at = mb2_tag(1, 16);
        put32(at + 4, sizes[i]);
        mb2_end();
        assert_error(MULTIBOOT2_MAGIC, "a tag of the boot information has an impossible size");
    }
}

static void test_mb2_short_tags(void **state)
{
    static const uint32_t tags[][2] = {{3, 15}, {4, 15}, {6, 15}, {8, 31}, {14, 27}, {15, 43}};

    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
        begin(state);
        mb2_tag(tags[i][0], tags[i][1]);
        mb2_mmap(24);
        mb2_end();
        assert_error(MULTIBOOT2_MAGIC, "a tag of the boot information is too short for its type");
    }
}

static void test_mb2_entry_size(void **state)
{
    uint32_t at;

    (void)state;
    at = mb2_mmap(24);
    mb2_end();
    put32(at + 8, 23);
    assert_error(MULTIBOOT2_MAGIC, "the entries of the memory map are too short");
    put32(at + 8, 0);
    assert_error(MULTIBOOT2_MAGIC, "the entries of the memory map are too short");
    put32(at + 8, UINT32_MAX);
    assert_int_equal(parse(MULTIBOOT2_MAGIC), 0);
    assert_int_equal(info.nr_regions, 1);
    put32(at + 4, 16 + 47); /* the second entry is cut off */
    put32(at + 8, 24);
    assert_int_equal(parse(MULTIBOOT2_MAGIC), 0);
    assert_int_equal(info.nr_regions, 1);
}

static void test_mb2_string_without_end(void **state)
{
    uint32_t at;

    (void)state;
    mb2_mmap(24);
    at = mb2_tag(1, 12);
    put(at + 8, "abcd", 4);
    mb2_end();
    assert_warning(MULTIBOOT2_MAGIC, "a string from the boot loader has no end; its tag's end was taken");
    assert_string_equal(info.cmdline, "abcd");
}

static void test_mb2_string_space(void **state)
{
    uint32_t at;

    (void)state;
    mb2_mmap(24);
    at = mb2_tag(1, 8 + BOOT_STRING_SPACE + 1);
    memset(mem + (at - MEM_BASE) + 8, 'a', BOOT_STRING_SPACE);
    mb2_end();
    assert_error(MULTIBOOT2_MAGIC, "the command lines from the boot loader are longer than 64 KiB in total");
    mem[at - MEM_BASE + 8 + BOOT_STRING_SPACE - 1] = '\0';
    assert_int_equal(parse(MULTIBOOT2_MAGIC), 0);
    assert_int_equal(strlen(info.cmdline), BOOT_STRING_SPACE - 1);
}

static void test_mb2_modules(void **state)
{
    (void)state;
    mb2_mmap(24);
    mb2_tag(3, 16); /* a module at [0, 0) without even an empty string */
    for (unsigned i = 0; i < 128; i++)
        mb2_module(0x200000, 0x200010, "m");
    mb2_end();
    assert_warning(MULTIBOOT2_MAGIC, "there are more than 128 boot modules; the others were left out");
    assert_int_equal(info.nr_modules, 128);
    begin(state);
    mb2_mmap(24);
    mb2_module(0x200000, 0x100000, "m");
    mb2_end();
    assert_error(MULTIBOOT2_MAGIC, "a boot module ends before it starts");
}

/* An RGB framebuffer that says where no colour lies cannot be drawn on; a text one has no colours. */
static void test_mb2_framebuffer_short(void **state)
{
    (void)state;
    mb2_mmap(24);
    mb2_framebuffer(32, 1);
    mb2_end();
    assert_warning(MULTIBOOT2_MAGIC, "the boot loader's framebuffer makes no sense and is not used");
    begin(state);
    mb2_mmap(24);
    mb2_framebuffer(32, 2);
    mb2_end();
    assert_int_equal(parse(MULTIBOOT2_MAGIC), 0);
    assert_null(warning);
    assert_int_equal(info.framebuffer.type, 2);
}

static void test_magic(void **state)
{
    (void)state;
    assert_error(0x12345678, "the boot loader speaks neither multiboot 1 nor multiboot 2");
    assert_null(warning);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_mb1_like_qemu),
        TEST(test_mb1_like_grub),
        TEST(test_mb1_copies_strings),
        TEST(test_mb1_without_anything_optional),
        TEST(test_mb1_basic_memory),
        TEST(test_mb1_long_entries),
        TEST(test_mb1_no_ram),
        TEST(test_mb1_broken_map),
        TEST(test_mb1_endless_map),
        TEST(test_odd_regions),
        TEST(test_overlapping_regions),
        TEST(test_too_many_regions),
        TEST(test_mb1_modules_broken),
        TEST(test_mb1_too_many_modules),
        TEST(test_stray_modules),
        TEST(test_mb1_string_space),
        TEST(test_mb1_cut_off),
        TEST(test_odd_framebuffers),
        TEST(test_own_file_name),
        TEST(test_mb2_like_grub_bios),
        TEST(test_mb2_like_grub_efi),
        TEST(test_mb2_rsdp_order),
        TEST(test_mb2_efi_tags),
        TEST(test_mb2_basic_memory),
        TEST(test_mb2_no_ram),
        TEST(test_mb2_total_size),
        TEST(test_mb2_alignment),
        TEST(test_mb2_tag_sizes),
        TEST(test_mb2_short_tags),
        TEST(test_mb2_entry_size),
        TEST(test_mb2_string_without_end),
        TEST(test_mb2_string_space),
        TEST(test_mb2_modules),
        TEST(test_mb2_framebuffer_short),
        TEST(test_magic),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
