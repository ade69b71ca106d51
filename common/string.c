/* SPDX-License-Identifier: MIT */
/*
 * Compiled with -fno-builtin, and without gcc's rewriting of loops: it would turn the loop inside memset() into a call
 * of memset(). String instructions keep the copies short and, on processors of the last decade, fast.
 */
#include "common/string.h"

/* The width of a register, for string instructions: the words first, then the few bytes that are left. */
#ifdef __x86_64__
#define MOVE_WORDS "rep movsq"
#define STORE_WORDS "rep stosq"
#else
#define MOVE_WORDS "rep movsl"
#define STORE_WORDS "rep stosl"
#endif

/* In parentheses, as the name is a macro as well. */
void *(memcpy)(void *restrict dst, const void *restrict src, size_t n)
{
    void *d = dst;
    size_t words = n / sizeof(size_t), bytes = n % sizeof(size_t);
    __asm__ volatile(MOVE_WORDS : "+D"(d), "+S"(src), "+c"(words) : : "memory");
    __asm__ volatile("rep movsb" : "+D"(d), "+S"(src), "+c"(bytes) : : "memory");
    return dst;
}

/* Copies upwards unless dst lies inside the source, where that would overwrite what is still to be read. */
void *memmove(void *dst, const void *src, size_t n)
{
    if ((size_t)dst - (size_t)src >= n)
        return memcpy(dst, src, n);
    char *d = (char *)dst + n;
    const char *s = (const char *)src + n;
    while (n--)
        *--d = *--s;
    return dst;
}

void *memset(void *dst, int c, size_t n)
{
    void *d = dst;
    size_t words = n / sizeof(size_t), bytes = n % sizeof(size_t);
    size_t pattern = (size_t)-1 / 0xFF * (unsigned char)c; /* c in every byte */
    __asm__ volatile(STORE_WORDS : "+D"(d), "+c"(words) : "a"(pattern) : "memory");
    __asm__ volatile("rep stosb" : "+D"(d), "+c"(bytes) : "a"(c) : "memory");
    return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
    const unsigned char *x = a, *y = b;
    for (; n; n--, x++, y++)
        if (*x != *y)
            return *x - *y;
    return 0;
}

size_t strlen(const char *s)
{
    size_t n = 0;
    while (s[n])
        n++;
    return n;
}

size_t strnlen(const char *s, size_t max)
{
    size_t n = 0;
    while (n < max && s[n])
        n++;
    return n;
}

int strncmp(const char *a, const char *b, size_t n)
{
    for (; n; n--, a++, b++)
        if (*a != *b || !*a)
            return (unsigned char)*a - (unsigned char)*b;
    return 0;
}

int strcmp(const char *a, const char *b)
{
    return strncmp(a, b, (size_t)-1);
}

char *strchr(const char *s, int c)
{
    for (; *s != (char)c; s++)
        if (!*s)
            return NULL;
    return (char *)(size_t)s;
}

char *strstr(const char *haystack, const char *needle)
{
    size_t n = strlen(needle);
    for (; strncmp(haystack, needle, n) != 0; haystack++)
        if (!*haystack)
            return NULL;
    return (char *)(size_t)haystack;
}
