/* SPDX-License-Identifier: MIT */
#include "common/format.h"

#include <stdbool.h>
#include <stdint.h>

struct out {
    char *buffer;
    size_t size;
    size_t length; /* of the whole text, also of what does not fit */
};

struct spec {
    bool left, zero, plus, alternate;
    int width;
    int precision; /* -1: none given */
    int size;      /* -2 hh, -1 h, 0 int, 1 l, 2 ll, z (the last three are 64 bits, or 32 where long is) */
};

static void put(struct out *out, char c)
{
    if (out->length + 1 < out->size)
        out->buffer[out->length] = c;
    out->length++;
}

static void put_n(struct out *out, char c, int n)
{
    while (n-- > 0)
        put(out, c);
}

/* text[0..length) in a field of spec->width. */
static void put_field(struct out *out, const struct spec *spec, const char *text, int length)
{
    int fill = spec->width - length;
    if (!spec->left)
        put_n(out, ' ', fill);
    for (int i = 0; i < length; i++)
        put(out, text[i]);
    if (spec->left)
        put_n(out, ' ', fill);
}

static void put_string(struct out *out, const struct spec *spec, const char *text)
{
    if (!text)
        text = "(null)";
    int length = 0;
    while ((spec->precision < 0 || length < spec->precision) && text[length])
        length++;
    put_field(out, spec, text, length);
}

/* *value /= base, by hand: 32-bit guests have no library routine for 64-bit division. Returns the remainder. */
static unsigned divide(uint64_t *value, unsigned base)
{
    uint64_t quotient = 0;
    uint32_t rest = 0;
    for (int shift = 48; shift >= 0; shift -= 16) {
        rest = rest << 16 | (uint16_t)(*value >> shift);
        quotient |= (uint64_t)(rest / base) << shift;
        rest %= base;
    }
    *value = quotient;
    return rest;
}

/* Digits of value, most significant first, at the end of digits[20] (enough for 2^64 in base 10); returns how many. */
static int to_digits(char *digits, uint64_t value, unsigned base, bool upper)
{
    const char *set = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    int n = 0;
    while (value)
        digits[19 - n++] = set[divide(&value, base)];
    return n;
}

/* prefix is a sign, "0x", "0X" or "". */
static void put_number(struct out *out, const struct spec *spec, const char *prefix, uint64_t value, unsigned base,
                       bool upper)
{
    char digits[20];
    int n = to_digits(digits, value, base, upper);
    int zeros = (spec->precision < 0 ? 1 : spec->precision) - n;
    int prefix_length = prefix[0] ? 1 + (prefix[1] != 0) : 0;
    if (spec->zero && !spec->left && spec->precision < 0 && spec->width - prefix_length - n > zeros)
        zeros = spec->width - prefix_length - n;
    if (zeros < 0)
        zeros = 0;
    int fill = spec->width - prefix_length - zeros - n;
    if (!spec->left)
        put_n(out, ' ', fill);
    while (*prefix)
        put(out, *prefix++);
    put_n(out, '0', zeros);
    for (int i = 20 - n; i < 20; i++)
        put(out, digits[i]);
    if (spec->left)
        put_n(out, ' ', fill);
}

/* The next argument as a number of the size in spec. A va_list travels by pointer so that the caller's advances. */
struct args {
    va_list list;
};

static int64_t next_signed(struct args *args, const struct spec *spec)
{
    switch (spec->size) {
    case 2:
        return va_arg(args->list, long long);
    case 1:
        return va_arg(args->list, long);
    case -1:
        return (short)va_arg(args->list, int);
    case -2:
        return (signed char)va_arg(args->list, int);
    default:
        return va_arg(args->list, int);
    }
}

static uint64_t next_unsigned(struct args *args, const struct spec *spec)
{
    switch (spec->size) {
    case 2:
        return va_arg(args->list, unsigned long long);
    case 1:
        return va_arg(args->list, unsigned long);
    case -1:
        return (unsigned short)va_arg(args->list, unsigned);
    case -2:
        return (unsigned char)va_arg(args->list, unsigned);
    default:
        return va_arg(args->list, unsigned);
    }
}

