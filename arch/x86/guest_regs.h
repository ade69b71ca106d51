/* SPDX-License-Identifier: MIT */
/* The general registers of a guest, for C and for the world switches in assembly. */
#ifndef ARCH_X86_GUEST_REGS_H
#define ARCH_X86_GUEST_REGS_H

#define REGS_RAX 0
#define REGS_RCX 8
#define REGS_RDX 16
#define REGS_RBX 24
#define REGS_RSP 32
#define REGS_RBP 40
#define REGS_RSI 48
#define REGS_RDI 56
#define REGS_R8 64
#define REGS_R9 72
#define REGS_R10 80
#define REGS_R11 88
#define REGS_R12 96
#define REGS_R13 104
#define REGS_R14 112
#define REGS_R15 120
#define REGS_RIP 128
#define REGS_RFLAGS 136

#ifndef __ASSEMBLER__
#include <stdint.h>

/* In the order in which instructions encode them (SDM Vol. 2, table 2-2). */
struct guest_regs {
    uint64_t rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi;
    uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
    uint64_t rip, rflags;
};

#define REGS_AT(name, offset) _Static_assert(__builtin_offsetof(struct guest_regs, name) == (offset), "assembly")
REGS_AT(rax, REGS_RAX);
REGS_AT(rbx, REGS_RBX);
REGS_AT(rdi, REGS_RDI);
REGS_AT(r8, REGS_R8);
REGS_AT(r15, REGS_R15);
REGS_AT(rip, REGS_RIP);
REGS_AT(rflags, REGS_RFLAGS);
#endif

#endif
