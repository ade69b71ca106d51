/* SPDX-License-Identifier: MIT */
/* The subject, which has its channels reset by another, and the outsider, who may do nothing to others. */
#include "guest/abi/domctl.h"
#include "guest/abi/errno.h"
#include "guest/control/control.h"
#include "guest/lib/clock.h"
#include "guest/lib/console.h"
#include "guest/lib/hypercall.h"
#include "guest/lib/three_level.h"
#include "guest/lib/verdict.h"

#define PATIENCE (60 * CLOCK_S)

/* Whom the others have forgotten must not wait for ever. */
static void wait_a_little(void)
{
    static uint64_t deadline;

    if (!deadline)
        deadline = clock_now() + PATIENCE;
    if (clock_now() > deadline) {
        verdict(VERDICT_FAILURE, "still waiting for the other domains");
        guest_exit();
    }
    give_way();
}

/* Send to the controller until the channel is gone: the reset has come. */
static void beat_until_reset(void)
{
    while (evt_send(1) == 0)
        wait_a_little();
}

/* The controller has bound the port, and then closed its end. */
static bool controller_left(bool *met)
{
    struct evtchn_status s;

    CHECK_VALUE(evt_status(1, &s), 0);
    *met |= s.status == EVTCHNSTAT_interdomain;
    return *met && s.status == EVTCHNSTAT_unbound;
}

/* The first life is on 3-level. Who is reset by another is back on 2-level and must find out. */
void subject(void)
{
    bool met = false;

    CHECK_VALUE(evt_register_3level(), 0);
    CHECK_VALUE(evt_alloc_unbound(CONTROLLER), 1);
    beat_until_reset();
    evt_leave_3level_vcpu();
    evt_back_to_2level();
    CHECK_VALUE(evt_alloc_unbound(CONTROLLER), 1);
    while (!controller_left(&met)) {
        CHECK_VALUE(evt_send(1), 0);
        wait_a_little();
    }
    guest_printf("control: the subject's channels were reset, and it began anew\n");
}

static void check_nothing_is_allowed(domid_t other)
{
    struct evtchn_status s;

    CHECK_VALUE(status_of(other, 0xFFFFFFFF, &s), -XEN_EINVAL); /* the port first */
    CHECK_VALUE(status_of(other, 1, &s), -XEN_EPERM);
    CHECK_VALUE(alloc_for(other, OUTSIDER), -XEN_EPERM);
    CHECK_VALUE(reset_of(other), -XEN_EPERM);
    CHECK_VALUE(domctl(XEN_DOMCTL_pausedomain, other), -XEN_EPERM);
    CHECK_VALUE(domctl(XEN_DOMCTL_unpausedomain, other), -XEN_EPERM);
    CHECK_VALUE(domctl(999, other), -XEN_EPERM);
}

static int find_our_port(void)
{
    for (;;) {
        for (evtchn_port_t port = 2; port < 64; port++) {
            int local = evt_bind_interdomain(SUBJECT, port);
            if (local > 0)
                return local;
            CHECK_VALUE(local, -XEN_EINVAL);
        }
        wait_a_little();
    }
}

/* Own number and SELF are the same; others are not. */
void outsider(void)
{
    struct evtchn_status s;
    struct evtchn_status there;

    while (status_of(SUBJECT, 1, &there) == -XEN_EINVAL) /* it has no port yet */
        wait_a_little();
    check_nothing_is_allowed(CONTROLLER);
    check_nothing_is_allowed(SUBJECT);
    CHECK_VALUE(status_of(NOBODY, 1, &s), -XEN_ESRCH);
    CHECK_VALUE(reset_of(NOBODY), -XEN_ESRCH);
    CHECK_VALUE(domctl_of_version(1, XEN_DOMCTL_pausedomain, NOBODY), -XEN_EACCES);
    CHECK_VALUE(domctl(XEN_DOMCTL_pausedomain, NOBODY), -XEN_ESRCH);

    int local = find_our_port();
    CHECK_VALUE(status_of(OUTSIDER, (evtchn_port_t)local, &s), 0);
    CHECK_VALUE(s.u.interdomain.dom, SUBJECT);
    CHECK_VALUE(evt_send((evtchn_port_t)local), 0);
    check_nothing_is_allowed(SUBJECT);
    int own = alloc_for(OUTSIDER, SUBJECT);
    CHECK(own > local);
    while (evt_status((evtchn_port_t)local, &s) == 0 && s.status == EVTCHNSTAT_interdomain)
        wait_a_little(); /* till the subject is reset */
    CHECK_VALUE(reset_of(OUTSIDER), 0);
    guest_printf("control: the outsider was refused all but its own\n");
}
