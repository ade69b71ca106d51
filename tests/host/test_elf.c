/* SPDX-License-Identifier: MIT */
// links: kernel/elf.c kernel/elf_notes.c
/* Guest images of both ELF classes, and the ways in which an image can lie about itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "guest/abi/elfnote.h"
#include "kernel/elf.h"

#define MAX_PHDRS 80
#define MAX_NOTES 256
#define DATA_OFFSET 0x2000
#define IMAGE_SIZE 0x3000
#define LOAD 1
#define INTERP 3
#define NOTE 4

struct phdr {
    uint32_t type;
    uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

/* An image before it is written; begin() makes it a good one, and a test spoils it. */
static struct {
    unsigned bits;
    uint16_t type, machine, phentsize, phnum;
    uint64_t entry, phoff;
    struct phdr phdrs[MAX_PHDRS];
    uint8_t notes[MAX_NOTES];
    size_t size; /* of the file */
    uint8_t magic, class, data;
} spec;

static uint8_t image[IMAGE_SIZE];
static struct elf_image elf;
static const char *error;

static void put(size_t at, uint64_t value, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        image[at + i] = (uint8_t)(value >> 8 * i);
}

static void write_phdr(size_t at, const struct phdr *ph)
{
    if (spec.bits == 64) {
        put(at, ph->type, 4);
        put(at + 8, ph->offset, 8);
        put(at + 16, ph->vaddr, 8);
        put(at + 24, ph->paddr, 8);
        put(at + 32, ph->filesz, 8);
        put(at + 40, ph->memsz, 8);
        put(at + 48, ph->align, 8);
        return;
    }
    put(at, ph->type, 4);
    put(at + 4, ph->offset, 4);
    put(at + 8, ph->vaddr, 4);
    put(at + 12, ph->paddr, 4);
    put(at + 16, ph->filesz, 4);
    put(at + 20, ph->memsz, 4);
    put(at + 28, ph->align, 4);
}

static void write_image(void)
{
    unsigned word = spec.bits / 8, tail = spec.bits == 64 ? 54 : 42;

    memset(image, 0, sizeof(image));
    memcpy(image, "\177ELF", 4);
    image[0] = spec.magic;
    image[4] = spec.class;
    image[5] = spec.data;
    image[6] = 1;
    put(16, spec.type, 2);
    put(18, spec.machine, 2);
    put(20, 1, 4);
    put(24, spec.entry, word);
    put(24 + word, spec.phoff, word);
    put(tail, spec.phentsize, 2);
    put(tail + 2, spec.phnum, 2);
    for (unsigned i = 0; i < MAX_PHDRS; i++)
        write_phdr(0x40 + i * (spec.bits == 64 ? 56 : 32), &spec.phdrs[i]);
    memcpy(image + DATA_OFFSET, spec.notes, sizeof(spec.notes));
}

/* Append a note at *at; returns the offset behind it. */
static size_t note(size_t at, const char *name, uint32_t name_size, uint32_t type, const void *desc, uint32_t size)
{
    uint32_t header[3] = {name_size, size, type};

    memcpy(spec.notes + at, header, sizeof(header));
    memcpy(spec.notes + at + 12, name, strlen(name));
    at += 12 + ((strlen(name) + 1 + 3) & ~(size_t)3);
    memcpy(spec.notes + at, desc, size);
    return at + ((size + 3) & ~3U);
}

static void entry_note(uint32_t entry)
{
    static const char version[] = "linux";
    size_t at = note(0, "GNU", 4, XEN_ELFNOTE_PHYS32_ENTRY, "zzz", 4);

    at = note(at, "Xen", 4, XEN_ELFNOTE_GUEST_OS, version, sizeof(version));
    at = note(at, "Xen", 4, XEN_ELFNOTE_PHYS32_ENTRY, &entry, 4);
    spec.phdrs[1].filesz = at;
}

