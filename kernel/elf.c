/* SPDX-License-Identifier: MIT */
/* ELF (System V ABI, chapters 4 and 5): both classes through one table of offsets; every number is checked before use.
 */
#include "kernel/elf.h"
#include "common/string.h"
#include "guest/abi/elfnote.h"

#define EI_CLASS 4
#define EI_DATA 5
#define EI_SIZE 16
#define ELFDATA2LSB 1
#define ET_EXEC 2
#define ET_DYN 3
#define EM_386 3
#define EM_X86_64 62
#define PT_LOAD 1
#define PT_INTERP 3
#define PT_NOTE 4
#define MAX_PROGRAM_HEADERS 64
#define NOTE_HEADER_SIZE 12
#define MAX_SECTIONS 4096 /* looked at */

/* Where things are, per class. Addresses, offsets and sizes have word bytes. */
struct elf_class {
    unsigned bits;
    uint16_t machine;
    uint8_t word;
    uint8_t header_size, entry, phoff, phentsize, phnum;                           /* file header */
    uint8_t shoff, shentsize, shnum, shstrndx;                                     /* file header */
    uint8_t ph_size, ph_offset, ph_vaddr, ph_paddr, ph_filesz, ph_memsz, ph_align; /* program header */
    uint8_t sh_size, sh_offset, sh_bytes;                                          /* section header */
};

static const struct elf_class elf_classes[] = {
    [1] = {.bits = 32,
           .machine = EM_386,
           .word = 4,
           .header_size = 52,
           .entry = 24,
           .phoff = 28,
           .phentsize = 42,
           .phnum = 44,
           .shoff = 32,
           .shentsize = 46,
           .shnum = 48,
           .shstrndx = 50,
           .ph_size = 32,
           .ph_offset = 4,
           .ph_vaddr = 8,
           .ph_paddr = 12,
           .ph_filesz = 16,
           .ph_memsz = 20,
           .ph_align = 28,
           .sh_size = 40,
           .sh_offset = 16,
           .sh_bytes = 20},
    [2] = {.bits = 64,
           .machine = EM_X86_64,
           .word = 8,
           .header_size = 64,
           .entry = 24,
           .phoff = 32,
           .phentsize = 54,
           .phnum = 56,
           .shoff = 40,
           .shentsize = 58,
           .shnum = 60,
           .shstrndx = 62,
           .ph_size = 56,
           .ph_offset = 8,
           .ph_vaddr = 16,
           .ph_paddr = 24,
           .ph_filesz = 32,
           .ph_memsz = 40,
           .ph_align = 48,
           .sh_size = 64,
           .sh_offset = 24,
           .sh_bytes = 32},
};

struct reader {
    const uint8_t *image;
    size_t size;
    const struct elf_class *class;
    struct elf_image *elf;
    const char *error;
};

struct program_header {
    uint32_t type;
    uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

static bool fail(struct reader *reader, const char *sentence)
{
    reader->error = sentence;
    return false;
}

uint64_t elf_number(const uint8_t *data, unsigned n)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < n; i++)
        value |= (uint64_t)data[i] << 8 * i;
    return value;
}

static bool inside(const struct reader *reader, uint64_t offset, uint64_t n)
{
    return offset <= reader->size && n <= reader->size - offset;
}

static bool read_ident(struct reader *reader)
{
    const uint8_t *image = reader->image;
    uint8_t class;

    if (reader->size < EI_SIZE)
        return fail(reader, "the image is too small to be an ELF file");
    if (memcmp(image, "\177ELF", 4) != 0)
        return fail(reader, "the image is not an ELF file");
    class = image[EI_CLASS];
    if (class >= sizeof(elf_classes) / sizeof(elf_classes[0]) || elf_classes[class].bits == 0)
        return fail(reader, "the image is neither a 32-bit nor a 64-bit ELF file");
    if (image[EI_DATA] != ELFDATA2LSB)
        return fail(reader, "the image is not little-endian");
    reader->class = &elf_classes[class];
    reader->elf->bits = reader->class->bits;
    if (reader->size < reader->class->header_size)
        return fail(reader, "the image is truncated: it ends in the ELF header");
    return true;
}

static bool read_header(struct reader *reader)
{
    const struct elf_class *class = reader->class;
    uint64_t type = elf_number(reader->image + EI_SIZE, 2);

    if (type == ET_DYN)
        return fail(reader, "the image is position-independent; link it as an executable at a fixed address");
    if (type != ET_EXEC)
        return fail(reader, "the image is not an executable");
    if (elf_number(reader->image + EI_SIZE + 2, 2) != class->machine)
        return fail(reader, class->bits == 64 ? "the image is not for x86-64" : "the 32-bit image is not for x86");
    reader->elf->entry = elf_number(reader->image + class->entry, class->word);
    return true;
}

