/* SPDX-License-Identifier: MIT */
#include "guest/lib/hypercall.h"
#include "guest/probe/probe.h"

#define NR 6

static void ask_mixed(void)
{
    guest_multicall_entry e[NR] = {
        {.op = __HYPERVISOR_xen_version},
        {.op = 63},
        {.op = 1000},
        {.op = __HYPERVISOR_xen_version, .args = {99}},
        {.op = __HYPERVISOR_multicall, .args = {0, 0}},
        {.op = __HYPERVISOR_xen_version},
    };

    for (unsigned i = 0; i < NR; i++)
        e[i].result = 77;
    ASK(hv_multicall(e, NR));
    for (unsigned i = 0; i < NR; i++)
        answer("  entry", e[i].result);
}

void probe_multicall(void)
{
    guest_multicall_entry e = {.op = __HYPERVISOR_xen_version};

    ask_mixed();
    ASK(hv_multicall(NULL, 0));
    ASK(hv_multicall(UNMAPPED, 0));
    ASK(hv_multicall(UNMAPPED, 1));
    ASK(hv_multicall(NON_CANONICAL, 1));
    ASK(hv_multicall(&e, ABOVE_32_BITS));
    ASK(hv_multicall(UNMAPPED, ~(guest_word)0));
}