static void begin_bits(unsigned bits)
{
    memset(&spec, 0, sizeof(spec));
    spec.bits = bits;
    spec.magic = 0x7f;
    spec.class = bits == 64 ? 2 : 1;
    spec.data = 1;
    spec.type = 2;
    spec.machine = bits == 64 ? 62 : 3;
    spec.entry = 0x100010;
    spec.phoff = 0x40;
    spec.phentsize = bits == 64 ? 56 : 32;
    spec.phnum = 3;
    spec.size = IMAGE_SIZE;
    spec.phdrs[0] = (struct phdr){LOAD, 0x1000, 0xc0100000, 0x100000, 0x800, 0x2000, 0x1000};
    spec.phdrs[1] = (struct phdr){NOTE, DATA_OFFSET, 0, 0, 0, 0, 4};
    spec.phdrs[2] = (struct phdr){LOAD, 0x1800, 0xc0200000, 0x80000, 0x400, 0x400, 0x1000};
    entry_note(0x100020);
}

static int begin(void **state)
{
    (void)state;
    begin_bits(64);
    return 0;
}

/* Parse from a block of exactly spec.size bytes, so that the sanitizer sees one byte too many. */
static int parse(void)
{
    uint8_t *copy = malloc(spec.size);
    int rc;

    write_image();
    if (spec.size)
        memcpy(copy, image, spec.size);
    memset(&elf, 0xa5, sizeof(elf));
    error = "not set";
    rc = elf_parse(copy, spec.size, &elf, &error);
    for (unsigned i = 0; rc == 0 && i < elf.nr_segments; i++) {
        const struct elf_segment *segment = &elf.segments[i];

        assert_true(segment->data >= copy && segment->data + segment->filesz <= copy + spec.size);
        assert_int_equal(memcmp(segment->data, image + (segment->data - copy), segment->filesz), 0);
    }
    free(copy);
    return rc;
}

static void good(void)
{
    int rc = parse();

    if (rc != 0)
        print_message("%s\n", error);
    assert_int_equal(rc, 0);
}

static void bad(const char *sentence)
{
    assert_int_equal(parse(), -1);
    assert_string_equal(error, sentence);
}

static void test_both_classes(void **state)
{
    (void)state;
    for (unsigned bits = 32; bits <= 64; bits += 32) {
        begin_bits(bits);
        good();
        assert_int_equal(elf.bits, bits);
        assert_int_equal(elf.entry, 0x100010);
        assert_int_equal(elf.nr_segments, 2);
        assert_int_equal(elf.segments[0].paddr, 0x100000);
        assert_int_equal(elf.segments[0].vaddr, 0xc0100000);
        assert_int_equal(elf.segments[0].filesz, 0x800);
        assert_int_equal(elf.segments[0].memsz, 0x2000);
        assert_int_equal(elf.paddr_min, 0x80000);
        assert_int_equal(elf.paddr_max, 0x102000);
        assert_true(elf.has_phys32_entry);
        assert_int_equal(elf.phys32_entry, 0x100020);
    }
}

static void test_no_note(void **state)
{
    (void)state;
    spec.phdrs[1].type = 0;
    good();
    assert_false(elf.has_phys32_entry);
    spec.phdrs[1].type = NOTE;
    spec.phdrs[1].filesz = 0;
    good();
    assert_false(elf.has_phys32_entry);
    spec.phdrs[1].filesz = 11; /* padding, not even a header */
    good();
}

/* Linux writes the entry with the kernel's word size, and some linkers pad notes to 8 bytes. */
static void test_note_shapes(void **state)
{
    uint64_t entry = 0x80010;

    (void)state;
    spec.phdrs[1].filesz = note(0, "Xen", 4, XEN_ELFNOTE_PHYS32_ENTRY, &entry, 8);
    good();
    assert_int_equal(elf.phys32_entry, 0x80010);
    memset(spec.notes, 0, sizeof(spec.notes));
    note(0, "GNU", 4, 5, "abcd", 4);                                       /* 20 bytes, padded to 24 */
    note(24, "Xen", 4, XEN_ELFNOTE_PHYS32_ENTRY, &(uint32_t){0x80020}, 4); /* the last one is not padded */
    spec.phdrs[1].filesz = 24 + 20;
    spec.phdrs[1].align = 8;
    good();
    assert_int_equal(elf.phys32_entry, 0x80020);
}

