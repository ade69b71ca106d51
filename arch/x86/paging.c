/* SPDX-License-Identifier: MIT */
/*
 * The final page tables (layout.h shows what lies where). Built once, by the boot CPU, in memory that the early tables
 * reach; later only added to. Pages are as large as the processor and the alignment allow.
 */
#include "arch/x86/paging.h"
#include "arch/x86/arch.h"
#include "arch/x86/creg.h"
#include "arch/x86/early.h"
#include "arch/x86/msr.h"
#include "arch/x86/sections.h"
#include "arch/x86/spinlock.h"
#include "arch/x86/stacks.h"
#include "boot/boot.h"
#include "boot/boot_info.h"
#include "kernel/door.h"

#define MIB 0x100000UL
#define TABLE_ENTRIES 512
#define LEVEL_SHIFT(level) (PAGE_SHIFT + 9 * ((level)-1))
#define LEVEL_SIZE(level) (1UL << LEVEL_SHIFT(level))

/* Device mappings; below it in the same area lie the stacks (smp.c). */
#define DEVICES_BASE (VMAP_BASE + (1UL << 30))

typedef uint64_t table[TABLE_ENTRIES];

static __attribute__((aligned(PAGE_SIZE))) table root;
static __attribute__((aligned(PAGE_SIZE))) table trampoline_tables[4]; /* L4 to L1 */
static bool final;                                                     /* root is in CR3 */
static bool has_1g;
static uint64_t nx;
static uint64_t max_pa = MAX_PHYS;
static uint64_t devices_next = DEVICES_BASE;
static uint64_t late_tables; /* frames of the pool that became tables */
static struct spinlock lock; /* everything here, once there are several CPUs */

uint64_t paging_root(void)
{
    return virt_to_phys(root);
}

uint64_t paging_nx(void)
{
    return nx;
}

bool paging_has_1g(void)
{
    return has_1g;
}

uint64_t arch_late_tables(void)
{
    return late_tables;
}

/* A zeroed table; physical address or 0. */
static uint64_t new_table(void)
{
    if (early_is_over()) {
        uint64_t mfn = door_alloc_frames(0);
        late_tables += mfn != 0;
        return mfn << PAGE_SHIFT;
    }
    return early_take(PAGE_SIZE, final ? MAX_PHYS : EARLY_MAPPED);
}

/* The entry for va at a level; tables on the way are made if create. NULL: none, or something larger is mapped there.
 */
static uint64_t *find_entry(uint64_t va, unsigned level, bool create)
{
    uint64_t *t = root;
    for (unsigned l = 4; l > level; l--) {
        uint64_t *e = &t[(va >> LEVEL_SHIFT(l)) % TABLE_ENTRIES];
        if (!(*e & PTE_PRESENT)) {
            uint64_t pa = create ? new_table() : 0;
            if (!pa)
                return NULL;
            *e = pa | PTE_PRESENT | PTE_WRITE | (va >= M2P_BASE && va < M2P_END ? PTE_USER : 0);
        }
        if (*e & PTE_LARGE)
            return NULL;
        t = phys_to_virt(*e & PTE_ADDRESS);
    }
    return &t[(va >> LEVEL_SHIFT(level)) % TABLE_ENTRIES];
}

static unsigned best_level(uint64_t va, uint64_t pa, uint64_t size)
{
    for (unsigned level = has_1g ? 3 : 2; level > 1; level--) {
        if (((va | pa) & (LEVEL_SIZE(level) - 1)) == 0 && size >= LEVEL_SIZE(level))
            return level;
    }
    return 1;
}

/* va, pa and size are page-aligned. flags: PTE_* besides PTE_PRESENT. False if there is no memory for tables. */
static bool map(uint64_t va, uint64_t pa, uint64_t size, uint64_t flags)
{
    while (size) {
        unsigned level = best_level(va, pa, size);
        uint64_t *e = find_entry(va, level, true);
        if (!e)
            return false;
        *e = pa | flags | PTE_PRESENT | PTE_GLOBAL | (level > 1 ? PTE_LARGE : 0);
        va += LEVEL_SIZE(level);
        pa += LEVEL_SIZE(level);
        size -= LEVEL_SIZE(level);
    }
    return true;
}

