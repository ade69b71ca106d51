/* SPDX-License-Identifier: MIT */
/*
 * A page is found by counting rows from the oldest line on, each time: the log is short for that, and it loses its
 * beginning while one reads. What is remembered between keys is a byte of the log, which does not move.
 */
#include "kernel/pager.h"

#include <stddef.h>

#include "arch/x86/scancode.h"
#include "arch/x86/screen.h"
#include "common/format.h"
#include "kernel/log_ring.h"

#define MIN_ROWS 3 /* of a screen that pages make sense on */
#define OVERLAP 1  /* rows of the last page that are on the next one too */

/* The log as rows of a screen; the last row of the screen is for the status line. */
struct view {
    const struct log_ring *ring;
    unsigned columns;
    unsigned height; /* rows of text on a page */
    uint64_t first;  /* byte at which the oldest whole line begins */
    unsigned rows;   /* of all of it */
};

static uint64_t next_row(const struct view *view, uint64_t pos)
{
    for (unsigned n = 0; pos < view->ring->written; n++, pos++) {
        if (log_ring_at(view->ring, pos) == '\n')
            return pos + 1;
        if (n == view->columns)
            return pos;
    }
    return pos;
}

/* What is left of a line that is overwritten already is left out. */
static uint64_t first_line(const struct log_ring *ring)
{
    uint64_t pos = log_ring_oldest(ring);
    if (pos == 0)
        return 0;
    while (pos < ring->written && log_ring_at(ring, pos) != '\n')
        pos++;
    return pos < ring->written ? pos + 1 : pos;
}

/* Rows in front of the one that holds byte `to`. */
static unsigned rows_before(const struct view *view, uint64_t to)
{
    unsigned n = 0;
    uint64_t pos = view->first, next;
    for (; pos < view->ring->written && (next = next_row(view, pos)) <= to; pos = next)
        n++;
    return n;
}

static uint64_t row_start(const struct view *view, unsigned row)
{
    uint64_t pos = view->first;
    while (row--)
        pos = next_row(view, pos);
    return pos;
}

static struct view look(const struct log_ring *ring)
{
    struct view view = {
        .ring = ring, .columns = screen_columns(), .height = screen_rows() - 1, .first = first_line(ring)};
    view.rows = rows_before(&view, ring->written);
    return view;
}

static void draw_row(const struct view *view, unsigned row, uint64_t from, uint64_t to)
{
    char text[SCREEN_MAX_COLUMNS];
    unsigned n = 0;
    for (; from < to; from++)
        if (log_ring_at(view->ring, from) != '\n')
            text[n++] = log_ring_at(view->ring, from);
    screen_page_row(row, text, n);
}

static void draw_status(const struct view *view, unsigned top, unsigned last)
{
    char text[SCREEN_MAX_COLUMNS];
    int n = format(text, sizeof text, "--- rows %u to %u of %u: Page Up, Page Down, Home; any other key: back ---",
                   top + 1, last, view->rows);
    screen_page_row(view->height, text, (unsigned)n);
}

static void draw(const struct view *view, unsigned top)
{
    uint64_t pos = row_start(view, top), next;
    for (unsigned row = 0; row < view->height; row++, pos = next) {
        next = next_row(view, pos);
        draw_row(view, row, pos, next);
    }
    draw_status(view, top, top + view->height < view->rows ? top + view->height : view->rows);
    screen_show_page(true);
    screen_sync();
}

void pager_end(struct pager *pager)
{
    pager->on = false;
    screen_show_page(false);
}

/* The row at which the page begins now; while there is none, that is the live text's. */
static unsigned current_row(const struct pager *pager, const struct view *view)
{
    if (pager->on)
        return rows_before(view, pager->top);
    return view->rows > view->height ? view->rows - view->height : 0;
}

static unsigned page_up(const struct view *view, unsigned row)
{
    unsigned step = view->height - OVERLAP;
    return row > step ? row - step : 0;
}

static unsigned page_down(const struct view *view, unsigned row)
{
    return row + view->height - OVERLAP;
}

static unsigned to_first(const struct view *view, unsigned row)
{
    (void)view;
    (void)row;
    return 0;
}

static unsigned to_last(const struct view *view, unsigned row)
{
    (void)row;
    return view->rows;
}

/* [key - KEY_PAGE_UP] = the row at which the next page begins. */
static unsigned (*const turns[])(const struct view *view, unsigned row) = {
    [KEY_PAGE_UP - KEY_PAGE_UP] = page_up,
    [KEY_PAGE_DOWN - KEY_PAGE_UP] = page_down,
    [KEY_HOME - KEY_PAGE_UP] = to_first,
    [KEY_END - KEY_PAGE_UP] = to_last,
};

static bool turns_page(int key)
{
    return key >= KEY_PAGE_UP && key < KEY_PAGE_UP + (int)(sizeof turns / sizeof turns[0]);
}

/* From live text only a key that goes back opens a page. A page that would reach the end of the log is the live text.
 */
bool pager_key(struct pager *pager, const struct log_ring *ring, int key)
{
    if (!turns_page(key) || !screen_is_shown() || screen_rows() < MIN_ROWS) {
        bool was_on = pager->on;
        pager_end(pager);
        screen_sync();
        return was_on;
    }
    struct view view = look(ring);
    bool back = key == KEY_PAGE_UP || key == KEY_HOME;
    unsigned row = turns[key - KEY_PAGE_UP](&view, current_row(pager, &view));
    if (back || row + view.height < view.rows) {
        pager->on = true;
        pager->top = row_start(&view, row);
        draw(&view, row);
    } else {
        pager_end(pager);
        screen_sync();
    }
    return true;
}
