/* SPDX-License-Identifier: MIT */
#include "guest/lib/args.h"

#include "common/string.h"
#include "guest/lib/env.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n';
}

static size_t word_length(const char *p)
{
    size_t n = 0;

    while (p[n] && !is_blank(p[n]))
        n++;
    return n;
}

static void copy_word(char *dst, size_t size, const char *src, size_t length)
{
    if (length > size - 1)
        length = size - 1;
    memcpy(dst, src, length);
    dst[length] = '\0';
}

bool args_string(const char *key, char *value, size_t size)
{
    size_t key_length = strlen(key), length;
    bool found = false;

    value[0] = '\0';
    for (const char *p = guest_env.cmdline; *p; p += length) {
        while (is_blank(*p))
            p++;
        length = word_length(p);
        if (length > key_length && p[key_length] == '=' && !strncmp(p, key, key_length)) {
            copy_word(value, size, p + key_length + 1, length - key_length - 1);
            found = true;
        }
    }
    return found;
}

static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return 16;
}

uint64_t args_number(const char *key, uint64_t fallback)
{
    char text[32];
    const char *p = text;
    uint64_t number = 0;
    int base = 10;

    if (!args_string(key, text, sizeof(text)) || !text[0])
        return fallback;
    if (p[0] == '0' && p[1] == 'x') {
        base = 16;
        p += 2;
    }
    for (; *p; p++) {
        if (digit_value(*p) >= base)
            return fallback;
        number = number * (uint64_t)base + (uint64_t)digit_value(*p);
    }
    return number;
}

bool args_is(const char *key, const char *value)
{
    char text[64];

    return args_string(key, text, sizeof(text)) && !strcmp(text, value);
}
