/* SPDX-License-Identifier: MIT */
/* event_channel_op(cmd, arg): the core does it all. In the older form the command stands in front of the structure. */
#include "common/error.h"
#include "evtchn/evtchn.h"
#include "kernel/guest_copy.h"
#include "kernel/hypercall.h"

int64_t hc_event_channel_op(struct vcpu *v, uint64_t *args)
{
    int64_t r = evt_hypercall(v->domain->evt, (uint32_t)args[0], args[1], v->narrow);
    if (r == -XEN_ERESTART && (uint32_t)args[0] == EVTCHNOP_reset)
        args[0] = EVTCHNOP_reset_cont;
    return r;
}

int64_t hc_event_channel_op_compat(struct vcpu *v, uint64_t *args)
{
    uint32_t cmd;
    if (copy_from_guest(v, &cmd, args[0], sizeof cmd))
        return xen_error(XEN_EFAULT);
    return evt_hypercall(v->domain->evt, cmd, args[0] + sizeof cmd, v->narrow);
}
