/* SPDX-License-Identifier: MIT */
/*
 * Handlers that keep what the hypervisor pushed, word by word, and go back to trap_call(). A row of 16 bytes for each
 * vector, and then one for the failsafe callback.
 */

#define WORDS 13

        .text
        .balign 16
        .globl catch_stubs
catch_stubs:
        .set    vector, 0
        .rept   257
        .balign 16
        push    $vector
        jmp     caught
        .set    vector, vector + 1
        .endr

caught:
        mov     %rax, catch_rax(%rip)
        pop     %rax
        mov     %rsp, catch_rsp(%rip)
        mov     %rsp, %rsi
        lea     catch_words(%rip), %rdi
        mov     $WORDS, %ecx
        cld
        rep movsq
        mov     catch_sp(%rip), %rsp
        jmp     trap_caught

        .section .note.GNU-stack, "", @progbits
