/* SPDX-License-Identifier: MIT */
/*
 * What the boot loader told us, in one form for multiboot 1 and multiboot 2.
 * The parsers are pure: they read through a window of memory that the caller vouches for, copy every string, and answer
 * malformed structures with a sentence instead of a fault.
 */
#ifndef BOOT_BOOT_INFO_H
#define BOOT_BOOT_INFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MULTIBOOT1_MAGIC 0x2BADB002U /* in %eax at entry */
#define MULTIBOOT2_MAGIC 0x36D76289U

#define BOOT_MAX_MODULES 128
#define BOOT_MAX_REGIONS 256
#define BOOT_MAX_FIRMWARE_REGIONS 512
#define BOOT_STRING_SPACE 65536

struct boot_region {
    uint64_t start;
    uint64_t size;
    uint32_t type; /* E820_* of guest/abi/memory.h */
};

struct boot_module {
    uint64_t start; /* physical */
    uint64_t size;
    const char *cmdline; /* into boot_info.strings; never NULL */
};

struct boot_framebuffer {
    uint64_t addr; /* physical; 0 = none */
    uint32_t pitch, width, height;
    uint8_t bpp;
    uint8_t type; /* 0 indexed, 1 direct RGB, 2 EGA text */
    uint8_t red_pos, red_size, green_pos, green_size, blue_pos, blue_size;
};

struct boot_info {
    const char *protocol;                         /* "multiboot 1", "multiboot 2" */
    const char *loader;                           /* its name, or "unknown loader" */
    const char *cmdline;                          /* our own command line; never NULL */
    struct boot_region regions[BOOT_MAX_REGIONS]; /* sorted, disjoint (boot/memory_map.h) */
    unsigned nr_regions;
    struct boot_region firmware_regions[BOOT_MAX_FIRMWARE_REGIONS]; /* as they came; what wraps or is empty left out */
    unsigned nr_firmware_regions;
    struct boot_module modules[BOOT_MAX_MODULES];
    unsigned nr_modules;
    struct boot_framebuffer framebuffer;
    uint64_t rsdp; /* physical address of the loader's copy of the RSDP (multiboot 2) while that memory lasts, or 0 */
    uint8_t rsdp_copy[36]; /* our copy of it: 36 bytes, or 20 of an ACPI 1.0 RSDP; rsdp_copy_size 0 = none */
    uint8_t rsdp_copy_size;
    bool efi; /* started by UEFI firmware */
    uint32_t strings_used;
    char strings[BOOT_STRING_SPACE];
};

/*
 * Access to physical memory for the parsers: a pointer to n readable bytes at physical address pa, or NULL. The parsers
 * use at most one such pointer at a time, so the next call may take the memory of the last one.
 */
typedef const void *(*boot_window_fn)(uint64_t pa, size_t n);

/*
 * Fill *info from the structure at physical address pa. 0, or -1 with *error set to a sentence for the user.
 * Things that are only odd (too many modules, an unknown memory type) are repaired and named through *warning
 * (NULL if there is nothing to say).
 */
int multiboot1_parse(uint64_t pa, boot_window_fn window, struct boot_info *info, const char **error,
                     const char **warning);
int multiboot2_parse(uint64_t pa, boot_window_fn window, struct boot_info *info, const char **error,
                     const char **warning);
/* Chooses by the magic number. */
int boot_info_parse(uint32_t magic, uint64_t pa, boot_window_fn window, struct boot_info *info, const char **error,
                    const char **warning);

#endif
