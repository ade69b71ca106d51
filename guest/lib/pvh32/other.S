/* SPDX-License-Identifier: MIT */
/*
 * 64-bit code in a 32-bit guest. The way to long mode leads through no paging at all (SDM volume 3, 10.8.5), and so
 * does the way back; other_root and its tables are made by other_init().
 */

#define CODE32 0x08 /* as in the descriptor table of the library */
#define CODE64 0x18

#define CR0_PG 0x80000000
#define CR4_PAE 0x20
#define MSR_EFER 0xC0000080
#define EFER_LME 0x100

        .section .rodata
        .balign 8
other_gdt:
        .quad   0
        .quad   0x00CF9B000000FFFF      /* CODE32 */
        .quad   0x00CF93000000FFFF      /* data */
        .quad   0x00AF9B000000FFFF      /* CODE64 */
other_gdt_pointer:
        .word   . - other_gdt - 1
        .long   other_gdt

        .text
/* uint32_t other_call(uint32_t code, uint32_t a1, uint32_t a2, uint32_t a3) */
        .globl other_call
other_call:
        push    %ebp
        mov     %esp, %ebp
        push    %ebx
        push    %esi
        push    %edi
        pushf
        cli
        mov     %cr3, %eax
        push    %eax
        mov     %cr4, %eax
        push    %eax
        sub     $8, %esp
        sgdt    (%esp)
        lgdt    other_gdt_pointer

        mov     %cr0, %eax
        and     $~CR0_PG, %eax
        mov     %eax, %cr0
        mov     %cr4, %eax
        or      $CR4_PAE, %eax
        mov     %eax, %cr4
        mov     $other_root, %eax
        mov     %eax, %cr3
        mov     $MSR_EFER, %ecx
        rdmsr
        or      $EFER_LME, %eax
        wrmsr
        mov     %cr0, %eax
        or      $CR0_PG, %eax
        mov     %eax, %cr0

        mov     8(%ebp), %eax
        mov     12(%ebp), %edi
        mov     16(%ebp), %esi
        mov     20(%ebp), %edx
        mov     $narrow, %ebx
        ljmp    $CODE64, $wide
        .code64
wide:
        mov     %esp, %esp
        call    *%rax
        push    $CODE32
        push    %rbx
        lretq
        .code32
narrow:
        mov     %eax, %ebx

        mov     %cr0, %eax
        and     $~CR0_PG, %eax
        mov     %eax, %cr0
        mov     $MSR_EFER, %ecx
        rdmsr
        and     $~EFER_LME, %eax
        wrmsr
        mov     8(%esp), %eax
        mov     %eax, %cr4
        mov     12(%esp), %eax
        mov     %eax, %cr3
        mov     %cr0, %eax
        or      $CR0_PG, %eax
        mov     %eax, %cr0

        mov     %ebx, %eax
        lgdt    (%esp)
        add     $16, %esp
        popf
        pop     %edi
        pop     %esi
        pop     %ebx
        pop     %ebp
        ret

        .code64
        .globl other_wrmsr
other_wrmsr:
        mov     %edi, %ecx
        mov     %esi, %eax
        xor     %edx, %edx
        wrmsr
        ret

        .section .note.GNU-stack, "", @progbits
