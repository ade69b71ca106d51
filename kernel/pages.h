/* SPDX-License-Identifier: MIT */
/*
 * Machine frames: a buddy allocator and one struct page for every frame of RAM. Pure code (host-tested): it reaches
 * memory only through the array that it is given; zeroing is the caller's (kernel/memory.c).
 */
#ifndef KERNEL_PAGES_H
#define KERNEL_PAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/x86/spinlock.h"

#define PAGES_MAX_ORDER 18 /* 1 GiB */
#define PAGE_OWNER_NONE 0xFFFF
#define PAGE_OWNER_HYPERVISOR 0xFFFE

struct page {
    union {
        struct {
            uint32_t refs;  /* references; a domain's frame is freed when the last is gone */
            uint16_t owner; /* domid, or PAGE_OWNER_* */
            uint8_t order;  /* of the free block that starts here */
            uint8_t flags;  /* PAGE_* */
        };
        uint64_t held; /* all of these at once: page_get_owned() */
    };
    union {
        struct {
            uint32_t next, prev; /* free: list, by frame number */
        };
        uint64_t use; /* owned: what a pv guest uses it for (arch/x86/pv/frame.h); 0 at first */
    };
};

_Static_assert(sizeof(struct page) == 16, "one for every frame of the machine");

#define PAGE_FREE (1U << 0) /* heads a free block */
#define PAGE_RAM (1U << 1)  /* managed here at all */
#define PAGE_KEPT (1U << 2) /* one of the references is the owner's own */

struct page_pool {
    struct spinlock lock;
    struct page *pages; /* [nr_frames] */
    uint64_t nr_frames;
    uint64_t free_frames;
    uint32_t heads[PAGES_MAX_ORDER + 1];
};

/* pages: an array for frames 0..nr_frames-1, uninitialised. All frames start as not RAM. */
void pages_init(struct page_pool *pool, struct page *pages, uint64_t nr_frames);
/* Give [first, first + count) to the pool. */
void pages_add(struct page_pool *pool, uint64_t first, uint64_t count);
/* 2^order frames aligned to their size, owner set, refs 1 each; UINT64_MAX if there are none. */
uint64_t pages_alloc(struct page_pool *pool, unsigned order, uint16_t owner);
/* Give back; every frame of the block must be owned and not free (asserted). */
void pages_free(struct page_pool *pool, uint64_t mfn, unsigned order);
/* One reference more / less. put returns true when it was the last: the caller frees. get fails on a frame with none.
 */
bool page_get(struct page *page);
/* The same, only if the frame is owner's, in one step: nobody else's frame is ever held, not even for a moment. */
bool page_get_owned(struct page *page, uint16_t owner);
bool page_put(struct page *page);
/* All references of a frame that nobody but its owner has one to: it is the caller's alone. False: it is not so, or not
 * owner's. And back. */
bool page_steal(struct page *page, uint16_t owner);
void page_return(struct page *page);
/* The owner no longer wants it: true, once in the frame's life: its own reference is the caller's to give back. The
 * caller has another one. */
bool page_disown(struct page *page);

#endif
