/* SPDX-License-Identifier: MIT */
/*
 * Exceptions and interrupts: 256 stubs of 16 bytes, one common path. The frame, from the top of the stack down, is
 * struct trap_frame of guest/lib/frame.h:
 *
 *      ss rsp rflags cs rip            pushed by the processor
 *      error                           by the processor, or 0 by the stub
 *      vector                          by the stub
 *      rax rbx rcx rdx rsi rdi rbp r8 .. r15
 */

/* Vectors whose error code the processor pushes: 8, 10 to 14, 17, 21, 29 and 30. */
#define HAS_ERROR_CODE 0x60227D00

#define SELECTOR_KERNEL_CODE 0x08
#define SELECTOR_KERNEL_DATA 0x10

        .text
        .balign 16
        .globl trap_stubs
trap_stubs:
        .set    vector, 0
        .rept   256
        .balign 16
        .if     !((HAS_ERROR_CODE >> (vector & 31)) & 1) || (vector >= 32)
        push    $0
        .endif
        pushq   $vector
        jmp     trap_common
        .set    vector, vector + 1
        .endr

        .balign 16
trap_common:
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
        call    trap_dispatch
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
        add     $16, %rsp
        iretq

/* void trap_divert(guest_word sp, guest_word vector, guest_word flags): by IRET, with which the processor lets further
 * NMIs in. */
        .globl trap_divert
trap_divert:
        mov     %esi, %eax
        pushq   $SELECTOR_KERNEL_DATA
        push    %rdi
        push    %rdx
        pushq   $SELECTOR_KERNEL_CODE
        pushq   $trap_caught
        iretq

/* void pvh_wait(void): sleep until an interrupt has been taken. STI takes effect behind the next instruction, so that
 * none can come between the two; for where one does all the same, see skip_wait() in pvh/traps.c. */
        .globl pvh_wait
pvh_wait:
        sti
        .globl pvh_wait_hlt
pvh_wait_hlt:
        hlt
        .globl pvh_wait_end
pvh_wait_end:
        cli
        ret

/* void pvh_enter_user(guest_word ip, guest_word sp): go to ring 3. */
        .globl pvh_enter_user
pvh_enter_user:
        push    $0x1B
        push    %rsi
        push    $0x2
        push    $0x23
        push    %rdi
        iretq

        .section .note.GNU-stack, "", @progbits
