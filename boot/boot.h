/* SPDX-License-Identifier: MIT */
/*
 * The way in: numbers shared by the assembly here and the C that follows. Included by assembly too.
 *
 * The image is flat, linked at IMAGE_BASE + physical address: text (with .multiboot first), rodata, data, bss.
 * arch/x86/sections.h lists the symbols that the linker script provides.
 */
#ifndef BOOT_BOOT_H
#define BOOT_BOOT_H

/* Multiboot 1 header (specification 0.6.96, 3.1). */
#define MB1_HEADER_MAGIC 0x1BADB002
#define MB1_PAGE_ALIGN (1 << 0)
#define MB1_MEMORY_INFO (1 << 1)
#define MB1_ADDRESS_FIELDS (1 << 16)
#define MB1_BOOT_MAGIC 0x2BADB002

/* Multiboot 2 header (specification 2.0, 3.1). */
#define MB2_HEADER_MAGIC 0xE85250D6
#define MB2_ARCH_I386 0
#define MB2_BOOT_MAGIC 0x36D76289
#define MB2_TAG_END 0
#define MB2_TAG_REQUEST 1
#define MB2_TAG_ADDRESS 2
#define MB2_TAG_ENTRY 3
#define MB2_TAG_CONSOLE 4
#define MB2_TAG_FRAMEBUFFER 5
#define MB2_TAG_MODULE_ALIGN 6
#define MB2_OPTIONAL 1
#define MB2_CONSOLE_EGA_TEXT 2
#define MB2_INFO_CMDLINE 1
#define MB2_INFO_LOADER 2
#define MB2_INFO_MODULE 3
#define MB2_INFO_MMAP 6
#define MB2_INFO_FRAMEBUFFER 8
#define MB2_INFO_EFI64 12
#define MB2_INFO_ACPI_OLD 14
#define MB2_INFO_ACPI_NEW 15

/* Selectors of the GDT that other CPUs start with, before they load their own: a page below 1 MiB has no room for
 * those of arch/x86/descriptors.h. */
#define SEL_START_CODE64 0x08
#define SEL_START_DATA 0x10
#define SEL_START_CODE32 0x18

#define BOOT_PANIC_CODE 0x11     /* to isa-debug-exit: exit code 35 */
#define EARLY_MAPPED 0x100000000 /* bytes that the early page tables map: identity, direct map, image */

#ifndef __ASSEMBLER__

#include <stdint.h>

/* boot/entry.S: the boot CPU's stacks, as arch/x86/stacks.h draws them. */
extern uint8_t boot_stacks[];

#endif
#endif