static void test_bad_notes(void **state)
{
    uint64_t entry = 0x100000020;

    (void)state;
    spec.phdrs[1].filesz = note(0, "Xen", 4, XEN_ELFNOTE_PHYS32_ENTRY, &entry, 8);
    bad("the image's PHYS32_ENTRY lies above 4 GiB");
    spec.phdrs[1].filesz = note(0, "Xen", 4, XEN_ELFNOTE_PHYS32_ENTRY, &entry, 2);
    bad("the image's PHYS32_ENTRY note is neither 4 nor 8 bytes long");
    spec.phdrs[1].filesz = note(0, "Xen", UINT32_MAX, XEN_ELFNOTE_PHYS32_ENTRY, &entry, 4);
    bad("a note of the image is truncated");
    note(0, "Xen", 4, XEN_ELFNOTE_PHYS32_ENTRY, &entry, 4);
    memset(spec.notes + 4, 0xff, 4); /* size of the description */
    bad("a note of the image is truncated");
    begin(state);
    spec.phdrs[1].filesz = 13;
    bad("a note of the image is truncated");
    spec.phdrs[1].filesz = IMAGE_SIZE;
    bad("the image is truncated: its notes lie outside of it");
    spec.phdrs[1].offset = UINT64_MAX;
    bad("the image is truncated: its notes lie outside of it");
}

static void test_entry_outside(void **state)
{
    static const uint32_t outside[] = {0, 0x7ffff, 0x80400, 0x102000, UINT32_MAX};

    (void)state;
    for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++) {
        entry_note(outside[i]);
        bad("the image's PHYS32_ENTRY lies outside of its segments");
    }
}

/* A pv kernel's notes, as numbers of both sizes; what is given first counts. */
static void test_pv_notes(void **state)
{
    uint64_t base = 0xffffffff80000000;
    size_t at;

    (void)state;
    memset(spec.notes, 0, sizeof(spec.notes));
    at = note(0, "Xen", 4, XEN_ELFNOTE_VIRT_BASE, &base, 8);
    at = note(at, "Xen", 4, XEN_ELFNOTE_ENTRY, &(uint32_t){0x100020}, 4);
    at = note(at, "Xen", 4, XEN_ELFNOTE_ENTRY, &(uint32_t){0x100030}, 4);
    at = note(at, "Xen", 4, XEN_ELFNOTE_XEN_VERSION, "xen-3.0", 8);
    at = note(at, "Xen", 4, XEN_ELFNOTE_LOADER, "generic", 8);
    at = note(at, "Xen", 4, 0x1000001, "????", 4); /* nothing that is known */
    spec.phdrs[1].filesz = at;
    good();
    assert_true(elf.notes.number[XEN_ELFNOTE_VIRT_BASE] == base);
    assert_int_equal(elf.notes.number[XEN_ELFNOTE_ENTRY], 0x100020);
    assert_true(elf_has_note(&elf.notes, XEN_ELFNOTE_ENTRY));
    assert_false(elf_has_note(&elf.notes, XEN_ELFNOTE_HYPERCALL_PAGE));
    assert_false(elf.notes.is_legacy || elf.notes.other_version || elf.notes.other_loader);
    spec.phdrs[1].filesz = note(0, "Xen", 4, XEN_ELFNOTE_ENTRY, &base, 2);
    bad("a note of the image that should be a number is neither 4 nor 8 bytes long");
}

static void features(const char *text)
{
    memset(spec.notes, 0, sizeof(spec.notes));
    spec.phdrs[1].filesz = note(0, "Xen", 4, XEN_ELFNOTE_FEATURES, text, (uint32_t)strlen(text) + 1);
    good();
}

