/* SPDX-License-Identifier: MIT */
#include "kernel/audit.h"

#include "kernel/deferred.h"
#include "kernel/domain.h"
#include "kernel/printk.h"

static bool at_end; /* the option */

void audit_set(bool on)
{
    at_end = on;
}

static bool look(struct domain *d)
{
    bool good = d->arch.ops->audit(&d->arch, d->shared_info);

    if (!good)
        d->damaged = true;
    return good;
}

void audit_at_end(struct domain *d)
{
    if (at_end && d->arch.ops->audit)
        (void)look(d);
}

static void request(struct domain *d)
{
    d->audit_wanted = d->arch.ops->audit && d->state == DOMAIN_ALIVE;
}

void audit_request(void)
{
    domains_each(request);
    deferred_request();
}

bool audit_running(struct domain *d)
{
    if (!d->audit_wanted)
        return false;
    if (domain_pause(d) == -XEN_ERESTART)
        return true;
    d->audit_wanted = false;
    if (look(d))
        printk(LOG_INFO, "domain %u \"%s\": the counts of all frames are right", d->arch.domid, d->config.name);
    if (domain_unpause(d))
        printk(LOG_ERROR, "domain %u was let go while it was looked at", d->arch.domid);
    return false;
}
