/* SPDX-License-Identifier: MIT */
/* Formatting into a buffer, freestanding. Used by the hypervisor, by guests and by host tests. */
#ifndef COMMON_FORMAT_H
#define COMMON_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

/* As C99 snprintf for: %d %i %u %x %X %p %s %c %%, flags 0 - + and #, width and .precision (also *), h hh l ll z. */
int format_v(char *buffer, size_t size, const char *fmt, va_list args) __attribute__((format(printf, 3, 0)));
int format(char *buffer, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
