/* SPDX-License-Identifier: MIT */
/* domctl (hypercall 36: arg), as far as Xenolith has it; public header domctl.h. The layout is the same for 32 bits. */
#ifndef GUEST_ABI_DOMCTL_H
#define GUEST_ABI_DOMCTL_H

#include <stdint.h>

#include "guest/abi/event_channel.h"

#define XEN_DOMCTL_INTERFACE_VERSION 0x15

#define XEN_DOMCTL_pausedomain 3
#define XEN_DOMCTL_unpausedomain 4

struct xen_domctl {
    uint32_t cmd;
    uint32_t interface_version;
    domid_t domain;
    uint16_t _pad[3];
    uint8_t u[128]; /* by cmd; theirs is a union with a member pad[128] */
};

#endif
