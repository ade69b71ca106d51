/* SPDX-License-Identifier: MIT */
/* The few functions of C's <string.h> that freestanding code needs (the compiler may call the first four by itself). */
#ifndef COMMON_STRING_H
#define COMMON_STRING_H

#include <stddef.h>

void *memcpy(void *restrict dst, const void *restrict src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
char *strstr(const char *haystack, const char *needle);

/* A few bytes of a size that the compiler knows are copied in place, which it does not do by itself for freestanding
 * code; others by a call. */
#ifndef memcpy
#define memcpy(dst, src, n) __builtin_memcpy(dst, src, n)
#endif

#endif
