/* SPDX-License-Identifier: MIT */
/*
 * Every line of pixels is put together in ordinary memory and copied out in one go: that is what write-combining wants,
 * and one loop serves every depth.
 */
#include "arch/x86/framebuffer.h"

#include <stddef.h>

#include "arch/x86/font.h"
#include "arch/x86/screen.h"
#include "boot/boot_info.h"
#include "common/string.h"

#define TYPE_INDEXED 0
#define TYPE_DIRECT 1
#define GREY 0xAA    /* of 255: not as glaring as white */
#define INDEX_GREY 7 /* in the palette that VGA firmware sets */
#define MAX_BYTES 4U
#define MAX_SCALE 3U
#define SCALED_FROM 100 /* rows of characters: from so many on they are drawn twice as large */
#define LINE_PIXELS (SCREEN_MAX_COLUMNS * FONT_WIDTH * MAX_SCALE)

/* A field of 1 to 16 bits; anything else is no colour. */
static uint32_t colour_part(uint32_t value, unsigned position, unsigned size)
{
    if (size == 0 || size > 16 || position >= 32)
        return 0;
    return (size >= 8 ? value << (size - 8) : value >> (8 - size)) << position;
}

static uint32_t grey(const struct boot_framebuffer *from)
{
    if (from->type == TYPE_INDEXED)
        return INDEX_GREY;
    return colour_part(GREY, from->red_pos, from->red_size) | colour_part(GREY, from->green_pos, from->green_size) |
           colour_part(GREY, from->blue_pos, from->blue_size);
}

static unsigned at_most(unsigned x, unsigned limit)
{
    return x < limit ? x : limit;
}

bool framebuffer_describe(const struct boot_framebuffer *from, struct framebuffer *fb)
{
    *fb = (struct framebuffer){.width = from->width, .height = from->height, .pitch = from->pitch, .scale = 1};
    fb->bytes = (from->bpp + 7U) / 8;
    fb->ink = grey(from);
    if (!from->addr || from->type > TYPE_DIRECT || !fb->bytes || fb->bytes > MAX_BYTES ||
        (uint64_t)fb->width * fb->bytes > fb->pitch)
        return false;
    while (fb->height / (FONT_HEIGHT * fb->scale) >= SCALED_FROM && fb->scale < MAX_SCALE)
        fb->scale++;
    fb->columns = at_most(fb->width / (FONT_WIDTH * fb->scale), SCREEN_MAX_COLUMNS);
    fb->rows = at_most(fb->height / (FONT_HEIGHT * fb->scale), SCREEN_MAX_ROWS);
    return fb->columns && fb->rows;
}

static uint8_t *put_pixels(const struct framebuffer *fb, uint8_t *at, uint32_t pixel, unsigned n)
{
    for (; n; n--, at += fb->bytes)
        for (unsigned i = 0; i < fb->bytes; i++)
            at[i] = (uint8_t)(pixel >> 8 * i);
    return at;
}

/* One line of pixels of n characters: bytes written. */
static size_t compose(const struct framebuffer *fb, uint8_t *line, const char *text, unsigned n, unsigned y)
{
    uint8_t *at = line;
    for (unsigned i = 0; i < n; i++) {
        uint8_t bits = font_glyphs[text[i] - FONT_FIRST][y];
        for (unsigned x = 0; x < FONT_WIDTH; x++)
            at = put_pixels(fb, at, bits & 0x80U >> x ? fb->ink : fb->paper, fb->scale);
    }
    return (size_t)(at - line);
}

void framebuffer_draw(const struct framebuffer *fb, unsigned row, unsigned column, const char *text, unsigned n)
{
    static uint8_t line[LINE_PIXELS * MAX_BYTES];
    uint8_t *to = fb->base + (size_t)row * FONT_HEIGHT * fb->scale * fb->pitch +
                  (size_t)column * FONT_WIDTH * fb->scale * fb->bytes;

    for (unsigned y = 0; y < FONT_HEIGHT; y++) {
        size_t size = compose(fb, line, text, n, y);
        for (unsigned i = 0; i < fb->scale; i++, to += fb->pitch)
            memcpy(to, line, size);
    }
}

void framebuffer_clear(const struct framebuffer *fb)
{
    for (uint32_t y = 0; y < fb->height; y++)
        memset(fb->base + (size_t)y * fb->pitch, 0, (size_t)fb->width * fb->bytes);
}

uint64_t framebuffer_size(const struct framebuffer *fb)
{
    return (uint64_t)fb->height * fb->pitch;
}
