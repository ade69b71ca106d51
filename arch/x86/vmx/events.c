/* SPDX-License-Identifier: MIT */
#include "arch/x86/vmx/events.h"

#define VECTORS_WITH_ERROR 0x27d00U /* 8, 10-14, 17 */

uint32_t vmx_exception_info(unsigned vector, bool protected_mode)
{
    bool has_error = protected_mode && (VECTORS_WITH_ERROR >> vector & 1);

    return vector | INTERRUPT_TYPE_EXCEPTION | INTERRUPT_VALID | (has_error ? INTERRUPT_ERROR_VALID : 0);
}

/*
 * Three things that the processor would refuse, or repeat for ever:
 *
 * INT1 is an instruction to be passed over, and says nothing in DR6. Delivered as an exception of the processor, it
 * would return to itself.
 *
 * What blocks events ends with the delivery. Left there, it would demand a pending single step where RFLAGS.TF is set
 * (section 26.3.1.5), and none is.
 *
 * An IRET that faults has unblocked NMIs already, and is executed again: they are blocked until then (section 27.2.3).
 * A #DB is not IRET's fault: it comes before it, or after it has done its work.
 */
struct vmx_reflection vmx_reflect(uint32_t exit_info, uint32_t vectoring_info, uint32_t interruptibility,
                                  bool protected_mode)
{
    unsigned vector = INTERRUPT_VECTOR(exit_info);
    bool int1 = vector == EXCEPTION_DB && (exit_info & INTERRUPT_TYPE_MASK) == INTERRUPT_TYPE_PRIV_EXCEPTION;
    bool iret = vector != EXCEPTION_DB && (exit_info & IRET_UNBLOCKED_NMI) && !(vectoring_info & INTERRUPT_VALID);

    return (struct vmx_reflection){
        .info = int1 ? EXCEPTION_DB | INTERRUPT_TYPE_PRIV_EXCEPTION | INTERRUPT_VALID
                     : vmx_exception_info(vector, protected_mode),
        .interruptibility = vmx_unblocked(interruptibility) | (iret ? BLOCKED_BY_NMI : 0),
        .passes_over = int1,
        .has_dr6 = vector == EXCEPTION_DB && !int1,
    };
}

/* STI need not keep the window for NMIs shut (section 25.2), which would open again and again at the same instruction.
 * It does keep shut the one for interrupts. */
uint32_t vmx_nmi_window(bool queued, uint32_t interruptibility)
{
    if (interruptibility & BLOCKED_BY_STI)
        return CPU_INTERRUPT_WINDOW;
    return queued || (interruptibility & (BLOCKED_BY_NMI | BLOCKED_BY_MOV_SS)) ? CPU_NMI_WINDOW : 0;
}

/* An exception must be delivered again; an NMI too, and its delivery blocks NMIs only then. The upcall is still pending
 * by itself, and what an instruction raises is raised again by the instruction. */
struct vmx_kept vmx_keep(uint32_t vectoring_info, uint32_t interruptibility)
{
    struct vmx_kept kept = {.interruptibility = interruptibility};
    uint32_t type = vectoring_info & INTERRUPT_TYPE_MASK;

    if (!(vectoring_info & INTERRUPT_VALID))
        return kept;
    if (type == INTERRUPT_TYPE_EXCEPTION) {
        kept.info = vectoring_info & ~IRET_UNBLOCKED_NMI; /* undefined there, and reserved at entries */
    } else if (type == INTERRUPT_TYPE_NMI) {
        kept.interruptibility &= ~BLOCKED_BY_NMI;
        kept.nmi = true;
    }
    return kept;
}
