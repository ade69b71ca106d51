/* SPDX-License-Identifier: MIT */
/*
 * A CPU's stacks, in pages of one stretch of address space; pages marked # are not mapped. Included by assembly too.
 *
 *   0    1 .. 4        5   6     7   8     9   10    11  12    13
 *   #    main stack    #   NMI   #   #DF   #   #MC   #   #DB   #
 *
 * Stacks grow down: running off any of them is a page fault, which, having no stack left, becomes a #DF on its own.
 *
 * The main stack starts below its last bytes: these take what the processor pushes when it leaves ring 3 (a pv guest),
 * until entry.S has put it into the vcpu. At the top of the others stands whose they are (struct stack_owner): they are
 * for what can come between any two instructions, also where the base of %gs is still, or already, a guest's.
 */
#ifndef ARCH_X86_STACKS_H
#define ARCH_X86_STACKS_H

#include "arch/x86/layout.h"

#define IST_NMI 1
#define IST_DF 2
#define IST_MC 3
#define IST_DB 4 /* what MOV SS holds back comes at the first instruction behind a SYSCALL: on the guest's stack */
#define IST_FIRST IST_NMI
#define IST_LAST IST_DB

#define STACKS_MAIN_FIRST 1 /* page number */
#define STACKS_MAIN_TOP (STACKS_MAIN_FIRST + STACK_PAGES)
#define STACKS_IST_PAGE(ist) (STACKS_MAIN_TOP - 1 + 2 * (ist))
#define STACKS_PAGES (STACKS_IST_PAGE(IST_LAST) + 2)

/* In bytes from the start of the stretch. */
#define STACKS_MAIN_END (STACKS_MAIN_TOP * PAGE_SIZE)
#define STACKS_MAIN_START (STACKS_MAIN_END - 128)

#define STACKS_OWNER_SIZE 16

#ifndef __ASSEMBLER__

#include <stdbool.h>
#include <stdint.h>

struct cpu;

/* The last bytes of the page of an IST stack; trap_entry.S reads it. */
struct stack_owner {
    struct cpu *cpu;
    uint64_t unused; /* keeps the stack aligned to 16 */
};
_Static_assert(sizeof(struct stack_owner) == STACKS_OWNER_SIZE, "assembly");

/* Is page n of the stretch a stack (else a guard page)? */
static inline bool stacks_is_stack(unsigned n)
{
    return (n >= STACKS_MAIN_FIRST && n < STACKS_MAIN_TOP) ||
           (n > STACKS_MAIN_TOP && n < STACKS_PAGES && (n - STACKS_MAIN_TOP) % 2 == 1);
}

#endif
#endif
