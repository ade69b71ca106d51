/* SPDX-License-Identifier: MIT */
/*
 * One shot: the iret hypercall puts the vcpu into a state, in kernel or user mode, and it runs until the hypervisor
 * enters one of the handlers here. These note what they find, and the shot is over.
 */
#ifndef GUEST_TRAPS_PV64_SHOT_H
#define GUEST_TRAPS_PV64_SHOT_H

#include <stdbool.h>
#include <stdint.h>

#include "guest/lib/pv64/pv.h"

/* What shot.S notes, at these offsets. */
struct shot {
    uint64_t vector; /* or SHOT_* */
    uint64_t rsp;    /* in the handler: of the frame */
    uint64_t rflags;
    uint64_t cs, ss, ds, es, fs, gs;
    uint64_t rax;
    uint8_t mask; /* of events, in the handler */
};

/* "Vectors" of callbacks: SHOT_CALLBACK + CALLBACKTYPE_*. */
#define SHOT_CALLBACK 0x100U
#define SHOT_CALLBACKS 8U

extern struct shot shot;
extern const uint8_t shot_stubs[256 + SHOT_CALLBACKS][16];

/* Jumped to by code that comes to its end: a #UD, from either mode. */
extern const uint8_t shot_land[];

/* Return to the state, with this in %rsi; comes back when a handler has been entered. */
void shot_fire(const struct iret_context *state, uint64_t rsi);

_Static_assert(__builtin_offsetof(struct shot, rflags) == 16 && __builtin_offsetof(struct shot, rax) == 72, "shot.S");

#endif
