/* SPDX-License-Identifier: MIT */
/* The frame that pvh32/traps.S builds. */
#ifndef GUEST_LIB_PVH32_FRAME_H
#define GUEST_LIB_PVH32_FRAME_H

#include <stdint.h>

struct trap_frame {
    uint32_t edi, esi, ebp, frame_esp, ebx, edx, ecx, eax;
    uint32_t vector, error;
    uint32_t eip, cs, eflags;
    uint32_t esp, ss; /* only in a frame from ring 3 */
};

/* traps.S */
extern const uint8_t trap_stubs[256][16];

/* Let the trap_call() whose stack was `sp` return `vector`, with the flags of the interrupted code. */
void trap_divert(uint32_t sp, uint32_t vector, uint32_t eflags) __attribute__((noreturn));

#endif
