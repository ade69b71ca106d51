/* SPDX-License-Identifier: MIT */
/* 32-bit code in a 64-bit guest: compatibility mode, by a far return to a 32-bit code segment. */

#define CODE64 0x08 /* as in the descriptor table of the library */
#define CODE32 0x18

        .section .rodata
        .balign 8
other_gdt:
        .quad   0
        .quad   0x00AF9B000000FFFF      /* CODE64 */
        .quad   0x00CF93000000FFFF      /* data */
        .quad   0x00CF9B000000FFFF      /* CODE32 */
other_gdt_pointer:
        .word   . - other_gdt - 1
        .quad   other_gdt

        .text
        .globl other_init
other_init:
        ret

/* uint32_t other_call(uint32_t code, uint32_t a1, uint32_t a2, uint32_t a3) */
        .globl other_call
other_call:
        push    %rbx
        push    %rbp
        pushf
        cli
        sub     $16, %rsp
        sgdt    (%rsp)
        lgdt    other_gdt_pointer
        mov     %edi, %eax
        mov     %esi, %ebx
        xchg    %edx, %ecx              /* a2 to %ecx, a3 to %edx */
        push    $CODE32
        push    $narrow
        lretq
        .code32
narrow:
        call    *%eax
        ljmp    $CODE64, $wide
        .code64
wide:
        mov     %eax, %eax
        lgdt    (%rsp)
        add     $16, %rsp
        popf
        pop     %rbp
        pop     %rbx
        ret

        .code32
        .globl other_wrmsr
other_wrmsr:
        mov     %ecx, %eax
        mov     %ebx, %ecx
        xor     %edx, %edx
        wrmsr
        ret

        .section .note.GNU-stack, "", @progbits
