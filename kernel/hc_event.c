/* SPDX-License-Identifier: MIT */
/* event_channel_op(cmd, arg): the core does it all. */
#include "evtchn/evtchn.h"
#include "kernel/hypercall.h"

int64_t hc_event_channel_op(struct vcpu *v, uint64_t *args)
{
    int64_t r = evt_hypercall(v->domain->evt, (uint32_t)args[0], args[1], v->narrow);
    if (r == -XEN_ERESTART && (uint32_t)args[0] == EVTCHNOP_reset)
        args[0] = EVTCHNOP_reset_cont;
    return r;
}
