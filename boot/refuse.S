/* SPDX-License-Identifier: MIT */
/*
 * The end of a start that cannot be: a sentence on COM1 and on the VGA text screen, from 32-bit protected mode without
 * paging and without a working hypervisor. %ebp = physical address of the text. An emulator is left with exit code 35.
 */
#include "arch/x86/layout.h"
#include "arch/x86/regs.h"
#include "boot/boot.h"

#define COM1 0x3f8
#define LSR_THR_EMPTY 0x20
#define LSR_IDLE 0x40 /* all sent */
#define VGA_TEXT 0xb8000
#define VGA_BRIGHT 0x4f /* white on red */
#define WAIT_TURNS 100000

        .macro out_byte port, value
        movw $\port, %dx
        movb $\value, %al
        outb %al, %dx
        .endm

        .text
        .code32
        .globl refuse
refuse:
        out_byte COM1 + 1, 0x00 /* no interrupts */
        out_byte COM1 + 3, 0x80 /* 115200 baud: divisor 1 */
        out_byte COM1 + 0, 0x01
        out_byte COM1 + 1, 0x00
        out_byte COM1 + 3, 0x03 /* 8n1 */
        out_byte COM1 + 2, 0x07 /* FIFO on and empty */
        movl $VGA_TEXT, %edi
1:      movzbl (%ebp), %ebx
        testl %ebx, %ebx
        jz 3f
        movb $LSR_THR_EMPTY, %ah
        call wait_line
        movw $COM1, %dx
        movb %bl, %al
        outb %al, %dx
        cmpb $' ', %bl /* the screen has no use for \r\n */
        jb 2f
        movb $VGA_BRIGHT, %bh
        movw %bx, (%edi)
        addl $2, %edi
2:      incl %ebp
        jmp 1b
3:      movb $LSR_IDLE, %ah
        call wait_line
        call leave_emulator
4:      cli
        hlt
        jmp 4b

/* Wait until bit %ah of the line status is set, not for ever. */
wait_line:
        movl $WAIT_TURNS, %ecx
        movw $COM1 + 5, %dx
1:      inb %dx, %al
        testb %ah, %al
        jnz 2f
        loop 1b
2:      ret

/* isa-debug-exit, only where CPUID says that this is no real machine. */
leave_emulator:
        pushfl
        popl %eax
        movl %eax, %ecx
        xorl $RFLAGS_ID, %eax
        pushl %eax
        popfl
        pushfl
        popl %eax
        xorl %ecx, %eax
        testl $RFLAGS_ID, %eax
        jz 1f
        movl $1, %eax
        cpuid
        testl $CPUID_1_ECX_HYPERVISOR, %ecx
        jz 1f
        movl $BOOT_PANIC_CODE, %eax
        outl %eax, $0xf4
1:      ret

        .section .note.GNU-stack, "", @progbits
