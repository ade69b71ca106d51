/* SPDX-License-Identifier: MIT */
/* Multiboot Specification 0.6.96, section 3.3: a fixed structure whose flags say which fields are valid. */
#include "boot/boot_info.h"
#include "boot/multiboot.h"
#include "common/string.h"

/* Offsets in the information structure. */
#define MB1_FLAGS 0
#define MB1_MEM_LOWER 4
#define MB1_CMDLINE 16
#define MB1_MODS 20
#define MB1_MMAP 44
#define MB1_LOADER_NAME 64
#define MB1_FRAMEBUFFER 88

#define MB1_MAX_MMAP_ENTRIES 4096 /* far more than any firmware has; bounds the loop */

struct mb1_module {
    uint32_t start, end, string, reserved;
};

struct mb1_mmap_entry {
    uint32_t size; /* of the rest; at least 20 */
    uint64_t base, length;
    uint32_t type;
} __attribute__((packed));

struct mb1_framebuffer {
    uint64_t addr;
    uint32_t pitch, width, height;
    uint8_t bpp, type;
    uint8_t colour[6]; /* position and size of red, green, blue */
} __attribute__((packed));

_Static_assert(sizeof(struct mb1_mmap_entry) == 24, "multiboot 1");
_Static_assert(sizeof(struct mb1_framebuffer) == 28, "multiboot 1");

/* A handler reads its part of the structure at pa + offset. */
typedef bool (*mb1_handler)(struct boot_parser *parser, uint64_t at);

static bool take_memory(struct boot_parser *parser, uint64_t at)
{
    uint32_t kib[2]; /* lower, upper */

    if (!boot_read(parser, at, kib, sizeof(kib)))
        return false;
    parser->mem_lower_kib = kib[0];
    parser->mem_upper_kib = kib[1];
    return true;
}

static bool take_string(struct boot_parser *parser, uint64_t at, const char **string)
{
    uint32_t pa;

    if (!boot_read(parser, at, &pa, sizeof(pa)))
        return false;
    return pa == 0 || boot_read_string(parser, pa, string); /* 0: the loader has none after all */
}

static bool take_cmdline(struct boot_parser *parser, uint64_t at)
{
    return take_string(parser, at, &parser->info->cmdline);
}

static bool take_loader_name(struct boot_parser *parser, uint64_t at)
{
    return take_string(parser, at, &parser->info->loader);
}

static bool take_module(struct boot_parser *parser, uint64_t at)
{
    struct mb1_module module;
    const char *cmdline = "";

    if (!boot_read(parser, at, &module, sizeof(module)))
        return false;
    if (module.string != 0 && !boot_read_string(parser, module.string, &cmdline))
        return false;
    return boot_add_module(parser, module.start, module.end, cmdline);
}

static bool take_modules(struct boot_parser *parser, uint64_t at)
{
    uint32_t list[2]; /* count, address */

    if (!boot_read(parser, at, list, sizeof(list)))
        return false;
    for (uint32_t i = 0; i < list[0]; i++) {
        if (parser->info->nr_modules == BOOT_MAX_MODULES) {
            boot_warn(parser, "there are more than 128 boot modules; the others were left out");
            break;
        }
        if (!take_module(parser, list[1] + (uint64_t)i * sizeof(struct mb1_module)))
            return false;
    }
    return true;
}

static bool take_mmap(struct boot_parser *parser, uint64_t at)
{
    uint32_t map[2]; /* length, address */
    struct mb1_mmap_entry entry;
    uint64_t offset = 0;

    if (!boot_read(parser, at, map, sizeof(map)))
        return false;
    for (unsigned n = 0; offset < map[0]; n++) {
        if (n == MB1_MAX_MMAP_ENTRIES)
            return boot_fail(parser, "the memory map has too many entries");
        if (map[0] - offset < sizeof(entry))
            return boot_fail(parser, "the memory map ends in the middle of an entry");
        if (!boot_read(parser, map[1] + offset, &entry, sizeof(entry)))
            return false;
        if (entry.size < sizeof(entry) - sizeof(entry.size))
            return boot_fail(parser, "an entry of the memory map is too short");
        boot_add_region(parser, entry.base, entry.length, entry.type);
        offset += (uint64_t)entry.size + sizeof(entry.size);
    }
    return true;
}

static bool take_framebuffer(struct boot_parser *parser, uint64_t at)
{
    struct mb1_framebuffer fb;

    if (!boot_read(parser, at, &fb, sizeof(fb)))
        return false;
    boot_set_framebuffer(parser, &(struct boot_framebuffer){
                                     .addr = fb.addr,
                                     .pitch = fb.pitch,
                                     .width = fb.width,
                                     .height = fb.height,
                                     .bpp = fb.bpp,
                                     .type = fb.type,
                                     .red_pos = fb.colour[0],
                                     .red_size = fb.colour[1],
                                     .green_pos = fb.colour[2],
                                     .green_size = fb.colour[3],
                                     .blue_pos = fb.colour[4],
                                     .blue_size = fb.colour[5],
                                 });
    return true;
}

/* By bit of the flags. The others (boot device, symbols, drives, APM, VBE) tell us nothing that we need. */
static const struct {
    mb1_handler handler;
    unsigned offset;
} mb1_fields[] = {
    [0] = {take_memory, MB1_MEM_LOWER},
    [2] = {take_cmdline, MB1_CMDLINE},
    [3] = {take_modules, MB1_MODS},
    [6] = {take_mmap, MB1_MMAP},
    [9] = {take_loader_name, MB1_LOADER_NAME},
    [12] = {take_framebuffer, MB1_FRAMEBUFFER},
};

static bool take_all(struct boot_parser *parser, uint64_t pa)
{
    uint32_t flags;

    if (pa > UINT32_MAX)
        return boot_fail(parser, "the boot information lies above 4 GiB");
    if (!boot_read(parser, pa + MB1_FLAGS, &flags, sizeof(flags)))
        return false;
    for (unsigned bit = 0; bit < sizeof(mb1_fields) / sizeof(mb1_fields[0]); bit++) {
        if (!(flags & 1U << bit) || !mb1_fields[bit].handler)
            continue;
        if (!mb1_fields[bit].handler(parser, pa + mb1_fields[bit].offset))
            return false;
    }
    return boot_parser_end(parser);
}

int multiboot1_parse(uint64_t pa, boot_window_fn window, struct boot_info *info, const char **error,
                     const char **warning)
{
    struct boot_parser parser;
    bool good;

    boot_parser_begin(&parser, "multiboot 1", window, info);
    good = take_all(&parser, pa);
    *error = parser.error;
    *warning = parser.warning;
    return good ? 0 : -1;
}
