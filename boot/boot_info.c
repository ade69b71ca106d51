/* SPDX-License-Identifier: MIT */
/* The common half of the multiboot parsers: copies of strings, checks of regions and modules. */
#include "boot/boot_info.h"
#include "boot/memory_map.h"
#include "boot/multiboot.h"
#include "common/string.h"
#include "guest/abi/memory.h"

#define KIB 1024ULL
#define MIB (1024ULL * 1024)

/* Framebuffer types of both specifications. */
#define FRAMEBUFFER_RGB 1
#define FRAMEBUFFER_TEXT 2

bool boot_fail(struct boot_parser *parser, const char *sentence)
{
    parser->error = sentence;
    return false;
}

void boot_warn(struct boot_parser *parser, const char *sentence)
{
    if (!parser->warning)
        parser->warning = sentence;
}

void boot_parser_begin(struct boot_parser *parser, const char *protocol, boot_window_fn window, struct boot_info *info)
{
    memset(parser, 0, sizeof(*parser));
    parser->window = window;
    parser->info = info;
    memset(info, 0, sizeof(*info));
    info->protocol = protocol;
    info->loader = "unknown loader";
    info->cmdline = "";
}

bool boot_read(struct boot_parser *parser, uint64_t pa, void *dst, size_t n)
{
    const void *src = pa <= UINT64_MAX - n ? parser->window(pa, n) : NULL;

    if (!src)
        return boot_fail(parser, "the boot information points to memory that cannot be read");
    memcpy(dst, src, n);
    return true;
}

/* Reserve room for one more byte of the string that ends at strings_used. */
static bool string_room(struct boot_parser *parser)
{
    if (parser->info->strings_used < BOOT_STRING_SPACE)
        return true;
    return boot_fail(parser, "the command lines from the boot loader are longer than 64 KiB in total");
}

bool boot_read_string(struct boot_parser *parser, uint64_t pa, const char **string)
{
    struct boot_info *info = parser->info;
    uint32_t start = info->strings_used;
    char c;

    do {
        if (!string_room(parser) || !boot_read(parser, pa++, &c, 1))
            return false;
        info->strings[info->strings_used++] = c;
    } while (c != '\0');
    *string = &info->strings[start];
    return true;
}

bool boot_copy_string(struct boot_parser *parser, const char *from, size_t size, const char **string)
{
    struct boot_info *info = parser->info;
    size_t n = strnlen(from, size);

    if (n == size)
        boot_warn(parser, "a string from the boot loader has no end; its tag's end was taken");
    if (n >= BOOT_STRING_SPACE - info->strings_used) {
        info->strings_used = BOOT_STRING_SPACE;
        return string_room(parser);
    }
    *string = memcpy(&info->strings[info->strings_used], from, n);
    info->strings[info->strings_used + n] = '\0';
    info->strings_used += (uint32_t)n + 1;
    return true;
}

/* Where a region of this type goes, or NULL. When the table is full, what is not RAM takes the place of some RAM. */
static struct boot_region *region_place(struct boot_info *info, uint32_t type)
{
    struct boot_region *place = NULL;

    if (info->nr_firmware_regions < BOOT_MAX_FIRMWARE_REGIONS)
        return &info->firmware_regions[info->nr_firmware_regions++];
    for (unsigned i = 0; type != E820_RAM && i < info->nr_firmware_regions; i++) {
        struct boot_region *region = &info->firmware_regions[i];

        if (region->type == E820_RAM && (!place || region->size < place->size))
            place = region;
    }
    return place;
}

void boot_add_region(struct boot_parser *parser, uint64_t start, uint64_t size, uint32_t type)
{
    bool full = parser->info->nr_firmware_regions == BOOT_MAX_FIRMWARE_REGIONS;
    struct boot_region *place;

    if (size == 0)
        return;
    if (size > UINT64_MAX - start) {
        boot_warn(parser, "a region of the memory map goes beyond the end of the address space and was cut");
        size = UINT64_MAX - start;
        if (size == 0)
            return;
    }
    if (type < E820_RAM || type > E820_UNUSABLE)
        type = E820_RESERVED; /* as ACPI says of types that it does not know (6.5, section 15.3) */
    if (full)
        boot_warn(parser, "the memory map has more than 512 regions; some RAM was left out");
    place = region_place(parser->info, type);
    if (place)
        *place = (struct boot_region){.start = start, .size = size, .type = type};
}

bool boot_add_module(struct boot_parser *parser, uint64_t start, uint64_t end, const char *cmdline)
{
    struct boot_info *info = parser->info;

    if (end < start)
        return boot_fail(parser, "a boot module ends before it starts");
    if (info->nr_modules == BOOT_MAX_MODULES) {
        boot_warn(parser, "there are more than 128 boot modules; the others were left out");
        return true;
    }
    info->modules[info->nr_modules++] = (struct boot_module){.start = start, .size = end - start, .cmdline = cmdline};
    return true;
}

