/* SPDX-License-Identifier: MIT */
/*
 * Conformance of the pv container: cells that have nothing to do with events, and pages to try things with.
 *
 * A cell begins with all pages of the pool as ordinary memory, zeroed and mapped writable. Machine frames are shown as
 * what they are to the guest: "@3" is page 3 of the pool, "@root" the L4 table that the guest started with.
 */
#ifndef GUEST_CONFORMANCE_PV64_ASK_H
#define GUEST_CONFORMANCE_PV64_ASK_H

#include <stdbool.h>
#include <stdint.h>

#include "guest/abi/errno.h"
#include "guest/abi/xen.h"
#include "guest/conformance/conformance.h"
#include "guest/lib/pv64/hypercalls.h"
#include "guest/lib/pv64/pv.h"

#define PRESENT 0x1ULL
#define WRITE 0x2ULL
#define USER 0x4ULL
#define PWT 0x8ULL
#define PCD 0x10ULL
#define ACCESSED 0x20ULL
#define DIRTY 0x40ULL
#define LARGE 0x80ULL /* of L1: PAT */
#define GLOBAL 0x100ULL
#define NX (1ULL << 63)
#define TABLE (PRESENT | WRITE | USER | ACCESSED | DIRTY) /* an entry that leads to a table */
#define READ_ONLY (PRESENT | USER | ACCESSED)
#define WRITABLE (PRESENT | WRITE | USER | ACCESSED | DIRTY)
#define FRAME_MASK 0x000ffffffffff000ULL

/* --- Cells --- */

/* Begin the cell pv/NAME. false: this run does not ask for it. */
bool pv_cell(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Append " what -> result". */
void pv_result(guest_result rc, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Append an entry of a page table as "[flags]@frame". "Global" is the hypervisor's affair and is not shown. */
void pv_say_entry(uint64_t entry);

/* --- Pages --- */

#define POOL 24U
extern uint64_t pool[POOL][PV_ENTRIES];

/* Their frames. */
uint64_t pool_mfn(unsigned page);
/* An entry that maps it. */
static inline uint64_t pool_entry(unsigned page, uint64_t flags)
{
    return pool_mfn(page) << 12 | flags;
}
/* Map the guest's own page at `at` with these flags; 0 or the error. */
guest_result pool_remap(const void *at, uint64_t flags);
/* Pages first to last are mapped read-only: what is a page table must be. A failure ends the run. */
void pool_read_only(unsigned first, unsigned last);
/* Pages 1 to 4 are a tree of tables of levels 1 to 4 whose entries 0 lead down to page 0; read-only, not pinned. */
void pool_tree(void);

/* The entry of a page table; it is the page of the pool, so it can be read. */
static inline uint64_t pool_read(unsigned page, unsigned index)
{
    return __atomic_load_n(&pool[page][index], __ATOMIC_SEQ_CST);
}

/* The root that the guest started with. */
uint64_t pv_root_mfn(void);
/* The frame that the tables have for an address. */
uint64_t pv_virtual_mfn(const void *at);

/* --- Hypercalls, of one entry --- */

/* `at` is a machine address with the command in its low bits. */
guest_result pv_update(uint64_t at, uint64_t value);
guest_result pv_update_entry(unsigned page, unsigned index, uint64_t value);
guest_result pv_ext(unsigned cmd, uint64_t arg1, uint64_t arg2);
guest_result pv_ext_for(unsigned cmd, uint64_t arg1, uint64_t arg2, domid_t domain);
guest_result pv_map(const void *at, uint64_t entry, uint64_t flags);

/* --- Groups --- */
void pv_ask_entries(void);     /* entries.c */
void pv_ask_update(void);      /* update.c */
void pv_ask_stores(void);      /* stores.c */
void pv_ask_descriptors(void); /* descriptors.c */
void pv_ask_code(void);        /* code.c */
void pv_ask_vcpu(void);        /* vcpu.c */
void pv_ask_frames(void);      /* frames.c */
void pv_ask_start(void);       /* start.c */
void pv_ask_calls(void);       /* calls.c */
void pv_ask_ext(void);         /* ext.c */

#endif
