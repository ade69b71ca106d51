/* SPDX-License-Identifier: MIT */
/*
 * Where the processor finds a vcpu's descriptors. Each vcpu has a stretch of the hypervisor's address space, in pages:
 *
 *   0 .. 13        14                        15   16 .. 31
 *   guest's GDT    entries from SEL_FIRST    #    guest's LDT
 *
 * Pages of the guest's GDT that it has not set lead to one of empty descriptors, so that no selector makes the
 * processor meet a hole; pages of the LDT that it has not used are not there: pv_ldt_fault().
 *
 * The mappings are not global, and each CPU that loads the vcpu loads CR3 on the way: so only the CPU that has it
 * loaded has to forget what it knew when a page changes.
 */
#include "arch/x86/creg.h"
#include "arch/x86/descriptors.h"
#include "arch/x86/paging.h"
#include "arch/x86/pv/container.h"
#include "arch/x86/pv/env.h"
#include "arch/x86/regs.h"
#include "arch/x86/spinlock.h"
#include "kernel/door.h"

#define STRETCH_PAGES (2 * PV_TABLE_PAGES)
#define STRETCH_SIZE 0x200000ULL /* what one L1 table maps: it comes and goes with the vcpu */
#define STRETCHES_PER_L2 512U
#define NR_STRETCHES 2048U
#define OWN_PAGE PV_GDT_PAGES

_Static_assert(PV_GDT_PAGES *PAGE_SIZE == SEL_FIRST, "the hypervisor's entries have a page of their own");

/* In long mode: 16 bytes, present, DPL 0 (SDM Vol. 3A, figure 7-4). */
#define DESC_LDT 0x0000820000000000ULL

static __attribute__((aligned(PAGE_SIZE))) const uint64_t empty[PAGE_SIZE / sizeof(uint64_t)];
static uint64_t taken[NR_STRETCHES / 64];
static struct spinlock lock; /* of taken */

/* Number of a free stretch, or NR_STRETCHES. */
static unsigned take_stretch(void)
{
    unsigned n = NR_STRETCHES;

    spin_lock(&lock);
    for (unsigned i = 0; i < NR_STRETCHES / 64 && n == NR_STRETCHES; i++) {
        if (taken[i] == UINT64_MAX)
            continue;
        unsigned bit = (unsigned)__builtin_ctzll(~taken[i]);
        taken[i] |= 1ULL << bit;
        n = i * 64 + bit;
    }
    spin_unlock(&lock);
    return n;
}

static void give_stretch(unsigned n)
{
    spin_lock(&lock);
    taken[n / 64] &= ~(1ULL << n % 64);
    spin_unlock(&lock);
}

static void free_frame(uint64_t mfn)
{
    if (mfn)
        door_free_frames(mfn, 0);
}

static uint64_t address_of(unsigned n)
{
    return VMAP_PV_TABLES + n * STRETCH_SIZE;
}

bool pv_tables_prepare(void)
{
    for (unsigned n = 0; n < NR_STRETCHES; n += STRETCHES_PER_L2)
        if (!paging_l2_entry(address_of(n)))
            return false;
    return true;
}

/* The processor may set the accessed bits of descriptors. */
static uint64_t entry_of(uint64_t mfn)
{
    return mfn << PAGE_SHIFT | PTE_PRESENT | PTE_WRITE | PTE_ACCESSED | PTE_DIRTY | pv_env_nx();
}

static void set_entry(struct pv_guest *p, unsigned page, uint64_t entry)
{
    p->table_entries[page] = entry;
    invlpg((uint64_t)p->tables + page * PAGE_SIZE);
}

void pv_map_gdt(struct pv_guest *p, unsigned n, uint64_t mfn)
{
    set_entry(p, n, mfn ? entry_of(mfn) : entry_of(virt_to_mfn(empty)) & ~(uint64_t)PTE_WRITE);
}

void pv_map_ldt(struct pv_guest *p, unsigned n, uint64_t mfn)
{
    set_entry(p, PV_TABLE_PAGES + n, mfn ? entry_of(mfn) : 0);
}

static uint64_t *own_entries(const struct pv_guest *p)
{
    return mfn_to_virt((p->table_entries[OWN_PAGE] & PTE_ADDRESS) >> PAGE_SHIFT);
}

bool pv_tables_init(struct pv_guest *p)
{
    uint64_t own = door_alloc_frames(0), l1 = door_alloc_frames(0);
    unsigned n = own && l1 ? take_stretch() : NR_STRETCHES;

    if (n == NR_STRETCHES) {
        free_frame(own);
        free_frame(l1);
        return false;
    }
    p->tables = (uint64_t *)address_of(n);
    p->table_entries = mfn_to_virt(l1);
    *paging_l2_entry(address_of(n)) = l1 << PAGE_SHIFT | PTE_PRESENT | PTE_WRITE;
    set_entry(p, OWN_PAGE, entry_of(own));
    descriptors_fill(own_entries(p));
    for (unsigned i = 0; i < PV_GDT_PAGES; i++)
        pv_map_gdt(p, i, 0);
    return true;
}

/* No processor may walk through the frames any more when they are somebody else's. */
void pv_tables_free(struct pv_guest *p)
{
    if (!p->tables)
        return;
    uint64_t own = virt_to_mfn(own_entries(p));
    *paging_l2_entry((uint64_t)p->tables) = 0;
    pv_env_tlb_flush_since(pv_env_tlb_time());
    give_stretch((unsigned)(((uint64_t)p->tables - VMAP_PV_TABLES) / STRETCH_SIZE));
    free_frame(own);
    free_frame(virt_to_mfn(p->table_entries));
    p->tables = NULL;
}

void pv_load_gdt(const struct pv_guest *p)
{
    descriptors_load_gdt(p->tables + SEL_FIRST / 8);
}

/* The limit is the guest's; what lies behind it in the stretch can't be reached. */
void pv_load_ldtr(struct pv_guest *p)
{
    uint64_t *ldt = own_entries(p) + (SEL_LDT - SEL_FIRST) / 8;
    uint64_t base = (uint64_t)p->tables + PV_TABLE_PAGES * PAGE_SIZE, limit = p->mmu.ldt_entries * 8ULL - 1;
    uint16_t selector = p->mmu.ldt_entries ? SEL_LDT : 0;

    ldt[0] =
        DESC_LDT | (limit & 0xffff) | (limit >> 16 & 0xf) << 48 | (base & 0xffffff) << 16 | (base >> 24 & 0xff) << 56;
    ldt[1] = base >> 32;
    __asm__ volatile("lldt %0" : : "r"(selector) : "memory");
}