static void test_features(void **state)
{
    size_t at;

    (void)state;
    features("writable_page_tables|!auto_translated_physmap|made_up|dom0");
    assert_int_equal(elf.notes.features, 0x805);
    assert_int_equal(elf.notes.required, 4);
    assert_false(elf.notes.requires_unknown);
    features("!made_up|!writable_page_table|!|");
    assert_int_equal(elf.notes.features, 0);
    assert_true(elf.notes.requires_unknown);
    features("");
    assert_false(elf.notes.requires_unknown);
    memset(spec.notes, 0, sizeof(spec.notes));
    at = note(0, "Xen", 4, XEN_ELFNOTE_FEATURES, "dom0", 4); /* without its 0 */
    at = note(at, "Xen", 4, XEN_ELFNOTE_SUPPORTED_FEATURES, &(uint32_t){0x21}, 4);
    at = note(at, "Xen", 4, XEN_ELFNOTE_XEN_VERSION, "xen-2.0", 8);
    spec.phdrs[1].filesz = note(at, "Xen", 4, XEN_ELFNOTE_LOADER, "generi", 7);
    good();
    assert_int_equal(elf.notes.features, 0x821);
    assert_true(elf.notes.other_version && elf.notes.other_loader);
}

/* The older form: a string in a section. Sections lie in the padding between program headers and segments. */
#define SECTIONS 0xe00
#define NAMES 0xf80
#define STRING 0x1000

static void guest_string(const char *string)
{
    unsigned word = spec.bits / 8, size = spec.bits == 64 ? 64 : 40;
    size_t header = spec.bits == 64 ? 58 : 46, bytes = 8 + 3 * word;

    spec.phdrs[1].type = 0;
    write_image();
    put(16 + 8 + 2 * word, SECTIONS, word);
    put(header, size, 2);
    put(header + 2, 3, 2);
    put(header + 4, 1, 2);
    memcpy(image + NAMES, "\0__xen_guest\0.names", 20);
    memcpy(image + STRING, string, strlen(string));
    put(SECTIONS + size, 13, 4);
    put(SECTIONS + size + bytes - word, NAMES, word);
    put(SECTIONS + size + bytes, 20, word);
    put(SECTIONS + 2 * size, 1, 4);
    put(SECTIONS + 2 * size + bytes - word, STRING, word);
    put(SECTIONS + 2 * size + bytes, strlen(string), word);
}

/* As guest_string() has written it. */
static int parse_written(void)
{
    uint8_t *copy = malloc(spec.size);
    int rc;

    memcpy(copy, image, spec.size);
    rc = elf_parse(copy, spec.size, &elf, &error);
    free(copy);
    return rc;
}

static void test_string(void **state)
{
    (void)state;
    for (unsigned bits = 32; bits <= 64; bits += 32) {
        begin_bits(bits);
        guest_string("GUEST_OS=x,XEN_VER=xen-3.0,VIRT_BASE=0xC0000000,VIRT_ENTRY=0xc0100000,HYPERCALL_PAGE=0x101,"
                     "LOADER=generic,PAE,FEATURES=!writable_page_tables|dom0");
        assert_int_equal(parse_written(), 0);
        assert_true(elf.notes.is_legacy);
        assert_true(elf.notes.number[XEN_ELFNOTE_VIRT_BASE] == 0xc0000000);
        assert_true(elf.notes.number[XEN_ELFNOTE_PADDR_OFFSET] == 0xc0000000); /* its default */
        assert_true(elf.notes.number[XEN_ELFNOTE_ENTRY] == 0xc0100000);
        assert_true(elf.notes.number[XEN_ELFNOTE_HYPERCALL_PAGE] == 0xc0101000); /* it is a page's number */
        assert_int_equal(elf.notes.features, 0x801);
        assert_int_equal(elf.notes.required, 1);
        assert_false(elf.notes.other_version || elf.notes.other_loader);
    }
}

