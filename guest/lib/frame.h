/* SPDX-License-Identifier: MIT */
/*
 * Exceptions, between the entry code of an environment (its traps.S) and trap.c. The entry code builds the frame and
 * hands on what is an exception.
 */
#ifndef GUEST_LIB_FRAME_H
#define GUEST_LIB_FRAME_H

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

/* --- Of trap.c --- */

/* An exception: back to trap_try() if it waits for one, else the end of the run. */
void trap_exception(const struct trap_frame *f) __attribute__((noreturn));

/* --- Of each environment --- */

/* Call fn(arg) and return TRAP_NONE; or the vector of an exception that trap_divert() took to *catch_sp. */
int trap_call(void (*fn)(void *), void *arg, guest_word *catch_sp);

/* Let the trap_call() whose stack was `sp` return `vector`, with the flags of the interrupted code. */
void trap_divert(guest_word sp, guest_word vector, guest_word flags) __attribute__((noreturn));

/* All registers of the frame, to the console. */
void trap_print_registers(const struct trap_frame *f);

#endif
