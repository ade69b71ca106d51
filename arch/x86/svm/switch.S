/* SPDX-License-Identifier: MIT */
/*
 * svm_switch(regs, vmcb_pa, host_vmcb_pa): the world switch (APM Vol. 2, section 15.5).
 *
 * VMRUN saves our rip, rsp, rax, rflags, control and segment registers in the host save area and loads the guest's from
 * the VMCB; VMLOAD and VMSAVE exchange the rest of the segment state (FS, GS, TR, LDTR, KernelGsBase, STAR, LSTAR, CSTAR,
 * SFMASK, SYSENTER_*). The other general registers are ours to move. Nothing is left of one side when the other runs.
 *
 * The stack while the guest runs:
 *   64(%rsp)       return address
 *   16..56(%rsp)   r15 r14 r13 r12 rbx rbp
 *    8(%rsp)       regs
 *    0(%rsp)       host_vmcb_pa
 */
#include "arch/x86/guest_regs.h"

    .text
    .globl svm_switch
    .type svm_switch, @function
svm_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    pushq %rdi
    pushq %rdx

    movq %rsi, %rax
    vmload %rax
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

    /* The physical interrupt mask while the guest runs is our IF at VMRUN (V_INTR_MASKING, section 15.21.1). */
    sti
    vmrun %rax
    cli

    vmsave %rax
    pushq %rdi
    movq 16(%rsp), %rdi
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

    popq %rax /* host_vmcb_pa */
    vmload %rax
    popq %rdi

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
    .size svm_switch, . - svm_switch

    .section .note.GNU-stack, "", @progbits