static void test_string_values(void **state)
{
    static const char *const wrong[] = {"VIRT_BASE",
                                        "VIRT_BASE=",
                                        "VIRT_BASE=0x",
                                        "VIRT_BASE=12a",
                                        "VIRT_BASE=0xg",
                                        "a=b,VIRT_ENTRY=18446744073709551616",
                                        "VIRT_ENTRY=0x10000000000000000,x"};

    (void)state;
    guest_string("ELF_PADDR_OFFSET=0,VIRT_BASE=4096,,=,XEN_VER,LOADER=other");
    assert_int_equal(parse_written(), 0);
    assert_int_equal(elf.notes.number[XEN_ELFNOTE_VIRT_BASE], 4096);
    assert_int_equal(elf.notes.number[XEN_ELFNOTE_PADDR_OFFSET], 0);
    assert_true(elf.notes.other_version && elf.notes.other_loader);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        guest_string(wrong[i]);
        assert_int_equal(parse_written(), -1);
        assert_string_equal(error, "a number in the image's section __xen_guest makes no sense");
    }
}

/* Sections that lie outside, or have no names, are no sections: many kernels are stripped. */
static void test_bad_sections(void **state)
{
    static const struct {
        size_t at;
        uint64_t value;
        unsigned n;
    } spoil[] = {
        {40, UINT64_MAX, 8},
        {40, IMAGE_SIZE - 191, 8},
        {58, 63, 2},
        {60, 0xffff, 2},
        {62, 3, 2},
        {SECTIONS + 64 + 24, IMAGE_SIZE - 19, 8},
        {SECTIONS + 64 + 32, UINT64_MAX, 8},
        {SECTIONS + 64 + 32, 12, 8},
        {SECTIONS + 128, 0xffffffff, 4},
        {SECTIONS + 128 + 24, UINT64_MAX, 8},
        {SECTIONS + 128 + 32, IMAGE_SIZE, 8},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(spoil) / sizeof(spoil[0]); i++) {
        guest_string("VIRT_BASE=1");
        put(spoil[i].at, spoil[i].value, spoil[i].n);
        assert_int_equal(parse_written(), 0);
        assert_false(elf.notes.is_legacy);
    }
}

static void test_ident(void **state)
{
    (void)state;
    spec.size = 0;
    bad("the image is too small to be an ELF file");
    spec.size = 15;
    bad("the image is too small to be an ELF file");
    spec.size = 63;
    bad("the image is truncated: it ends in the ELF header");
    begin(state);
    spec.magic = 0x1f;
    bad("the image is not an ELF file");
    begin(state);
    spec.class = 3;
    bad("the image is neither a 32-bit nor a 64-bit ELF file");
    spec.class = 0;
    bad("the image is neither a 32-bit nor a 64-bit ELF file");
    begin(state);
    spec.data = 2;
    bad("the image is not little-endian");
    begin_bits(32);
    spec.size = 51;
    bad("the image is truncated: it ends in the ELF header");
}

static void test_header(void **state)
{
    (void)state;
    spec.type = 3;
    bad("the image is position-independent; link it as an executable at a fixed address");
    spec.type = 1;
    bad("the image is not an executable");
    begin(state);
    spec.machine = 3;
    bad("the image is not for x86-64");
    begin_bits(32);
    spec.machine = 40;
    bad("the 32-bit image is not for x86");
}

static void test_program_headers(void **state)
{
    (void)state;
    spec.phnum = 0;
    bad("the image has no program headers");
    spec.phnum = 65;
    bad("the image has more than 64 program headers");
    spec.phnum = 0xffff;
    bad("the image has more than 64 program headers");
    begin(state);
    spec.phentsize = 55;
    bad("the image's program headers are too small");
    begin(state);
    spec.phentsize = 0xffff;
    bad("the image is truncated: its program headers lie outside of it");
    begin(state);
    spec.phoff = UINT64_MAX - 16;
    bad("the image is truncated: its program headers lie outside of it");
    spec.phoff = IMAGE_SIZE - 3 * 56 + 1;
    bad("the image is truncated: its program headers lie outside of it");
    begin(state);
    spec.phdrs[2].type = INTERP;
    bad("the image is a program for an operating system, not a kernel");
    begin(state);
    spec.phnum = 64;
    for (unsigned i = 3; i < 64; i++)
        spec.phdrs[i].type = 0x6474e551; /* a type that means nothing to us */
    good();
}

