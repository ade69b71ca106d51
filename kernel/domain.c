/* SPDX-License-Identifier: MIT */
#include "kernel/domain.h"

#include <stddef.h>

#include "arch/x86/time.h"
#include "common/error.h"
#include "common/string.h"
#include "kernel/container.h"
#include "kernel/deferred.h"
#include "kernel/hypercall.h"
#include "kernel/limbo.h"
#include "kernel/memory.h"
#include "kernel/pirq.h"
#include "kernel/printk.h"
#include "kernel/sched.h"
#include "kernel/vcpu.h"
#include "kernel/watchdog.h"

static struct domain *table[DOMAIN_MAX_ID];  /* [table_lock] */
static struct domain *owners[DOMAIN_MAX_ID]; /* [a] also those that have left the table, as long as they own frames */
static struct spinlock table_lock;

static int create_event_channels(struct domain *d)
{
    struct evt_config config = {
        .domid = d->arch.domid,
        .nr_vcpus = d->nr_vcpus,
        .max_port = d->config.event_channels,
        .nr_pirqs = PIRQ_PER_DOMAIN,
        .extended = d->config.evtchn_extended,
        .rfc_numbering = d->config.evtchn_rfc_numbering,
        .privileged = d->privileged,
        .owner = d,
    };
    d->evt = evt_domain_create(&config);
    if (!d->evt)
        return xen_error(XEN_ENOMEM);
    evt_set_shared_info(d->evt, mfn_to_ptr(d->shared_info));
    return 0;
}

/* PV-START-10, also of vcpus that there are not. */
static void mask_events(struct shared_info64 *shared)
{
    for (unsigned i = 0; i < XEN_LEGACY_MAX_VCPUS; i++)
        shared->vcpu_info[i].evtchn_upcall_mask = 1;
}

static int create_vcpus(struct domain *d)
{
    struct shared_info64 *shared = mfn_to_ptr(d->shared_info);
    if (d->container == CONTAINER_PV)
        mask_events(shared);
    for (uint16_t id = 0; id < d->nr_vcpus; id++) {
        struct vcpu *v = vcpu_create(d, id);
        if (!v)
            return xen_error(XEN_ENOMEM);
        d->vcpu[id] = v;
        vcpu_set_info(v, id < XEN_LEGACY_MAX_VCPUS ? &shared->vcpu_info[id] : NULL);
    }
    return 0;
}

/* Not the guest's to give back, but a pv guest may map it: held as what the hypervisor writes to. */
static int create_shared_info(struct domain *d)
{
    uint64_t mfn = domain_alloc_pages(d, 0);
    if (mfn == NO_FRAME)
        return xen_error(XEN_ENOMEM);
    (void)page_disown(mfn_to_page(mfn));
    if (d->arch.ops->frame_get && !d->arch.ops->frame_get(&d->arch, mfn)) {
        domain_put_page(d, mfn);
        return xen_error(XEN_EINVAL);
    }
    d->shared_info = mfn;
    return 0;
}

static void free_shared_info(struct domain *d)
{
    if (d->shared_info == NO_FRAME)
        return;
    if (d->arch.ops->frame_put)
        d->arch.ops->frame_put(&d->arch, d->shared_info);
    domain_put_page(d, d->shared_info);
}

static int create_parts(struct domain *d)
{
    if (d->arch.ops->domain_init(&d->arch))
        return xen_error(XEN_ENOMEM);
    d->arch_ready = true;
    if (d->arch.ops->frame_get)
        limbo_begin();
    if (create_shared_info(d) || p2m_init(&d->p2m))
        return xen_error(XEN_ENOMEM);
    int r = create_event_channels(d);
    return r ? r : create_vcpus(d);
}

struct domain *domain_create(const struct domain_config *config, uint16_t domid, const char **error)
{
    struct domain *d = domid < DOMAIN_MAX_ID && !table[domid] ? memory_alloc(sizeof *d) : NULL;
    *error = "there is not enough memory for its control structures";
    if (!d)
        return NULL;
    d->config = *config;
    d->arch.domid = domid;
    d->arch.ops = container_ops(config->type);
    d->nr_vcpus = (uint16_t)config->vcpus;
    d->privileged = config->privileged;
    d->container = config->type == CONFIG_TYPE_PV ? CONTAINER_PV : CONTAINER_HVM;
    d->refs = 1;
    d->shutdown = d->shutdown_code = DOMAIN_NOT_SHUT;
    watchdogs_init(d);
    d->shared_info = NO_FRAME;
    d->first_page = UINT64_MAX;
    __atomic_store_n(&owners[domid], d, __ATOMIC_RELEASE);
    d->shared_info_gfn = P2M_NONE;
    d->max_pages = (config->memory >> PAGE_SHIFT) + 1; /* and shared_info */
    d->ram_low = config->memory < RAM_HOLE_START ? config->memory : RAM_HOLE_START;
    d->ram_high = config->memory - d->ram_low;
    d->gfn_limit = (RAM_HOLE_END + d->ram_high) >> PAGE_SHIFT;
    if (create_parts(d)) {
        domain_free(d);
        return NULL;
    }
    spin_lock(&table_lock);
    table[domid] = d;
    spin_unlock(&table_lock);
    return d;
}

