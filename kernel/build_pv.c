/* SPDX-License-Identifier: MIT */
#include "kernel/build_pv.h"

#include "common/string.h"
#include "guest/abi/elfnote.h"
#include "guest/abi/errno.h"
#include "guest/abi/pv.h"
#include "kernel/domain.h"
#include "kernel/elf.h"
#include "kernel/memory.h"
#include "kernel/pv_layout.h"
#include "kernel/vcpu.h"

/* Bits of page-table entries (SDM vol. 3, 4.5). The processor need not set "accessed" and "dirty" any more. */
#define PTE_TABLE 0x67ULL     /* present, writable, user, accessed, dirty */
#define PTE_PAGE 0x63ULL      /* without user: a mapping of the guest's kernel (PV-MMU-02) */
#define PTE_READ_ONLY 0x61ULL /* without writable as well */
#define PTE_PRESENT 1ULL
#define PTE_FRAME 0x000ffffffffff000ULL
#define ENTRY_MASK 511U
#define RFLAGS_IF (1ULL << 9)
#define CR0_START 0x8005003bULL /* PE, MP, ET, NE, WP, AM, PG, and TS: the FPU is the guest's to take */

/* A domain while it is built. */
struct builder {
    struct domain *d;
    const struct elf_image *elf;
    const struct build_file *module; /* or NULL */
    struct pv_image image;
    struct pv_layout layout;
    uint64_t *mfns;      /* [layout.nr_pages] by pfn */
    uint64_t next_table; /* pfn of the next page table */
};

/* --- Memory */

/* Frames from pfn on have their numbers. */
static void name_frames(struct builder *b, uint64_t pfn, uint64_t mfn, unsigned order)
{
    for (uint64_t i = 0; i < 1ULL << order; i++) {
        b->mfns[pfn + i] = mfn + i;
        b->d->arch.ops->set_m2p(mfn + i, pfn + i);
    }
}

/* In the largest blocks that there are. */
static int alloc_frames(struct builder *b)
{
    unsigned order = PAGES_MAX_ORDER;
    for (uint64_t pfn = 0; pfn < b->layout.nr_pages;) {
        while (1ULL << order > b->layout.nr_pages - pfn)
            order--;
        uint64_t mfn = domain_alloc_pages(b->d, order);
        if (mfn != NO_FRAME) {
            name_frames(b, pfn, mfn, order);
            pfn += 1ULL << order;
        } else if (order-- == 0) {
            return -1;
        }
    }
    return 0;
}

static void *frame(const struct builder *b, uint64_t pfn)
{
    return mfn_to_ptr(b->mfns[pfn]);
}

/* The layout was made for it: all of it lies in the domain's memory. */
static void put_bytes(const struct builder *b, uint64_t at, const void *data, uint64_t n)
{
    const uint8_t *from = data;
    while (n > 0) {
        uint64_t offset = at & (PAGE_SIZE - 1), room = PAGE_SIZE - offset;
        if (room > n)
            room = n;
        memcpy((uint8_t *)frame(b, at >> PAGE_SHIFT) + offset, from, room);
        at += room;
        from += room;
        n -= room;
    }
}

static void load_files(const struct builder *b)
{
    for (unsigned i = 0; i < b->elf->nr_segments; i++) {
        const struct elf_segment *s = &b->elf->segments[i];
        put_bytes(b, pv_image_offset(b->elf, s), s->data, s->filesz);
    }
    if (b->module)
        put_bytes(b, b->layout.module.pfn << PAGE_SHIFT, b->module->data, b->module->size);
    if (b->image.has_hypercall_page)
        b->d->arch.ops->fill_hypercall_page(frame(b, (b->image.hypercall_page - b->image.virt_base) >> PAGE_SHIFT));
}

/* --- Page tables */

/* The table that the entry leads to, made if there is none. */
static uint64_t *next_level(struct builder *b, uint64_t *entry)
{
    if (!(*entry & PTE_PRESENT))
        *entry = b->mfns[b->next_table++] << PAGE_SHIFT | PTE_TABLE;
    return mfn_to_ptr((*entry & PTE_FRAME) >> PAGE_SHIFT);
}

static void map_page(struct builder *b, uint64_t va, uint64_t pfn)
{
    uint64_t *table = frame(b, b->layout.tables.pfn);
    for (unsigned shift = PAGE_SHIFT + 27; shift > PAGE_SHIFT; shift -= 9)
        table = next_level(b, &table[va >> shift & ENTRY_MASK]);
    table[va >> PAGE_SHIFT & ENTRY_MASK] =
        b->mfns[pfn] << PAGE_SHIFT | (pv_range_has(&b->layout.tables, pfn) ? PTE_READ_ONLY : PTE_PAGE);
}