static void test_nothing_to_load(void **state)
{
    (void)state;
    spec.phdrs[0].type = spec.phdrs[2].type = 0;
    bad("the image has nothing to load");
    begin(state);
    spec.phdrs[0].filesz = spec.phdrs[0].memsz = 0;
    spec.phdrs[0].offset = UINT64_MAX; /* nobody cares where nothing lies */
    spec.phdrs[2].type = spec.phdrs[1].type = 0;
    bad("the image has nothing to load");
}

static void test_segment_in_file(void **state)
{
    (void)state;
    spec.phdrs[0].filesz = 0x2001;
    bad("a segment of the image is larger in the file than in memory");
    begin(state);
    spec.phdrs[0].offset = IMAGE_SIZE - 0x7ff;
    bad("the image is truncated: a segment lies outside of it");
    spec.phdrs[0].offset = UINT64_MAX - 0x7ff;
    bad("the image is truncated: a segment lies outside of it");
    begin(state);
    spec.phdrs[0].filesz = spec.phdrs[0].memsz = UINT64_MAX;
    bad("the image is truncated: a segment lies outside of it");
    begin(state);
    spec.size = 0x1800 + 0x400 - 1;
    spec.phdrs[1].type = 0;
    bad("the image is truncated: a segment lies outside of it");
    spec.size = 0x1800 + 0x400;
    good();
    spec.phdrs[0].filesz = 0; /* all of it is zero */
    good();
    assert_int_equal(elf.segments[0].memsz, 0x2000);
}

static void test_segment_wraps(void **state)
{
    static const char sentence[] = "a segment of the image goes beyond the end of the address space";

    (void)state;
    spec.phdrs[0].paddr = UINT64_MAX - 0x1ffe;
    bad(sentence);
    begin(state);
    spec.phdrs[0].vaddr = UINT64_MAX - 0x1ffe;
    bad(sentence);
    spec.phdrs[0].vaddr = UINT64_MAX - 0x1fff; /* the last byte of the address space is fine */
    good();
    begin(state);
    spec.phdrs[0].memsz = UINT64_MAX;
    bad(sentence);
    begin_bits(32);
    spec.phdrs[0].paddr = UINT32_MAX - 0x1ffe;
    bad(sentence);
}

static void test_overlap(void **state)
{
    (void)state;
    spec.phdrs[2].paddr = 0x101fff;
    bad("two segments of the image overlap");
    spec.phdrs[2].paddr = 0x100000 - 0x3ff;
    bad("two segments of the image overlap");
    spec.phdrs[2].paddr = 0x100800;
    bad("two segments of the image overlap");
    spec.phdrs[2].paddr = 0x100000;
    bad("two segments of the image overlap");
    spec.phdrs[2].paddr = 0x102000; /* they may touch */
    good();
    assert_int_equal(elf.paddr_max, 0x102400);
    spec.phdrs[2].paddr = 0x100000 - 0x400;
    good();
}

static void test_many_segments(void **state)
{
    (void)state;
    spec.phnum = 17;
    for (unsigned i = 2; i < 18; i++)
        spec.phdrs[i] = (struct phdr){LOAD, 0x1000, 0, 0x200000 + i * 0x1000, 0x10, 0x1000, 0};
    good();
    assert_int_equal(elf.nr_segments, 16);
    spec.phnum = 18;
    bad("the image has more than 16 segments to load");
}

#define TEST(name) cmocka_unit_test_setup(name, begin)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_both_classes),    TEST(test_no_note),         TEST(test_note_shapes),   TEST(test_bad_notes),
        TEST(test_entry_outside),   TEST(test_ident),           TEST(test_header),        TEST(test_program_headers),
        TEST(test_nothing_to_load), TEST(test_segment_in_file), TEST(test_segment_wraps), TEST(test_overlap),
        TEST(test_many_segments),   TEST(test_pv_notes),        TEST(test_features),      TEST(test_string),
        TEST(test_string_values),   TEST(test_bad_sections),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
