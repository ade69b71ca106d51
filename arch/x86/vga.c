/* SPDX-License-Identifier: MIT */
/* The screen is kept in ordinary memory and copied out line by line: reading video memory back is slow. */
#include <stdbool.h>
#include <stdint.h>

#include "arch/x86/io.h"
#include "arch/x86/paging.h"
#include "arch/x86/vga.h"
#include "common/string.h"

#define TEXT_PA 0xb8000
#define COLUMNS 80
#define ROWS 25
#define BLANK 0x0720 /* a blank, grey on black */
#define CRTC 0x3d4
#define CRTC_CURSOR_HIGH 0x0e
#define CRTC_CURSOR_LOW 0x0f

static uint16_t screen[ROWS][COLUMNS];
static unsigned row, column;
static bool shown;

/* Eight bytes a time: each access to the screen costs as much as a thousand instructions. */
static void show_row(unsigned r)
{
    volatile uint64_t *to = (volatile uint64_t *)phys_to_virt(TEXT_PA) + r * (sizeof(screen[0]) / 8);
    for (unsigned i = 0; shown && i < sizeof(screen[0]) / 8; i++) {
        uint64_t cells;
        memcpy(&cells, (const uint8_t *)screen[r] + 8 * i, 8);
        to[i] = cells;
    }
}

static void show_cell(unsigned r, unsigned c)
{
    if (shown)
        ((volatile uint16_t *)phys_to_virt(TEXT_PA))[r * COLUMNS + c] = screen[r][c];
}

static void blank_row(unsigned r)
{
    for (unsigned i = 0; i < COLUMNS; i++)
        screen[r][i] = BLANK;
}

static void scroll(void)
{
    memmove(screen[0], screen[1], sizeof(screen) - sizeof(screen[0]));
    blank_row(ROWS - 1);
    for (unsigned r = 0; r < ROWS; r++)
        show_row(r);
}

static void new_line(void)
{
    column = 0;
    if (row + 1 < ROWS)
        row++;
    else
        scroll();
}

void vga_init(void)
{
    for (unsigned r = 0; r < ROWS; r++)
        blank_row(r);
}

void vga_show(void)
{
    shown = true;
    for (unsigned r = 0; r < ROWS; r++)
        show_row(r);
    vga_sync_cursor();
}

void vga_put(char c)
{
    if (c == '\n') {
        new_line();
        return;
    }
    if (c == '\r') {
        column = 0;
        return;
    }
    if (column == COLUMNS)
        new_line();
    uint8_t glyph = (uint8_t)c < ' ' ? ' ' : (uint8_t)c;
    screen[row][column] = (uint16_t)((BLANK & 0xff00) | glyph);
    show_cell(row, column);
    column++;
}

void vga_sync_cursor(void)
{
    if (!shown)
        return;
    unsigned at = row * COLUMNS + (column < COLUMNS ? column : COLUMNS - 1);
    outb(CRTC, CRTC_CURSOR_HIGH);
    outb(CRTC + 1, (uint8_t)(at >> 8));
    outb(CRTC, CRTC_CURSOR_LOW);
    outb(CRTC + 1, (uint8_t)at);
}
