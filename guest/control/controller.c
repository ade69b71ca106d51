/* SPDX-License-Identifier: MIT */
#include "guest/abi/domctl.h"
#include "guest/abi/errno.h"
#include "guest/control/control.h"
#include "guest/lib/clock.h"
#include "guest/lib/console.h"
#include "guest/lib/hypercall.h"
#include "guest/lib/limit.h"
#include "guest/lib/verdict.h"

#define SECONDS 60

static volatile unsigned beats; /* of the subject */

static void count(evtchn_port_t port, void *arg)
{
    (void)port;
    (void)arg;
    beats++;
}

/* The subject's first port, when it has opened it for us: it sends there as long as it runs. */
static evtchn_port_t listen_to_subject(void)
{
    struct evtchn_status s;
    int local;

    while (status_of(SUBJECT, 1, &s) || s.status != EVTCHNSTAT_unbound)
        give_way();
    CHECK_VALUE(s.u.unbound.dom, CONTROLLER);
    local = evt_bind_interdomain(SUBJECT, 1);
    if (!CHECK(local > 0))
        guest_exit();
    evt_set_handler((evtchn_port_t)local, count, NULL);
    CHECK_VALUE(evt_unmask((evtchn_port_t)local), 0);
    CHECK_VALUE(status_of(SUBJECT, 1, &s), 0);
    CHECK_VALUE(s.status, EVTCHNSTAT_interdomain);
    CHECK_VALUE(s.u.interdomain.dom, CONTROLLER);
    CHECK_VALUE(s.u.interdomain.port, local);
    return (evtchn_port_t)local;
}

static void hear(unsigned n)
{
    unsigned end = beats + n;

    while (beats < end)
        give_way();
}

static bool is_silent(void)
{
    unsigned before = beats;

    clock_spin_until(clock_now() + 20 * CLOCK_MS);
    return beats == before;
}

/* A port in the subject's table, made by us for the outsider, who finds it and binds it. */
static void open_a_port_for_the_outsider(void)
{
    struct evtchn_status s;
    int port = alloc_for(SUBJECT, OUTSIDER);

    if (!CHECK(port > 0))
        return;
    do {
        give_way();
        CHECK_VALUE(status_of(SUBJECT, (evtchn_port_t)port, &s), 0);
    } while (s.status == EVTCHNSTAT_unbound);
    CHECK_VALUE(s.status, EVTCHNSTAT_interdomain);
    CHECK_VALUE(s.u.interdomain.dom, OUTSIDER);
}

/* SELF as the remote is the caller, not the domain whose port it is. */
static void open_a_port_for_us(void)
{
    struct evtchn_status s;
    int port = alloc_for(SUBJECT, DOMID_SELF);

    if (!CHECK(port > 0))
        return;
    CHECK_VALUE(status_of(SUBJECT, (evtchn_port_t)port, &s), 0);
    CHECK_VALUE(s.status, EVTCHNSTAT_unbound);
    CHECK_VALUE(s.u.unbound.dom, CONTROLLER);
    int local = evt_bind_interdomain(SUBJECT, (evtchn_port_t)port);
    CHECK(local > 0);
    CHECK_VALUE(evt_close((evtchn_port_t)local), 0);
    CHECK_VALUE(status_of(SUBJECT, (evtchn_port_t)port, &s), 0);
    CHECK_VALUE(s.status, EVTCHNSTAT_unbound);
}

static void check_refusals(void)
{
    struct evtchn_status s;

    CHECK_VALUE(hypercall2(__HYPERVISOR_domctl, GUEST_UNMAPPED, 0), -XEN_EFAULT);
    CHECK_VALUE(domctl_of_version(XEN_DOMCTL_INTERFACE_VERSION - 1, 999, NOBODY), -XEN_EACCES);
    CHECK_VALUE(domctl(999, NOBODY), -XEN_ESRCH);
    CHECK_VALUE(domctl(XEN_DOMCTL_pausedomain, DOMID_SELF), -XEN_ESRCH);
    CHECK_VALUE(domctl(999, CONTROLLER), -XEN_ENOSYS);
    CHECK_VALUE(domctl(XEN_DOMCTL_pausedomain, CONTROLLER), -XEN_EINVAL);
    CHECK_VALUE(domctl(XEN_DOMCTL_unpausedomain, CONTROLLER), -XEN_EINVAL);
    CHECK_VALUE(domctl(XEN_DOMCTL_unpausedomain, SUBJECT), -XEN_EINVAL); /* it is not paused */
    CHECK_VALUE(status_of(NOBODY, 1, &s), -XEN_ESRCH);
    CHECK_VALUE(status_of(SUBJECT, 0xFFFFFFFF, &s), -XEN_EINVAL);
    CHECK_VALUE(alloc_for(NOBODY, CONTROLLER), -XEN_ESRCH);
    CHECK_VALUE(reset_of(NOBODY), -XEN_ESRCH);
    CHECK_VALUE(reset_of(SUBJECT), -XEN_EINVAL); /* it runs */
}

/* It may be paused twice; then it takes two to let it go on. */
static void check_pause(void)
{
    CHECK_VALUE(domctl(XEN_DOMCTL_pausedomain, SUBJECT), 0);
    CHECK(is_silent());
    CHECK_VALUE(domctl(XEN_DOMCTL_pausedomain, SUBJECT), 0);
    CHECK_VALUE(domctl(XEN_DOMCTL_unpausedomain, SUBJECT), 0);
    CHECK(is_silent());
    CHECK_VALUE(domctl(XEN_DOMCTL_unpausedomain, SUBJECT), 0);
    hear(10);
    CHECK_VALUE(domctl(XEN_DOMCTL_unpausedomain, SUBJECT), -XEN_EINVAL);
}

/* Our end of the channel becomes unbound, for the subject. */
static void check_reset(evtchn_port_t local)
{
    struct evtchn_status s;

    CHECK_VALUE(domctl(XEN_DOMCTL_pausedomain, SUBJECT), 0);
    CHECK_VALUE(reset_of(SUBJECT), 0);
    CHECK_VALUE(status_of(SUBJECT, 1, &s), 0);
    CHECK_VALUE(s.status, EVTCHNSTAT_closed);
    CHECK_VALUE(evt_status(local, &s), 0);
    CHECK_VALUE(s.status, EVTCHNSTAT_unbound);
    CHECK_VALUE(s.u.unbound.dom, SUBJECT);
    CHECK_VALUE(evt_close(local), 0);
    CHECK_VALUE(domctl(XEN_DOMCTL_unpausedomain, SUBJECT), 0);
}

void controller(void)
{
    evtchn_port_t local = listen_to_subject();

    limit_seconds(SECONDS);
    hear(10);
    check_refusals();
    open_a_port_for_us();
    open_a_port_for_the_outsider();
    check_pause();
    check_reset(local);
    local = listen_to_subject(); /* it has begun anew */
    hear(10);
    guest_printf("control: paused, reset and heard again: %u events of the subject\n", beats);
    CHECK_VALUE(domctl(XEN_DOMCTL_pausedomain, SUBJECT), 0); /* and left so: our end lets it go on */
    CHECK_VALUE(evt_close(local), 0);
}
