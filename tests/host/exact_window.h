/* SPDX-License-Identifier: MIT */
/*
 * A window of memory (boot/boot_info.h: boot_window_fn) for tests of parsers. Every answer is a fresh heap block of
 * exactly the size that was asked for, and takes the last one back; so the sanitizer sees a read of one byte too many,
 * and a pointer that is used after the next call.
 */
#ifndef TESTS_HOST_EXACT_WINDOW_H
#define TESTS_HOST_EXACT_WINDOW_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define EXACT_MAX_PARTS 16

struct exact_part {
    uint64_t pa;
    size_t size;
    const void *data;
};

static struct exact_part exact_parts[EXACT_MAX_PARTS];
static unsigned exact_nr_parts;
static void *exact_last;

static inline void exact_clear(void)
{
    free(exact_last);
    exact_last = NULL;
    exact_nr_parts = 0;
}

/* From now on the window shows size bytes of data at pa. */
static inline void exact_add(uint64_t pa, const void *data, size_t size)
{
    exact_parts[exact_nr_parts++] = (struct exact_part){.pa = pa, .size = size, .data = data};
}

static inline const void *exact_window(uint64_t pa, size_t n)
{
    free(exact_last);
    exact_last = NULL;
    for (unsigned i = 0; i < exact_nr_parts; i++) {
        const struct exact_part *part = &exact_parts[i];

        if (pa < part->pa || n > part->size || pa - part->pa > part->size - n)
            continue;
        exact_last = malloc(n);
        if (exact_last)
            memcpy(exact_last, (const char *)part->data + (pa - part->pa), n);
        return exact_last;
    }
    return NULL;
}

#endif
