/* SPDX-License-Identifier: MIT */
/* The world switch of the pv container: what entry.S and the C around it share. Included by assembly too. */
#ifndef ARCH_X86_PV_ENTRY_H
#define ARCH_X86_PV_ENTRY_H

#include "arch/x86/regs.h"

/* struct pv_exit: vectors that are none of the processor's */
#define PV_EXIT_SYSCALL 256   /* SYSCALL in 64-bit code */
#define PV_EXIT_SYSCALL32 257 /* SYSCALL in compatibility mode */
#define PV_EXIT_SYSENTER 258  /* no processor takes it: IA32_SYSENTER_CS is 0 (CAVEATS.md) */
/* The processor refused the state that the guest wanted to return to; "error" has its vector in bits 31:16. */
#define PV_EXIT_BAD_RETURN 259

#define PV_EXIT_NONE 260 /* none since the vcpu was loaded */

/* struct arch_vcpu */
#define VCPU_HW 160
/* struct pv_guest */
#define PV_GUEST_VECTOR 40
#define PV_GUEST_ERROR 44
#define PV_GUEST_CS 60
#define PV_GUEST_SS 62

/* What a guest may have in RFLAGS while it runs, besides IF and the fixed bit, which are always set: CF PF AF ZF SF TF
 * DF OF NT RF AC ID. */
#define PV_RFLAGS 0x254dd5
#define PV_RFLAGS_ALWAYS (RFLAGS_IF | RFLAGS_FIXED)
/* SYSCALL clears all of that (IA32_FMASK). */
#define PV_SYSCALL_MASK (PV_RFLAGS | RFLAGS_IF | RFLAGS_IOPL)

#ifndef __ASSEMBLER__

#include <stdbool.h>
#include <stdint.h>

struct arch_vcpu;

/*
 * Run the guest that this CPU has loaded until its next exit, which is in struct pv_guest then: returns its vector.
 * sysret: by SYSRET instead of IRET; the caller has seen that the state allows it. Interrupts off.
 */
unsigned pv_switch(struct arch_vcpu *v, bool sysret);

/* Where SYSCALL leads to (LSTAR, CSTAR). */
extern const uint8_t pv_syscall[], pv_syscall32[];

#endif
#endif
