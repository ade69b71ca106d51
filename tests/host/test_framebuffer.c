/* SPDX-License-Identifier: MIT */
/* Characters on framebuffers of every depth, with room behind each line that nobody may touch. */
// links: arch/x86/framebuffer.c arch/x86/font.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arch/x86/font.h"
#include "arch/x86/framebuffer.h"
#include "arch/x86/screen.h"
#include "boot/boot_info.h"

#define UNTOUCHED 0x5a
#define PADDING 13 /* bytes behind each line of pixels: odd, as some firmware has it */

static struct boot_framebuffer mode(uint32_t width, uint32_t height, uint8_t bpp)
{
    struct boot_framebuffer m = {.addr = 0x80000000, .width = width, .height = height, .bpp = bpp, .type = 1};
    m.pitch = width * ((bpp + 7U) / 8) + PADDING;
    switch (bpp) {
    case 8:
        m.type = 0;
        break;
    case 15:
        m.red_pos = 10, m.green_pos = 5, m.red_size = m.green_size = m.blue_size = 5;
        break;
    case 16:
        m.red_pos = 11, m.green_pos = 5, m.red_size = m.blue_size = 5, m.green_size = 6;
        break;
    case 24:
    case 32:
        m.red_pos = 16, m.green_pos = 8, m.red_size = m.green_size = m.blue_size = 8;
        break;
    }
    return m;
}

static struct framebuffer open_mode(uint32_t width, uint32_t height, uint8_t bpp)
{
    struct boot_framebuffer m = mode(width, height, bpp);
    struct framebuffer fb;
    assert_true(framebuffer_describe(&m, &fb));
    fb.base = malloc(framebuffer_size(&fb)); /* the sanitizer watches its ends */
    assert_non_null(fb.base);
    memset(fb.base, UNTOUCHED, framebuffer_size(&fb));
    return fb;
}

static uint32_t pixel(const struct framebuffer *fb, uint32_t x, uint32_t y)
{
    uint32_t value = 0;
    memcpy(&value, fb->base + (size_t)y * fb->pitch + (size_t)x * fb->bytes, fb->bytes);
    return value;
}

static bool ink_at(char c, unsigned x, unsigned y)
{
    return font_glyphs[c - FONT_FIRST][y] & 0x80U >> x;
}

static void assert_glyph(const struct framebuffer *fb, unsigned row, unsigned column, char c)
{
    unsigned width = FONT_WIDTH * fb->scale, height = FONT_HEIGHT * fb->scale;
    for (unsigned y = 0; y < height; y++)
        for (unsigned x = 0; x < width; x++)
            assert_int_equal(pixel(fb, column * width + x, row * height + y),
                             ink_at(c, x / fb->scale, y / fb->scale) ? fb->ink : fb->paper);
}

static void assert_padding(const struct framebuffer *fb)
{
    for (uint32_t y = 0; y < fb->height; y++)
        for (uint32_t i = fb->width * fb->bytes; i < fb->pitch; i++)
            assert_int_equal(fb->base[(size_t)y * fb->pitch + i], UNTOUCHED);
}

static void test_every_depth(void **state)
{
    static const uint8_t depths[] = {8, 15, 16, 24, 32};
    static const uint32_t inks[] = {7, 0x56b5, 0xad55, 0xaaaaaa, 0xaaaaaa};
    (void)state;
    for (unsigned i = 0; i < sizeof depths; i++) {
        struct framebuffer fb = open_mode(643, 487, depths[i]);
        assert_int_equal(fb.ink, inks[i]);
        assert_int_equal(fb.columns, 80);
        assert_int_equal(fb.rows, 30);
        framebuffer_clear(&fb);
        framebuffer_draw(&fb, 29, 78, "~g", 2);
        assert_glyph(&fb, 29, 78, '~');
        assert_glyph(&fb, 29, 79, 'g');
        assert_glyph(&fb, 28, 79, ' ');
        assert_int_equal(pixel(&fb, 642, 486), 0); /* the margin */
        assert_padding(&fb);
        free(fb.base);
    }
}

static void test_every_character_differs(void **state)
{
    (void)state;
    for (int a = FONT_FIRST; a <= FONT_LAST; a++)
        for (int b = FONT_FIRST; b < a; b++)
            assert_memory_not_equal(font_glyphs[a - FONT_FIRST], font_glyphs[b - FONT_FIRST], FONT_HEIGHT);
}

/* On a screen of 4K the font would be a millimetre high. */
static void test_large_screens_are_scaled(void **state)
{
    (void)state;
    struct framebuffer fb = open_mode(3840, 2160, 32);
    assert_int_equal(fb.scale, 2);
    assert_int_equal(fb.columns, 240);
    assert_int_equal(fb.rows, 67);
    framebuffer_draw(&fb, 66, 239, "W", 1);
    assert_glyph(&fb, 66, 239, 'W');
    free(fb.base);
    struct boot_framebuffer m = mode(7680, 4320, 32);
    assert_true(framebuffer_describe(&m, &fb));
    assert_true(fb.scale == 3 && fb.rows <= SCREEN_MAX_ROWS && fb.columns <= SCREEN_MAX_COLUMNS);
}

static void test_what_cannot_be_used(void **state)
{
    (void)state;
    struct framebuffer fb;
    struct boot_framebuffer m = mode(640, 480, 32), bad = m;
    bad.addr = 0;
    assert_false(framebuffer_describe(&bad, &fb));
    bad = m, bad.type = 2;
    assert_false(framebuffer_describe(&bad, &fb));
    bad = m, bad.bpp = 64;
    assert_false(framebuffer_describe(&bad, &fb));
    bad = m, bad.bpp = 0;
    assert_false(framebuffer_describe(&bad, &fb));
    bad = m, bad.pitch = 640 * 4 - 1;
    assert_false(framebuffer_describe(&bad, &fb));
    bad = m, bad.width = 7;
    assert_false(framebuffer_describe(&bad, &fb));
    bad = m, bad.height = 15;
    assert_false(framebuffer_describe(&bad, &fb));
}

/* Positions and sizes come from the loader: no shift may be undefined. */
static void test_odd_colour_fields(void **state)
{
    (void)state;
    struct framebuffer fb;
    struct boot_framebuffer m = mode(640, 480, 32);
    m.red_pos = 255, m.green_size = 255, m.blue_size = 0;
    assert_true(framebuffer_describe(&m, &fb));
    m.red_pos = 20, m.red_size = 10, m.green_pos = 10, m.green_size = 10, m.blue_size = 10;
    assert_true(framebuffer_describe(&m, &fb));
    assert_int_equal(fb.ink, 0x2a8U << 20 | 0x2a8U << 10 | 0x2a8U);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_depth),
        cmocka_unit_test(test_every_character_differs),
        cmocka_unit_test(test_large_screens_are_scaled),
        cmocka_unit_test(test_what_cannot_be_used),
        cmocka_unit_test(test_odd_colour_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
