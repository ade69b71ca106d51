/* SPDX-License-Identifier: MIT */
/*
 * Included before arch/x86/tlb.c and inline/tlb.c (model.mk): the three instructions of theirs that the machine of the
 * explorer does not have.
 */
#ifndef TESTS_MODEL_PV_TLB_SEAM_H
#define TESTS_MODEL_PV_TLB_SEAM_H

#define ARCH_X86_CREG_H
#include "arch/x86/cpu.h"

struct cpu *tlb_this_cpu(void);
#define this_cpu() tlb_this_cpu()

uint64_t read_cr3(void);
void write_cr3(uint64_t value);

void access_pause(void);
#define __builtin_ia32_pause() access_pause()

#endif
