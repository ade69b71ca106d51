/* SPDX-License-Identifier: MIT */
#include "arch/x86/pv/descriptor.h"

#include "arch/x86/pv/table.h"
#include "common/error.h"
#include "guest/abi/errno.h"

/* SDM Vol. 3A, 3.4.5 and 5.8.3 */
#define DESCRIPTOR_PRESENT (1ULL << 47)
#define DESCRIPTOR_DPL (3ULL << 45)
#define DESCRIPTOR_IS_SEGMENT (1ULL << 44) /* S: code or data, else a gate, TSS or LDT */
#define DESCRIPTOR_TYPE (15ULL << 40)
#define CALL_GATE (12ULL << 40)
#define GATE_RPL (3ULL << 16) /* of the selector that a gate leads to */

/*
 * Segments of an inner ring could not be loaded by the guest, but would fault in the hypervisor when it returns to
 * them: they become ring 3's. A call gate becomes ring 0's, so that nobody gets through it. Type 0 is none, but the
 * second half of a gate. Other system segments and gates are refused.
 */
bool pv_descriptor_adjust(uint64_t *descriptor)
{
    uint64_t d = *descriptor;

    if (!(d & DESCRIPTOR_PRESENT))
        return true;
    if (d & DESCRIPTOR_IS_SEGMENT)
        *descriptor = d | DESCRIPTOR_DPL;
    else if ((d & DESCRIPTOR_TYPE) == CALL_GATE)
        *descriptor = (d & ~DESCRIPTOR_DPL) | GATE_RPL;
    else
        return (d & DESCRIPTOR_TYPE) == 0;
    return true;
}

int pv_descriptors_validate(uint64_t *page)
{
    for (unsigned i = 0; i < PV_ENTRIES; i++) {
        uint64_t d = __atomic_load_n(&page[i], __ATOMIC_RELAXED);
        if (!pv_descriptor_adjust(&d))
            return xen_error(XEN_EINVAL);
        __atomic_store_n(&page[i], d, __ATOMIC_RELAXED);
    }
    return 0;
}
