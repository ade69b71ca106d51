/* SPDX-License-Identifier: MIT */
/*
 * Frames that nobody has a reference to any more, but which a processor may still remember, or be using as hypervisor
 * code that has looked them up without one. They go to the pool in batches, when every TLB has been flushed and every
 * CPU has left hypervisor code since.
 */
#ifndef KERNEL_LIMBO_H
#define KERNEL_LIMBO_H

#include <stdbool.h>
#include <stdint.h>

/* From now on processors may remember frames of domains, and what is given back waits: a pv domain is made. */
void limbo_begin(void);
/* The frame, whose last reference is gone, becomes free: in a while, or at once if limbo_begin() never was. Any CPU, no
 * lock that comes behind the page pool's. */
void limbo_free(uint64_t mfn);
/* CPU 0, no locks: one step. True: there is more to do. */
bool limbo_step(void);
/* Is nothing on its way? */
bool limbo_is_empty(void);

#endif
