/* SPDX-License-Identifier: MIT */
// links: kernel/elf.c kernel/elf_notes.c kernel/pv_layout.c
/*
 * A hostile guest image: what is accepted lies inside the image, does not wrap and does not overlap; and what a pv
 * domain would be made of it lies in that domain's memory, and at no address of the hypervisor's.
 */
#include <assert.h>

#include "kernel/elf.h"
#include "kernel/pv_layout.h"

#define PAGE 4096ULL
#define NR_PAGES 16384ULL
#define HYPERVISOR_END 0xffff880000000000ULL

static void check_pair(const struct elf_segment *a, const struct elf_segment *b)
{
    assert(a->paddr + a->memsz <= b->paddr || b->paddr + b->memsz <= a->paddr);
}

static void check_image(const struct elf_image *elf, const uint8_t *data, size_t size)
{
    bool entry_loaded = !elf->has_phys32_entry;

    assert(elf->nr_segments >= 1 && elf->nr_segments <= ELF_MAX_SEGMENTS);
    for (unsigned i = 0; i < elf->nr_segments; i++) {
        const struct elf_segment *segment = &elf->segments[i];

        assert(segment->filesz <= segment->memsz && segment->memsz != 0);
        assert(segment->data >= data && segment->filesz <= size - (size_t)(segment->data - data));
        assert(segment->memsz <= UINT64_MAX - segment->paddr);
        assert(segment->paddr >= elf->paddr_min && segment->paddr + segment->memsz <= elf->paddr_max);
        entry_loaded |= elf->phys32_entry >= segment->paddr && elf->phys32_entry - segment->paddr < segment->memsz;
        for (unsigned j = 0; j < i; j++)
            check_pair(segment, &elf->segments[j]);
    }
    assert(entry_loaded);
}

static void check_range(struct pv_range range, uint64_t first, uint64_t end)
{
    assert(range.count == 0 || (range.pfn >= first && range.pfn + range.count <= end));
}

static void check_address(uint64_t va, uint64_t nr_pages)
{
    uint64_t last = va + nr_pages * PAGE - 1;

    assert(last >= va && (last < 1ULL << 47 || va >= HYPERVISOR_END));
}

static void check_layout(const struct elf_image *elf, const struct pv_image *image, const struct pv_layout *layout)
{
    uint64_t kernel_end = (image->size + PAGE - 1) / PAGE;

    for (unsigned i = 0; i < elf->nr_segments; i++)
        assert(pv_image_offset(elf, &elf->segments[i]) + elf->segments[i].memsz <= image->size);
    assert(layout->nr_mapped <= NR_PAGES && kernel_end <= layout->nr_mapped);
    check_range(layout->start_info, kernel_end, layout->nr_mapped);
    check_range(layout->tables, kernel_end, layout->nr_mapped);
    check_range(layout->stack, kernel_end, layout->nr_mapped);
    check_range(layout->module, kernel_end, NR_PAGES);
    check_range(layout->p2m, kernel_end, NR_PAGES);
    check_range(layout->p2m_tables, layout->nr_mapped, NR_PAGES);
    check_address(layout->virt_base, layout->nr_mapped);
    check_address(layout->p2m_address, layout->p2m.count);
    assert(!image->has_hypercall_page || image->hypercall_page - image->virt_base + PAGE <= image->size);
}

static void check_pv(const struct elf_image *elf)
{
    const char *error = NULL;
    struct pv_image image;
    struct pv_layout layout;

    if (pv_image_read(elf, &image, &error) == 0 && pv_layout_make(&image, NR_PAGES, 100000, &layout, &error) == 0)
        check_layout(elf, &image, &layout);
    else
        assert(error && error[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct elf_image elf;
    const char *error = NULL;

    if (elf_parse(data, size, &elf, &error) != 0) {
        assert(error && error[0]);
        return 0;
    }
    check_image(&elf, data, size);
    check_pv(&elf);
    return 0;
}
