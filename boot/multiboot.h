/* SPDX-License-Identifier: MIT */
/*
 * What the two multiboot parsers share; private to boot/. Every function that can find the structures malformed returns
 * false, with the sentence for the user in parser->error; odd things go to parser->warning (the first one is kept).
 */
#ifndef BOOT_MULTIBOOT_H
#define BOOT_MULTIBOOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "boot/boot_info.h"

struct boot_parser {
    boot_window_fn window; /* at most one pointer from it is in use at any time */
    struct boot_info *info;
    const char *error;
    const char *warning;
    uint32_t mem_lower_kib; /* RAM from 0; used if there is no memory map */
    uint32_t mem_upper_kib; /* RAM from 1 MiB */
};

/* Start: an empty info of this protocol. */
void boot_parser_begin(struct boot_parser *parser, const char *protocol, boot_window_fn window, struct boot_info *info);
/* End: what both protocols demand of the whole (there is RAM, modules lie in it). Repairs what can be repaired. */
bool boot_parser_end(struct boot_parser *parser);

/* parser->error = sentence; returns false. */
bool boot_fail(struct boot_parser *parser, const char *sentence);
void boot_warn(struct boot_parser *parser, const char *sentence);

/* Copy n bytes at pa to dst. */
bool boot_read(struct boot_parser *parser, uint64_t pa, void *dst, size_t n);
/* Copy the string at pa, ended by NUL, to info->strings and point *string at the copy. */
bool boot_read_string(struct boot_parser *parser, uint64_t pa, const char **string);
/* The same for a string in a buffer of size bytes; without a NUL it ends with the buffer. */
bool boot_copy_string(struct boot_parser *parser, const char *from, size_t size, const char **string);

/*
 * One region of the memory map; the type is the multiboot one. Beyond the limit RAM is left out, with a warning, but
 * nothing that could be a hole in it.
 */
void boot_add_region(struct boot_parser *parser, uint64_t start, uint64_t size, uint32_t type);
/* One module [start, end); cmdline as boot_read_string leaves it. */
bool boot_add_module(struct boot_parser *parser, uint64_t start, uint64_t end, const char *cmdline);
/* The framebuffer; the colour fields count if its type is direct RGB. */
void boot_set_framebuffer(struct boot_parser *parser, const struct boot_framebuffer *fb);

#endif
