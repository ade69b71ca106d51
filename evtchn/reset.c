/* SPDX-License-Identifier: MIT */
/*
 * EVTCHNOP_reset: close every port, then go back to the 2-level ABI. It yields every 64 ports; how far it has got is
 * kept in the domain, and EVTCHNOP_reset_cont goes on from there. A second reset meanwhile is refused.
 */
#include "evtchn/core.h"

/* Back to 2-level; the caller may wait. Closed ports stay closed: what was opened meanwhile fails the reset. */
static int leave_abi(struct evt_domain *d)
{
    const struct evt_ops *old = d->ops;
    bool extended = old->release != NULL;

    env_lock(&d->lock);
    int rc = d->open_ports != d->xen_ports ? xen_error(XEN_EAGAIN) : 0;
    if (!rc && extended)
        evt_publish_ops(d, evt_2level_for(d));
    env_unlock(&d->lock);
    if (rc || !extended)
        return rc;

    env_quiesce_wait();
    env_wake_all_pollers(d);
    old->release(d);
    return 0;
}

/* EVT_RESETTING is ours. */
static int run(struct evt_domain *d)
{
    int rc = evt_ports_close_from(d, &d->reset_next, false);
    if (rc)
        return rc;
    if (!d->ops->release)
        return leave_abi(d);
    if (!env_quiesce_begin())
        return -XEN_ERESTART;
    rc = leave_abi(d);
    env_quiesce_end();
    return rc;
}

int evt_reset(struct evt_domain *d, bool resume)
{
    env_lock(&d->lock);
    bool may = d->busy == (resume ? EVT_RESET_SUSPENDED : EVT_IDLE);
    if (may) {
        d->reset_next = resume ? d->reset_next : 0;
        d->busy = EVT_RESETTING;
    }
    env_unlock(&d->lock);
    if (!may)
        return xen_error(XEN_EBUSY);

    int rc = run(d);
    evt_end_busy(d, rc == -XEN_ERESTART ? EVT_RESET_SUSPENDED : EVT_IDLE);
    return rc;
}
