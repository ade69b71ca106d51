/* SPDX-License-Identifier: MIT */
#include "guest/abi/memory.h"
#include "guest/lib/env.h"
#include "guest/lib/hypercall.h"
#include "guest/lib/memory.h"
#include "guest/lib/verdict.h"
#include "guest/naughty/naughty.h"

#define ORDER 9 /* of an extent: 512 frames, all there already, so that each counts as done */

static guest_memory_reservation reservation(unsigned n)
{
    return (guest_memory_reservation){
        .extent_start = guest_address(memory_alloc(n * sizeof(guest_word))),
        .nr_extents = n,
        .extent_order = ORDER,
        .domid = DOMID_SELF,
    };
}

void container_list(unsigned n)
{
    guest_memory_reservation op = reservation(n);

    CHECK_VALUE(hv_memory_op(XENMEM_populate_physmap, &op), n);
}

void container_multicall(unsigned n)
{
    guest_multicall_entry *list = memory_alloc(n * sizeof(*list));
    guest_memory_reservation op = reservation(1);

    for (unsigned i = 0; i < n; i++) {
        list[i].op = __HYPERVISOR_memory_op;
        list[i].args[0] = XENMEM_populate_physmap;
        list[i].args[1] = guest_address(&op);
    }
    CHECK_VALUE(hv_multicall(list, n), 0);
    for (unsigned i = 0; i < n; i++)
        if (list[i].result != 1)
            verdict(VERDICT_FAILURE, "entry %u: %lld", i, (long long)list[i].result);
}
