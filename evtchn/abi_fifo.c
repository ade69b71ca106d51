/* SPDX-License-Identifier: MIT */
/*
 * The FIFO ABI (EVT-FIFO in docs/abi/event-channels.md): an event word per port in pages of the guest, and for each
 * vcpu a control block with the heads of 16 queues, one a priority. Registration is in fifo_register.c.
 *
 * The hypervisor appends, the guest consumes. Each queue has a lock and the port of its tail; words are never followed,
 * so whatever a guest writes into LINK or a head leads nobody astray but the guest. What keeps the queues whole:
 *
 * - A port's word says LINKED from the moment it is appended until the guest consumes it. LINKED is set only under the
 *   lock of the queue that evt_port.fifo names, and a port moves to another queue only under the lock of the old one,
 *   while its word is not LINKED. If it was the old queue's tail, that queue is empty and forgets it.
 * - So if the word of a queue's tail is LINKED, it stands in that queue, and the next port's number goes into its LINK.
 *   If not, the guest has consumed the queue, and the next port's number goes into head.
 * - Whoever finds that a port moved meanwhile can leave: PENDING was set before, and who moved it will link it.
 */
#include "evtchn/core.h"
#include "evtchn/shm.h"

#define PENDING (1U << EVTCHN_FIFO_PENDING)
#define MASKED (1U << EVTCHN_FIFO_MASKED)
#define LINKED (1U << EVTCHN_FIFO_LINKED)
#define BUSY (1U << EVTCHN_FIFO_BUSY)
#define LINK_MASK EVTCHN_FIFO_LINK_MASK

#define TRIES 4U       /* to change LINK while the guest changes other bits of the word */
#define BUSY_TRIES 64U /* the same once BUSY has asked it to wait */

static void drop(struct evt_domain *d)
{
    (void)__atomic_fetch_add(&d->dropped, 1, __ATOMIC_RELAXED);
}

static unsigned queue_in(uint16_t fifo)
{
    return (fifo & EVT_FIFO_QUEUE) >> EVT_FIFO_QUEUE_SHIFT;
}

/* The queue for the port's next link. */
static unsigned queue_wanted(const struct evt_port *p)
{
    return evt_port_vcpu(p) * EVTCHN_FIFO_MAX_QUEUES + (evt_fifo_of(p) & EVT_FIFO_PRIORITY);
}

static uint8_t *control_of(const struct evt_domain *d, unsigned vcpu)
{
    return __atomic_load_n(&evt_vcpu_of(d, vcpu)->control, __ATOMIC_ACQUIRE);
}

/* --- Linking */

enum appended {
    APPENDED,
    CONSUMED, /* the tail is not in the queue any more */
    FAILED,   /* the guest will not leave the word alone */
};

static enum appended try_append(uint32_t *tail, uint32_t port, unsigned tries)
{
    while (tries--) {
        uint32_t word = shm_read32(tail);
        if (!(word & LINKED))
            return CONSUMED;
        if (shm_cas32(tail, word, (word & ~(LINK_MASK | BUSY)) | port))
            return APPENDED;
    }
    return FAILED;
}

/* BUSY keeps a guest with manners from unmasking, so only a hostile one makes this fail. */
static enum appended append(uint32_t *tail, uint32_t port)
{
    enum appended how = try_append(tail, port, TRIES);

    if (how != FAILED)
        return how;
    (void)shm_or32(tail, BUSY);
    how = try_append(tail, port, BUSY_TRIES);
    if (how != APPENDED)
        (void)shm_and32(tail, ~BUSY);
    return how;
}

/* The queue was empty: the port is its head. */
static void start_queue(struct evt_domain *d, unsigned vcpu, unsigned priority, uint32_t port)
{
    struct evtchn_fifo_control_block *control = (void *)control_of(d, vcpu);
    uint32_t bit = 1U << priority;

    (void)shm_xchg32(&control->head[priority], port);
    if (shm_or32(&control->ready, bit) & bit)
        return;
    uint8_t *info = __atomic_load_n(&evt_vcpu_of(d, vcpu)->info, __ATOMIC_ACQUIRE);
    if (info)
        evt_mark_upcall(d, vcpu, info);
}

/* Claim the word. false: it stands in a queue. A LINK that the guest left behind when it consumed the word stays, as on
 * the real Xen, until another port is linked behind this one. */
static bool set_linked(uint32_t *word)
{
    return !(shm_or32(word, LINKED) & LINKED);
}

/* q->lock held, and q is the port's queue. */
static void enqueue(struct evt_domain *d, struct evt_queue *q, unsigned number, uint32_t port, uint32_t *word)
{
    enum appended how = CONSUMED;

    if (!set_linked(word))
        return;
    if (q->tail && q->tail != port)
        how = append(evt_word_of(d, q->tail), port);
    if (how == FAILED) {
        (void)shm_and32(word, ~LINKED);
        drop(d);
        return;
    }
    q->tail = port;
    if (how == CONSUMED)
        start_queue(d, number / EVTCHN_FIFO_MAX_QUEUES, number % EVTCHN_FIFO_MAX_QUEUES, port);
}

/* Make `to` the port's queue. false: it is linked where it is, or another CPU is moving it and will link it. */
static bool move(struct evt_domain *d, uint32_t port, struct evt_port *p, const uint32_t *word, unsigned to)
{
    unsigned from = queue_in(evt_fifo_of(p));
    struct evt_queue *q = evt_queue_of(d, from);

    if (from == to)
        return true;
    env_lock(&q->lock);
    bool may = queue_in(evt_fifo_of(p)) == from && !(shm_read32(word) & LINKED);
    if (may) {
        q->tail = q->tail == port ? 0 : q->tail;
        (void)evt_fifo_change(p, EVT_FIFO_QUEUE, to << EVT_FIFO_QUEUE_SHIFT);
    }
    env_unlock(&q->lock);
    return may;
}

