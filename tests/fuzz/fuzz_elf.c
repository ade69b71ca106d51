/* SPDX-License-Identifier: MIT */
// links: kernel/elf.c
/* A hostile guest image: what is accepted lies inside the image, does not wrap and does not overlap. */
#include <assert.h>

#include "kernel/elf.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct elf_image elf;
    const char *error = NULL;

    if (elf_parse(data, size, &elf, &error) == 0)
        check_image(&elf, data, size);
    else
        assert(error && error[0]);
    return 0;
}