static void must_map(uint64_t va, uint64_t pa, uint64_t size, uint64_t flags)
{
    if (!map(va, pa, size, flags))
        panic("no memory below 4 GiB for the page tables");
}

static void map_image_part(const uint8_t *start, const uint8_t *end, uint64_t flags)
{
    must_map((uint64_t)start, virt_to_phys(start), (uint64_t)(end - start), flags);
}

/* Pages one by one where guard pages must be left out. */
static void map_image(void)
{
    const uint8_t *stacks = boot_stacks, *stacks_end = boot_stacks + STACKS_PAGES * PAGE_SIZE;
    map_image_part(text_start, text_end, 0);
    map_image_part(rodata_start, rodata_end, nx);
    map_image_part(data_start, stacks, PTE_WRITE | nx);
    for (unsigned i = 0; i < STACKS_PAGES; i++) {
        if (stacks_is_stack(i))
            map_image_part(stacks + i * PAGE_SIZE, stacks + (i + 1) * PAGE_SIZE, PTE_WRITE | nx);
    }
    map_image_part(stacks_end, image_end, PTE_WRITE | nx);
}

static void map_direct(uint64_t start, uint64_t end, uint64_t flags)
{
    if (start < end)
        must_map(DIRECTMAP_BASE + start, start, end - start, flags | nx);
}

static uint64_t clamp(uint64_t x, uint64_t low, uint64_t high)
{
    return x < low ? low : x > high ? high : x;
}

/* Text and read-only data stay read-only under their second address, too. */
static void map_direct_around_image(uint64_t start, uint64_t end)
{
    uint64_t ro_start = clamp(virt_to_phys(text_start), start, end);
    uint64_t ro_end = clamp(virt_to_phys(rodata_end), start, end);
    map_direct(start, ro_start, PTE_WRITE);
    map_direct(ro_start, ro_end, 0);
    map_direct(ro_end, end, PTE_WRITE);
}

/* In the direct map as well, so that its address stays what it was. cpu_init_this() makes PTE_PWT write-combining. */
static void map_video_memory(const struct boot_framebuffer *fb)
{
    uint64_t start = fb->addr & ~(uint64_t)(PAGE_SIZE - 1);
    uint64_t end = (fb->addr + (uint64_t)fb->pitch * fb->height + PAGE_SIZE - 1) & ~(uint64_t)(PAGE_SIZE - 1);
    if (start >= MIB && end <= max_pa && !early_has_ram(start, end))
        map_direct(start, end, PTE_WRITE | PTE_PWT);
}

static uint64_t map_ram(void)
{
    uint64_t top = 0;
    map_direct(0, MIB, PTE_WRITE); /* firmware's tables and the screen are there; the MTRRs know what is not RAM */
    for (unsigned i = 0; i < early_ram.nr; i++) {
        map_direct_around_image(clamp(early_ram.r[i].start, MIB, MAX_PHYS), early_ram.r[i].end);
        if (early_ram.r[i].end > top)
            top = early_ram.r[i].end;
    }
    return top >> PAGE_SHIFT;
}

static void find_features(void)
{
    uint32_t edx = cpuid(0x80000001, 0).edx;
    has_1g = edx & CPUID_80000001_EDX_PAGE1GB;
    nx = edx & CPUID_80000001_EDX_NX ? PTE_NX : 0;
    uint32_t bits = cpuid(0x80000008, 0).eax & 0xff;
    max_pa = bits >= 32 && bits < 46 ? 1UL << bits : MAX_PHYS;
    if (max_pa > MAX_PHYS)
        max_pa = MAX_PHYS;
}

/* Tables of pv guests have copies of our L4 entries: none is added later. */
static void make_slots(void)
{
    for (uint64_t va = M2P_BASE; va < DIRECTMAP_BASE + max_pa; va += LEVEL_SIZE(4))
        if (!find_entry(va, 3, true))
            panic("no memory below 4 GiB for the page tables");
}

uint64_t arch_memory_init(const struct boot_info *info)
{
    find_features();
    early_init(info, max_pa);
    uint64_t frames = map_ram();
    map_video_memory(&info->framebuffer);
    map_image();
    make_slots();
    if (nx)
        wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_NXE);
    write_cr3(virt_to_phys(root));
    final = true;
    if (cpuid(1, 0).edx & CPUID_1_EDX_PGE)
        write_cr4(read_cr4() | CR4_PGE);
    return frames;
}

