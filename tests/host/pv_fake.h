/* SPDX-License-Identifier: MIT */
/*
 * A machine for the memory core of the pv container (arch/x86/pv/): some frames, two domains, processors that remember
 * translations and write "accessed" and "dirty" bits. Whatever the core must never let happen ends the program.
 */
#ifndef TESTS_HOST_PV_FAKE_H
#define TESTS_HOST_PV_FAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/x86/pv/frame.h"
#include "arch/x86/pv/mmu.h"
#include "arch/x86/pv/table.h"
#include "arch/x86/regs.h"

#define FAKE_FRAMES 48U
#define FAKE_VCPUS 3U    /* of domain 1; one more is domain 2's */
#define FAKE_CACHED 8U   /* translations that a processor remembers */
#define FAKE_MEMORY 4096 /* bytes that guests pass arguments in: the "addresses" 16 and up */
#define FAKE_NOBODY 0xffff
#define FAKE_HYPERVISOR 0xfffe
#define FAKE_ADDRESS_BAD 0xdead0000ULL

struct fake_frame {
    uint32_t refs;
    uint16_t owner;
    bool allocated; /* one of the references is the owner's own */
    uint32_t held;  /* references of the test's own, as a page of descriptors */
    uint64_t word;
    uint64_t m2p;
    uint64_t content[PV_ENTRIES];
};

/* What a processor remembers: the frame that an address leads to, or the table of some level on the way. */
struct fake_cached {
    uint64_t va;
    uint64_t mfn;   /* 0: nothing */
    unsigned level; /* 0: the page itself; n: a table of level n */
    bool writable;
    uint16_t owner; /* of the frame, then */
};

struct fake_cpu {
    struct pv_vcpu v; /* one vcpu a processor, for ever */
    uint64_t loaded_kernel, loaded_user;
    uint32_t flushed; /* time of the last flush */
    struct fake_cached cached[FAKE_CACHED];
    unsigned next;
    unsigned flushes, invalidations, ldt_loads;
};

extern struct fake_pv {
    struct fake_frame frame[FAKE_FRAMES];
    struct pv_domain domain[2]; /* domids 1 and 2 */
    struct fake_cpu cpu[FAKE_VCPUS + 1];
    uint32_t time;
    uint64_t nx;
    bool may_name;           /* domain 1 may name frames of domain 2 */
    unsigned yield_one_in;   /* 0: never */
    unsigned give_up_one_in; /* guests that are to make a hypercall again and don't; 0: none */
    uint32_t seed;
    void (*point)(void); /* called at each step of the seam, unless NULL */
    unsigned steps;      /* of the seam */
    uint8_t memory[FAKE_MEMORY];
    uint64_t slots[PV_RESERVED_END - PV_RESERVED_FIRST];
} fake;

/* Everything from nothing: no frame is anybody's. */
void fake_reset(void);
/* The frame becomes this domain's, all zero. */
void fake_give(uint64_t mfn, uint16_t owner);
/* fake_reset(); then frames 2 to 31 are domain 1's and 40 is domain 2's, and entries 0 of frames 2, 3, 4, 5 (L4 to L1)
 * lead down to frame 6. None of them is a table yet. */
void fake_tree(void);
/* The owner's own reference goes; with the last one the frame becomes nobody's. */
void fake_take_back(uint64_t mfn);
/* An even choice below n. */
uint32_t fake_draw(uint32_t n);

/* The processor uses an address in kernel mode, from CR3 or from what it remembers. */
void fake_touch(struct fake_cpu *cpu, uint64_t va, bool write);

/* An entry that leads to a frame. */
static inline uint64_t fake_entry(uint64_t mfn, uint64_t flags)
{
    return mfn << 12 | flags | PTE_PRESENT;
}

static inline enum pv_type fake_type(uint64_t mfn)
{
    return pv_word_type(fake.frame[mfn].word);
}

static inline enum pv_phase fake_phase(uint64_t mfn)
{
    return pv_word_phase(fake.frame[mfn].word);
}

/* The frame is used as this, with so many references. */
bool fake_is_live(uint64_t mfn, enum pv_type type, uint32_t count);

/*
 * The invariants, from scratch: entries of live tables and the roots are all that holds references, and each frame is
 * what they need it to be. exact: no vcpu is inside the core, so counts are equal; else there may be more.
 * Ends the program with a message if not so.
 */
void fake_check(bool exact);
/* The part of it about what processors remember; of one frame, or of all (0). */
void fake_check_cpus(uint64_t only);
/* Is there such a frame? */
bool fake_exists(uint64_t mfn);
/* Only these slots of tables are ever used (NULL: all): the check need not look at others. */
void fake_check_slots(const uint16_t *slots, unsigned n);

/* Hypercalls by vcpu 0 of domain 1 with one entry, made again as long as it says so. */
int64_t fake_mmu_update(uint64_t ptr, uint64_t val);
int64_t fake_mmuext(uint32_t cmd, uint64_t arg1, uint64_t arg2);
int64_t fake_va_mapping(uint64_t va, uint64_t val, uint64_t flags);
/* The same by any vcpu, for domain fd. */
int64_t fake_mmu_update_by(struct pv_vcpu *v, uint64_t ptr, uint64_t val, uint32_t foreigndom);
int64_t fake_mmuext_by(struct pv_vcpu *v, uint32_t cmd, uint64_t arg1, uint64_t arg2, uint16_t fd);
/* Until nothing is doomed. */
void fake_drain(struct pv_domain *d);

/* Print and end the program. */
__attribute__((noreturn, format(printf, 1, 2))) void fake_fail(const char *format, ...);

#endif
