/* SPDX-License-Identifier: MIT */
/* Characters on a linear framebuffer of any depth and pitch. Pure code. */
#ifndef ARCH_X86_FRAMEBUFFER_H
#define ARCH_X86_FRAMEBUFFER_H

#include <stdbool.h>
#include <stdint.h>

struct boot_framebuffer;

struct framebuffer {
    uint8_t *base;          /* of the first pixel */
    uint32_t width, height; /* pixels */
    uint32_t pitch;         /* bytes from one line of pixels to the next */
    uint32_t bytes;         /* a pixel */
    uint32_t ink, paper;    /* pixels, little-endian */
    unsigned scale;         /* pixels of the screen, in each direction, for one of the font */
    unsigned columns, rows; /* characters; 0 if it can't be used */
};

/* Shape and colours from what the loader said; base is left NULL. False: no framebuffer that can show characters. */
bool framebuffer_describe(const struct boot_framebuffer *from, struct framebuffer *fb);
/* Draw n characters at this row and column of characters; they must fit. Only their pixels are written. */
void framebuffer_draw(const struct framebuffer *fb, unsigned row, unsigned column, const char *text, unsigned n);
/* The paper everywhere, also in the margins. */
void framebuffer_clear(const struct framebuffer *fb);
/* Bytes from base that all of this touches. */
uint64_t framebuffer_size(const struct framebuffer *fb);

#endif
