/* SPDX-License-Identifier: MIT */
#include "arch/x86/pv/descriptor.h"

#include "arch/x86/pv/table.h"
#include "common/error.h"
#include "guest/abi/errno.h"

/* SDM Vol. 3A, 3.4.5 */
#define DESCRIPTOR_PRESENT (1ULL << 47)
#define DESCRIPTOR_DPL (3ULL << 45)
#define DESCRIPTOR_IS_SEGMENT (1ULL << 44) /* S: code or data, else a gate, TSS or LDT */
#define DESCRIPTOR_IS_CODE (1ULL << 43)
#define DESCRIPTOR_LONG (1ULL << 53)
#define DESCRIPTOR_DB (1ULL << 54)

/*
 * No gates, which lead to other rings, and no system segments; what is 16 bytes long is refused at its first half, so
 * that no second half is ever read as one. Segments of an inner ring could not be loaded by the guest, but would fault
 * in the hypervisor when it returns to them. A code segment is for 64 bits or has a default size, not both.
 */
bool pv_descriptor_allowed(uint64_t descriptor)
{
    if (!(descriptor & DESCRIPTOR_PRESENT))
        return true;
    if (!(descriptor & DESCRIPTOR_IS_SEGMENT) || (descriptor & DESCRIPTOR_DPL) != DESCRIPTOR_DPL)
        return false;
    return !(descriptor & DESCRIPTOR_IS_CODE) ||
           (descriptor & (DESCRIPTOR_LONG | DESCRIPTOR_DB)) != (DESCRIPTOR_LONG | DESCRIPTOR_DB);
}

int pv_descriptors_check(const uint64_t *page)
{
    for (unsigned i = 0; i < PV_ENTRIES; i++)
        if (!pv_descriptor_allowed(__atomic_load_n(&page[i], __ATOMIC_RELAXED)))
            return xen_error(XEN_EINVAL);
    return 0;
}
