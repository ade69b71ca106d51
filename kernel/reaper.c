/* SPDX-License-Identifier: MIT */
/*
 * Destruction is preemptible: each step is bounded, and CPU 0 runs its vcpus in between (deferred.c).
 *   STOPPING  until no CPU holds a vcpu of the domain
 *   CLOSING   ports, 64 a step
 *   FREEING   frames, then (when every CPU has left hypervisor code once) everything else
 */
#include "kernel/reaper.h"

#include <stddef.h>

#include "boot/boot_info.h"
#include "kernel/audit.h"
#include "kernel/console.h"
#include "kernel/deferred.h"
#include "kernel/domain.h"
#include "kernel/limbo.h"
#include "kernel/printk.h"
#include "kernel/quiesce.h"
#include "kernel/sched.h"
#include "kernel/summary.h"
#include "kernel/vcpu.h"
#include "kernel/watchdog.h"

#define RELEASE_BUDGET 4096U /* frames a step */

static bool watching;           /* the run has begun */
static bool more;               /* this round left work behind */
static unsigned alive, awaited; /* counted each round: domains, and those whose end the run waits for */
static bool anyone_awaited;     /* there ever was one */

/* The reaper may come by while domain_shutdown() has stopped only some of them. */
static bool all_off(const struct domain *d)
{
    for (unsigned i = 0; i < d->nr_vcpus; i++)
        if (!(__atomic_load_n(&d->vcpu[i]->blocked_by, __ATOMIC_SEQ_CST) & VCPU_SHUTDOWN) || !sched_is_off(d->vcpu[i]))
            return false;
    return true;
}

/* STOPPING: the CPUs concerned call again through deferred_request() when they have let go; ask until then. */
static void step_stopping(struct domain *d)
{
    more = true;
    if (!all_off(d))
        return;
    for (unsigned i = 0; i < d->nr_vcpus; i++) {
        vcpu_stop_timers(d->vcpu[i]);
        console_flush_vcpu(d->vcpu[i]);
    }
    watchdogs_stop(d);
    if (d->privileged)
        domains_each(domain_forget_pauses);
    d->state = DOMAIN_CLOSING;
}

static void step_closing(struct domain *d)
{
    more = true;
    if (evt_domain_close_ports(d->evt) == -XEN_ERESTART)
        return;
    audit_at_end(d);
    spin_lock(&d->lock);
    d->releasing = true;
    spin_unlock(&d->lock);
    d->state = DOMAIN_FREEING;
}

/* Domains that are gone but for frames that a pv domain had mapped when they ended; till those come back. */
static struct remains {
    struct domain *domain;
    struct domain_result *result;
} remains[BOOT_MAX_MODULES];
static unsigned nr_remains;

static void finish(struct domain *d)
{
    struct domain_result *result = summary_add(d);
    __atomic_fetch_add(&d->refs, 1, __ATOMIC_RELAXED); /* to look at its counter of frames once more */
    domain_free(d);
    ASSERT(nr_remains < BOOT_MAX_MODULES);
    remains[nr_remains++] = (struct remains){d, result};
}

static void look_at_remains(void)
{
    unsigned n = 0;
    for (unsigned i = 0; i < nr_remains; i++) {
        if (__atomic_load_n(&remains[i].domain->pages, __ATOMIC_ACQUIRE))
            remains[n++] = remains[i];
        else
            domain_put(remains[i].domain);
    }
    nr_remains = n;
}

/* No domain is left that could give them back. */
static void report_leaks(void)
{
    for (unsigned i = 0; i < nr_remains; i++)
        summary_set_leak(remains[i].result, remains[i].domain->pages);
}

static void step_freeing(struct domain *d)
{
    more = true;
    if (!domain_release(d, &d->release_cursor, RELEASE_BUDGET))
        return;
    if (!quiesce_begin())
        return;
    if (domain_unlink(d)) {
        quiesce_wait();
        finish(d);
    }
    quiesce_end();
}

static void step(struct domain *d)
{
    static void (*const steps[])(struct domain *) = {
        [DOMAIN_STOPPING] = step_stopping,
        [DOMAIN_CLOSING] = step_closing,
        [DOMAIN_FREEING] = step_freeing,
    };
    if (d->state == DOMAIN_ALIVE && __atomic_load_n(&d->shutdown, __ATOMIC_ACQUIRE) != DOMAIN_NOT_SHUT)
        d->state = DOMAIN_STOPPING;
    if (d->state != DOMAIN_ALIVE)
        steps[d->state](d);
    else if (audit_running(d))
        more = true;
}

static void count(struct domain *d)
{
    alive++;
    if (d->config.expect != CONFIG_EXPECT_RUNNING)
        awaited++;
}

static void destroy_running(struct domain *d)
{
    domain_shutdown(d, SHUTDOWN_destroyed);
}

bool domains_reap(void)
{
    more = limbo_step();
    domains_each(step);
    look_at_remains();
    if (!watching)
        return more;
    alive = awaited = 0;
    domains_each(count);
    if (alive == 0 && limbo_is_empty()) {
        report_leaks();
        summary_end_run();
    }
    if (awaited == 0 && anyone_awaited)
        domains_each(destroy_running);
    return more;
}

void domains_run_begins(unsigned skipped)
{
    alive = awaited = 0;
    domains_each(count);
    anyone_awaited = awaited > 0;
    watching = true;
    summary_set_skipped(skipped);
    deferred_request();
}

void domains_end_run(void)
{
    domains_each(destroy_running);
}
