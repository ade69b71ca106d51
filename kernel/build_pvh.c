/* SPDX-License-Identifier: MIT */
/*
 * The guest's physical memory after build_pvh():
 *
 *   0 .. ram_low            RAM; the kernel's segments lie where its ELF headers say, and behind the highest of them,
 *                           each aligned to a page: the start-info block, then the modules
 *   RAM_HOLE_START .. _END  nothing
 *   4 GiB .. + ram_high     RAM
 *
 *   start-info block:  struct hvm_start_info | memory map | module list | command lines
 */
#include "kernel/build_pvh.h"

#include "common/string.h"
#include "guest/abi/hvm.h"
#include "kernel/domain.h"
#include "kernel/elf.h"
#include "kernel/memory.h"
#include "kernel/start.h"
#include "kernel/vcpu.h"

#define LARGE_ORDER 9
#define LARGE_FRAMES (1ULL << LARGE_ORDER)
#define MAX_MAP 2

/* Where the builder is: what comes next goes to `next`. */
struct cursor {
    struct domain *d;
    uint64_t next; /* guest-physical */
};

static uint64_t page_up(uint64_t x)
{
    return (x + PAGE_SIZE - 1) & ~(uint64_t)(PAGE_SIZE - 1);
}

/* 2 MiB frames where they fit and are to be had, else single ones. */
static int populate(struct domain *d, uint64_t start, uint64_t bytes)
{
    uint64_t gfn = start >> PAGE_SHIFT, end = gfn + (bytes >> PAGE_SHIFT);
    while (gfn < end) {
        unsigned order = gfn % LARGE_FRAMES == 0 && end - gfn >= LARGE_FRAMES ? LARGE_ORDER : 0;
        uint64_t mfn = domain_alloc_pages(d, order);
        if (mfn == NO_FRAME && order)
            mfn = domain_alloc_pages(d, order = 0);
        if (mfn == NO_FRAME)
            return -1;
        if (p2m_map(d, gfn, mfn, order)) {
            for (uint64_t i = 0; i < 1ULL << order; i++)
                domain_put_page(d, mfn + i);
            return -1;
        }
        gfn += 1ULL << order;
    }
    return 0;
}

static bool in_ram(const struct domain *d, uint64_t gpa, uint64_t n)
{
    if (gpa < d->ram_low)
        return n <= d->ram_low - gpa;
    return gpa >= RAM_HOLE_END && gpa - RAM_HOLE_END < d->ram_high && n <= d->ram_high - (gpa - RAM_HOLE_END);
}

/* The range is RAM: in_ram() was asked. */
static void put_bytes(struct domain *d, uint64_t gpa, const void *data, size_t n)
{
    const uint8_t *from = data;
    while (n > 0) {
        uint8_t *frame = p2m_frame(d, gpa >> PAGE_SHIFT);
        size_t offset = gpa & (PAGE_SIZE - 1), room = PAGE_SIZE - offset;
        if (room > n)
            room = n;
        memcpy(frame + offset, from, room);
        gpa += room;
        from += room;
        n -= room;
    }
}

static int load_segments(struct domain *d, const struct elf_image *elf, const char **error)
{
    for (unsigned i = 0; i < elf->nr_segments; i++) {
        const struct elf_segment *seg = &elf->segments[i];
        if (!in_ram(d, seg->paddr, seg->memsz)) {
            *error = "its kernel does not fit into its memory";
            return -1;
        }
        put_bytes(d, seg->paddr, seg->data, seg->filesz);
    }
    return 0;
}

/* Space for n bytes: its address, or 0 if the RAM below the hole is used up. */
static uint64_t take(struct cursor *c, uint64_t n)
{
    uint64_t at = c->next;
    if (!in_ram(c->d, at, n))
        return 0;
    c->next = at + ((n + 7) & ~7ULL);
    return at;
}

static uint64_t take_string(struct cursor *c, const char *s)
{
    size_t n = strlen(s) + 1;
    uint64_t at = take(c, n);
    if (at)
        put_bytes(c->d, at, s, n);
    return at;
}

static uint32_t put_memory_map(struct cursor *c, uint64_t at)
{
    const struct domain *d = c->d;
    struct hvm_memmap_table_entry map[MAX_MAP] = {
        {0, d->ram_low, XEN_HVM_MEMMAP_TYPE_RAM, 0},
        {RAM_HOLE_END, d->ram_high, XEN_HVM_MEMMAP_TYPE_RAM, 0},
    };
    put_bytes(c->d, at, map, sizeof map);
    return d->ram_high ? 2 : 1;
}

/* One module: its bytes and string go to c, its entry to entry_at. */
static int put_module(struct cursor *c, uint64_t entry_at, const struct build_file *m)
{
    struct hvm_modlist_entry e = {.size = m->size, .cmdline_paddr = take_string(c, m->cmdline)};
    c->next = page_up(c->next);
    e.paddr = take(c, m->size);
    if (!e.cmdline_paddr || !e.paddr)
        return -1;
    put_bytes(c->d, e.paddr, m->data, m->size);
    put_bytes(c->d, entry_at, &e, sizeof e);
    return 0;
}

/* The start info's address, or 0. */
static uint64_t put_start_info(struct cursor *c, const struct build_file *modules, unsigned nr_modules)
{
    struct hvm_start_info info = {.magic = XEN_HVM_START_MAGIC_VALUE, .version = 1, .nr_modules = nr_modules};
    uint64_t at = take(c, sizeof info), list;
    info.flags = c->d->privileged ? SIF_PRIVILEGED | SIF_INITDOMAIN : 0;
    info.memmap_paddr = take(c, MAX_MAP * sizeof(struct hvm_memmap_table_entry));
    list = take(c, nr_modules * sizeof(struct hvm_modlist_entry));
    info.modlist_paddr = nr_modules ? list : 0;
    info.cmdline_paddr = take_string(c, c->d->config.cmdline);
    if (!at || !info.memmap_paddr || !list || !info.cmdline_paddr)
        return 0;
    info.memmap_entries = put_memory_map(c, info.memmap_paddr);
    for (unsigned i = 0; i < nr_modules; i++)
        if (put_module(c, list + i * sizeof(struct hvm_modlist_entry), &modules[i]))
            return 0;
    put_bytes(c->d, at, &info, sizeof info);
    return at;
}

int build_pvh(struct domain *d, const struct build_file *kernel, const struct build_file *modules, unsigned nr_modules,
              const char **error)
{
    static struct elf_image elf;
    struct vcpu_start start;
    if (elf_parse(kernel->data, kernel->size, &elf, error))
        return -1;
    *error = "its kernel has no PHYS32_ENTRY note: it is not a PVH kernel";
    if (!elf.has_phys32_entry)
        return -1;
    if (build_check_memory(d, error))
        return -1;
    if (populate(d, 0, d->ram_low) || populate(d, RAM_HOLE_END, d->ram_high))
        return -1;
    if (load_segments(d, &elf, error))
        return -1;
    struct cursor c = {.d = d, .next = page_up(elf.paddr_max)};
    uint64_t info = put_start_info(&c, modules, nr_modules);
    *error = "its kernel, command line and modules do not fit into its memory";
    if (!info)
        return -1;
    start_pvh(&start, elf.phys32_entry, (uint32_t)info);
    d->arch.ops->vcpu_start(&d->vcpu[0]->arch, &start);
    d->vcpu[0]->initialised = true;
    return 0;
}
