/* SPDX-License-Identifier: MIT */
/*
 * Run a few instructions with registers of one's choice, until an exception or an interrupt; see run.h. The hypervisor
 * pushes the frame that guest/lib/pv64/traps.S shows.
 */

#define HYPERCALL_IRET 23
#define USER_CS 0xE033
#define USER_SS 0xE02B

/* struct run_registers */
#define RAX 0
#define RCX 8
#define RDX 16
#define RBX 24
#define RBP 32
#define RSI 40
#define RDI 48
#define R8 56
#define RFLAGS 120

/* struct run_frame */
#define VECTOR 0
#define ERROR 8
#define RIP 16
#define CS 24
#define FLAGS 32
#define RSP 40
#define SS 48

#define HAS_ERROR_CODE 0x60227D00

        .bss
        .balign 8
saved_sp:
        .skip   8

        .text
/* From here on the registers are those of run_in, but rsp. */
        .macro  save_and_load
        push    %rbx
        push    %rbp
        push    %r12
        push    %r13
        push    %r14
        push    %r15
        mov     %rsp, saved_sp
        mov     run_in + RAX, %rax
        mov     run_in + RCX, %rcx
        mov     run_in + RDX, %rdx
        mov     run_in + RBX, %rbx
        mov     run_in + RBP, %rbp
        mov     run_in + RSI, %rsi
        mov     run_in + RDI, %rdi
        mov     run_in + R8, %r8
        mov     run_in + R8 + 8, %r9
        mov     run_in + R8 + 16, %r10
        mov     run_in + R8 + 24, %r11
        mov     run_in + R8 + 32, %r12
        mov     run_in + R8 + 40, %r13
        mov     run_in + R8 + 48, %r14
        mov     run_in + R8 + 56, %r15
        .endm

/* void run_kernel(void): the code at run_code, on this stack. */
        .globl run_kernel
run_kernel:
        save_and_load
        pushq   run_in + RFLAGS
        popfq
        jmp     *run_code

/* void run_user(void): the same in user mode; its stack pointer is run_user_sp. */
        .globl run_user
run_user:
        save_and_load
        pushq   $USER_SS
        pushq   run_user_sp
        pushq   run_in + RFLAGS
        pushq   run_user_cs
        pushq   run_code
        pushq   $0
        push    %rcx
        push    %r11
        push    %rax
        mov     $HYPERCALL_IRET, %eax
        syscall
        ud2

        .balign 16
        .globl run_stubs
run_stubs:
        .set    vector, 0
        .rept   256
        .balign 16
        pop     %rcx
        pop     %r11
        .if     vector >= 32 || !((HAS_ERROR_CODE >> (vector & 31)) & 1)
        pushq   $0
        .endif
        pushq   $vector
        jmp     common
        .set    vector, vector + 1
        .endr

common:
        mov     %rax, run_out + RAX
        mov     %rcx, run_out + RCX
        mov     %rdx, run_out + RDX
        mov     %rbx, run_out + RBX
        mov     %rbp, run_out + RBP
        mov     %rsi, run_out + RSI
        mov     %rdi, run_out + RDI
        mov     %r8, run_out + R8
        mov     %r9, run_out + R8 + 8
        mov     %r10, run_out + R8 + 16
        mov     %r11, run_out + R8 + 24
        mov     %r12, run_out + R8 + 32
        mov     %r13, run_out + R8 + 40
        mov     %r14, run_out + R8 + 48
        mov     %r15, run_out + R8 + 56
        pop     run_frame + VECTOR
        pop     run_frame + ERROR
        pop     run_frame + RIP
        pop     run_frame + CS
        pop     run_frame + FLAGS
        pop     run_frame + RSP
        pop     run_frame + SS
        pushfq
        pop     run_out + RFLAGS
        mov     saved_sp, %rsp
        cld
        pop     %r15
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %rbp
        pop     %rbx
        ret

        .section .note.GNU-stack, "", @progbits
