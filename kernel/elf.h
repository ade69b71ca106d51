/* SPDX-License-Identifier: MIT */
/* Reading a guest kernel's ELF image, 32- or 64-bit. Pure code; the image is hostile. */
#ifndef KERNEL_ELF_H
#define KERNEL_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ELF_MAX_SEGMENTS 16
#define ELF_NR_NOTES 19 /* XEN_ELFNOTE_*, of public header elfnote.h */

struct elf_segment {
    uint64_t paddr; /* where it goes in the guest's physical memory */
    uint64_t vaddr;
    uint64_t memsz; /* bytes beyond filesz are zero */
    uint64_t filesz;
    const uint8_t *data; /* into the image; filesz bytes */
};

/*
 * What the kernel says of itself by Xen's notes, or in the older way by a string in its section __xen_guest ("A=b,C"):
 * the values are the notes' in both cases.
 */
struct elf_notes {
    uint32_t given;                /* bit n: XEN_ELFNOTE_n is there, or what stands for it in the string */
    uint64_t number[ELF_NR_NOTES]; /* of those that are numbers and given, else 0 */
    bool is_legacy;                /* it is the string */
    bool other_version;            /* made for something else than Xen 3.0 and up */
    bool other_loader;             /* for something else than the generic loader */
    uint32_t features;             /* bit XENFEAT_n: it can make use of it */
    uint32_t required;             /* bit XENFEAT_n: it can't do without it */
    bool requires_unknown;         /* it can't do without something that has no name here */
};

static inline bool elf_has_note(const struct elf_notes *notes, unsigned n)
{
    return notes->given >> n & 1U;
}

struct elf_image {
    unsigned bits; /* 32 or 64: the ELF class */
    uint64_t entry;
    unsigned nr_segments;
    struct elf_segment segments[ELF_MAX_SEGMENTS]; /* PT_LOAD with memsz > 0, each inside the image, no overlap */
    uint64_t paddr_min, paddr_max;                 /* [min, max) over the segments */
    bool has_phys32_entry;
    uint32_t phys32_entry; /* XEN_ELFNOTE_PHYS32_ENTRY */
    struct elf_notes notes;
};

/* 0, or -1 with *error set to a sentence ("the image is truncated: ..."). */
int elf_parse(const void *image, size_t size, struct elf_image *elf, const char **error);

/* --- elf_notes.c, for elf.c */

/* A note of the name "Xen": what was given first counts. NULL, or a sentence. */
const char *elf_take_note(struct elf_notes *notes, uint32_t type, const uint8_t *desc, uint32_t size);
/* The n bytes of the section __xen_guest, which counts if there are no notes. NULL, or a sentence. */
const char *elf_take_string(struct elf_notes *notes, const uint8_t *string, uint64_t n);
/* The little-endian number of n bytes at data. */
uint64_t elf_number(const uint8_t *data, unsigned n);

#endif
