/* SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "arch/x86/arch.h"
#include "arch/x86/early.h"
#include "arch/x86/paging.h"
#include "arch/x86/sections.h"
#include "boot/boot_info.h"
#include "common/string.h"
#include "guest/abi/memory.h"
#include "kernel/printk.h"

#define MIB 0x100000
#define MAX_TAKEN 32
/* Below 1 MiB, firmware may use more than it says: the first page and the last of conventional memory stay alone. */
#define LOW_PAGE_FIRST 0x1000
#define LOW_PAGE_END 0x90000

struct ranges early_ram;
static struct ranges free_ram;
static struct range taken[MAX_TAKEN];
static unsigned nr_taken;
static uint64_t low_page;
static bool over;

static void find_ram(const struct boot_info *info, uint64_t max_pa)
{
    for (unsigned i = 0; i < info->nr_regions; i++) {
        const struct boot_region *r = &info->regions[i];
        if (r->type == E820_RAM && r->start < max_pa)
            ranges_add(&early_ram, r->start, r->size < max_pa - r->start ? r->start + r->size : max_pa);
    }
}

static void find_low_page(void)
{
    static struct ranges low; /* too big for the stack */
    low = early_ram;
    ranges_remove(&low, 0, LOW_PAGE_FIRST);
    low_page = ranges_take(&low, PAGE_SIZE, LOW_PAGE_END);
}

static void take_note(uint64_t start, uint64_t end)
{
    struct range *last = nr_taken ? &taken[nr_taken - 1] : NULL;
    if (last && last->start == end)
        last->start = start;
    else if (nr_taken < MAX_TAKEN)
        taken[nr_taken++] = (struct range){start, end};
    else
        panic("the memory map is too broken up for the page tables");
}

void early_init(const struct boot_info *info, uint64_t max_pa)
{
    find_ram(info, max_pa);
    find_low_page();
    free_ram = early_ram;
    ranges_remove(&free_ram, 0, MIB);
    ranges_remove(&free_ram, virt_to_phys(image_start), virt_to_phys(image_end));
    for (unsigned i = 0; i < info->nr_modules; i++)
        ranges_remove(&free_ram, info->modules[i].start, info->modules[i].start + info->modules[i].size);
    take_note(0, MIB);
    take_note(virt_to_phys(image_start), virt_to_phys(image_end));
}

bool early_has_ram(uint64_t start, uint64_t end)
{
    for (unsigned i = 0; i < early_ram.nr; i++)
        if (start < early_ram.r[i].end && early_ram.r[i].start < end)
            return true;
    return false;
}

uint64_t early_take(uint64_t bytes, uint64_t limit)
{
    uint64_t pa = ranges_take(&free_ram, bytes, limit);
    if (!pa)
        return 0;
    bytes = (bytes + PAGE_SIZE - 1) & ~(uint64_t)(PAGE_SIZE - 1);
    take_note(pa, pa + bytes);
    memset(phys_to_virt(pa), 0, bytes);
    return pa;
}

void *arch_early_alloc(uint64_t bytes)
{
    ASSERT(!over);
    uint64_t pa = early_take(bytes, MAX_PHYS);
    return pa ? phys_to_virt(pa) : NULL;
}

bool arch_early_reserved(unsigned i, uint64_t *start, uint64_t *end)
{
    over = true;
    if (i >= nr_taken)
        return false;
    *start = taken[i].start;
    *end = taken[i].end;
    return true;
}

bool early_is_over(void)
{
    return over;
}

uint64_t early_low_page(void)
{
    return low_page;
}
