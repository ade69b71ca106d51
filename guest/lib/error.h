/* SPDX-License-Identifier: MIT */
/* Results of hypercalls in words. */
#ifndef GUEST_LIB_ERROR_H
#define GUEST_LIB_ERROR_H

#include <stddef.h>

#include "guest/lib/word.h"

/* Write "-EINVAL" for a result that is an error of the ABI, else the number, into text[size]; text. */
const char *error_text(guest_result result, char *text, size_t size);

#endif
