/* SPDX-License-Identifier: MIT */
/* Offsets of fields that assembly uses; cpu.c and traps.c check them. Included by assembly too. */
#ifndef ARCH_X86_OFFSETS_H
#define ARCH_X86_OFFSETS_H

/* struct cpu */
#define CPU_SELF 0
#define CPU_VCPU 24
#define CPU_STACK_START 32
#define CPU_PV_STACK 40
#define CPU_PV_SCRATCH 48

/* enum cpu_state */
#define CPU_STATE_STARTING 1
#define CPU_STATE_REFUSED 3

/* struct trap_frame: size of what trap_entry.S pushes below the vector; from there on */
#define TRAP_FRAME_REGS (15 * 8)
#define TRAP_VECTOR 0
#define TRAP_ERROR 8
#define TRAP_RIP 16
#define TRAP_CS 24
#define TRAP_RFLAGS 32
#define TRAP_RSP 40
#define TRAP_SS 48

#endif
