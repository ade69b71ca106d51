/* SPDX-License-Identifier: MIT */
/*
 * Where another CPU starts after INIT and STARTUP: in real mode at the first byte of a page below 1 MiB, with %cs = the
 * page's address / 16. Through protected mode into long mode and to the image, with tables that identity-map this page
 * and nothing else; the copy is only read. smp.c fills in the data at the end (boot/trampoline.h).
 *
 * CR0 after INIT has caches off (CD, NW): loading it anew turns them on.
 */
#include "arch/x86/layout.h"
#include "arch/x86/offsets.h"
#include "arch/x86/regs.h"
#include "arch/x86/selectors.h"
#include "boot/boot.h"

#define OFFSET(symbol) ((symbol) - trampoline_start)

        .section .rodata
        .balign 16
        .globl trampoline_start, trampoline_end
        .hidden trampoline_start, trampoline_end
        .code16
trampoline_start:
        cli
        cld
        movw %cs, %ax
        movw %ax, %ds
        xorl %ebx, %ebx
        movw %ax, %bx
        shll $4, %ebx /* the page's address */
        lgdtl OFFSET(gdt_pointer)
        movl $CR0_PE | CR0_ET, %eax
        movl %eax, %cr0
        ljmpl *OFFSET(far32)

        .code32
in_protected_mode:
        movl $SEL_START_DATA, %eax
        movl %eax, %ds
        movl %eax, %es
        movl %eax, %ss
        movl $CR4_PAE, %eax
        movl %eax, %cr4
        movl OFFSET(cr3_value)(%ebx), %eax
        movl %eax, %cr3
        movl $MSR_EFER, %ecx
        xorl %edx, %edx
        movl OFFSET(efer_value)(%ebx), %eax
        wrmsr
        movl $CR0_PG | CR0_WP | CR0_NE | CR0_ET | CR0_MP | CR0_PE, %eax
        movl %eax, %cr0
        ljmpl *OFFSET(far64)(%ebx)

        .code64
in_long_mode:
        movabsq $in_image, %rax
        jmp *%rax

        .balign 8
trampoline_gdt:
        .quad 0
        .quad 0x00af9b000000ffff /* SEL_START_CODE64; all are marked as accessed, so that nothing is written */
        .quad 0x00cf93000000ffff /* SEL_START_DATA */
        .quad 0x00cf9b000000ffff /* SEL_START_CODE32 */
gdt_pointer:
        .short 0
        .long OFFSET(trampoline_gdt)
far32:
        .long OFFSET(in_protected_mode)
        .short SEL_START_CODE32
far64:
        .long OFFSET(in_long_mode)
        .short SEL_START_CODE64
cr3_value:
        .long 0
efer_value:
        .long 0
trampoline_end:

/* In the image, no stack yet: take the claim, or be parked. */
        .text
        .code64
in_image:
        movq smp_root(%rip), %rax
        movq %rax, %cr3
        xorl %edi, %edi
        xchgq %rdi, smp_claim(%rip)
        testq %rdi, %rdi
        jz smp_park
        movq CPU_STACK_START(%rdi), %rsp
        movq %rdi, %rax
        movq %rdi, %rdx
        shrq $32, %rdx
        movl $MSR_GS_BASE, %ecx
        wrmsr
        xorl %ebp, %ebp
        call smp_cpu_main

/*
 * smp_park(state): NMIs and machine checks come to its end again. What they push is the same on every parked CPU: so all share one stack.
 * Without CR4.MCE a machine check, which goes to all CPUs, would reset the machine.
 */
        .globl smp_park, smp_parked
        .hidden smp_park, smp_parked
smp_park:
        cli
        lgdt smp_park_gdt(%rip)
        lidt smp_park_idt(%rip)
        movl $SEL_DATA, %eax
        movl %eax, %ss
        movq %cr4, %rax
        orq $CR4_MCE, %rax
        movq %rax, %cr4
        leaq park_stack_top(%rip), %rsp
        pushq $SEL_CODE64
        leaq 1f(%rip), %rax
        pushq %rax
        lretq
1:      testq %rdi, %rdi
        jz smp_parked
        movl $CPU_STATE_STARTING, %eax
        movl $CPU_STATE_REFUSED, %ecx
        lock cmpxchgl %ecx, (%rdi)
smp_parked:
        leaq park_stack_top(%rip), %rsp
        hlt
        jmp smp_parked

        .bss
        .balign 16
        .skip 256
park_stack_top:

        .section .note.GNU-stack, "", @progbits
