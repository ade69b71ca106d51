/* SPDX-License-Identifier: MIT */
/* The words of the command line: key=value, separated by blanks. */
#ifndef GUEST_LIB_ARGS_H
#define GUEST_LIB_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Copy the value of `key` into value[size]; false (and an empty string) if there is no such word. The last wins. */
bool args_string(const char *key, char *value, size_t size);

/* The value of `key` as a number (decimal, or hexadecimal after 0x); `fallback` if absent or no number. */
uint64_t args_number(const char *key, uint64_t fallback);

/* Whether `key` has exactly this value. */
bool args_is(const char *key, const char *value);

#endif
