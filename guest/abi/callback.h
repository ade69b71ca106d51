/* SPDX-License-Identifier: MIT */
/* callback_op (hypercall 30: cmd, arg) and set_callbacks (4: event, failsafe, syscall); public header callback.h. */
#ifndef GUEST_ABI_CALLBACK_H
#define GUEST_ABI_CALLBACK_H

#include <stdint.h>

/* nmi_op (hypercall 28: cmd, address of the handler's address); public header nmi.h. */
#define XENNMI_register_callback 0
#define XENNMI_unregister_callback 1

#define CALLBACKOP_register 0
#define CALLBACKOP_unregister 1

#define CALLBACKTYPE_event 0
#define CALLBACKTYPE_failsafe 1
#define CALLBACKTYPE_syscall 2
#define CALLBACKTYPE_sysenter_deprecated 3
#define CALLBACKTYPE_nmi 4
#define CALLBACKTYPE_sysenter 5
#define CALLBACKTYPE_syscall32 7

#define CALLBACKF_mask_events (1U << 0) /* the callback starts with events masked; "event" always does */

struct callback_register {
    uint16_t type;  /* CALLBACKTYPE_* */
    uint16_t flags; /* CALLBACKF_* */
    uint32_t pad;
    uint64_t address; /* as 64-bit guests have it */
};

struct callback_unregister {
    uint16_t type;
    uint16_t unused;
};

_Static_assert(sizeof(struct callback_register) == 16, "ABI");
_Static_assert(sizeof(struct callback_unregister) == 4, "ABI");

#endif