/* References come from the table alone, under its lock. */
bool domain_unlink(struct domain *d)
{
    spin_lock(&table_lock);
    bool alone = __atomic_load_n(&d->refs, __ATOMIC_ACQUIRE) == 1;
    if (alone)
        table[d->arch.domid] = NULL;
    spin_unlock(&table_lock);
    return alone;
}

void domain_free(struct domain *d)
{
    for (unsigned i = 0; i < d->nr_vcpus; i++)
        vcpu_destroy(d->vcpu[i]);
    if (d->evt)
        evt_domain_destroy(d->evt);
    free_shared_info(d);
    if (d->arch_ready)
        d->arch.ops->domain_free(&d->arch);
    p2m_free(&d->p2m);
    domain_put(d);
}

void domain_start(struct domain *d)
{
    d->started = time_now();
    sched_wake(d->vcpu[0], VCPU_DOWN);
}

struct domain *domain_get(uint16_t domid)
{
    struct domain *d = NULL;
    spin_lock(&table_lock);
    if (domid < DOMAIN_MAX_ID)
        d = table[domid];
    if (d)
        __atomic_fetch_add(&d->refs, 1, __ATOMIC_RELAXED);
    spin_unlock(&table_lock);
    return d;
}

void domain_put(struct domain *d)
{
    if (__atomic_sub_fetch(&d->refs, 1, __ATOMIC_ACQ_REL) == 0)
        memory_free(d, sizeof *d);
}

struct domain *domain_of_frames(uint16_t owner)
{
    return __atomic_load_n(&owners[owner], __ATOMIC_ACQUIRE);
}

void domain_shutdown(struct domain *d, uint32_t reason)
{
    uint32_t expected = DOMAIN_NOT_SHUT;
    if (!__atomic_compare_exchange_n(&d->shutdown, &expected, reason, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
        return;
    d->ended = time_now();
    evt_domain_set_dying(d->evt);
    for (unsigned i = 0; i < d->nr_vcpus; i++)
        sched_stop(d->vcpu[i], VCPU_SHUTDOWN);
    deferred_request();
}

/* Only a pause that is complete counts, so that one that is called again and again counts once. */
int domain_pause(struct domain *d)
{
    bool off = true;
    spin_lock(&d->lock);
    for (unsigned i = 0; i < d->nr_vcpus; i++) {
        if (!d->pauses)
            sched_stop(d->vcpu[i], VCPU_PAUSED);
        off &= sched_is_off(d->vcpu[i]);
    }
    if (off)
        __atomic_store_n(&d->pauses, d->pauses + 1, __ATOMIC_RELEASE);
    spin_unlock(&d->lock);
    return off ? 0 : -XEN_ERESTART;
}

/* [d] */
static void set_pauses(struct domain *d, uint32_t pauses)
{
    __atomic_store_n(&d->pauses, pauses, __ATOMIC_RELEASE);
    for (unsigned i = 0; !pauses && i < d->nr_vcpus; i++)
        sched_wake(d->vcpu[i], VCPU_PAUSED);
}

int domain_unpause(struct domain *d)
{
    spin_lock(&d->lock);
    bool was_paused = d->pauses != 0;
    if (was_paused)
        set_pauses(d, d->pauses - 1);
    spin_unlock(&d->lock);
    return was_paused ? 0 : xen_error(XEN_EINVAL);
}

void domain_forget_pauses(struct domain *d)
{
    spin_lock(&d->lock);
    set_pauses(d, 0);
    spin_unlock(&d->lock);
}

void domain_crash(struct domain *d, const char *why)
{
    struct vcpu *v = sched_current();
    if (__atomic_load_n(&d->shutdown, __ATOMIC_RELAXED) != DOMAIN_NOT_SHUT)
        return;
    printk_domain(LOG_ERROR, d->config.name, "crashed%s%s", why ? ": " : "", why ? why : "");
    if (v && v->domain == d)
        d->arch.ops->dump(&v->arch);
    d->reason = why;
    domain_shutdown(d, SHUTDOWN_crash);
}

void domains_each(void (*fn)(struct domain *d))
{
    for (unsigned i = 0; i < DOMAIN_MAX_ID; i++)
        if (table[i])
            fn(table[i]);
}

const char *domain_reason_name(uint32_t reason)
{
    static const char *const names[] = {
        [SHUTDOWN_poweroff] = "poweroff", [SHUTDOWN_reboot] = "reboot",     [SHUTDOWN_suspend] = "suspend",
        [SHUTDOWN_crash] = "crash",       [SHUTDOWN_watchdog] = "watchdog", [SHUTDOWN_soft_reset] = "soft reset",
    };
    if (reason == SHUTDOWN_destroyed)
        return "running";
    return reason < sizeof names / sizeof names[0] ? names[reason] : "unknown";
}
