/* SPDX-License-Identifier: MIT */
/* A change of stacks, and the page through which guest/lib makes hypercalls. */

        .text

/*
 * void machine_switch(void **from, void *to): what a stack that waits looks like:
 *
 *   to -> r15 r14 r13 r12 rbx rbp  return address
 */
        .globl  machine_switch
        .type   machine_switch, @function
machine_switch:
        push    %rbp
        push    %rbx
        push    %r12
        push    %r13
        push    %r14
        push    %r15
        mov     %rsp, (%rdi)
        mov     %rsi, %rsp
        pop     %r15
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %rbx
        pop     %rbp
        ret
        .size   machine_switch, . - machine_switch

/* 32 bytes a hypercall number. Arguments in rdi, rsi, rdx, r10, r8; result in rax; all but these and rcx, r9, r11 live
 * on. */
        .balign 4096
        .globl  hypercall_page
        .type   hypercall_page, @object
hypercall_page:
        .set    number, 0
        .rept   128
        .balign 32
        mov     $number, %ecx
        jmp     enter
        .set    number, number + 1
        .endr
        .size   hypercall_page, . - hypercall_page

/* int64_t world_hypercall(uint64_t a1, uint64_t a2, uint64_t a3, uint64_t number); the stack may be unaligned */
enter:
        push    %rbp
        mov     %rsp, %rbp
        push    %r10
        push    %r8
        and     $-16, %rsp
        call    world_hypercall
        mov     -8(%rbp), %r10
        mov     -16(%rbp), %r8
        leave
        ret

        .section .note.GNU-stack, "", @progbits
