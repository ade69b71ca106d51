/* SPDX-License-Identifier: MIT */
/*
 * Where the parts of the image lie: symbols of the linker script. Each part starts and ends on a page; the addresses
 * are the linked ones, IMAGE_BASE + physical.
 *
 *   image_start = text_start   .multiboot, .text*                                read, execute
 *   text_end = rodata_start    .rodata*, .ex_table, .got, symbols                read
 *   rodata_end = data_start    .data*                                            read, write
 *   image_load_end             end of what is in the file (not page-aligned)
 *   image_end                  end of .bss
 */
#ifndef ARCH_X86_SECTIONS_H
#define ARCH_X86_SECTIONS_H

#include <stdint.h>

extern const uint8_t image_start[], image_load_end[], image_end[];
extern const uint8_t text_start[], text_end[];
extern const uint8_t rodata_start[], rodata_end[];
extern const uint8_t data_start[];

/* Instructions that may fault, and where to go on (arch/x86/msr.h). */
struct ex_entry {
    uint64_t fault, resume;
    uint64_t tells; /* 1: %rax is the vector and %rcx the error code at `resume` */
};
extern const struct ex_entry ex_table_start[], ex_table_end[];

#endif
