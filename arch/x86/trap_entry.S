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
 * Traps of hvm guests never come here but through an exit. A trap from ring 3 is a way out of a pv guest, and goes on
 * in pv/entry.S. For all others %gs is the hypervisor's, but for those vectors that have a stack of their own: they may
 * come where it is not, and find their CPU at the top of that stack. %rbp stays what it was: backtraces go on into the
 * interrupted code, over the return address trap_return.
 */
#include "arch/x86/layout.h"
#include "arch/x86/offsets.h"
#include "arch/x86/regs.h"
#include "arch/x86/stacks.h"

        .text
        .code64

        .macro stub vector, has_error, common
        .balign 16
        .if \has_error == 0
        pushq $0
        .endif
        pushq $\vector
        jmp \common
        .endm

        .balign 16
        .globl trap_stubs, trap_stubs_end
        .hidden trap_stubs, trap_stubs_end
trap_stubs:
        .set .Lvector, 0
        .rept 256
        /* 8, 10-14, 17, 21, 29, 30 push an error code (SDM vol. 3, 6.3.1; APM vol. 2, 8.2) */
        .set .Lerror, (.Lvector >= 10 && .Lvector <= 14) || .Lvector == 17 || .Lvector == 21
        .set .Lerror, .Lerror || .Lvector == 8 || .Lvector == 29 || .Lvector == 30
        .set .Lerror, .Lerror & 1
        /* 1, 2, 8, 18: #DB, NMI, #DF, #MC, on stacks of their own (traps.c) */
        .if .Lvector == 1 || .Lvector == 2 || .Lvector == 8 || .Lvector == 18
        stub .Lvector, .Lerror, trap_own_stack
        .else
        stub .Lvector, .Lerror, trap_common
        .endif
        .set .Lvector, .Lvector + 1
        .endr
trap_stubs_end:

        .macro push_registers
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
        .endm

trap_common:
        testb $3, TRAP_CS(%rsp)
        jnz pv_trap
        lfence /* no use of %gs before it is known whose it is */
        push_registers
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

/* The flags may still be a guest's (AC would switch SMAP off). The base of %gs is kept over the handler. */
trap_own_stack:
        testb $3, TRAP_CS(%rsp)
        jnz pv_trap
        push_registers
        pushq $RFLAGS_FIXED
        popfq
        movl $MSR_GS_BASE, %ecx
        rdmsr
        movl %eax, %r12d
        movl %edx, %r13d
        movq %rsp, %rdi
        orq $PAGE_SIZE - 1, %rdi
        movq -(STACKS_OWNER_SIZE - 1)(%rdi), %rax
        movq %rax, %rdx
        shrq $32, %rdx
        wrmsr
        movq %rsp, %rdi
        call trap_dispatch
        .globl trap_return_own_stack
        .hidden trap_return_own_stack
trap_return_own_stack:
        movl $MSR_GS_BASE, %ecx
        movl %r12d, %eax
        movl %r13d, %edx
        wrmsr
        jmp trap_return

/* trap_unmask_nmis(): a return from an NMI that was handled as an exit of a guest: until an IRET no other comes. */
        .globl trap_unmask_nmis
        .hidden trap_unmask_nmis
trap_unmask_nmis:
        popq %rax
        movq %rsp, %rcx
        movl %ss, %edx
        pushq %rdx
        pushq %rcx
        pushfq
        movl %cs, %edx
        pushq %rdx
        pushq %rax
        iretq

        .section .note.GNU-stack, "", @progbits
