/* SPDX-License-Identifier: MIT */
/* Multiboot2 Specification 2.0, section 3.4 and 3.6: a list of tags, each aligned to 8 bytes, closed by an end tag. */
#include "boot/boot_info.h"
#include "boot/multiboot.h"
#include "common/string.h"

#define MB2_MIN_SIZE 16 /* the two words in front, and an end tag */
#define MB2_MAX_SIZE (16U << 20)
#define MB2_TAG_END 0
#define MB2_FRAMEBUFFER_COLOURS 32 /* offset of the colour fields in the framebuffer tag */
#define MB2_FRAMEBUFFER_RGB 1
#define RSDP1_SIZE 20
#define RSDP2_SIZE 36

struct mb2_tag {
    uint32_t type, size; /* size with these two words, without the padding behind */
};

struct mb2_module {
    struct mb2_tag tag;
    uint32_t start, end;
};

struct mb2_mmap {
    struct mb2_tag tag;
    uint32_t entry_size, entry_version;
};

struct mb2_mmap_entry {
    uint64_t base, length;
    uint32_t type, reserved;
};

struct mb2_framebuffer {
    struct mb2_tag tag;
    uint64_t addr;
    uint32_t pitch, width, height;
    uint8_t bpp, type;
    uint16_t reserved;
};

_Static_assert(sizeof(struct mb2_module) == 16, "multiboot 2");
_Static_assert(sizeof(struct mb2_mmap_entry) == 24, "multiboot 2");
_Static_assert(sizeof(struct mb2_framebuffer) == MB2_FRAMEBUFFER_COLOURS, "multiboot 2");

/* A handler gets its whole tag: size bytes at data (never less than the table's minimum), found at physical address pa.
 */
typedef bool (*mb2_handler)(struct boot_parser *parser, const uint8_t *data, uint32_t size, uint64_t pa);

static bool take_cmdline(struct boot_parser *parser, const uint8_t *data, uint32_t size, uint64_t pa)
{
    (void)pa;
    return boot_copy_string(parser, (const char *)data + 8, size - 8, &parser->info->cmdline);
}

static bool take_loader_name(struct boot_parser *parser, const uint8_t *data, uint32_t size, uint64_t pa)
{
    (void)pa;
    return boot_copy_string(parser, (const char *)data + 8, size - 8, &parser->info->loader);
}

static bool take_module(struct boot_parser *parser, const uint8_t *data, uint32_t size, uint64_t pa)
{
    struct mb2_module module;
    const char *cmdline = "";

    (void)pa;
    memcpy(&module, data, sizeof(module));
    if (size > sizeof(module) &&
        !boot_copy_string(parser, (const char *)data + sizeof(module), size - sizeof(module), &cmdline))
        return false;
    return boot_add_module(parser, module.start, module.end, cmdline);
}

static bool take_memory(struct boot_parser *parser, const uint8_t *data, uint32_t size, uint64_t pa)
{
    (void)size;
    (void)pa;
    memcpy(&parser->mem_lower_kib, data + 8, 4);
    memcpy(&parser->mem_upper_kib, data + 12, 4);
    return true;
}

static bool take_mmap(struct boot_parser *parser, const uint8_t *data, uint32_t size, uint64_t pa)
{
    struct mb2_mmap map;
    struct mb2_mmap_entry entry;

    (void)pa;
    memcpy(&map, data, sizeof(map));
    if (map.entry_size < sizeof(entry))
        return boot_fail(parser, "the entries of the memory map are too short");
    for (uint64_t at = sizeof(map); at + sizeof(entry) <= size; at += map.entry_size) {
        memcpy(&entry, data + at, sizeof(entry));
        boot_add_region(parser, entry.base, entry.length, entry.type);
    }
    return true;
}

static bool take_framebuffer(struct boot_parser *parser, const uint8_t *data, uint32_t size, uint64_t pa)
{
    struct mb2_framebuffer tag;
    uint8_t colour[6] = {0};

    (void)pa;
    memcpy(&tag, data, sizeof(tag));
    if (size >= MB2_FRAMEBUFFER_COLOURS + sizeof(colour))
        memcpy(colour, data + MB2_FRAMEBUFFER_COLOURS, sizeof(colour));
    else if (tag.type == MB2_FRAMEBUFFER_RGB)
        tag.addr = 0; /* it says where no colour lies: not usable */
    boot_set_framebuffer(parser, &(struct boot_framebuffer){
                                     .addr = tag.addr,
                                     .pitch = tag.pitch,
                                     .width = tag.width,
                                     .height = tag.height,
                                     .bpp = tag.bpp,
                                     .type = tag.type,
                                     .red_pos = colour[0],
                                     .red_size = colour[1],
                                     .green_pos = colour[2],
                                     .green_size = colour[3],
                                     .blue_pos = colour[4],
                                     .blue_size = colour[5],
                                 });
    return true;
}

