/* SPDX-License-Identifier: MIT */
#include "arch/x86/vga.h"

#include <stdint.h>

#include "arch/x86/io.h"
#include "arch/x86/paging.h"

#define TEXT_PA 0xb8000
#define COLUMNS 80
#define ROWS 25
#define GREY_ON_BLACK 0x0700
#define CRTC 0x3d4
#define CRTC_CURSOR_HIGH 0x0e
#define CRTC_CURSOR_LOW 0x0f

static uint16_t cell(char c)
{
    return (uint16_t)(GREY_ON_BLACK | (uint8_t)c);
}

/* Four cells a time where they are aligned: each access to the screen costs as much as a thousand instructions. */
static void draw(unsigned row, unsigned column, const char *text, unsigned n)
{
    volatile uint16_t *to = (volatile uint16_t *)phys_to_virt(TEXT_PA) + row * COLUMNS + column;
    while (n) {
        if ((uintptr_t)to % 8 || n < 4) {
            *to++ = cell(*text++);
            n--;
            continue;
        }
        *(volatile uint64_t *)(uintptr_t)to = (uint64_t)cell(text[0]) | (uint64_t)cell(text[1]) << 16 |
                                              (uint64_t)cell(text[2]) << 32 | (uint64_t)cell(text[3]) << 48;
        to += 4;
        text += 4;
        n -= 4;
    }
}

static void cursor(unsigned row, unsigned column)
{
    unsigned at = row * COLUMNS + column;
    outb(CRTC, CRTC_CURSOR_HIGH);
    outb(CRTC + 1, (uint8_t)(at >> 8));
    outb(CRTC, CRTC_CURSOR_LOW);
    outb(CRTC + 1, (uint8_t)at);
}

const struct screen_device vga_text = {COLUMNS, ROWS, draw, cursor};
