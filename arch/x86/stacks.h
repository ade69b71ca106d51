/* SPDX-License-Identifier: MIT */
/*
 * A CPU's stacks, in pages of one stretch of address space; pages marked # are not mapped. Included by assembly too.
 *
 *   0    1 .. 4        5   6     7   8     9   10    11
 *   #    main stack    #   NMI   #   #DF   #   #MC   #
 *
 * Stacks grow down: running off any of them is a page fault, which, having no stack left, becomes a #DF on its own.
 */
#ifndef ARCH_X86_STACKS_H
#define ARCH_X86_STACKS_H

#include "arch/x86/layout.h"

#define IST_NMI 1
#define IST_DF 2
#define IST_MC 3

#define STACKS_MAIN_FIRST 1 /* page number */
#define STACKS_MAIN_TOP (STACKS_MAIN_FIRST + STACK_PAGES)
#define STACKS_IST_PAGE(ist) (STACKS_MAIN_TOP - 1 + 2 * (ist))
#define STACKS_PAGES (STACKS_MAIN_TOP + 7)

#ifndef __ASSEMBLER__

#include <stdbool.h>

/* Is page n of the stretch a stack (else a guard page)? */
static inline bool stacks_is_stack(unsigned n)
{
    return (n >= STACKS_MAIN_FIRST && n < STACKS_MAIN_TOP) ||
           (n > STACKS_MAIN_TOP && n < STACKS_PAGES && (n - STACKS_MAIN_TOP) % 2 == 1);
}

#endif
#endif
