/* SPDX-License-Identifier: MIT */
#include "kernel/watchdog.h"

#include <stddef.h>

#include "arch/x86/time.h"
#include "common/error.h"
#include "guest/abi/errno.h"
#include "kernel/printk.h"
#include "kernel/timers.h"
#include "kernel/vcpu.h"

#define SECOND 1000000000ULL

static void watchdog_fired(struct timer *t, uint64_t now)
{
    const struct watchdog *w = (struct watchdog *)((uintptr_t)t - offsetof(struct watchdog, timer));
    (void)now;
    printk_domain(LOG_ERROR, w->domain->config.name, "its watchdog has not been set anew in time");
    domain_shutdown(w->domain, SHUTDOWN_watchdog);
}

void watchdogs_init(struct domain *d)
{
    for (unsigned i = 0; i < DOMAIN_WATCHDOGS; i++) {
        d->watchdogs[i].domain = d;
        d->watchdogs[i].timer.fire = watchdog_fired;
    }
}

void watchdogs_stop(struct domain *d)
{
    for (unsigned i = 0; i < DOMAIN_WATCHDOGS; i++)
        timer_stop(&d->watchdogs[i].timer, d->watchdogs[i].cpu);
}

/* [d] The timer moves to the CPU of the vcpu that sets it. */
static void rearm(struct watchdog *w, uint32_t cpu, uint32_t timeout)
{
    timer_stop(&w->timer, w->cpu);
    w->cpu = cpu;
    w->in_use = timeout != 0;
    if (timeout)
        timer_set(&w->timer, cpu, time_now() + timeout * SECOND);
}

static struct watchdog *find_unused(struct domain *d)
{
    for (unsigned i = 0; i < DOMAIN_WATCHDOGS; i++)
        if (!d->watchdogs[i].in_use)
            return &d->watchdogs[i];
    return NULL;
}

/* [d] */
static int64_t set_new(struct domain *d, uint32_t cpu, uint32_t timeout)
{
    struct watchdog *w = find_unused(d);
    if (timeout == 0)
        return xen_error(XEN_EINVAL);
    if (!w)
        return xen_error(XEN_ENOSPC);
    rearm(w, cpu, timeout);
    return w - d->watchdogs + 1;
}

/* [d] */
static int64_t set_again(struct watchdog *w, uint32_t cpu, uint32_t timeout)
{
    if (!w->in_use && timeout)
        return xen_error(XEN_EINVAL);
    rearm(w, cpu, timeout);
    return 0;
}

int64_t watchdog_set(struct vcpu *v, uint32_t id, uint32_t timeout)
{
    struct domain *d = v->domain;
    if (id > DOMAIN_WATCHDOGS)
        return xen_error(XEN_EINVAL);
    spin_lock(&d->lock);
    int64_t r = id ? set_again(&d->watchdogs[id - 1], v->arch.cpu, timeout) : set_new(d, v->arch.cpu, timeout);
    spin_unlock(&d->lock);
    return r;
}
