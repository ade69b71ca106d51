/* SPDX-License-Identifier: MIT */
        .text
/* int trap_call(void (*fn)(void *), void *arg, guest_word *catch_sp): call fn(arg) and return TRAP_NONE. An exception
 * in between goes to trap_caught with %rsp = *catch_sp and %eax = vector, as if trap_call() had returned that. */
        .globl trap_call
trap_call:
        push    %rbp
        push    %rbx
        push    %r12
        push    %r13
        push    %r14
        push    %r15
        push    %rdx
        mov     %rsp, (%rdx)
        mov     %rdi, %rax
        mov     %rsi, %rdi
        call    *%rax
        mov     $-1, %eax
        .globl trap_caught
trap_caught:
        pop     %rdx
        movq    $0, (%rdx)
        pop     %r15
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %rbx
        pop     %rbp
        ret

        .section .note.GNU-stack, "", @progbits
