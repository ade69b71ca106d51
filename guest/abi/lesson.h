/* SPDX-License-Identifier: MIT */
/*
 * What guest/lesson and build/xenolith-lesson have to say to each other: records of HVMOP_xentrace. Every other
 * hypervisor drops them. Not part of Xen's ABI.
 */
#ifndef GUEST_ABI_LESSON_H
#define GUEST_ABI_LESSON_H

#include <stdint.h>

/* xen_hvm_xentrace.event */
#define LESSON_ON 1   /* print the steps on the shared words of this domain from now on, numbered from 1 */
#define LESSON_OFF 2  /* that is enough */
#define LESSON_STEP 3 /* the guest has made a step itself: a struct lesson_step in extra */

/* One access to a shared word: atomic, but for READ. */
enum lesson_op { LESSON_READ, LESSON_EXCHANGE, LESSON_OR, LESSON_AND, LESSON_CAS, LESSON_OPS };

struct lesson_step {
    uint64_t address; /* of the word: guest-physical, in a pv domain machine */
    uint64_t before, after;
    uint8_t op;    /* enum lesson_op */
    uint8_t bytes; /* 1, 4 or 8: the width of the word */
    uint8_t bit;   /* OR, AND, CAS: the lowest bit that it is about */
    uint8_t pad;
} __attribute__((packed));

_Static_assert(sizeof(struct lesson_step) == 28, "it fills a trace record");

#endif
