/* SPDX-License-Identifier: MIT */
/*
 * pv_switch(v, sysret): the world switch of the pv container. An exit is the return of the call.
 *
 * A guest runs in ring 3 with its own general registers, segments and bases of %fs and %gs; the hypervisor's base of
 * %gs waits in KERNEL_GS_BASE. Each way in swaps the two once, and each way out once: the privilege level of the code
 * that was left says which is which, never a value. Nothing of the guest is on a stack behind an exit: its registers
 * are in the vcpu, the vector in its struct pv_guest.
 *
 *   stack while the guest runs            what the processor pushes when it leaves ring 3
 *   48(%rsp)     return address           (top of the main stack, or a stack of its own)
 *   0..40(%rsp)  r15 r14 r13 r12 rbx rbp  ss rsp rflags cs rip error vector, as trap_entry.S draws it
 *
 * Interrupts are off in the hypervisor. NMI, #MC and #DB have stacks of their own, so that they may come while %rsp and
 * %gs are on their way (trap_entry.S).
 */
#include "arch/x86/guest_regs.h"
#include "arch/x86/offsets.h"
#include "arch/x86/pv/entry.h"
#include "arch/x86/selectors.h"

        /* All but rcx, r11, rsp, and rdi, where they are. */
        .macro load_registers
        movq REGS_RAX(%rdi), %rax
        movq REGS_RDX(%rdi), %rdx
        movq REGS_RBX(%rdi), %rbx
        movq REGS_RBP(%rdi), %rbp
        movq REGS_RSI(%rdi), %rsi
        movq REGS_R8(%rdi), %r8
        movq REGS_R9(%rdi), %r9
        movq REGS_R10(%rdi), %r10
        movq REGS_R12(%rdi), %r12
        movq REGS_R13(%rdi), %r13
        movq REGS_R14(%rdi), %r14
        movq REGS_R15(%rdi), %r15
        .endm

        .macro store_registers to
        movq %rcx, REGS_RCX(\to)
        movq %rdx, REGS_RDX(\to)
        movq %rbx, REGS_RBX(\to)
        movq %rbp, REGS_RBP(\to)
        movq %rsi, REGS_RSI(\to)
        movq %r8, REGS_R8(\to)
        movq %r9, REGS_R9(\to)
        movq %r10, REGS_R10(\to)
        movq %r11, REGS_R11(\to)
        movq %r12, REGS_R12(\to)
        movq %r13, REGS_R13(\to)
        movq %r14, REGS_R14(\to)
        movq %r15, REGS_R15(\to)
        .endm

        .text
        .code64
        .globl pv_switch
        .hidden pv_switch
        .type pv_switch, @function
pv_switch:
        pushq %rbp
        pushq %rbx
        pushq %r12
        pushq %r13
        pushq %r14
        pushq %r15
        movq %rsp, %gs:CPU_PV_STACK
        testl %esi, %esi
        jz return_by_iret

        load_registers
        movq REGS_RIP(%rdi), %rcx
        movq REGS_RFLAGS(%rdi), %r11
        movq REGS_RSP(%rdi), %rsp
        movq REGS_RDI(%rdi), %rdi
        swapgs
        sysretq

return_by_iret:
        movq VCPU_HW(%rdi), %rdx
        movl REGS_RFLAGS(%rdi), %eax
        andl $PV_RFLAGS, %eax
        orl $PV_RFLAGS_ALWAYS, %eax
        movzwl PV_GUEST_SS(%rdx), %ecx
        pushq %rcx
        pushq REGS_RSP(%rdi)
        pushq %rax
        movzwl PV_GUEST_CS(%rdx), %ecx
        pushq %rcx
        pushq REGS_RIP(%rdi)
        load_registers
        movq REGS_RCX(%rdi), %rcx
        movq REGS_R11(%rdi), %r11
        movq REGS_RDI(%rdi), %rdi
        swapgs
guest_iretq:
        iretq

