/* SPDX-License-Identifier: MIT */
/* May the guest be entered by SYSRET, as it was left by SYSCALL? Pure code. */
#ifndef ARCH_X86_PV_RETURN_H
#define ARCH_X86_PV_RETURN_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/x86/guest_regs.h"
#include "arch/x86/pv/entry.h"
#include "arch/x86/selectors.h"

/* Selectors as they lie in struct pv_guest: cs in the lower half. */
#define PV_FLAT_CS_SS (SEL_GUEST_CODE64 | (uint32_t)SEL_GUEST_DATA << 16)

/*
 * SYSRET takes rip from rcx and rflags from r11, any flag of them, and the flat segments. On some processors it faults
 * in ring 0, with the guest's %rsp, if rip is not canonical (CVE-2012-0217). TF and RF mean something else to it.
 */
static inline bool pv_sysret_allowed(const struct guest_regs *r, uint32_t cs_ss)
{
    const uint64_t may = PV_RFLAGS & ~(uint64_t)(RFLAGS_TF | RFLAGS_RF);

    return r->rip == r->rcx && r->rflags == r->r11 && (r->rflags & ~may) == PV_RFLAGS_ALWAYS &&
           (uint64_t)((int64_t)(r->rip << 16) >> 16) == r->rip && cs_ss == PV_FLAT_CS_SS;
}

#endif