static const char *parse_flags(struct spec *spec, const char *fmt)
{
    for (;; fmt++) {
        if (*fmt == '-')
            spec->left = true;
        else if (*fmt == '0')
            spec->zero = true;
        else if (*fmt == '+')
            spec->plus = true;
        else if (*fmt == '#')
            spec->alternate = true;
        else
            return fmt;
    }
}

#define FIELD_MAX 4095 /* C99 demands no more; a wild width must not keep us busy */

static const char *parse_number(int *number, const char *fmt, struct args *args)
{
    if (*fmt == '*') {
        *number = va_arg(args->list, int);
        fmt++;
    } else {
        for (*number = 0; *fmt >= '0' && *fmt <= '9'; fmt++)
            if (*number <= FIELD_MAX)
                *number = *number * 10 + (*fmt - '0');
    }
    if (*number > FIELD_MAX)
        *number = FIELD_MAX;
    if (*number < -FIELD_MAX)
        *number = -FIELD_MAX;
    return fmt;
}

static const char *parse_size(struct spec *spec, const char *fmt)
{
    for (;; fmt++) {
        if (*fmt == 'l' && spec->size < 2)
            spec->size++;
        else if (*fmt == 'h' && spec->size > -2)
            spec->size--;
        else if (*fmt == 'z')
            spec->size = 1; /* size_t is as long as long in every environment of ours */
        else
            return fmt;
    }
}

static const char *parse_spec(struct spec *spec, const char *fmt, struct args *args)
{
    *spec = (struct spec){.precision = -1};
    fmt = parse_flags(spec, fmt);
    fmt = parse_number(&spec->width, fmt, args);
    if (spec->width < 0) {
        spec->left = true;
        spec->width = -spec->width;
    }
    if (*fmt == '.')
        fmt = parse_number(&spec->precision, fmt + 1, args);
    return parse_size(spec, fmt);
}

static void put_signed(struct out *out, const struct spec *spec, int64_t value)
{
    const char *sign = value < 0 ? "-" : spec->plus ? "+" : "";
    put_number(out, spec, sign, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 10, false);
}

static void put_hex(struct out *out, const struct spec *spec, uint64_t value, bool upper)
{
    const char *prefix = !spec->alternate || value == 0 ? "" : upper ? "0X" : "0x";
    put_number(out, spec, prefix, value, 16, upper);
}

static void convert(struct out *out, const struct spec *spec, char conversion, struct args *args)
{
    char c;

    switch (conversion) {
    case 'd':
    case 'i':
        put_signed(out, spec, next_signed(args, spec));
        break;
    case 'u':
        put_number(out, spec, "", next_unsigned(args, spec), 10, false);
        break;
    case 'x':
    case 'X':
        put_hex(out, spec, next_unsigned(args, spec), conversion == 'X');
        break;
    case 'p':
        put_number(out, spec, "0x", (uintptr_t)va_arg(args->list, void *), 16, false);
        break;
    case 's':
        put_string(out, spec, va_arg(args->list, const char *));
        break;
    case 'c':
        c = (char)va_arg(args->list, int);
        put_field(out, spec, &c, 1);
        break;
    default: /* '%', and what we don't know, as it stands */
        put(out, conversion);
        break;
    }
}

int format_v(char *buffer, size_t size, const char *fmt, va_list list)
{
    struct out out = {.buffer = buffer, .size = size};
    struct args args;
    struct spec spec;

    va_copy(args.list, list);
    for (; *fmt; fmt++) {
        if (*fmt != '%') {
            put(&out, *fmt);
            continue;
        }
        fmt = parse_spec(&spec, fmt + 1, &args);
        if (!*fmt)
            break;
        convert(&out, &spec, *fmt, &args);
    }
    va_end(args.list);
    if (size)
        buffer[out.length < size ? out.length : size - 1] = '\0';
    return (int)out.length;
}

int format(char *buffer, size_t size, const char *fmt, ...)
{
    va_list list;
    va_start(list, fmt);
    int length = format_v(buffer, size, fmt, list);
    va_end(list);
    return length;
}
