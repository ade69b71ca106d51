/* SPDX-License-Identifier: MIT */
/* What the processor was doing, in words, for panic() and for exceptions in the hypervisor. Any context. */
#ifndef ARCH_X86_BACKTRACE_H
#define ARCH_X86_BACKTRACE_H

#include <stdint.h>

struct trap_frame;

/*
 * Print the chain of callers, innermost first: address, and function+offset where the symbol table knows it. rip is the
 * innermost address (0: begin with the caller of the frame). Follows frame pointers inside this CPU's stacks only.
 */
void backtrace(uint64_t rbp, uint64_t rip);
/* What the machine-check banks have noted (SDM vol. 3, 16.3.2). */
void dump_machine_check(void);
/* All registers of a trap frame and the control registers. */
void dump_registers(const struct trap_frame *frame);

#endif
