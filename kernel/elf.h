/* SPDX-License-Identifier: MIT */
/* Reading a guest kernel's ELF image, 32- or 64-bit. Pure code; the image is hostile. */
#ifndef KERNEL_ELF_H
#define KERNEL_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ELF_MAX_SEGMENTS 16

struct elf_segment {
    uint64_t paddr; /* where it goes in the guest's physical memory */
    uint64_t vaddr;
    uint64_t memsz; /* bytes beyond filesz are zero */
    uint64_t filesz;
    const uint8_t *data; /* into the image; filesz bytes */
};

struct elf_image {
    unsigned bits; /* 32 or 64: the ELF class */
    uint64_t entry;
    unsigned nr_segments;
    struct elf_segment segments[ELF_MAX_SEGMENTS]; /* PT_LOAD with memsz > 0, each inside the image, no overlap */
    uint64_t paddr_min, paddr_max;                 /* [min, max) over the segments */
    bool has_phys32_entry;
    uint32_t phys32_entry; /* XEN_ELFNOTE_PHYS32_ENTRY */
};

/* 0, or -1 with *error set to a sentence ("the image is truncated: ..."). */
int elf_parse(const void *image, size_t size, struct elf_image *elf, const char **error);

#endif
