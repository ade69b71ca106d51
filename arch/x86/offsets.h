/* SPDX-License-Identifier: MIT */
/* Offsets of fields that assembly uses; cpu.c and traps.c check them. Included by assembly too. */
#ifndef ARCH_X86_OFFSETS_H
#define ARCH_X86_OFFSETS_H

/* struct cpu */
#define CPU_SELF 0
#define CPU_STACK_TOP 32

/* enum cpu_state */
#define CPU_STATE_STARTING 1
#define CPU_STATE_REFUSED 3

/* struct trap_frame: size of what trap_entry.S pushes below the vector */
#define TRAP_FRAME_REGS (15 * 8)
#define TRAP_FRAME_CS (TRAP_FRAME_REGS + 3 * 8)

#endif
