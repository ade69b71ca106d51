/* SPDX-License-Identifier: MIT */
#include "arch/x86/screen.h"

#include <stddef.h>

#include "common/string.h"

#define EARLY_ROWS 25

static char wanted[SCREEN_MAX_ROWS][SCREEN_MAX_COLUMNS];
static char shown[SCREEN_MAX_ROWS][SCREEN_MAX_COLUMNS]; /* 0: nobody knows what is there */
static char page[SCREEN_MAX_ROWS][SCREEN_MAX_COLUMNS];
static char (*visible)[SCREEN_MAX_COLUMNS] = wanted; /* or page */
static unsigned rows, columns, row, column;
static const struct screen_device *device;

static void clear(void)
{
    memset(wanted, ' ', sizeof wanted);
    memset(shown, 0, sizeof shown);
    row = column = 0;
}

/* Without a device lines are as long as any device can show: they are folded when one comes. */
void screen_init(void)
{
    device = NULL;
    visible = wanted;
    rows = EARLY_ROWS;
    columns = SCREEN_MAX_COLUMNS;
    clear();
}

static void new_line(void)
{
    column = 0;
    if (row + 1 < rows) {
        row++;
        return;
    }
    memmove(wanted[0], wanted[1], (rows - 1) * sizeof wanted[0]);
    memset(wanted[rows - 1], ' ', sizeof wanted[0]);
}

static char drawable(char c)
{
    return c < ' ' || c > '~' ? ' ' : c;
}

void screen_put(char c)
{
    if (c == '\n') {
        new_line();
        return;
    }
    if (c == '\r') {
        column = 0;
        return;
    }
    if (column == columns)
        new_line();
    wanted[row][column++] = drawable(c);
}

void screen_page_row(unsigned r, const char *text, unsigned n)
{
    memset(page[r], ' ', sizeof page[r]);
    for (unsigned i = 0; i < n && i < columns; i++)
        page[r][i] = drawable(text[i]);
}

void screen_show_page(bool on)
{
    visible = on ? page : wanted;
}

static unsigned length_of(const char *line)
{
    unsigned n = SCREEN_MAX_COLUMNS;
    while (n && line[n - 1] == ' ')
        n--;
    return n;
}

static void put_line(const char *line, bool last)
{
    for (unsigned i = 0, n = length_of(line); i < n; i++)
        screen_put(line[i]);
    if (!last)
        new_line();
}

void screen_show(const struct screen_device *d)
{
    static char early[EARLY_ROWS][SCREEN_MAX_COLUMNS];
    unsigned last = row < EARLY_ROWS ? row : EARLY_ROWS - 1;

    device = d;
    if (!d)
        return;
    memcpy(early, wanted[row - last], sizeof early);
    rows = d->rows;
    columns = d->columns;
    clear();
    for (unsigned i = 0; i <= last; i++)
        put_line(early[i], i == last);
    screen_sync();
}

unsigned screen_rows(void)
{
    return rows;
}

unsigned screen_columns(void)
{
    return columns;
}

bool screen_is_shown(void)
{
    return device;
}

/* One stretch from the first cell that differs to the last. */
static void sync_row(unsigned r)
{
    unsigned from = 0, to = columns;
    while (from < to && visible[r][from] == shown[r][from])
        from++;
    while (to > from && visible[r][to - 1] == shown[r][to - 1])
        to--;
    if (from == to)
        return;
    memcpy(&shown[r][from], &visible[r][from], to - from);
    device->draw(r, from, &shown[r][from], to - from);
}

void screen_sync(void)
{
    if (!device)
        return;
    for (unsigned r = 0; r < rows; r++)
        sync_row(r);
    if (!device->cursor)
        return;
    if (visible == page)
        device->cursor(rows - 1, columns - 1);
    else
        device->cursor(row, column < columns ? column : columns - 1);
}
