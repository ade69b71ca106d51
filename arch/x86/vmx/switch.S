/* SPDX-License-Identifier: MIT */
/*
 * vmx_switch(regs, launched): the world switch (SDM Vol. 3C, sections 26.1 and 27.5).
 *
 * The VMCS holds rip, rsp, rflags, control and segment registers of both sides; the other general registers are ours to
 * move. HOST_RSP and HOST_RIP are written at every entry, so that the VMCS does not care on which stack we are.
 *
 * The stack while the guest runs:
 *   56(%rsp)       return address
 *    8..48(%rsp)   r15 r14 r13 r12 rbx rbp
 *    0(%rsp)       regs
 */
#include "arch/x86/guest_regs.h"

#define HOST_RSP 0x6c14
#define HOST_RIP 0x6c16

    .text
    .globl vmx_switch
    .type vmx_switch, @function
vmx_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    pushq %rdi

    movl $HOST_RSP, %eax
    vmwrite %rsp, %rax
    leaq vmx_exit(%rip), %rcx
    movl $HOST_RIP, %eax
    vmwrite %rcx, %rax

    testb %sil, %sil
    movq REGS_RAX(%rdi), %rax
    movq REGS_RCX(%rdi), %rcx
    movq REGS_RDX(%rdi), %rdx
    movq REGS_RBX(%rdi), %rbx
    movq REGS_RBP(%rdi), %rbp
    movq REGS_RSI(%rdi), %rsi
    movq REGS_R8(%rdi), %r8
    movq REGS_R9(%rdi), %r9
    movq REGS_R10(%rdi), %r10
    movq REGS_R11(%rdi), %r11
    movq REGS_R12(%rdi), %r12
    movq REGS_R13(%rdi), %r13
    movq REGS_R14(%rdi), %r14
    movq REGS_R15(%rdi), %r15
    movq REGS_RDI(%rdi), %rdi
    jnz 1f
    vmlaunch
    jmp vmx_failed
1:  vmresume

vmx_failed: /* the guest did not run: nothing to store */
    movl $1, %eax
    popq %rdi
    jmp vmx_return

    .globl vmx_exit
vmx_exit:
    pushq %rdi
    movq 8(%rsp), %rdi
    movq %rax, REGS_RAX(%rdi)
    movq %rcx, REGS_RCX(%rdi)
    movq %rdx, REGS_RDX(%rdi)
    movq %rbx, REGS_RBX(%rdi)
    movq %rbp, REGS_RBP(%rdi)
    movq %rsi, REGS_RSI(%rdi)
    movq %r8, REGS_R8(%rdi)
    movq %r9, REGS_R9(%rdi)
    movq %r10, REGS_R10(%rdi)
    movq %r11, REGS_R11(%rdi)
    movq %r12, REGS_R12(%rdi)
    movq %r13, REGS_R13(%rdi)
    movq %r14, REGS_R14(%rdi)
    movq %r15, REGS_R15(%rdi)
    popq REGS_RDI(%rdi)
    popq %rdi
    xorl %eax, %eax

vmx_return:
    /* No value of the guest's stays in a register that the code to come might use by speculation. */
    xorl %ecx, %ecx
    xorl %edx, %edx
    xorl %esi, %esi
    xorl %edi, %edi
    xorl %r8d, %r8d
    xorl %r9d, %r9d
    xorl %r10d, %r10d
    xorl %r11d, %r11d
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
    .size vmx_switch, . - vmx_switch

    .section .note.GNU-stack, "", @progbits
