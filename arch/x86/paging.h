/* SPDX-License-Identifier: MIT */
/* The hypervisor's own page tables, and how it reaches physical memory. */
#ifndef ARCH_X86_PAGING_H
#define ARCH_X86_PAGING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/x86/layout.h"

/*
 * Address in the direct map. It is mapped if pa is RAM, in the first MiB or in the framebuffer (before
 * arch_memory_init(): below 4 GiB).
 */
static inline void *phys_to_virt(uint64_t pa)
{
    return (void *)(DIRECTMAP_BASE + pa);
}

static inline void *mfn_to_virt(uint64_t mfn)
{
    return phys_to_virt(mfn << PAGE_SHIFT);
}

/* Physical address of something in the direct map or in the image. */
static inline uint64_t virt_to_phys(const volatile void *p)
{
    uint64_t va = (uint64_t)p;
    return va >= DIRECTMAP_BASE ? va - DIRECTMAP_BASE : va - IMAGE_BASE;
}

static inline uint64_t virt_to_mfn(const volatile void *p)
{
    return virt_to_phys(p) >> PAGE_SHIFT;
}

/* Map size bytes of device registers at pa, uncached, for ever. NULL if memory or address space has run out, or if RAM
 * is there, whatever the firmware's tables say. */
void *map_device(uint64_t pa, size_t size);

/*
 * Map one frame read-write at va (VMAP area) with everything that leads there. False if memory has run out.
 * The address must not be mapped yet. For the stacks of CPUs.
 */
bool paging_map_page(uint64_t va, uint64_t mfn);

/* Map size bytes from frame mfn on at this offset of the machine-to-physical table: to be read by ring 3, and to be
 * written at the second address. All multiples of a page; nothing is mapped there yet. False if memory has run out. */
bool paging_map_m2p(uint64_t offset, uint64_t mfn, uint64_t size);

/* The frame that the hypervisor has mapped at va, 0 if there is none. */
uint64_t paging_frame_at(uint64_t va);

/* The 16 entries of our L4 table: they stay as they are from arch_memory_init() on. */
const uint64_t *paging_reserved_slots(void);

/*
 * The entry for va (VMAP area) in its table of level 2, with everything that leads there. NULL if memory has run out.
 * Who writes it sees to the processors that remember it.
 */
uint64_t *paging_l2_entry(uint64_t va);

/* Physical address of the final L4 table; the same for all CPUs, below 4 GiB. */
uint64_t paging_root(void);

/* PTE_NX if the processor has it, else 0. Valid after arch_memory_init(). */
uint64_t paging_nx(void);
/* Does the processor map 1 GiB at once? */
bool paging_has_1g(void);

/* Tables for the start of other CPUs: one page identity-mapped, plus the image. Physical address of their L4. */
uint64_t paging_trampoline_root(uint64_t page_pa);

#endif
