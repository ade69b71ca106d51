/* SPDX-License-Identifier: MIT */
/*
 * A check of all that the memory core counts. What the counts should be is computed from nothing: from the tables as
 * they stand in memory, and from what else holds frames, which the caller names. The caller supplies everything, so the
 * unit tests check the fake machine with this, and the hypervisor the real one (option audit).
 */
#ifndef ARCH_X86_PV_AUDIT_H
#define ARCH_X86_PV_AUDIT_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/x86/pv/frame.h"

/* What a frame is needed for, as far as has been found. */
struct pv_tally {
    uint32_t refs, types;
    enum pv_type type; /* of `types` */
};

/* What is known of a frame. */
struct pv_audited {
    uint64_t word; /* frame.h */
    uint32_t refs;
    uint16_t owner;
    bool is_allocated; /* one of the references is the owner's own */
};

struct pv_audit {
    struct pv_tally *tally; /* [end - first] */
    uint64_t first, end;    /* no other frames are looked at */
    /* Is it a frame of those domains that are looked at? Nothing changes about these meanwhile, unless !exact. */
    bool (*look)(uint64_t mfn, struct pv_audited *frame);
    void (*complain)(const char *format, ...) __attribute__((format(printf, 1, 2)));
    bool exact;            /* no vcpu is inside the core: what is counted is what is there; else it may be more */
    bool foreign;          /* frames of others may be mapped */
    unsigned held;         /* pairs of references, page and writable, to frames that the caller can't name */
    const uint16_t *slots; /* the only slots of tables that were ever used; NULL: all */
    unsigned nr_slots;
    unsigned complaints; /* the result */
};

/* Forget all that was found. */
void pv_audit_begin(struct pv_audit *a);
/* Something outside of tables holds the frame: a page reference, and one of this type unless it is PV_NONE. */
void pv_audit_needs(struct pv_audit *a, uint64_t mfn, enum pv_type type);
/* Count what pins and tables hold, and compare. True: all is as it should be. */
bool pv_audit_compare(struct pv_audit *a);

#endif