/* The processor refused it, in ring 0; the vcpu still has all registers. %rax is the vector, %rcx the error code. */
iretq_refused:
        swapgs
        movq %gs:CPU_VCPU, %rdi
        movq VCPU_HW(%rdi), %rdx
        shll $16, %eax
        orl %eax, %ecx
        movl %ecx, PV_GUEST_ERROR(%rdx)
        movl $PV_EXIT_BAD_RETURN, %eax
        movl %eax, PV_GUEST_VECTOR(%rdx)
        jmp exit

        .section .ex_table, "a"
        .balign 8
        .quad guest_iretq, iretq_refused, 1
        .text

/* SYSCALL: rip is in rcx, rflags in r11; the stack is the guest's. %rsp is the vcpu's address for a moment. */
        .globl pv_syscall, pv_syscall32
        .hidden pv_syscall, pv_syscall32
        .balign 16
pv_syscall:
        swapgs
        movq %rsp, %gs:CPU_PV_SCRATCH
        movq %gs:CPU_VCPU, %rsp
        movq %rax, REGS_RAX(%rsp)
        movl $PV_EXIT_SYSCALL, %eax
        movq %rdi, REGS_RDI(%rsp)
        movl $SEL_GUEST_CODE64 | SEL_GUEST_DATA << 16, %edi
syscall_common:
        store_registers %rsp
        movq %rcx, REGS_RIP(%rsp)
        movq %r11, REGS_RFLAGS(%rsp)
        movq %gs:CPU_PV_SCRATCH, %rcx
        movq %rcx, REGS_RSP(%rsp)
        movq VCPU_HW(%rsp), %rdx
        movl %eax, PV_GUEST_VECTOR(%rdx)
        movl %edi, PV_GUEST_CS(%rdx) /* and SS behind it */
exit:
        movq %gs:CPU_PV_STACK, %rsp
        /* No value of the guest's stays in a register that the code to come might use by speculation. */
        xorl %ecx, %ecx
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
        .size pv_switch, . - pv_switch

        .balign 16
pv_syscall32:
        swapgs
        movq %rsp, %gs:CPU_PV_SCRATCH
        movq %gs:CPU_VCPU, %rsp
        movq %rax, REGS_RAX(%rsp)
        movl $PV_EXIT_SYSCALL32, %eax
        movq %rdi, REGS_RDI(%rsp)
        movl $SEL_GUEST_CODE32 | SEL_GUEST_DATA << 16, %edi
        jmp syscall_common

/* A trap from ring 3: %rsp is at its vector. The flags may have AC set, which would switch SMAP off, and DF. */
        .globl pv_trap
        .hidden pv_trap
pv_trap:
        swapgs
        lfence /* no use of %gs before it is known whose it is */
        pushq %rdi
        movq %gs:CPU_VCPU, %rdi
        movq %rax, REGS_RAX(%rdi)
        store_registers %rdi
        popq REGS_RDI(%rdi)
        pushq $RFLAGS_FIXED
        popfq
        movq VCPU_HW(%rdi), %rdx
        movq TRAP_RIP(%rsp), %rcx
        movq %rcx, REGS_RIP(%rdi)
        movq TRAP_RFLAGS(%rsp), %rcx
        movq %rcx, REGS_RFLAGS(%rdi)
        movq TRAP_RSP(%rsp), %rcx
        movq %rcx, REGS_RSP(%rdi)
        movl TRAP_CS(%rsp), %ecx
        movw %cx, PV_GUEST_CS(%rdx)
        movl TRAP_SS(%rsp), %ecx
        movw %cx, PV_GUEST_SS(%rdx)
        movl TRAP_ERROR(%rsp), %ecx
        movl %ecx, PV_GUEST_ERROR(%rdx)
        movl TRAP_VECTOR(%rsp), %eax
        movl %eax, PV_GUEST_VECTOR(%rdx)
        jmp exit

        .section .note.GNU-stack, "", @progbits
