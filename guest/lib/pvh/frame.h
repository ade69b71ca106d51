/* SPDX-License-Identifier: MIT */
/* The frame that the stubs of pvh64/traps.S and pvh32/traps.S build. */
#ifndef GUEST_LIB_PVH_FRAME_H
#define GUEST_LIB_PVH_FRAME_H

#include "guest/lib/word.h"

struct trap_frame {
#ifdef __x86_64__
    guest_word r15, r14, r13, r12, r11, r10, r9, r8;
    guest_word bp, di, si, dx, cx, bx, ax;
#else
    guest_word di, si, bp, frame_sp, bx, dx, cx, ax; /* as PUSHA has them */
#endif
    guest_word vector, error;
    guest_word ip, cs, flags;
    guest_word sp, ss; /* 32 bits: only in a frame from ring 3 */
};

/* traps.S */
extern const uint8_t trap_stubs[256][16];

/* traps.S: let the trap_call() whose stack was `sp` return `vector`, with the flags of the interrupted code. */
void trap_divert(guest_word sp, guest_word vector, guest_word flags) __attribute__((noreturn));

#endif