bool paging_map_page(uint64_t va, uint64_t mfn)
{
    spin_lock(&lock);
    bool ok = map(va, mfn << PAGE_SHIFT, PAGE_SIZE, PTE_WRITE | nx);
    spin_unlock(&lock);
    return ok;
}

const uint64_t *paging_reserved_slots(void)
{
    return &root[L4_SLOT(M2P_BASE)];
}

/* The entry that maps va, and its level; NULL: none does. */
static uint64_t *find_leaf(uint64_t va, unsigned *level)
{
    for (*level = 3; *level >= 1; (*level)--) {
        uint64_t *e = find_entry(va, *level, false);
        if (e && (*e & PTE_PRESENT) && (*level == 1 || (*e & PTE_LARGE)))
            return e;
    }
    return NULL;
}

uint64_t paging_frame_at(uint64_t va)
{
    unsigned level;
    const uint64_t *e = find_leaf(va, &level);
    return e ? ((*e & PTE_ADDRESS & ~(LEVEL_SIZE(level) - 1)) | (va & (LEVEL_SIZE(level) - 1))) >> PAGE_SHIFT : 0;
}

bool paging_map_m2p(uint64_t offset, uint64_t mfn, uint64_t size)
{
    spin_lock(&lock);
    bool ok = map(M2P_BASE + offset, mfn << PAGE_SHIFT, size, PTE_USER | nx) &&
              map(M2P_WRITABLE + offset, mfn << PAGE_SHIFT, size, PTE_WRITE | nx);
    spin_unlock(&lock);
    return ok;
}

uint64_t *paging_l2_entry(uint64_t va)
{
    spin_lock(&lock);
    uint64_t *e = find_entry(va, 2, true);
    spin_unlock(&lock);
    return e;
}

void *map_device(uint64_t pa, size_t size)
{
    uint64_t offset = pa % PAGE_SIZE;
    uint64_t bytes = (offset + size + PAGE_SIZE - 1) & ~(uint64_t)(PAGE_SIZE - 1);
    if (!size || pa >= max_pa || bytes > max_pa - (pa - offset) || early_has_ram(pa, pa + size))
        return NULL;
    spin_lock(&lock);
    uint64_t va = devices_next;
    bool ok =
        bytes + PAGE_SIZE < VMAP_PV_TABLES - va && map(va, pa - offset, bytes, PTE_WRITE | PTE_PCD | PTE_PWT | nx);
    if (ok)
        devices_next += bytes + PAGE_SIZE; /* an unmapped page between any two */
    spin_unlock(&lock);
    return ok ? (void *)(va + offset) : NULL;
}

static bool is_mapped(uint64_t va)
{
    return find_leaf(va, &(unsigned){0}) != NULL;
}

/* What the direct map lacks is added page by page, read-only. The caching that the MTRRs say is right for any of it. */
const void *arch_window(uint64_t pa, size_t n)
{
    if (!final)
        return n <= EARLY_MAPPED && pa <= EARLY_MAPPED - n ? phys_to_virt(pa) : NULL;
    if (n > max_pa || pa > max_pa - n)
        return NULL;
    for (uint64_t page = pa & ~(uint64_t)(PAGE_SIZE - 1); page < pa + n; page += PAGE_SIZE) {
        uint64_t va = DIRECTMAP_BASE + page;
        if (!is_mapped(va) && !map(va, page, PAGE_SIZE, nx))
            return NULL;
    }
    return phys_to_virt(pa);
}

uint64_t paging_trampoline_root(uint64_t page_pa)
{
    uint64_t(*t)[TABLE_ENTRIES] = trampoline_tables;
    t[0][0] = virt_to_phys(t[1]) | PTE_PRESENT | PTE_WRITE;
    t[0][L4_SLOT(IMAGE_BASE)] = root[L4_SLOT(IMAGE_BASE)];
    t[1][0] = virt_to_phys(t[2]) | PTE_PRESENT | PTE_WRITE;
    t[2][0] = virt_to_phys(t[3]) | PTE_PRESENT | PTE_WRITE;
    t[3][page_pa >> PAGE_SHIFT] = page_pa | PTE_PRESENT;
    return virt_to_phys(t[0]);
}
