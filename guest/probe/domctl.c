/* SPDX-License-Identifier: MIT */
#include "guest/abi/domctl.h"

#include "guest/lib/env.h"
#include "guest/lib/hypercall.h"
#include "guest/probe/probe.h"

static void ask(uint32_t cmd, uint32_t version, domid_t domain)
{
    struct xen_domctl op = {.cmd = cmd, .interface_version = version, .domain = domain};

    note("domctl(%u, version %x, domain %u):", cmd, version, domain);
    answer("that", hypercall2(__HYPERVISOR_domctl, guest_address(&op), 0));
}

void probe_domctl(void)
{
    static const uint32_t commands[] = {XEN_DOMCTL_pausedomain, XEN_DOMCTL_unpausedomain, 0, 6, 999, 0xFFFFFFFF};
    static const domid_t domains[] = {0, 5, 0x7FF0, 0x7FF1, 0x7FF4, 0xFFFF};

    ASK(hypercall2(__HYPERVISOR_domctl, guest_address(UNMAPPED), 0));
    for (unsigned i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        ask(commands[i], XEN_DOMCTL_INTERFACE_VERSION - 1, 5);
        ask(commands[i], XEN_DOMCTL_INTERFACE_VERSION + 1, 5);
        for (unsigned j = 0; j < sizeof(domains) / sizeof(domains[0]); j++)
            ask(commands[i], XEN_DOMCTL_INTERFACE_VERSION, domains[j]);
    }
}
