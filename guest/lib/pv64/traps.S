/* SPDX-License-Identifier: MIT */
/*
 * Exceptions and callbacks. The hypervisor pushes, on the stack in use (or, from user mode, on that of stack_switch):
 *
 *      ss rsp rflags cs rip            cs with ring 0 for the kernel's; bits 39:32 next to it: the upcall mask before
 *      error                           only of exceptions that have one
 *      ds es fs gs                     only for the failsafe callback
 *      r11 rcx                         the SYSCALL instruction, by which we may return, overwrites these two
 *
 * From the stub on it is struct trap_frame of guest/lib/frame.h, as in the other environments.
 */

/* Exceptions with an error code: 8, 10 to 14, 17, 21, 29 and 30. */
#define HAS_ERROR_CODE 0x60227D00

/* What is no exception, as "vector"; see traps.c. */
#define VECTOR_EVENT 0x100
#define VECTOR_FAILSAFE 0x101
#define VECTOR_SYSCALL 0x102

#define HYPERCALL_IRET 23
#define KERNEL_CS 0xE030 /* PV_KERNEL_CS */
#define KERNEL_SS 0xE02B
#define USER_CS 0xE033
#define USER_SS 0xE02B
#define RFLAGS_IF 0x200

        .text
        .balign 16
        .globl pv_stubs
pv_stubs:
        .set    vector, 0
        .rept   32
        .balign 16
        pop     %rcx
        pop     %r11
        .if     !((HAS_ERROR_CODE >> vector) & 1)
        push    $0
        .endif
        push    $vector
        jmp     common
        .set    vector, vector + 1
        .endr

        .globl pv_event
pv_event:
        pop     %rcx
        pop     %r11
        push    $0
        push    $VECTOR_EVENT
        jmp     common

        .globl pv_failsafe
pv_failsafe:
        pop     %rcx
        pop     %r11
        add     $32, %rsp
        push    $0
        push    $VECTOR_FAILSAFE
        jmp     common

        .globl pv_syscall
pv_syscall:
        pop     %rcx
        pop     %r11
        push    $0
        push    $VECTOR_SYSCALL

common:
        push    %rax
        push    %rbx
        push    %rcx
        push    %rdx
        push    %rsi
        push    %rdi
        push    %rbp
        push    %r8
        push    %r9
        push    %r10
        push    %r11
        push    %r12
        push    %r13
        push    %r14
        push    %r15
        cld
        mov     %rsp, %rdi
        call    pv_dispatch
        pop     %r15
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %r11
        pop     %r10
        pop     %r9
        pop     %r8
        pop     %rbp
        pop     %rdi
        pop     %rsi
        pop     %rdx
        pop     %rcx
        pop     %rbx
        pop     %rax

        /* Vector and error make room for two of the four words that struct iret_context has in front of rip. The
         * hypercall restores the upcall mask (from RFLAGS.IF) together with the rest: an IRETQ could not. */
        movq    $0, 8(%rsp)             /* flags: from an exception, not from SYSCALL */
        mov     %rcx, (%rsp)
        push    %r11
        push    %rax
iret:
        mov     $HYPERCALL_IRET, %eax
        syscall
        ud2

/* void trap_divert(guest_word sp, guest_word vector, guest_word flags) */
        .globl trap_divert
trap_divert:
        push    $KERNEL_SS
        push    %rdi
        push    %rdx
        push    $KERNEL_CS
        push    $trap_caught
        push    $0
        push    %rcx
        push    %r11
        push    %rsi
        jmp     iret

/* void pv_enter_user(guest_word ip, guest_word sp) */
        .globl pv_enter_user
pv_enter_user:
        push    $USER_SS
        push    %rsi
        push    $RFLAGS_IF
        push    $USER_CS
        push    %rdi
        push    $0
        push    $0
        push    $0
        push    $0
        jmp     iret

        .section .note.GNU-stack, "", @progbits
