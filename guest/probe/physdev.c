/* SPDX-License-Identifier: MIT */
#include "guest/abi/physdev.h"

#include "guest/lib/hypercall.h"
#include "guest/probe/probe.h"

void probe_physdev(void)
{
    uint32_t irq[8] = {9};

    for (unsigned cmd = 0; cmd < 34; cmd++) {
        note("physdev_op(%u, unmapped):", cmd);
        answer("that", hypercall2(__HYPERVISOR_physdev_op, cmd, guest_address(UNMAPPED)));
    }
    ASK(hypercall2(__HYPERVISOR_physdev_op, PHYSDEVOP_irq_status_query, guest_address(irq)));
    note("flags %x", irq[1]);
    irq[0] = 99999;
    ASK(hypercall2(__HYPERVISOR_physdev_op, PHYSDEVOP_irq_status_query, guest_address(irq)));
    ASK(hypercall2(__HYPERVISOR_physdev_op, PHYSDEVOP_eoi, guest_address(irq)));
    ASK(hypercall2(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iopl, guest_address(irq)));
    ASK(hypercall2(__HYPERVISOR_physdev_op, PHYSDEVOP_get_free_pirq, guest_address(irq)));
    ASK(hypercall2(__HYPERVISOR_physdev_op, 99, 0));
}
