/* SPDX-License-Identifier: MIT */
/*
 * Registration of the FIFO ABI (docs/abi/event-channels.md, EVT-FIFO-04 to 10): the control block of each vcpu, the
 * first of which switches the domain over, the pages of the event array, and the way back.
 */
#include "evtchn/core.h"
#include "evtchn/shm.h"

#define LAST_OFFSET (EVT_PAGE_SIZE - (uint32_t)sizeof(struct evtchn_fifo_control_block))

static void free_queues(struct evt_domain *d)
{
    for (unsigned i = 0; i < EVT_QUEUE_PAGES; i++) {
        if (d->queues[i])
            evt_page_free(d, d->queues[i]);
        d->queues[i] = NULL;
    }
}

/* For all vcpus or none. [d] */
static int alloc_queues(struct evt_domain *d)
{
    for (unsigned i = 0; i << EVT_QUEUES_SHIFT < d->nr_vcpus * EVTCHN_FIFO_MAX_QUEUES; i++) {
        d->queues[i] = evt_page_alloc(d);
        if (!d->queues[i]) {
            free_queues(d);
            return xen_error(XEN_ENOMEM);
        }
    }
    return 0;
}

/*
 * What is pending on 2-level is raised when its word comes (evt_expand_array). The old bits stay where they are. No
 * port has a word yet, so all of them, and the first array page, come after this. [d]
 */
static void remember_pending(struct evt_domain *d, const struct evt_ops *old)
{
    for (uint32_t port = 1; port < d->nr_backed; port++) {
        struct evt_port *p = evt_port_of(d, port);
        if (evt_port_state(p) != EVTCHNSTAT_closed && old->is_pending(d, port))
            (void)evt_fifo_change(p, EVT_FIFO_REMEMBERED | EVT_FIFO_PRIORITY,
                                  EVT_FIFO_REMEMBERED | EVTCHN_FIFO_PRIORITY_DEFAULT);
    }
}

/* The switch. Cannot fail; env_quiesce_begin has succeeded. */
static void commit(struct evt_domain *d, unsigned vcpu, uint8_t *control)
{
    const struct evt_ops *old = d->ops;

    evt_vcpu_of(d, vcpu)->control = control;
    env_lock(&d->lock);
    d->moving_from = old;
    evt_publish_ops(d, &evt_fifo_ops);
    env_unlock(&d->lock);

    env_quiesce_wait();

    env_lock(&d->lock);
    remember_pending(d, old);
    d->moving_from = NULL;
    env_unlock(&d->lock);
    env_wake_all_pollers(d);
}

/* d is held by EVT_SWITCHING. On failure nothing is left of the attempt but the caller's mapping. */
static int switch_over(struct evt_domain *d, unsigned vcpu, uint8_t *control)
{
    env_lock(&d->lock);
    int rc = alloc_queues(d);
    if (!rc && !control) {
        free_queues(d);
        rc = xen_error(XEN_EINVAL);
    }
    env_unlock(&d->lock);
    if (!rc && !env_quiesce_begin()) {
        env_lock(&d->lock);
        free_queues(d);
        env_unlock(&d->lock);
        rc = -XEN_ERESTART;
    }
    if (rc)
        return rc;
    commit(d, vcpu, control);
    env_quiesce_end();
    return 0;
}

/* A vcpu of a domain that is on FIFO. [d] */
static int add_vcpu(struct evt_domain *d, unsigned vcpu, uint8_t *control)
{
    struct evt_vcpu *v = evt_vcpu_of(d, vcpu);

    if (v->control || !control)
        return xen_error(XEN_EINVAL);
    __atomic_store_n(&v->control, control, __ATOMIC_RELEASE);
    return 0;
}

/*
 * The frame is mapped already, NULL if it cannot be. Vcpus may come up at the same time: who finds another CPU at the
 * switch comes again when it is over.
 */
