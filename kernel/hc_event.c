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

/* All of the structure is read before anything of it is looked at, and there are no commands behind unmask. */
int64_t hc_event_channel_op_compat(struct vcpu *v, uint64_t *args)
{
    struct evtchn_op op;
    if (copy_from_guest(v, &op, args[0], sizeof op))
        return xen_error(XEN_EFAULT);
    if (op.cmd > EVTCHNOP_unmask)
        return xen_error(XEN_ENOSYS);
    return evt_hypercall(v->domain->evt, op.cmd, args[0] + __builtin_offsetof(struct evtchn_op, u), v->narrow);
}
