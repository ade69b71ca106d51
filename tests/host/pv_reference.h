/* SPDX-License-Identifier: MIT */
/*
 * What frames are used for, said as simply as possible: pins, roots and held pages of descriptors are known, and all
 * else follows from what stands in memory, by going through the tables from there, each time anew. Nothing of it looks
 * at the words of frames.
 */
#ifndef TESTS_HOST_PV_REFERENCE_H
#define TESTS_HOST_PV_REFERENCE_H

#include "tests/host/pv_fake.h"

/* What holds frames from outside tables. */
extern struct reference {
    uint8_t pin[FAKE_FRAMES]; /* level or 0 */
    uint64_t kernel_root[FAKE_VCPUS + 1], user_root[FAKE_VCPUS + 1];
} reference;

/* Slots of tables in which anything may stand. */
extern const uint16_t reference_slots[];
extern const unsigned reference_nr_slots;

/* From nothing: with the fake machine. */
void reference_reset(void);
/* The uses of all frames now. They can't conflict: ends the program if they do. */
void reference_compute(void);
/* Type and number of references of that, after reference_compute(). */
enum pv_type reference_type(uint64_t mfn);
/* Would one more reference of owner's be right, on top of all that is? Type PV_NONE: a page reference. */
bool reference_allows(uint64_t mfn, uint16_t owner, enum pv_type type);
/* The same for an update of an entry of a live table of this level. */
bool reference_allows_entry(uint64_t table, unsigned level, unsigned slot, uint64_t value);
/* All words and counts are as computed, and nothing is on its way. */
void reference_compare(void);

#endif
