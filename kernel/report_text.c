/* SPDX-License-Identifier: MIT */
#include "kernel/report_text.h"

#include <stddef.h>

#include "common/format.h"
#include "common/string.h"

static unsigned value_column;

void report_section(report_line_fn put, const char *title, unsigned column)
{
    value_column = column;
    put("");
    put(title);
}

/* How much of the text goes on a line of at most `most` characters: up to a blank, or all that fits of a long word. */
static size_t piece(const char *text, size_t most)
{
    size_t n = strnlen(text, most + 1);
    if (n <= most)
        return n;
    for (size_t i = most; i > 0; i--)
        if (text[i] == ' ')
            return i;
    return most;
}

void report_fact(report_line_fn put, const char *key, const char *value)
{
    char line[REPORT_COLUMNS + 1], name[REPORT_COLUMNS / 2];

    format(name, sizeof name, "  %s: ", key);
    do {
        int column = format(line, sizeof line, "%-*s", (int)value_column, name);
        size_t n = piece(value, REPORT_COLUMNS - (size_t)column);
        format(line + column, sizeof line - (size_t)column, "%.*s", (int)n, value);
        put(line);
        value += n;
        while (*value == ' ')
            value++;
        name[0] = '\0';
    } while (*value);
}
