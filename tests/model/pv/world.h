/* SPDX-License-Identifier: MIT */
/*
 * Frames for the memory core of the pv container (arch/x86/pv/): page n of the model's arena is frame n. All belong to
 * one domain, whose vcpus are the threads.
 */
#ifndef TESTS_MODEL_PV_WORLD_H
#define TESTS_MODEL_PV_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/x86/pv/frame.h"
#include "arch/x86/pv/mmu.h"
#include "tests/model/explore.h"

#define PV_FRAMES 16U
#define PV_SLOTS 4U /* of a table that scenarios use */

struct pv_world {
    uint8_t presence[8] __attribute__((aligned(8))); /* a byte a thread: odd while it is in the core */
    struct pv_domain domain;
    struct pv_vcpu vcpu[MODEL_THREADS];
    uint32_t time;
    unsigned looks[MODEL_THREADS]; /* at the clock */
    bool asked_to_yield;           /* the first time it says "enough" to thread 0 */
    int result[MODEL_THREADS];     /* of the thread's operation */
};
extern struct pv_world pv_world;

/* From nothing: frames 1 to PV_FRAMES - 1 are the domain's. */
void pv_world_create(void);
uint64_t *pv_world_entry(uint64_t mfn, unsigned slot);
/* Calls into the core. An operation is made again when another thread has left the core. */
void pv_world_do(int (*operation)(void));
/* The invariants; exact: nobody is in the core. */
void pv_world_check(bool exact);
/* The frame is LIVE as this, with so many references; or IDLE (type PV_NONE). */
bool pv_world_is(uint64_t mfn, enum pv_type type, uint32_t count);

#endif