/* Find the program headers: *table, *count of them, *stride bytes apart. */
static bool read_table(struct reader *reader, const uint8_t **table, unsigned *count, unsigned *stride)
{
    const struct elf_class *class = reader->class;
    uint64_t offset = elf_number(reader->image + class->phoff, class->word);

    *stride = (unsigned)elf_number(reader->image + class->phentsize, 2);
    *count = (unsigned)elf_number(reader->image + class->phnum, 2);
    if (*count == 0)
        return fail(reader, "the image has no program headers");
    if (*count > MAX_PROGRAM_HEADERS)
        return fail(reader, "the image has more than 64 program headers");
    if (*stride < class->ph_size)
        return fail(reader, "the image's program headers are too small");
    if (!inside(reader, offset, (uint64_t)*count * *stride))
        return fail(reader, "the image is truncated: its program headers lie outside of it");
    *table = reader->image + offset;
    return true;
}

static struct program_header read_program_header(const struct elf_class *class, const uint8_t *at)
{
    return (struct program_header){
        .type = (uint32_t)elf_number(at, 4),
        .offset = elf_number(at + class->ph_offset, class->word),
        .vaddr = elf_number(at + class->ph_vaddr, class->word),
        .paddr = elf_number(at + class->ph_paddr, class->word),
        .filesz = elf_number(at + class->ph_filesz, class->word),
        .memsz = elf_number(at + class->ph_memsz, class->word),
        .align = elf_number(at + class->ph_align, class->word),
    };
}

static bool check_overlap(struct reader *reader, const struct program_header *ph)
{
    for (unsigned i = 0; i < reader->elf->nr_segments; i++) {
        const struct elf_segment *other = &reader->elf->segments[i];

        if (ph->paddr < other->paddr + other->memsz && other->paddr < ph->paddr + ph->memsz)
            return fail(reader, "two segments of the image overlap");
    }
    return true;
}

static bool take_load(struct reader *reader, const struct program_header *ph)
{
    struct elf_image *elf = reader->elf;
    uint64_t limit = reader->class->bits == 64 ? UINT64_MAX : UINT32_MAX;

    if (ph->filesz > ph->memsz)
        return fail(reader, "a segment of the image is larger in the file than in memory");
    if (ph->memsz == 0)
        return true;
    if (!inside(reader, ph->offset, ph->filesz))
        return fail(reader, "the image is truncated: a segment lies outside of it");
    if (ph->memsz > limit - ph->paddr || ph->memsz - 1 > limit - ph->vaddr)
        return fail(reader, "a segment of the image goes beyond the end of the address space");
    if (elf->nr_segments == ELF_MAX_SEGMENTS)
        return fail(reader, "the image has more than 16 segments to load");
    if (!check_overlap(reader, ph))
        return false;
    elf->segments[elf->nr_segments++] = (struct elf_segment){
        .paddr = ph->paddr,
        .vaddr = ph->vaddr,
        .memsz = ph->memsz,
        .filesz = ph->filesz,
        .data = reader->image + ph->offset,
    };
    if (elf->nr_segments == 1 || ph->paddr < elf->paddr_min)
        elf->paddr_min = ph->paddr;
    if (ph->paddr + ph->memsz > elf->paddr_max)
        elf->paddr_max = ph->paddr + ph->memsz;
    return true;
}

/* The entry of a pvh kernel, which is what a 32-bit image is for, too. */
static bool take_phys32_entry(struct reader *reader, const uint8_t *desc, uint32_t size)
{
    struct elf_image *elf = reader->elf;

    if (elf->has_phys32_entry)
        return true;
    if (size != 4 && size != 8)
        return fail(reader, "the image's PHYS32_ENTRY note is neither 4 nor 8 bytes long");
    if (elf_number(desc, size) > UINT32_MAX)
        return fail(reader, "the image's PHYS32_ENTRY lies above 4 GiB");
    elf->has_phys32_entry = true;
    elf->phys32_entry = (uint32_t)elf_number(desc, size);
    return true;
}

static bool take_note(struct reader *reader, uint32_t type, const uint8_t *desc, uint32_t size)
{
    const char *error;

    if (type == XEN_ELFNOTE_PHYS32_ENTRY)
        return take_phys32_entry(reader, desc, size);
    error = elf_take_note(&reader->elf->notes, type, desc, size);
    return error ? fail(reader, error) : true;
}

