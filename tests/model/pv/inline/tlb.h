/* SPDX-License-Identifier: MIT */
/* What a CPU calls of arch/x86/tlb.h and cpu.h that is inline there: instances that are compiled as the core is. */
#ifndef TESTS_MODEL_PV_INLINE_TLB_H
#define TESTS_MODEL_PV_INLINE_TLB_H

#include "arch/x86/cpu.h"

bool call_use_begin(struct cpu *c);
void call_use_end(struct cpu *c);
void call_enter_pv_guest(struct cpu *c);
void call_enter_other_guest(struct cpu *c); /* or idle */
void call_leave_guest(struct cpu *c);

#endif
