/* SPDX-License-Identifier: MIT */
/* The floating-point and vector state of guests, in whichever container (SDM Vol. 1, chapter 13). */
#ifndef ARCH_X86_FPU_H
#define ARCH_X86_FPU_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/x86/virt.h"

int fpu_init(struct arch_vcpu *v); /* allocates v->xsave; 0 or -XEN_ENOMEM */
void fpu_free(struct arch_vcpu *v);
void fpu_reset(struct arch_vcpu *v); /* to the state after INIT */
/* Memory -> processor, on a switch; and back. CR0.TS is clear. */
void fpu_load(struct arch_vcpu *v);
void fpu_save(struct arch_vcpu *v);
bool fpu_xsetbv(struct arch_vcpu *v, uint32_t index, uint64_t value); /* false: #GP */
uint64_t fpu_xcr0_allowed(void);                                      /* 0: no XSAVE */

#endif
