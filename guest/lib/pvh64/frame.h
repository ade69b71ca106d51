/* SPDX-License-Identifier: MIT */
/* The frame that pvh64/traps.S builds. */
#ifndef GUEST_LIB_PVH64_FRAME_H
#define GUEST_LIB_PVH64_FRAME_H

#include <stdint.h>

struct trap_frame {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
    uint64_t rbp, rdi, rsi, rdx, rcx, rbx, rax;
    uint64_t vector, error;
    uint64_t rip, cs, rflags, rsp, ss;
};

/* traps.S */
extern const uint8_t trap_stubs[256][16];
extern const uint8_t trap_caught[];

#endif
