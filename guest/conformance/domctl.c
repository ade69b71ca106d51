/* SPDX-License-Identifier: MIT */
#include "guest/conformance/domctl.h"

#include "common/string.h"
#include "guest/abi/errno.h"
#include "guest/abi/sched.h"
#include "guest/lib/clock.h"
#include "guest/lib/hypercall.h"
#include "guest/lib/verdict.h"

guest_result domctl(domid_t domain, uint32_t cmd, union domctl_argument *argument)
{
    struct xen_domctl op = {.cmd = cmd, .interface_version = XEN_DOMCTL_INTERFACE_VERSION, .domain = domain};
    guest_result rc;

    if (argument)
        memcpy(&op.u, argument, sizeof(*argument));
    rc = hypercall2(__HYPERVISOR_domctl, guest_address(&op), 0);
    if (argument)
        memcpy(argument, &op.u, sizeof(*argument));
    return rc;
}

void must_domctl(domid_t domain, uint32_t cmd, union domctl_argument *argument)
{
    guest_result rc = domctl(domain, cmd, argument);

    if (!rc)
        return;
    verdict(VERDICT_ERROR, "domctl %u of domain %u returned %d", cmd, domain, (int)rc);
    guest_exit();
}

bool domain_exists(domid_t domain)
{
    struct evtchn_status s = {.dom = domain};

    return hv_event_channel_op(EVTCHNOP_status, &s) != -XEN_ESRCH;
}

void domain_create(domid_t domain, unsigned flags, unsigned vcpus, evtchn_port_t last_port)
{
    union domctl_argument create = {
        .create.flags = flags,
        .create.max_vcpus = vcpus,
        .create.max_evtchn_port = last_port,
        .create.max_grant_frames = 1,
        .create.max_maptrack_frames = 1,
        .create.grant_opts = 1,
        .create.emulation_flags = flags & DOMAIN_HVM ? EMULATE_LAPIC : 0,
    };
    union domctl_argument max_vcpus = {.max_vcpus = vcpus};

    must_domctl(domain, DOMCTL_createdomain, &create);
    must_domctl(domain, DOMCTL_max_vcpus, &max_vcpus);
}

void domain_end(domid_t domain)
{
    struct sched_remote_shutdown shutdown = {.domain_id = domain, .reason = SHUTDOWN_poweroff};
    uint64_t deadline = clock_now() + 60 * CLOCK_S;

    while (domctl(domain, DOMCTL_destroydomain, NULL) == -XEN_ERESTART)
        ;
    hv_sched_op(SCHEDOP_remote_shutdown, &shutdown);
    while (domain_exists(domain) && clock_now() < deadline)
        clock_sleep_until(clock_now() + CLOCK_MS);
}
