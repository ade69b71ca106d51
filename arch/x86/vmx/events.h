/* SPDX-License-Identifier: MIT */
/*
 * What becomes of events at exits and entries: decisions over values of VMCS fields, without the VMCS, so that a test
 * on the host sees each case. Those that act on them are in exits.c and run.c.
 */
#ifndef ARCH_X86_VMX_EVENTS_H
#define ARCH_X86_VMX_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/x86/vmx/vmcs_bits.h"

#define EXCEPTION_DB 1
#define EXCEPTION_NMI 2
#define EXCEPTION_UD 6
#define EXCEPTION_GP 13
#define EXCEPTION_AC 17
#define EXCEPTION_MC 18

/* Interruption information by which an entry delivers this exception of the processor. Real mode pushes no error codes
 * (SDM Vol. 3C, section 26.2.1.3). */
uint32_t vmx_exception_info(unsigned vector, bool protected_mode);

/* Interruptibility once an instruction has been completed or an exception delivered: what STI and MOV SS block is one
 * instruction long (section 24.4.2). */
static inline uint32_t vmx_unblocked(uint32_t interruptibility)
{
    return interruptibility & ~(BLOCKED_BY_STI | BLOCKED_BY_MOV_SS);
}

/* An exception that was intercepted, #DB or #AC, and goes back to the guest. */
struct vmx_reflection {
    uint32_t info;             /* for the entry; an error code that it has is 0 */
    uint32_t interruptibility; /* for the entry */
    bool passes_over;          /* the instruction that raised it is passed over: the entry wants its length */
    bool has_dr6;              /* the exit's qualification holds what DR6 would have said (section 27.2.1) */
};
struct vmx_reflection vmx_reflect(uint32_t exit_info, uint32_t vectoring_info, uint32_t interruptibility,
                                  bool protected_mode);

/* An NMI waits for the guest. 0: the entry injects it; else the control whose window shows when it can be. `queued`:
 * the entry injects something else. */
uint32_t vmx_nmi_window(bool queued, uint32_t interruptibility);

/* An exit cut the delivery of an event short (section 27.2.4): what the next entry does about it. */
struct vmx_kept {
    uint32_t info;             /* deliver this again, with the error code of the vectoring information; 0: nothing */
    uint32_t interruptibility; /* for the entry */
    bool nmi;                  /* an NMI is pending again */
};
struct vmx_kept vmx_keep(uint32_t vectoring_info, uint32_t interruptibility);

#endif
