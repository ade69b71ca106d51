/* SPDX-License-Identifier: MIT */
#include "kernel/pv_layout.h"

#include <stddef.h>

#include "arch/x86/layout.h"
#include "guest/abi/elfnote.h"
#include "guest/abi/pv.h"
#include "guest/abi/version.h"

#define PADDING (512ULL << 10)
#define ALIGNMENT (4ULL << 20)
#define IMAGE_MAX (1ULL << 46) /* bytes: more than any domain has, and sums of a few don't wrap */
#define LOW_END (1ULL << 47)   /* addresses from here up to HYPERVISOR_VIRT_START are not canonical */
#define LEVELS 4

/* Needed without having it, a kernel can't run: what a pv domain of Xenolith has. */
#define FEATURES                                                                                                    \
    (1U << XENFEAT_writable_page_tables | 1U << XENFEAT_pae_pgdir_above_4gb |                                       \
     1U << XENFEAT_mmu_pt_update_preserve_ad | 1U << XENFEAT_highmem_assist | 1U << XENFEAT_gnttab_map_avail_bits | \
     1U << XENFEAT_memory_op_vnode_supported)

static const char forbidden[] = "its kernel's virtual addresses are the hypervisor's, or there are no such addresses";

/* Pages by virtual address, both ends included: the last one of the address space has no end. */
struct span {
    uint64_t first, last;
};

static uint64_t pages(uint64_t bytes)
{
    return (bytes + PAGE_SIZE - 1) >> PAGE_SHIFT;
}

static uint64_t note(const struct elf_image *elf, unsigned n)
{
    return elf->notes.number[n];
}

/* --- The image */

bool pv_image_exists(const struct elf_image *elf)
{
    return elf->notes.is_legacy || elf_has_note(&elf->notes, XEN_ELFNOTE_ENTRY);
}

uint64_t pv_image_offset(const struct elf_image *elf, const struct elf_segment *segment)
{
    return segment->paddr - note(elf, XEN_ELFNOTE_PADDR_OFFSET);
}

/* NULL, or what makes the kernel another one than is wanted here. */
static const char *check_kind(const struct elf_image *elf)
{
    const struct elf_notes *notes = &elf->notes;

    if (!pv_image_exists(elf))
        return elf->has_phys32_entry ? "its kernel is a PVH kernel: it has no entry for a pv domain"
                                     : "its kernel has no Xen notes: it is not a PV kernel";
    if (elf->bits != 64)
        return "its kernel is a 32-bit PV kernel, and pv domains are 64-bit here";
    if (notes->other_version)
        return "its kernel is not made for Xen 3.0 or later";
    if (notes->other_loader)
        return "its kernel asks for a loader that is not \"generic\"";
    if (notes->required & 1U << XENFEAT_auto_translated_physmap)
        return "its kernel needs an auto-translated physmap, which pv domains don't have";
    if (notes->requires_unknown || (notes->required & ~FEATURES))
        return "its kernel needs a feature that pv domains don't have here";
    return NULL;
}

/* Its segments lie between pfn 0 and a sane end. */
static const char *measure(const struct elf_image *elf, uint64_t *size)
{
    *size = 0;
    for (unsigned i = 0; i < elf->nr_segments; i++) {
        const struct elf_segment *s = &elf->segments[i];
        uint64_t offset = pv_image_offset(elf, s);

        if (s->paddr < note(elf, XEN_ELFNOTE_PADDR_OFFSET))
            return "a segment of its kernel lies below PADDR_OFFSET";
        if (offset > IMAGE_MAX || s->memsz > IMAGE_MAX)
            return "its kernel does not fit into its memory";
        if (offset + s->memsz > *size)
            *size = offset + s->memsz;
    }
    return NULL;
}

static bool inside(const struct pv_image *image, uint64_t va, uint64_t n)
{
    return va >= image->virt_base && va - image->virt_base < image->size && n <= image->size - (va - image->virt_base);
}

static const char *check_addresses(const struct elf_image *elf, const struct pv_image *image)
{
    if ((image->virt_base | image->init_p2m) % PAGE_SIZE)
        return "its kernel's VIRT_BASE or INIT_P2M is not the address of a page";
    if (!inside(image, image->entry, 1))
        return "its kernel's entry lies outside of the image";
    if (image->has_hypercall_page &&
        (image->hypercall_page % PAGE_SIZE || !inside(image, image->hypercall_page, PAGE_SIZE)))
        return "its kernel's hypercall page is not a page of the image";
    if (note(elf, XEN_ELFNOTE_HV_START_LOW) > HYPERVISOR_VIRT_START)
        return "its kernel wants addresses that are the hypervisor's";
    return NULL;
}

int pv_image_read(const struct elf_image *elf, struct pv_image *image, const char **error)
{
    const struct elf_notes *notes = &elf->notes;

    *image = (struct pv_image){
        .virt_base = note(elf, XEN_ELFNOTE_VIRT_BASE),
        .entry = elf_has_note(notes, XEN_ELFNOTE_ENTRY) ? note(elf, XEN_ELFNOTE_ENTRY) : elf->entry,
        .has_hypercall_page = elf_has_note(notes, XEN_ELFNOTE_HYPERCALL_PAGE),
        .hypercall_page = note(elf, XEN_ELFNOTE_HYPERCALL_PAGE),
        .has_init_p2m = elf_has_note(notes, XEN_ELFNOTE_INIT_P2M),
        .init_p2m = note(elf, XEN_ELFNOTE_INIT_P2M),
        .module_unmapped = note(elf, XEN_ELFNOTE_MOD_START_PFN) != 0,
    };
    *error = check_kind(elf);
    if (!*error)
        *error = measure(elf, &image->size);
    if (!*error)
        *error = check_addresses(elf, image);
    return *error ? -1 : 0;
}