/* Put a pending port at the tail of its queue, unless it stands in one. */
static void link(struct evt_domain *d, uint32_t port, struct evt_port *p, uint32_t *word)
{
    unsigned to = queue_wanted(p);
    struct evt_queue *q = evt_queue_of(d, to);

    if (!control_of(d, to / EVTCHN_FIFO_MAX_QUEUES)) {
        drop(d);
        return;
    }
    if (!move(d, port, p, word, to))
        return;
    env_lock(&q->lock);
    if (queue_in(evt_fifo_of(p)) == to)
        enqueue(d, q, to, port, word);
    env_unlock(&q->lock);
}

/* --- The functions of the ABI */

/*
 * Remember the event until a page brings the word. Who adds the page publishes it and then looks; so look again after
 * remembering, and one of the two sees the other. false: it is remembered; true: the word is there now.
 */
static bool came_too_early(struct evt_domain *d, uint32_t port, struct evt_port *p)
{
    (void)evt_fifo_change(p, EVT_FIFO_REMEMBERED, EVT_FIFO_REMEMBERED);
    return !evt_word_of(d, port) || !(evt_fifo_change(p, EVT_FIFO_REMEMBERED, 0) & EVT_FIFO_REMEMBERED);
}

static void set_pending(struct evt_domain *d, uint32_t port, struct evt_port *p)
{
    if (port >= EVTCHN_FIFO_NR_CHANNELS || (!evt_word_of(d, port) && came_too_early(d, port, p)))
        return;
    uint32_t *word = evt_word_of(d, port);
    if (!control_of(d, evt_port_vcpu(p))) {
        drop(d);
        return;
    }
    uint32_t old = shm_or32(word, PENDING);
    if (!(old & (MASKED | LINKED)))
        link(d, port, p, word);
    if (old & PENDING)
        return;
    evt_count(d);
    env_wake_pollers(d, port);
}

/* A linked port stays linked: the guest finds it in its queue and nothing pending. */
static void clear_pending(struct evt_domain *d, uint32_t port, struct evt_port *p)
{
    uint32_t *word = evt_word_of(d, port);

    (void)evt_fifo_change(p, EVT_FIFO_REMEMBERED, 0);
    if (word)
        (void)shm_and32(word, ~PENDING);
}

/* The guest has usually cleared MASKED itself. A port that is still LINKED will be found, and not masked any more. */
static void unmask(struct evt_domain *d, uint32_t port, struct evt_port *p)
{
    uint32_t *word = evt_word_of(d, port);

    if (word && (shm_and32(word, ~MASKED) & (PENDING | LINKED)) == PENDING)
        link(d, port, p, word);
}

static bool has_bit(const struct evt_domain *d, uint32_t port, uint32_t bit)
{
    const uint32_t *word = evt_word_of(d, port);
    return word && (shm_read32(word) & bit);
}

static bool is_pending(struct evt_domain *d, uint32_t port)
{
    return has_bit(d, port, PENDING);
}

static bool is_masked(struct evt_domain *d, uint32_t port)
{
    return has_bit(d, port, MASKED);
}

static bool is_linked(struct evt_domain *d, uint32_t port)
{
    return has_bit(d, port, LINKED);
}

/* It moves at its next link. */
static void moved(struct evt_domain *d, uint32_t port, struct evt_port *p)
{
    (void)d;
    (void)port;
    (void)p;
}

/* The upcall flag is all that can have been missed, but the selector of 2-level is set too (EVT-FIFO-26). */
static void select_all(struct evt_domain *d, unsigned vcpu)
{
    evt_2level_for(d)->select_all(d, vcpu);
}

/* The queue is the one that the port was linked on, whatever vcpu it notifies now. */
static bool is_selected(struct evt_domain *d, uint32_t port, unsigned vcpu, unsigned level)
{
    unsigned queue = queue_in(evt_fifo_of(evt_port_of(d, port)));
    const struct evtchn_fifo_control_block *control = (void *)control_of(d, queue / EVTCHN_FIFO_MAX_QUEUES);

    (void)vcpu;
    if (level == 2)
        return is_linked(d, port);
    return control && (shm_read32(&control->ready) >> queue % EVTCHN_FIFO_MAX_QUEUES & 1);
}

static int set_priority(struct evt_domain *d, uint32_t port, struct evt_port *p, uint32_t priority)
{
    (void)d;
    (void)port;
    if (priority > EVTCHN_FIFO_PRIORITY_MIN)
        return xen_error(XEN_EINVAL);
    (void)evt_fifo_change(p, EVT_FIFO_PRIORITY, priority);
    return 0;
}

const struct evt_ops evt_fifo_ops = {
    .name = "FIFO",
    .limit = EVTCHN_FIFO_NR_CHANNELS,
    .levels = 1,
    .set_pending = set_pending,
    .clear_pending = clear_pending,
    .unmask = unmask,
    .is_pending = is_pending,
    .is_masked = is_masked,
    .moved = moved,
    .select_all = select_all,
    .is_selected = is_selected,
    .is_in_use = is_linked,
    .set_priority = set_priority,
    .release = evt_fifo_release,
};
