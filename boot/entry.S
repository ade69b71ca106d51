/* SPDX-License-Identifier: MIT */
/*
 * From the boot loader to kmain(): multiboot headers, 32-bit entry, early page tables, long mode, high half. An NMI may
 * come at any time: it is passed over.
 *
 * At entry (multiboot 1 and 2 alike): 32-bit protected mode, no paging, flat segments, %eax = magic number, %ebx =
 * physical address of the loader's information. Throughout the 32-bit part: %edi = magic, %esi = information.
 */
#include "arch/x86/layout.h"
#include "arch/x86/regs.h"
#include "arch/x86/selectors.h"
#include "arch/x86/stacks.h"
#include "boot/boot.h"

#define VEC_NMI 2
#define PA(symbol) ((symbol) - IMAGE_BASE)

        .section .multiboot, "ax"
        .balign 8
mb1_header:
        .long MB1_HEADER_MAGIC
        .long MB1_PAGE_ALIGN | MB1_MEMORY_INFO | MB1_ADDRESS_FIELDS
        .long -(MB1_HEADER_MAGIC + (MB1_PAGE_ALIGN | MB1_MEMORY_INFO | MB1_ADDRESS_FIELDS))
        .long PA(mb1_header), PA(image_start), PA(image_load_end), PA(image_end), PA(entry32)

        .balign 8
mb2_header:
        .long MB2_HEADER_MAGIC, MB2_ARCH_I386, mb2_end - mb2_header
        .long -(MB2_HEADER_MAGIC + MB2_ARCH_I386 + (mb2_end - mb2_header))

        .macro tag type, flags, size
        .balign 8
        .short \type, \flags
        .long \size
        .endm

        tag MB2_TAG_REQUEST, 0, 20
        .long MB2_INFO_CMDLINE, MB2_INFO_MODULE, MB2_INFO_MMAP
        tag MB2_TAG_REQUEST, MB2_OPTIONAL, 28
        .long MB2_INFO_LOADER, MB2_INFO_FRAMEBUFFER, MB2_INFO_EFI64, MB2_INFO_ACPI_OLD, MB2_INFO_ACPI_NEW
        tag MB2_TAG_ADDRESS, 0, 24
        .long PA(mb2_header), PA(image_start), PA(image_load_end), PA(image_end)
        tag MB2_TAG_ENTRY, 0, 12
        .long PA(entry32)
        /* A framebuffer of any size. Our menu keeps BIOS machines in text mode (gfxpayload=text). */
        tag MB2_TAG_FRAMEBUFFER, MB2_OPTIONAL, 20
        .long 0, 0, 0
        tag MB2_TAG_CONSOLE, MB2_OPTIONAL, 12
        .long MB2_CONSOLE_EGA_TEXT
        tag MB2_TAG_MODULE_ALIGN, 0, 8
        tag MB2_TAG_END, 0, 8
mb2_end:

        .text
        .code32
        .globl entry32
entry32:
        cli
        cld
        movl $PA(boot_stacks) + STACKS_MAIN_START, %esp
        movl %eax, %edi
        movl %ebx, %esi
        cmpl $MB1_BOOT_MAGIC, %edi
        je 1f
        cmpl $MB2_BOOT_MAGIC, %edi
        je 1f
        movl $PA(no_multiboot), %ebp
        jmp refuse
1:      call pass_over_nmis
        call check_long_mode
        call build_early_tables
        call enable_long_mode
        ljmp $SEL_CODE64, $PA(entry64_low)

/*
 * Our descriptors, and an interrupt table that has a gate for NMIs where 32-bit mode looks for it and another one where
 * 64-bit mode does. An NMI before goes where the loader's table leads to. Keeps %edi, %esi.
 */
pass_over_nmis:
        lgdt PA(early_gdt_pointer)
        ljmp $SEL_CODE32, $PA(1f)
1:      movl $SEL_DATA, %eax
        movl %eax, %ds
        movl %eax, %es
        movl %eax, %ss
        movl $PA(early_nmi32), %eax
        movw %ax, PA(early_gate32)
        shrl $16, %eax
        movw %ax, PA(early_gate32) + 6
        movl $PA(early_nmi64), %eax
        movw %ax, PA(early_gate64)
        shrl $16, %eax
        movw %ax, PA(early_gate64) + 6
        lidt PA(early_idt_pointer)
        ret

early_nmi32:
        iretl

/* Goes to refuse unless the processor has long mode. Keeps %edi, %esi. */
check_long_mode:
        movl $PA(no_long_mode), %ebp
        pushfl
        popl %eax
        movl %eax, %ecx
        xorl $RFLAGS_ID, %eax /* a processor that can't flip it has no CPUID */
        pushl %eax
        popfl
        pushfl
        popl %eax
        xorl %ecx, %eax
        testl $RFLAGS_ID, %eax
        jz refuse
        movl $0x80000000, %eax
        cpuid
        cmpl $0x80000001, %eax
        jb refuse
        movl $0x80000001, %eax
        cpuid
        testl $CPUID_80000001_EDX_LM, %edx
        jz refuse
        ret

