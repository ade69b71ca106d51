/* SPDX-License-Identifier: MIT */
/*
 * Exceptions and interrupts: 256 stubs of 16 bytes, one common path. The frame, from the top of the stack down, is
 * struct trap_frame of guest/lib/frame.h:
 *
 *      ss esp                          pushed by the processor, if it came from ring 3
 *      eflags cs eip                   pushed by the processor
 *      error                           by the processor, or 0 by the stub
 *      vector                          by the stub
 *      eax ecx edx ebx esp ebp esi edi by PUSHA
 */

/* Vectors whose error code the processor pushes: 8, 10 to 14, 17, 21, 29 and 30. */
#define HAS_ERROR_CODE 0x60227D00

#define SELECTOR_KERNEL_DATA 0x10

        .text
        .balign 16
        .globl trap_stubs
trap_stubs:
        .set    vector, 0
        .rept   256
        .balign 16
        .if     !((HAS_ERROR_CODE >> (vector & 31)) & 1) || (vector >= 32)
        pushl   $0
        .endif
        pushl   $vector
        jmp     trap_common
        .set    vector, vector + 1
        .endr

        .balign 16
trap_common:
        pusha
        cld
        mov     $SELECTOR_KERNEL_DATA, %eax
        mov     %eax, %ds
        mov     %eax, %es
        push    %esp
        call    trap_dispatch
        pop     %eax
        popa
        add     $8, %esp
        iret

/* int trap_call(void (*fn)(void *), void *arg, guest_word *catch_sp): call fn(arg) and return TRAP_NONE. An exception
 * in between goes to trap_caught with %esp = *catch_sp and %eax = vector, as if trap_call() had returned that. */
        .globl trap_call
trap_call:
        push    %ebp
        push    %ebx
        push    %esi
        push    %edi
        mov     28(%esp), %ecx
        push    %ecx
        mov     %esp, (%ecx)
        push    28(%esp)                /* arg */
        call    *28(%esp)               /* fn */
        pop     %eax
        mov     $-1, %eax
trap_caught:
        pop     %ecx
        movl    $0, (%ecx)
        pop     %edi
        pop     %esi
        pop     %ebx
        pop     %ebp
        ret

/* void trap_divert(guest_word sp, guest_word vector, guest_word flags): IRET within ring 0 does not change the stack, so its
 * frame is built there by hand; it is by IRET that the processor lets further NMIs in. */
        .globl trap_divert
trap_divert:
        mov     4(%esp), %ecx
        mov     8(%esp), %eax
        mov     12(%esp), %edx
        mov     %ecx, %esp
        push    %edx
        push    %cs
        push    $trap_caught
        iret

/* void pvh_wait(void): sleep until an interrupt has been taken. STI takes effect behind the next instruction, so that
 * none can come between the two; for where one does all the same, see skip_wait() in pvh/traps.c. */
        .globl pvh_wait
pvh_wait:
        sti
        .globl pvh_wait_hlt
pvh_wait_hlt:
        hlt
        .globl pvh_wait_end
pvh_wait_end:
        cli
        ret

/* void pvh_enter_user(guest_word ip, guest_word sp): go to ring 3. */
        .globl pvh_enter_user
pvh_enter_user:
        mov     4(%esp), %eax
        mov     8(%esp), %ecx
        push    $0x1B
        push    %ecx
        push    $0x2
        push    $0x23
        push    %eax
        iret

        .section .note.GNU-stack, "", @progbits