/* Notes follow one another, each part padded to 4 bytes (8 in a segment that is aligned to 8). */
static bool take_notes(struct reader *reader, const struct program_header *ph)
{
    uint64_t pad = ph->align == 8 ? 7 : 3;
    const uint8_t *notes;

    if (!inside(reader, ph->offset, ph->filesz))
        return fail(reader, "the image is truncated: its notes lie outside of it");
    notes = reader->image + ph->offset;
    for (uint64_t at = 0; ph->filesz > at && ph->filesz - at >= NOTE_HEADER_SIZE;) {
        uint32_t name_size = (uint32_t)elf_number(notes + at, 4);
        uint32_t desc_size = (uint32_t)elf_number(notes + at + 4, 4);
        uint32_t type = (uint32_t)elf_number(notes + at + 8, 4);
        uint64_t name = at + NOTE_HEADER_SIZE;
        uint64_t desc = at + ((NOTE_HEADER_SIZE + (uint64_t)name_size + pad) & ~pad);

        if (name + name_size > ph->filesz || desc > ph->filesz || desc_size > ph->filesz - desc)
            return fail(reader, "a note of the image is truncated");
        if (name_size == 4 && memcmp(notes + name, "Xen", 4) == 0 && !take_note(reader, type, notes + desc, desc_size))
            return false;
        at = (desc + desc_size + pad) & ~pad;
    }
    return true;
}

static bool take_interp(struct reader *reader, const struct program_header *ph)
{
    (void)ph;
    return fail(reader, "the image is a program for an operating system, not a kernel");
}

static bool (*const segment_handlers[])(struct reader *reader, const struct program_header *ph) = {
    [PT_LOAD] = take_load,
    [PT_INTERP] = take_interp,
    [PT_NOTE] = take_notes,
};

static bool entry_is_loaded(const struct elf_image *elf)
{
    for (unsigned i = 0; i < elf->nr_segments; i++)
        if (elf->phys32_entry >= elf->segments[i].paddr &&
            elf->phys32_entry - elf->segments[i].paddr < elf->segments[i].memsz)
            return true;
    return false;
}

/* What is left of the image behind a section's first byte, and where that is; NULL if it lies outside. */
static const uint8_t *section_bytes(const struct reader *reader, const uint8_t *section, uint64_t *n)
{
    const struct elf_class *class = reader->class;
    uint64_t offset = elf_number(section + class->sh_offset, class->word);

    *n = elf_number(section + class->sh_bytes, class->word);
    return inside(reader, offset, *n) ? reader->image + offset : NULL;
}

/* The section's name, which begins at `name` in the n bytes of strings, is __xen_guest. */
static bool is_guest_section(const uint8_t *strings, uint64_t n, uint32_t name)
{
    static const char wanted[] = "__xen_guest";

    return name < n && n - name >= sizeof(wanted) && memcmp(strings + name, wanted, sizeof(wanted)) == 0;
}

/*
 * The older way of Xen's notes needs the sections. An image without any is fine, and so is one whose sections make no
 * sense: then it has no such string.
 */
static bool read_sections(struct reader *reader)
{
    const struct elf_class *class = reader->class;
    const uint8_t *image = reader->image, *strings, *string;
    uint64_t table = elf_number(image + class->shoff, class->word), nr_strings, n;
    uint64_t stride = elf_number(image + class->shentsize, 2), count = elf_number(image + class->shnum, 2);
    uint64_t names = elf_number(image + class->shstrndx, 2);
    const char *error = NULL;

    if (stride < class->sh_size || count > MAX_SECTIONS || names >= count || !inside(reader, table, count * stride))
        return true;
    strings = section_bytes(reader, image + table + names * stride, &nr_strings);
    for (uint64_t i = 0; strings && i < count && !error; i++) {
        const uint8_t *section = image + table + i * stride;

        if (!is_guest_section(strings, nr_strings, (uint32_t)elf_number(section, 4)))
            continue;
        string = section_bytes(reader, section, &n);
        error = string ? elf_take_string(&reader->elf->notes, string, n) : NULL;
    }
    return error ? fail(reader, error) : true;
}

static bool read_segments(struct reader *reader)
{
    const uint8_t *table = NULL;
    unsigned count = 0, stride = 0;

    if (!read_table(reader, &table, &count, &stride))
        return false;
    for (unsigned i = 0; i < count; i++) {
        struct program_header ph = read_program_header(reader->class, table + (size_t)i * stride);

        if (ph.type >= sizeof(segment_handlers) / sizeof(segment_handlers[0]) || !segment_handlers[ph.type])
            continue;
        if (!segment_handlers[ph.type](reader, &ph))
            return false;
    }
    return true;
}

static bool read_image(struct reader *reader)
{
    if (!read_ident(reader) || !read_header(reader) || !read_segments(reader) || !read_sections(reader))
        return false;
    if (reader->elf->nr_segments == 0)
        return fail(reader, "the image has nothing to load");
    if (reader->elf->has_phys32_entry && !entry_is_loaded(reader->elf))
        return fail(reader, "the image's PHYS32_ENTRY lies outside of its segments");
    return true;
}

int elf_parse(const void *image, size_t size, struct elf_image *elf, const char **error)
{
    struct reader reader = {.image = image, .size = size, .elf = elf};

    memset(elf, 0, sizeof(*elf));
    if (read_image(&reader))
        return 0;
    *error = reader.error;
    return -1;
}
