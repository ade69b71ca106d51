/* SPDX-License-Identifier: MIT */
/*
 * A pv guest's start of day (public header xen.h): 64-bit mode, ring 3, on page tables that the hypervisor made and
 * has validated, upcalls masked; %rsi = address of struct start_info, %rsp = the top of the last page that the
 * hypervisor gave a use. From here to a stack of our own, and to pv_start(info, that top).
 */

#define PAGE_SIZE 4096
#define STACK_SIZE 16384

/* A note by which the hypervisor knows what to do with this image (public header elfnote.h): the name "Xen", a type, and
 * a string or an address. */
        .macro  note type, directive, value:vararg
        .balign 4
        .long   4, 3f - 2f, \type
        .asciz  "Xen"
2:      \directive \value
3:      .balign 4
        .endm

        .section .note.Xen, "a", @note
        note    6, .asciz, "Xenolith guest"     /* GUEST_OS */
        note    5, .asciz, "xen-3.0"            /* XEN_VERSION */
        note    8, .asciz, "generic"            /* LOADER */
        note    3, .quad, 0                     /* VIRT_BASE: address = 4096 * pfn ... */
        note    4, .quad, 0                     /* PADDR_OFFSET: ... and the image says the same */
        note    1, .quad, guest_entry           /* ENTRY */
        note    2, .quad, hypercall_page        /* HYPERCALL_PAGE */

        .section .text.entry, "ax", @progbits
        .globl guest_entry
guest_entry:
        cld
        mov     %rsi, %rdi
        mov     %rsp, %rsi
        mov     $(boot_stack + STACK_SIZE), %esp
        xor     %ebp, %ebp              /* ends a backtrace */
        call    pv_start
        ud2

        .bss
        .balign PAGE_SIZE
        .globl hypercall_page
hypercall_page:
        .skip   PAGE_SIZE
        .balign STACK_SIZE
        .globl boot_stack
boot_stack:
        .skip   STACK_SIZE

        .section .note.GNU-stack, "", @progbits
