/* SPDX-License-Identifier: MIT */
/*
 * A privileged domain acts on another: it looks at its ports, opens some for it, pauses it and resets it. A third
 * domain, which is not privileged, tries the same and is refused.
 */
#include "guest/control/control.h"

#include "guest/abi/domctl.h"
#include "guest/lib/args.h"
#include "guest/lib/hypercall.h"
#include "guest/lib/verdict.h"

int status_of(domid_t dom, evtchn_port_t port, struct evtchn_status *s)
{
    *s = (struct evtchn_status){.dom = dom, .port = port};
    return (int)hv_event_channel_op(EVTCHNOP_status, s);
}

int alloc_for(domid_t dom, domid_t remote)
{
    struct evtchn_alloc_unbound op = {.dom = dom, .remote_dom = remote};
    int rc = (int)hv_event_channel_op(EVTCHNOP_alloc_unbound, &op);

    return rc ? rc : (int)op.port;
}

int reset_of(domid_t dom)
{
    struct evtchn_reset op = {.dom = dom};

    return (int)hv_event_channel_op(EVTCHNOP_reset, &op);
}

int domctl_of_version(uint32_t version, uint32_t cmd, domid_t dom)
{
    struct xen_domctl op = {.cmd = cmd, .interface_version = version, .domain = dom};

    return (int)hypercall2(__HYPERVISOR_domctl, guest_address(&op), 0);
}

int domctl(uint32_t cmd, domid_t dom)
{
    return domctl_of_version(XEN_DOMCTL_INTERFACE_VERSION, cmd, dom);
}

void give_way(void)
{
    hv_sched_op(SCHEDOP_yield, NULL);
}

void guest_main(void)
{
    if (args_is("role", "controller"))
        controller();
    else if (args_is("role", "subject"))
        subject();
    else if (args_is("role", "outsider"))
        outsider();
    else
        verdict(VERDICT_ERROR, "role= is controller, subject or outsider");
}