/* --- The layout */

static struct span span(uint64_t va, uint64_t nr_pages)
{
    return (struct span){va, va + (nr_pages << PAGE_SHIFT) - 1};
}

static bool wraps(struct span s)
{
    return s.last < s.first;
}

/* Parts are the hypervisor's, or no addresses at all. */
static bool is_forbidden(struct span s)
{
    return wraps(s) || (s.first < HYPERVISOR_VIRT_END && s.last >= LOW_END);
}

/* Tables of one level (1 to 4) that the pages of s are mapped by. */
static uint64_t tables_at(struct span s, unsigned level)
{
    unsigned shift = PAGE_SHIFT + 9 * level;

    return shift < 48 ? (s.last >> shift) - (s.first >> shift) + 1 : 1;
}

static uint64_t count_tables(struct span s)
{
    uint64_t n = 0;

    for (unsigned level = 1; level <= LEVELS; level++)
        n += tables_at(s, level);
    return n;
}

/* Of the tables of b those that a does not have. */
static uint64_t count_more_tables(struct span a, struct span b)
{
    uint64_t n = 0;

    for (unsigned level = 1; level < LEVELS; level++) {
        uint64_t mask = (1ULL << (PAGE_SHIFT + 9 * level)) - 1;
        struct span whole = {a.first & ~mask, a.last | mask};
        struct span common = {b.first > whole.first ? b.first : whole.first, b.last < whole.last ? b.last : whole.last};

        n += tables_at(b, level);
        if (common.first <= common.last)
            n -= tables_at(common, level);
    }
    return n;
}

static struct pv_range take(uint64_t *next, uint64_t count)
{
    struct pv_range range = {*next, count};

    *next += count;
    return range;
}

/* Pages from virt_base on up to the multiple of 4 MiB that leaves the padding behind `used` of them. */
static uint64_t mapped_for(uint64_t virt_base, uint64_t used)
{
    uint64_t end = virt_base + (used << PAGE_SHIFT) + PADDING;

    return (((end + ALIGNMENT - 1) & ~(ALIGNMENT - 1)) - virt_base) >> PAGE_SHIFT;
}

/*
 * Page tables are mapped like everything, which may take more page tables: counted until nothing changes. `used` pages
 * are everything but the tables. False: there are no such addresses.
 */
static bool size_tables(struct pv_layout *l, uint64_t used)
{
    uint64_t before;

    l->tables.count = 0;
    do {
        before = l->tables.count;
        l->nr_mapped = mapped_for(l->virt_base, used + before);
        if (is_forbidden(span(l->virt_base, l->nr_mapped)))
            return false;
        l->tables.count = count_tables(span(l->virt_base, l->nr_mapped));
    } while (l->tables.count != before);
    return true;
}

static void set_addresses(const struct pv_image *image, struct pv_layout *l)
{
    l->p2m_address = image->has_init_p2m ? image->init_p2m : pv_layout_va(l, l->p2m.pfn);
    l->start_info_va = pv_layout_va(l, l->start_info.pfn);
    l->tables_va = pv_layout_va(l, l->tables.pfn);
    l->stack_va = pv_layout_va(l, l->stack.pfn + l->stack.count);
    l->module_start = image->module_unmapped ? l->module.pfn : pv_layout_va(l, l->module.pfn);
    if (l->module.count == 0)
        l->module_start = 0;
}

/* Mapped at an address of its own, which may take tables that the rest does not have. */
static const char *place_p2m(const struct pv_image *image, struct pv_layout *l, uint64_t *next)
{
    struct span region = span(l->virt_base, l->nr_mapped), p2m = span(image->init_p2m, pages(l->nr_pages * 8));

    if (is_forbidden(p2m))
        return forbidden;
    if (p2m.first <= region.last && region.first <= p2m.last)
        return "its kernel's INIT_P2M lies in the memory that is mapped at the start";
    l->p2m = take(next, pages(l->nr_pages * 8));
    l->p2m_tables = take(next, count_more_tables(region, p2m));
    return NULL;
}

/* Everything in its order; *next is the first frame that is left. */
static const char *place_all(const struct pv_image *image, uint64_t module_pages, struct pv_layout *l, uint64_t *next)
{
    *next = pages(image->size);
    if (!image->module_unmapped)
        l->module = take(next, module_pages);
    if (!image->has_init_p2m)
        l->p2m = take(next, pages(l->nr_pages * 8));
    l->start_info = take(next, 1);
    if (!size_tables(l, *next + 1))
        return forbidden;
    l->tables = take(next, l->tables.count);
    l->stack = take(next, 1);
    *next = l->nr_mapped;
    if (image->module_unmapped)
        l->module = take(next, module_pages);
    return image->has_init_p2m ? place_p2m(image, l, next) : NULL;
}

int pv_layout_make(const struct pv_image *image, uint64_t nr_pages, uint64_t module_size, struct pv_layout *layout,
                   const char **error)
{
    uint64_t end = 0;

    *layout = (struct pv_layout){.virt_base = image->virt_base, .nr_pages = nr_pages};
    *error = NULL;
    if (pages(image->size) > nr_pages || module_size / PAGE_SIZE > nr_pages)
        *error = "its kernel and its ramdisk do not fit into its memory";
    if (!*error)
        *error = place_all(image, pages(module_size), layout, &end);
    if (!*error && end > nr_pages)
        *error = "its kernel, ramdisk, page tables and the padding behind them do not fit into its memory";
    if (*error)
        return -1;
    set_addresses(image, layout);
    return 0;
}
