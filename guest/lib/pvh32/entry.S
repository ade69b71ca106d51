/* SPDX-License-Identifier: MIT */
/*
 * PVH start of day (public header arch-x86/hvm/start_info.h): 32-bit protected mode, flat segments, paging off,
 * interrupts off, %ebx = physical address of struct hvm_start_info. From here to paging, then to pvh_start().
 *
 * Plain 32-bit paging with 4 MiB pages: one page directory maps all addresses one to one, but for the last 4 MiB, where
 * a program finds addresses that are not mapped (GUEST_UNMAPPED).
 */

#define PAGE_SIZE 4096
#define STACK_SIZE 16384
#define MAPPED_ENTRIES 1023

#define CR0_PG_WP_PE 0x80010001
#define CR4_PSE 0x10

#define PDE_4MIB 0xE7 /* present, writable, user, accessed, dirty, large */

/* The note by which loaders find the entry point: name "Xen", type XEN_ELFNOTE_PHYS32_ENTRY. */
        .section .note.Xen, "a", @note
        .balign 4
        .long 4, 4, 18
        .asciz "Xen"
        .long guest_entry

        .section .text.entry, "ax", @progbits
        .code32
        .globl guest_entry
guest_entry:
        cli
        cld
        mov     $pvh32_directory, %edi
        xor     %ecx, %ecx
1:      mov     %ecx, %eax
        shl     $22, %eax
        or      $PDE_4MIB, %eax
        mov     %eax, (%edi,%ecx,4)
        inc     %ecx
        cmp     $MAPPED_ENTRIES, %ecx
        jne     1b

        mov     %edi, %cr3
        mov     %cr4, %eax
        or      $CR4_PSE, %eax
        mov     %eax, %cr4
        mov     $CR0_PG_WP_PE, %eax
        mov     %eax, %cr0

        mov     $(boot_stack + STACK_SIZE), %esp
        xor     %ebp, %ebp              /* ends a backtrace */
        push    %ebx
        call    pvh_start
        ud2

        .bss
        .balign PAGE_SIZE
        .globl pvh32_directory
pvh32_directory:
        .skip   PAGE_SIZE
        .globl hypercall_page
hypercall_page:
        .skip   PAGE_SIZE
        .balign STACK_SIZE
        .globl boot_stack
boot_stack:
        .skip   STACK_SIZE

        .section .note.GNU-stack, "", @progbits
