/* SPDX-License-Identifier: MIT */
/*
 * PVH start of day (public header arch-x86/hvm/start_info.h): 32-bit protected mode, flat segments, paging off,
 * interrupts off, %ebx = physical address of struct hvm_start_info. From here to long mode on page tables of our own
 * that map the first 4 GiB one to one, then to pvh_start().
 */

#define PAGE_SIZE 4096
#define STACK_SIZE 16384

#define CR0_PG_WP_PE 0x80010001
#define CR4_PAE 0x20
#define MSR_EFER 0xC0000080
#define EFER_LME 0x100

#define PTE_TABLE 0x67 /* present, writable, user, accessed, dirty */
#define PTE_2MIB 0xE7  /* the same, and a large page */

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
        mov     %ebx, %ebp              /* start_info; %ebp is not used below */

        /* The four page directories: entry i maps the 2 MiB at i << 21. */
        mov     $page_directories, %edi
        xor     %ecx, %ecx
1:      mov     %ecx, %eax
        shl     $21, %eax
        or      $PTE_2MIB, %eax
        mov     %eax, (%edi,%ecx,8)
        movl    $0, 4(%edi,%ecx,8)
        inc     %ecx
        cmp     $(4 * 512), %ecx
        jne     1b

        /* The directory pointer table names the four, the root names that. */
        lea     PTE_TABLE(%edi), %eax
        mov     $pointer_table, %edi
        xor     %ecx, %ecx
2:      mov     %eax, (%edi,%ecx,8)
        add     $PAGE_SIZE, %eax
        inc     %ecx
        cmp     $4, %ecx
        jne     2b
        lea     PTE_TABLE(%edi), %eax
        mov     %eax, pvh64_root

        mov     $pvh64_root, %eax
        mov     %eax, %cr3
        mov     %cr4, %eax
        or      $CR4_PAE, %eax
        mov     %eax, %cr4
        mov     $MSR_EFER, %ecx
        rdmsr
        or      $EFER_LME, %eax
        wrmsr
        mov     $CR0_PG_WP_PE, %eax
        mov     %eax, %cr0
        lgdt    boot_gdt_pointer
        ljmp    $0x08, $long_mode

        .code64
long_mode:
        mov     $0x10, %eax
        mov     %eax, %ds
        mov     %eax, %es
        mov     %eax, %ss
        xor     %eax, %eax
        mov     %eax, %fs
        mov     %eax, %gs
        mov     $(boot_stack + STACK_SIZE), %esp
        mov     %ebp, %edi
        xor     %ebp, %ebp              /* ends a backtrace */
        call    pvh_start
        ud2

        .section .rodata
        .balign 8
boot_gdt:
        .quad   0
        .quad   0x00AF9B000000FFFF      /* 0x08: 64-bit code */
        .quad   0x00CF93000000FFFF      /* 0x10: data */
boot_gdt_pointer:
        .word   . - boot_gdt - 1
        .long   boot_gdt

        .bss
        .balign PAGE_SIZE
page_directories:
        .skip   4 * PAGE_SIZE
pointer_table:
        .skip   PAGE_SIZE
        .globl pvh64_root
pvh64_root:
        .skip   PAGE_SIZE
        .globl hypercall_page
hypercall_page:
        .skip   PAGE_SIZE
        .balign STACK_SIZE
        .globl boot_stack
boot_stack:
        .skip   STACK_SIZE

        .section .note.GNU-stack, "", @progbits
