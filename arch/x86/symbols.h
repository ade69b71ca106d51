/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's own functions by address, for backtraces. The table is made from the first link by tools/symbols.py
 * and put last into the read-only data (linker/hypervisor.ld); functions of the boot code, which run at physical
 * addresses, are not in it.
 */
#ifndef ARCH_X86_SYMBOLS_H
#define ARCH_X86_SYMBOLS_H

#include <stdint.h>

struct symbol {
    uint32_t offset_from_IMAGE_BASE; /* of the function's first byte */
    uint32_t name_offset;            /* into symbol_names */
};

extern const uint32_t symbols_count;
extern const struct symbol symbols[]; /* [symbols_count], ascending by offset */
extern const char symbol_names[];     /* NUL-terminated names */

#endif
