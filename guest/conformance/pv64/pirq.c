/* SPDX-License-Identifier: MIT */
#include "guest/abi/physdev.h"
#include "guest/conformance/pv64/ask.h"

#define FIRST 5U /* below are lines that the hypervisor uses itself */
#define LAST 15U

/* A pv guest says first which interrupt line a pirq stands for. */
void conformance_map_pirqs(void)
{
    for (int i = FIRST; i <= (int)LAST; i++) {
        struct physdev_map_pirq op = {.domid = DOMID_SELF, .type = MAP_PIRQ_TYPE_GSI, .index = i, .pirq = i};

        (void)hypercall2(__HYPERVISOR_physdev_op, PHYSDEVOP_map_pirq, guest_address(&op));
    }
}
