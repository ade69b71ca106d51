/* SPDX-License-Identifier: MIT */
/*
 * The way into traps.c. Each vector has a stub that makes all frames alike: struct trap_frame, top of the page is high.
 *
 *      +168  ss      \
 *      +160  rsp      |
 *      +152  rflags   | pushed by the processor; rsp was aligned to 16 before
 *      +144  cs       |
 *      +136  rip     /
 *      +128  error     by the processor, or 0 by the stub
 *      +120  vector    by the stub
 *      +0    rax rcx rdx rbx rbp rsi rdi r8 ... r15, from high to low; %rsp, and the argument of trap_dispatch()
 *
 * Traps of guests never come here but through an exit, so there is no other %gs to be swapped. %rbp stays what it was:
 * backtraces go on into the interrupted code, over the return address trap_return.
 */
#include "arch/x86/offsets.h"

        .text
        .code64

        .macro stub vector, has_error
        .balign 16
        .if \has_error == 0
        pushq $0
        .endif
        pushq $\vector
        jmp trap_common
        .endm

        .balign 16
        .globl trap_stubs
        .hidden trap_stubs
trap_stubs:
        .set .Lvector, 0
        .rept 256
        /* 8, 10-14, 17, 21, 29, 30 push an error code (SDM vol. 3, 6.3.1; APM vol. 2, 8.2) */
        .set .Lerror, (.Lvector >= 10 && .Lvector <= 14) || .Lvector == 17 || .Lvector == 21
        .if .Lvector == 8 || .Lerror || .Lvector == 29 || .Lvector == 30
        stub .Lvector, 1
        .else
        stub .Lvector, 0
        .endif
        .set .Lvector, .Lvector + 1
        .endr

trap_common:
        pushq %rax
        pushq %rcx
        pushq %rdx
        pushq %rbx
        pushq %rbp
        pushq %rsi
        pushq %rdi
        pushq %r8
        pushq %r9
        pushq %r10
        pushq %r11
        pushq %r12
        pushq %r13
        pushq %r14
        pushq %r15
        cld
        movq %rsp, %rdi
        call trap_dispatch
        .globl trap_return
        .hidden trap_return
trap_return:
        popq %r15
        popq %r14
        popq %r13
        popq %r12
        popq %r11
        popq %r10
        popq %r9
        popq %r8
        popq %rdi
        popq %rsi
        popq %rbp
        popq %rbx
        popq %rdx
        popq %rcx
        popq %rax
        addq $16, %rsp /* vector, error */
        iretq

        .section .note.GNU-stack, "", @progbits
