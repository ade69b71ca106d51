/* SPDX-License-Identifier: MIT */
/*
 * Frames of domains, whatever container these are in. Guests of hvm containers name their memory by gfn, pv guests by
 * mfn: a frame below is either, as the guest wrote it.
 */
#ifndef KERNEL_FRAMES_H
#define KERNEL_FRAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/p2m.h"

struct domain;

/*
 * A frame of d's own that the hypervisor may keep mapped, and write to, until frame_drop(): the mfn, or P2M_NONE: it
 * has no such frame, or (pv) uses it as a page table or the like.
 */
uint64_t frame_hold(struct domain *d, uint64_t frame);
void frame_drop(struct domain *d, uint64_t mfn);

#endif