static void map_memory(struct builder *b)
{
    const struct pv_layout *l = &b->layout;
    b->next_table = l->tables.pfn + 1; /* behind the root */
    for (uint64_t pfn = 0; pfn < l->nr_mapped; pfn++)
        map_page(b, pv_layout_va(l, pfn), pfn);
    if (!b->image.has_init_p2m)
        return;
    b->next_table = l->p2m_tables.pfn;
    for (uint64_t i = 0; i < l->p2m.count; i++)
        map_page(b, l->p2m_address + (i << PAGE_SHIFT), l->p2m.pfn + i);
}

/* --- Start info */

static uint32_t start_flags(const struct builder *b)
{
    uint32_t flags = b->d->privileged ? SIF_PRIVILEGED | SIF_INITDOMAIN : 0;
    return b->module && b->image.module_unmapped ? flags | SIF_MOD_START_PFN : flags;
}

/* There is no store and no ring of a console: their fields are 0. */
static void put_start_info(const struct builder *b)
{
    const struct pv_layout *l = &b->layout;
    struct start_info *info = frame(b, l->start_info.pfn);
    *info = (struct start_info){
        .magic = "xen-3.0-x86_64",
        .nr_pages = l->nr_pages,
        .shared_info = b->d->shared_info << PAGE_SHIFT,
        .flags = start_flags(b),
        .pt_base = l->tables_va,
        .nr_pt_frames = l->tables.count,
        .mfn_list = l->p2m_address,
        .mod_start = l->module_start,
        .mod_len = b->module ? b->module->size : 0,
        .first_p2m_pfn = b->image.has_init_p2m ? l->p2m.pfn : 0,
        .nr_p2m_frames = b->image.has_init_p2m ? l->p2m.count + l->p2m_tables.count : 0,
    };
    memcpy(info->cmd_line, b->d->config.cmdline, strlen(b->d->config.cmdline) + 1);
    put_bytes(b, l->p2m.pfn << PAGE_SHIFT, b->mfns, l->nr_pages * sizeof b->mfns[0]);
}

_Static_assert(CONFIG_CMDLINE_MAX <= MAX_GUEST_CMDLINE, "ABI");

/* --- The boot vcpu */

static void fill_context(const struct builder *b, uint64_t root, struct vcpu_guest_context *context)
{
    *context = (struct vcpu_guest_context){
        .flags = VGCF_in_kernel,
        .user_regs = {.rip = b->image.entry,
                      .rsp = b->layout.stack_va,
                      .rsi = b->layout.start_info_va,
                      .rflags = RFLAGS_IF,
                      .cs = FLAT_RING3_CS64,
                      .ss = FLAT_RING3_SS64},
        .kernel_ss = FLAT_RING3_SS64,
        .kernel_sp = b->layout.stack_va,
        .ctrlreg = {[0] = CR0_START, [3] = GUEST_ABI_PFN_TO_CR3(root)},
    };
}

/* PV-START-08: the root is pinned, so the guest may change to another one and come back. */
static int start_vcpu(const struct builder *b)
{
    static struct vcpu_guest_context context; /* too large for a stack */
    const struct virt_ops *ops = b->d->arch.ops;
    struct vcpu *v = b->d->vcpu[0];
    uint64_t root = b->mfns[b->layout.tables.pfn];
    int r;
    fill_context(b, root, &context);
    do
        r = ops->pin_root(&b->d->arch, root);
    while (r == -XEN_ERESTART);
    if (r)
        return r;
    do
        r = ops->vcpu_initialise(&v->arch, &context);
    while (r == -XEN_ERESTART);
    v->initialised = r == 0;
    return r;
}

/* --- All of it */

static int fill(struct builder *b, const char **error)
{
    *error = "there is not enough memory for it";
    if (alloc_frames(b))
        return -1;
    load_files(b);
    map_memory(b);
    put_start_info(b);
    *error = "its first page tables are refused";
    return start_vcpu(b) ? -1 : 0;
}

int build_pv(struct domain *d, const struct build_file *kernel, const struct build_file *modules, unsigned nr_modules,
             const char **error)
{
    static struct elf_image elf;
    struct builder b = {.d = d, .elf = &elf, .module = nr_modules ? &modules[0] : NULL};
    uint64_t nr_pages = d->config.memory >> PAGE_SHIFT;
    *error = "a pv domain has one ramdisk at most";
    if (nr_modules > 1)
        return -1;
    if (elf_parse(kernel->data, kernel->size, &elf, error) || pv_image_read(&elf, &b.image, error) ||
        pv_layout_make(&b.image, nr_pages, b.module ? b.module->size : 0, &b.layout, error))
        return -1;
    if (build_check_memory(d, error))
        return -1;
    b.mfns = memory_alloc(nr_pages * sizeof b.mfns[0]);
    if (!b.mfns)
        return -1;
    int r = fill(&b, error);
    memory_free(b.mfns, nr_pages * sizeof b.mfns[0]);
    return r;
}
