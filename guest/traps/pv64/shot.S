/* SPDX-License-Identifier: MIT */
/* Handlers that note the state they find, and return to whoever fired the shot: shot.h. */

#define HYPERCALL_IRET 23

        .text
        .balign 16
        .globl shot_stubs
shot_stubs:
        .set    vector, 0
        .rept   256 + 8
        .balign 16
        movl    $vector, shot
        jmp     note
        .set    vector, vector + 1
        .endr

        .balign 16
        .globl shot_land
shot_land:
        ud2

note:
        mov     %rsp, shot + 8
        mov     %rax, shot + 72
        mov     saved, %rsp
        pushf
        pop     shot + 16
        mov     %cs, %eax
        mov     %rax, shot + 24
        mov     %ss, %eax
        mov     %rax, shot + 32
        mov     %ds, %eax
        mov     %rax, shot + 40
        mov     %es, %eax
        mov     %rax, shot + 48
        mov     %fs, %eax
        mov     %rax, shot + 56
        mov     %gs, %eax
        mov     %rax, shot + 64
        cld
        pop     %r15
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %rbx
        pop     %rbp
        ret

/* void shot_fire(const struct iret_context *state, uint64_t rsi) */
        .globl shot_fire
shot_fire:
        push    %rbp
        push    %rbx
        push    %r12
        push    %r13
        push    %r14
        push    %r15
        mov     %rsp, saved
        mov     %rdi, %rsp
        mov     $HYPERCALL_IRET, %eax
        syscall
        ud2

        .bss
        .balign 8
saved:  .skip   8

        .section .note.GNU-stack, "", @progbits
