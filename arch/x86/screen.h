/* SPDX-License-Identifier: MIT */
/*
 * The screen as a grid of characters, kept in ordinary memory, over whichever device the machine has. Reading video
 * memory back is slow, and so is writing it: what differs from what is shown is drawn by screen_sync(), once for any
 * number of lines. Pure code; the caller serialises.
 */
#ifndef ARCH_X86_SCREEN_H
#define ARCH_X86_SCREEN_H

#include <stdbool.h>

#define SCREEN_MAX_COLUMNS 240
#define SCREEN_MAX_ROWS 100

struct screen_device {
    unsigned columns, rows; /* at most SCREEN_MAX_* */
    /* Draw n characters (' ' to '~') at this place. */
    void (*draw)(unsigned row, unsigned column, const char *text, unsigned n);
    /* The next character will stand here. May be NULL. */
    void (*cursor)(unsigned row, unsigned column);
};

/* An empty grid without a device. What is put before there is one is shown when it comes, the last 25 lines of it. */
void screen_init(void);
/* From now on this device shows the grid; it takes the shape of the device. NULL: none does. */
void screen_show(const struct screen_device *device);
bool screen_is_shown(void);
/* The shape of the grid, in characters. */
unsigned screen_rows(void);
unsigned screen_columns(void);
void screen_put(char c);
void screen_sync(void);

/* A page is a second grid. While it is shown, what is put goes to the live one, unseen. Both are drawn by
 * screen_sync(). */
void screen_page_row(unsigned row, const char *text, unsigned n); /* n characters, the rest of the row is blank */
void screen_show_page(bool page);

#endif
