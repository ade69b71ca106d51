/* SPDX-License-Identifier: MIT */
/*
 * The start of day of a pv guest (public header xen.h, "Start-of-day memory layout"): where everything lies in its
 * memory and in its address space. Pure code; the kernel's image is hostile.
 *
 *   virt_base ->  pfn 0   kernel
 *                         ramdisk                        (not here with MOD_START_PFN)
 *                         list of frames                 (not here with INIT_P2M)
 *                         start info
 *                         page tables                    (the only ones that are not writable)
 *                         stack
 *                         padding: 512 KiB at least, up to a multiple of 4 MiB
 *   not mapped            ramdisk, with MOD_START_PFN
 *   INIT_P2M ->           list of frames, and behind it, not mapped, the page tables that this takes
 *                         the rest of the memory
 */
#ifndef KERNEL_PV_LAYOUT_H
#define KERNEL_PV_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/elf.h"

/* What a kernel asks for. Addresses are virtual. */
struct pv_image {
    uint64_t virt_base; /* of pfn 0 */
    uint64_t size;      /* bytes from virt_base to the kernel's end */
    uint64_t entry;
    bool has_hypercall_page, has_init_p2m;
    uint64_t hypercall_page, init_p2m;
    bool module_unmapped; /* MOD_START_PFN */
};

struct pv_range {
    uint64_t pfn, count;
};

struct pv_layout {
    uint64_t virt_base, nr_pages;
    uint64_t nr_mapped; /* pages from virt_base on */
    struct pv_range module, p2m, start_info, tables, stack;
    struct pv_range p2m_tables;       /* of INIT_P2M; else empty */
    uint64_t p2m_address;             /* virtual */
    uint64_t module_start;            /* as in struct start_info: virtual, or a pfn */
    uint64_t start_info_va, stack_va; /* the stack's end */
    uint64_t tables_va;
};

/* Has the kernel an entry for a pv domain at all? */
bool pv_image_exists(const struct elf_image *elf);
/* 0, or -1 with *error set to a sentence: why no pv domain can be made of it. */
int pv_image_read(const struct elf_image *elf, struct pv_image *image, const char **error);
/* The offset of a segment in the memory of the domain (pfn 0 is 0), of an image that pv_image_read() took. */
uint64_t pv_image_offset(const struct elf_image *elf, const struct elf_segment *segment);
/* For a domain of nr_pages frames with a ramdisk of module_size bytes (0: none). As above. */
int pv_layout_make(const struct pv_image *image, uint64_t nr_pages, uint64_t module_size, struct pv_layout *layout,
                   const char **error);

static inline uint64_t pv_layout_va(const struct pv_layout *layout, uint64_t pfn)
{
    return layout->virt_base + (pfn << 12);
}

static inline bool pv_range_has(const struct pv_range *range, uint64_t pfn)
{
    return pfn >= range->pfn && pfn - range->pfn < range->count;
}

#endif
