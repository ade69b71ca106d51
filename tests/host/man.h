/* SPDX-License-Identifier: MIT */
/* Reading a manual page (docs/man/) in a test. */
#ifndef TESTS_HOST_MAN_H
#define TESTS_HOST_MAN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define PAGE_MAX 20000

static char page[PAGE_MAX];

/* The file as one line: an entry's text may stand in several. Lines that begin with a dot keep their newline. */
static inline void read_page(const char *path)
{
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t n = fread(page, 1, sizeof page - 1, file);
    fclose(file);
    assert_in_range(n, 100, sizeof page - 2);
    page[n] = '\0';
    for (char *c = page; *c; c++)
        if (*c == '\n' && c[1] != '.')
            *c = ' ';
}

/* How many entries of lists begin with this macro, as in ".It Cm name". */
static inline unsigned nr_entries(const char *macro)
{
    char start[16];
    unsigned n = 0;
    snprintf(start, sizeof start, "\n.It %s ", macro);
    for (const char *at = page; (at = strstr(at, start)); at++)
        n++;
    return n;
}

/* The entry ".It macro name", to the next one or the end of its list, must contain the text. */
static inline void expect_entry(const char *macro, const char *name, const char *text)
{
    char start[64], entry[2000];
    snprintf(start, sizeof start, "\n.It %s %s", macro, name);
    const char *at = strstr(page, start);
    while (at && !strchr(" \n", at[strlen(start)]))
        at = strstr(at + 1, start);
    if (!at)
        fail_msg("no entry for %s", name);
    const char *end = strstr(at + 1, "\n.It"), *list_end = strstr(at, "\n.El");
    end = end && end < list_end ? end : list_end;
    snprintf(entry, sizeof entry, "%.*s", (int)(end - at), at);
    if (!strstr(entry, text))
        fail_msg("the entry of %s does not say: %s", name, text);
}

#endif
