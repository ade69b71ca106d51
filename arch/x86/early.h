/* SPDX-License-Identifier: MIT */
/* Memory before there is an allocator: the machine's RAM, and what of it is spoken for. Boot CPU only. */
#ifndef ARCH_X86_EARLY_H
#define ARCH_X86_EARLY_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/x86/ranges.h"

struct boot_info;

extern struct ranges early_ram; /* all RAM of the memory map, in whole pages */

/* max_pa: RAM from there on cannot be reached, whatever the memory map says. */
void early_init(const struct boot_info *info, uint64_t max_pa);
/* Is any of [start, end) RAM by the memory map? */
bool early_has_ram(uint64_t start, uint64_t end);
/* Zeroed pages below limit, which must be mapped in the direct map; 0 = none. */
uint64_t early_take(uint64_t bytes, uint64_t limit);
/* From here on pages come from door_alloc_frames(); true once that is so. */
bool early_is_over(void);
/* A free page below 1 MiB for the start of other CPUs; 0 = none. */
uint64_t early_low_page(void);

#endif