/*
 * Early tables: one L3 with four L2 of 2 MiB pages, seen at 0 (identity), IMAGE_BASE and DIRECTMAP_BASE. Everything is
 * writable and executable until arch_memory_init() replaces them. The loader has zeroed .bss.
 */
build_early_tables:
        movl $PA(early_l3) + PTE_PRESENT + PTE_WRITE, %eax
        movl %eax, PA(early_l4) + 8 * L4_SLOT(0)
        movl %eax, PA(early_l4) + 8 * L4_SLOT(IMAGE_BASE)
        movl %eax, PA(early_l4) + 8 * L4_SLOT(DIRECTMAP_BASE)
        movl $PA(early_l2) + PTE_PRESENT + PTE_WRITE, %eax
        xorl %ecx, %ecx
1:      movl %eax, PA(early_l3)(, %ecx, 8)
        addl $PAGE_SIZE, %eax
        incl %ecx
        cmpl $4, %ecx
        jb 1b
        movl $PTE_PRESENT + PTE_WRITE + PTE_LARGE, %eax
        xorl %ecx, %ecx
2:      movl %eax, PA(early_l2)(, %ecx, 8)
        addl $0x200000, %eax
        incl %ecx
        cmpl $4 * 512, %ecx
        jb 2b
        ret

enable_long_mode:
        movl $PA(early_l4), %eax
        movl %eax, %cr3
        movl $CR4_PAE, %eax
        movl %eax, %cr4
        movl $MSR_EFER, %ecx
        rdmsr
        orl $EFER_LME, %eax
        wrmsr
        movl $CR0_PG | CR0_WP | CR0_NE | CR0_ET | CR0_MP | CR0_PE, %eax
        movl %eax, %cr0
        ret

        .code64
early_nmi64:
        iretq

entry64_low:
        movabsq $entry64_high, %rax
        jmp *%rax
entry64_high:
        movabsq $IMAGE_BASE, %rax
        addq %rax, %rsp
        lgdt early_gdt_pointer_high(%rip)
        movl $SEL_DATA, %eax
        movl %eax, %ds
        movl %eax, %es
        movl %eax, %ss
        xorl %eax, %eax
        movl %eax, %fs
        movl %eax, %gs
        leaq cpus(%rip), %rax /* the boot CPU is cpus[0] */
        movq %rax, %rdx
        shrq $32, %rdx
        movl $MSR_GS_BASE, %ecx
        wrmsr
        movl %edi, %edi /* kmain(magic, information) */
        movl %esi, %esi
        xorl %ebp, %ebp /* the end of a backtrace */
        call kmain
        ud2

        .section .rodata
        .balign 8
early_gdt:
        .quad 0
        .quad 0x00af9b000000ffff /* SEL_CODE64 */
        .quad 0x00cf93000000ffff /* SEL_DATA */
        .quad 0x00cf9b000000ffff /* SEL_CODE32 */
early_gdt_pointer:
        .short SEL_FIRST + 4 * 8 - 1
        .long PA(early_gdt) - SEL_FIRST
early_gdt_pointer_high:
        .short SEL_FIRST + 4 * 8 - 1
        .quad early_gdt - SEL_FIRST
early_idt_pointer:
        .short early_idt_end - early_idt - 1
        .long PA(early_idt)
no_multiboot:
        .asciz "xen: this image must be started by a multiboot 1 or multiboot 2 boot loader.\r\n"
no_long_mode:
        .asciz "xen: this processor has no 64-bit mode, and Xenolith needs it.\r\n"

        .data
        .balign 8
#define GATE_INTERRUPT 0x8e00
early_idt:
        .skip VEC_NMI * 8
early_gate32: /* SDM Vol. 3A, figure 6-2 */
        .short 0, SEL_CODE32, GATE_INTERRUPT, 0
        .skip early_idt + VEC_NMI * 16 - .
early_gate64: /* figure 6-8 */
        .short 0, SEL_CODE64, GATE_INTERRUPT, 0
        .long 0, 0
early_idt_end:

        .bss
        .balign PAGE_SIZE
early_l4:
        .skip PAGE_SIZE
early_l3:
        .skip PAGE_SIZE
early_l2:
        .skip 4 * PAGE_SIZE
        .globl boot_stacks
        .hidden boot_stacks
boot_stacks:
        .skip STACKS_PAGES * PAGE_SIZE

        .section .note.GNU-stack, "", @progbits
