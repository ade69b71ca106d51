/* SPDX-License-Identifier: MIT */
/* The shapes of the printable ASCII characters. */
#ifndef ARCH_X86_FONT_H
#define ARCH_X86_FONT_H

#include <stdint.h>

#define FONT_WIDTH 8
#define FONT_HEIGHT 16
#define FONT_FIRST ' '
#define FONT_LAST '~'

extern const uint8_t font_glyphs[FONT_LAST - FONT_FIRST + 1][FONT_HEIGHT];

#endif