static bool take_rsdp(struct boot_parser *parser, const uint8_t *data, uint8_t rsdp_size, uint64_t pa)
{
    struct boot_info *info = parser->info;

    if (info->rsdp_copy_size >= rsdp_size)
        return true; /* the new one is better than the old one */
    memcpy(info->rsdp_copy, data + 8, rsdp_size);
    info->rsdp_copy_size = rsdp_size;
    info->rsdp = pa + 8;
    return true;
}

static bool take_rsdp1(struct boot_parser *parser, const uint8_t *data, uint32_t size, uint64_t pa)
{
    (void)size;
    return take_rsdp(parser, data, RSDP1_SIZE, pa);
}

static bool take_rsdp2(struct boot_parser *parser, const uint8_t *data, uint32_t size, uint64_t pa)
{
    (void)size;
    return take_rsdp(parser, data, RSDP2_SIZE, pa);
}

static bool take_efi(struct boot_parser *parser, const uint8_t *data, uint32_t size, uint64_t pa)
{
    (void)data;
    (void)size;
    (void)pa;
    parser->info->efi = true;
    return true;
}

static bool take_efi_running(struct boot_parser *parser, const uint8_t *data, uint32_t size, uint64_t pa)
{
    boot_warn(parser, "the boot loader left UEFI's boot services running");
    return take_efi(parser, data, size, pa);
}

/* By type. The others (boot device, VBE, ELF sections, APM, SMBIOS, network, load base) tell us nothing that we need.
 */
static const struct {
    mb2_handler handler;
    uint32_t min_size;
} mb2_tags[] = {
    [1] = {take_cmdline, 8},
    [2] = {take_loader_name, 8},
    [3] = {take_module, sizeof(struct mb2_module)},
    [4] = {take_memory, 16},
    [6] = {take_mmap, sizeof(struct mb2_mmap)},
    [8] = {take_framebuffer, sizeof(struct mb2_framebuffer)},
    [11] = {take_efi, 8}, /* system table, 32 bits */
    [12] = {take_efi, 8}, /* system table, 64 bits */
    [14] = {take_rsdp1, 8 + RSDP1_SIZE},
    [15] = {take_rsdp2, 8 + RSDP2_SIZE},
    [17] = {take_efi, 8}, /* UEFI's memory map */
    [18] = {take_efi_running, 8},
    [19] = {take_efi, 8}, /* image handle, 32 bits */
    [20] = {take_efi, 8}, /* image handle, 64 bits */
};

static bool take_tag(struct boot_parser *parser, const uint8_t *data, const struct mb2_tag *tag, uint64_t pa)
{
    if (tag->type >= sizeof(mb2_tags) / sizeof(mb2_tags[0]) || !mb2_tags[tag->type].handler)
        return true;
    if (tag->size < mb2_tags[tag->type].min_size)
        return boot_fail(parser, "a tag of the boot information is too short for its type");
    return mb2_tags[tag->type].handler(parser, data, tag->size, pa);
}

static bool take_tags(struct boot_parser *parser, const uint8_t *data, uint32_t total, uint64_t pa)
{
    struct mb2_tag tag;

    for (uint64_t at = 8; at + sizeof(tag) <= total; at = (at + tag.size + 7) & ~7ULL) {
        memcpy(&tag, data + at, sizeof(tag));
        if (tag.size < sizeof(tag) || tag.size > total - at)
            return boot_fail(parser, "a tag of the boot information has an impossible size");
        if (tag.type == MB2_TAG_END)
            return boot_parser_end(parser);
        if (!take_tag(parser, data + at, &tag, pa + at))
            return false;
    }
    return boot_fail(parser, "the boot information has no end tag");
}

static bool take_all(struct boot_parser *parser, uint64_t pa)
{
    uint32_t total;
    const uint8_t *data;

    if (pa % 8 != 0)
        return boot_fail(parser, "the boot information is not aligned to 8 bytes");
    if (!boot_read(parser, pa, &total, sizeof(total)))
        return false;
    if (total < MB2_MIN_SIZE || total > MB2_MAX_SIZE)
        return boot_fail(parser, "the boot information has an impossible size");
    data = pa <= UINT64_MAX - total ? parser->window(pa, total) : NULL;
    if (!data)
        return boot_fail(parser, "the boot information points to memory that cannot be read");
    return take_tags(parser, data, total, pa);
}

int multiboot2_parse(uint64_t pa, boot_window_fn window, struct boot_info *info, const char **error,
                     const char **warning)
{
    struct boot_parser parser;
    bool good;

    boot_parser_begin(&parser, "multiboot 2", window, info);
    good = take_all(&parser, pa);
    *error = parser.error;
    *warning = parser.warning;
    return good ? 0 : -1;
}