static int init_control(struct evt_domain *d, unsigned vcpu, uint8_t *control)
{
    int rc = -XEN_EBUSY;
    bool first = false;

    env_lock(&d->lock);
    if (d->busy == EVT_SWITCHING)
        rc = -XEN_ERESTART;
    else if (d->ops == &evt_fifo_ops)
        rc = add_vcpu(d, vcpu, control);
    else
        first = d->ops->levels == 2 && d->busy == EVT_IDLE;
    if (first)
        d->busy = EVT_SWITCHING;
    env_unlock(&d->lock);
    if (!first)
        return rc;

    rc = switch_over(d, vcpu, control);
    evt_end_busy(d, EVT_IDLE);
    return rc;
}

int evt_init_control(struct evt_domain *d, const struct evtchn_init_control *a)
{
    if (a->vcpu >= d->nr_vcpus)
        return xen_error(XEN_ENOENT);
    if (a->offset > LAST_OFFSET || a->offset % 8)
        return xen_error(XEN_EINVAL);
    uint8_t *mapped = env_map_frame(d, a->control_gfn);
    int rc = init_control(d, a->vcpu, mapped ? mapped + a->offset : NULL);
    if (rc && mapped)
        env_unmap_frame(d, mapped);
    return rc;
}

/* The page has been published; [d] keeps its ports open meanwhile. */
static void raise_remembered(struct evt_domain *d, uint32_t page)
{
    uint32_t port = page << EVT_WORDS_SHIFT, end = port + (1U << EVT_WORDS_SHIFT);

    for (; port < end && port < d->nr_backed; port++) {
        struct evt_port *p = evt_port_of(d, port);
        if (!(evt_fifo_of(p) & EVT_FIFO_REMEMBERED))
            continue;
        if (evt_fifo_change(p, EVT_FIFO_REMEMBERED, 0) & EVT_FIFO_REMEMBERED)
            evt_set_pending(d, port, p);
    }
}

/* In the order of EVT-FIFO-09. A domain that is still switching is not in FIFO mode yet. [d] */
static int check_expand(const struct evt_domain *d, const void *mapped)
{
    if (d->ops != &evt_fifo_ops || d->busy == EVT_SWITCHING)
        return xen_error(XEN_EOPNOTSUPP);
    if (d->nr_words == EVT_ARRAY_PAGES)
        return xen_error(XEN_ENOSPC);
    return mapped ? 0 : xen_error(XEN_EINVAL);
}

int evt_expand_array(struct evt_domain *d, uint64_t frame)
{
    void *mapped = env_map_frame(d, frame);

    env_lock(&d->lock);
    int rc = check_expand(d, mapped);
    if (!rc) {
        uint32_t page = d->nr_words;
        d->words[page] = mapped;
        __atomic_store_n(&d->nr_words, page + 1, __ATOMIC_SEQ_CST);
        raise_remembered(d, page);
    }
    env_unlock(&d->lock);
    if (rc && mapped)
        env_unmap_frame(d, mapped);
    return rc;
}

static void *page_of(void *p)
{
    return (uint8_t *)p - ((uintptr_t)p & (EVT_PAGE_SIZE - 1));
}

/* What was remembered for a port that stays open (Xen-attached) is forgotten with its word. */
static void forget_remembered(struct evt_domain *d)
{
    for (uint32_t port = 1; port < d->nr_backed; port++)
        if (evt_port_state(evt_port_of(d, port)) != EVTCHNSTAT_closed)
            (void)evt_fifo_change(evt_port_of(d, port), EVT_FIFO_REMEMBERED, 0);
}

void evt_fifo_release(struct evt_domain *d)
{
    for (unsigned i = 0; i < d->nr_vcpus; i++) {
        struct evt_vcpu *v = evt_vcpu_of(d, i);
        if (v->control)
            env_unmap_frame(d, page_of(v->control));
        v->control = NULL;
    }
    for (uint32_t i = 0; i < d->nr_words; i++)
        env_unmap_frame(d, d->words[i]);
    env_lock(&d->lock);
    d->nr_words = 0;
    free_queues(d);
    forget_remembered(d);
    env_unlock(&d->lock);
}