static bool framebuffer_is_sane(const struct boot_framebuffer *fb)
{
    uint64_t row = (uint64_t)fb->width * fb->bpp; /* bits; in text mode pitch counts bytes and bpp is 16 */

    if (fb->type > FRAMEBUFFER_TEXT || fb->addr == 0 || fb->width == 0 || fb->height == 0 || fb->bpp == 0)
        return false;
    if (fb->type == FRAMEBUFFER_TEXT)
        row = (uint64_t)fb->width * 16;
    if ((row + 7) / 8 > fb->pitch)
        return false;
    return (uint64_t)fb->pitch * fb->height <= UINT64_MAX - fb->addr;
}

void boot_set_framebuffer(struct boot_parser *parser, const struct boot_framebuffer *fb)
{
    struct boot_framebuffer *out = &parser->info->framebuffer;

    if (!framebuffer_is_sane(fb)) {
        boot_warn(parser, "the boot loader's framebuffer makes no sense and is not used");
        return;
    }
    *out = *fb;
    if (fb->type != FRAMEBUFFER_RGB)
        out->red_pos = out->red_size = out->green_pos = out->green_size = out->blue_pos = out->blue_size = 0;
}

/* No memory map: the two sizes of the BIOS. */
static void use_basic_memory(struct boot_parser *parser)
{
    boot_add_region(parser, 0, parser->mem_lower_kib * KIB, E820_RAM);
    boot_add_region(parser, MIB, parser->mem_upper_kib * KIB, E820_RAM);
}

static bool is_ram(const struct boot_info *info, uint64_t start, uint64_t size)
{
    for (unsigned i = 0; i < info->nr_regions; i++) {
        const struct boot_region *region = &info->regions[i];

        if (region->type == E820_RAM && start >= region->start && size <= region->size &&
            start - region->start <= region->size - size)
            return true;
    }
    return size == 0;
}

static void drop_stray_modules(struct boot_parser *parser)
{
    struct boot_info *info = parser->info;
    unsigned kept = 0;

    for (unsigned i = 0; i < info->nr_modules; i++) {
        if (is_ram(info, info->modules[i].start, info->modules[i].size))
            info->modules[kept++] = info->modules[i];
        else
            boot_warn(parser, "a boot module lies outside of the RAM that the memory map names and was left out");
    }
    info->nr_modules = kept;
}

static bool has_ram(const struct boot_info *info)
{
    for (unsigned i = 0; i < info->nr_regions; i++)
        if (info->regions[i].type == E820_RAM)
            return true;
    return false;
}

/*
 * Drop the image's file name from our own command line. QEMU's -kernel always puts it there as the first word; GRUB
 * does not. So the first word goes if the loader calls itself "qemu", or if it has a '/' and no '=' before that.
 */
static void drop_file_name(struct boot_info *info)
{
    const char *end = info->cmdline;
    bool is_path = strncmp(info->loader, "qemu", 4) == 0;
    bool seen_equals = false;

    for (; *end != '\0' && *end != ' '; end++) {
        seen_equals |= *end == '=';
        is_path |= *end == '/' && !seen_equals;
    }
    if (!is_path)
        return;
    while (*end == ' ')
        end++;
    info->cmdline = end;
}

static void sanitise_regions(struct boot_parser *parser)
{
    struct boot_info *info = parser->info;
    const char *warning;

    info->nr_regions = memory_map_sanitise(info->firmware_regions, info->nr_firmware_regions, info->regions,
                                           BOOT_MAX_REGIONS, &warning);
    if (warning)
        boot_warn(parser, warning);
}

bool boot_parser_end(struct boot_parser *parser)
{
    if (parser->info->nr_firmware_regions == 0)
        use_basic_memory(parser);
    sanitise_regions(parser);
    if (!has_ram(parser->info))
        return boot_fail(parser, "the boot loader named no RAM");
    drop_stray_modules(parser);
    drop_file_name(parser->info);
    return true;
}

int boot_info_parse(uint32_t magic, uint64_t pa, boot_window_fn window, struct boot_info *info, const char **error,
                    const char **warning)
{
    switch (magic) {
    case MULTIBOOT1_MAGIC:
        return multiboot1_parse(pa, window, info, error, warning);
    case MULTIBOOT2_MAGIC:
        return multiboot2_parse(pa, window, info, error, warning);
    default:
        *error = "the boot loader speaks neither multiboot 1 nor multiboot 2";
        *warning = NULL;
        return -1;
    }
}
