/* SPDX-License-Identifier: MIT */
/* Code for shots (codes.h): each ends in the trap that it is for, or at shot_land. */
        .text
        .macro  code name, text:vararg
        .globl  \name
\name:  \text
        jmp     shot_land
        .endm

        code    code_ud2, ud2
        code    code_hlt, hlt
        code    code_read, mov (%rsi), %al
        code    code_write, mov %al, (%rsi)
        code    code_fp, fninit
        code    code_int3, int3
        code    code_int3_long, .byte 0xcd, 3
        code    code_int4, int $4
        code    code_int5, int $5
        code    code_int80, int $0x80
        code    code_int81, int $0x81
        code    code_syscall, syscall
        code    code_load_ds, mov %esi, %ds
        code    code_load_fs, mov %esi, %fs
        code    code_load_gs, mov %esi, %gs
        code    code_read_fs, mov %fs:(%rsi), %rax
        code    code_read_gs, mov %gs:(%rsi), %rax

        .globl  code_nops
code_nops:
        nop
        nop
        jmp     shot_land

        .globl  code_mov_ss_syscall, code_mov_ss_int3
code_mov_ss_syscall:
        mov     (%rsi), %ss
        syscall
        jmp     shot_land
code_mov_ss_int3:
        mov     (%rsi), %ss
        int3
        jmp     shot_land

        .globl  code_div
code_div:
        xor     %eax, %eax
        div     %eax

/* Kernel mode: this vcpu sends itself an NMI. */
        .globl  code_send_nmi
code_send_nmi:
        mov     $24, %eax               /* vcpu_op */
        mov     $11, %edi               /* VCPUOP_send_nmi */
        xor     %esi, %esi
        xor     %edx, %edx
        syscall
        jmp     shot_land

/* A handler that does so again, and then ends the shot. */
        .globl  code_nmi_handler
code_nmi_handler:
        incl    nmis
        cmpl    $1, nmis
        je      code_send_nmi
        jmp     shot_stubs + 16 * (0x100 + 4)
        .bss
        .globl  nmis
nmis:   .skip   4
        .text

/* Kernel mode: vcpu 1 begins to run, and gets this CPU for a while, if there is only one. */
        .globl  code_start_other
code_start_other:
        mov     $24, %eax               /* vcpu_op */
        mov     $1, %edi                /* VCPUOP_up */
        mov     $1, %esi
        xor     %edx, %edx
        syscall
        mov     $20, %ebx
1:      mov     $29, %eax               /* sched_op: yield */
        xor     %edi, %edi
        xor     %esi, %esi
        syscall
        dec     %ebx
        jnz     1b
        jmp     shot_land

/* Compatibility mode. */
        .code32
        .globl  code_syscall_32, code_int80_32
code_syscall_32:
        syscall
        ud2
code_int80_32:
        int     $0x80
        ud2
        .code64

        .section .note.GNU-stack, "", @progbits
