/* SPDX-License-Identifier: MIT */
#include "guest/lib/fifo.h"

#include "guest/abi/errno.h"
#include "guest/lib/events.h"
#include "guest/lib/hypercall.h"
#include "guest/lib/memory.h"

#define PENDING (1U << EVTCHN_FIFO_PENDING)
#define MASKED (1U << EVTCHN_FIFO_MASKED)
#define LINKED (1U << EVTCHN_FIFO_LINKED)
#define BUSY (1U << EVTCHN_FIFO_BUSY)
#define WORDS_PER_PAGE (GUEST_PAGE_SIZE / 4)
#define PAGES (EVTCHN_FIFO_NR_CHANNELS / WORDS_PER_PAGE)

static uint32_t *page[PAGES]; /* of the event array; they stay ours over a reset */
static unsigned nr_pages;     /* that the hypervisor knows */

/* --- Event words: each change one atomic instruction --- */

uint32_t *fifo_word(evtchn_port_t port)
{
    unsigned i = port / WORDS_PER_PAGE;

    return i < nr_pages ? &page[i][port % WORDS_PER_PAGE] : NULL;
}

uint32_t evt_fifo_word(evtchn_port_t port)
{
    const uint32_t *word = fifo_word(port);

    return word ? __atomic_load_n(word, __ATOMIC_SEQ_CST) : MASKED;
}

bool fifo_mask(evtchn_port_t port)
{
    uint32_t *word = fifo_word(port);

    return !word || (__atomic_fetch_or(word, MASKED, __ATOMIC_SEQ_CST) & MASKED);
}

bool fifo_is_masked(evtchn_port_t port)
{
    return evt_fifo_word(port) & MASKED;
}

bool fifo_is_pending(evtchn_port_t port)
{
    return evt_fifo_word(port) & PENDING;
}

bool fifo_clear(evtchn_port_t port)
{
    uint32_t *word = fifo_word(port);

    return word && (__atomic_fetch_and(word, ~PENDING, __ATOMIC_SEQ_CST) & PENDING);
}

/* BUSY: the hypervisor is changing LINK, and this word must not change under its hands for ever. */
bool fifo_unmask(evtchn_port_t port)
{
    uint32_t *word = fifo_word(port), old;

    if (!word)
        return true;
    do {
        while ((old = __atomic_load_n(word, __ATOMIC_SEQ_CST)) & BUSY)
            __builtin_ia32_pause();
    } while (!__atomic_compare_exchange_n(word, &old, old & ~MASKED, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
    return old & PENDING;
}

/* Take a port off its queue; what follows it there, 0: nothing. */
static evtchn_port_t unlink_word(uint32_t *word)
{
    uint32_t old = __atomic_load_n(word, __ATOMIC_SEQ_CST);

    while (!__atomic_compare_exchange_n(word, &old, old & ~(LINKED | EVTCHN_FIFO_LINK_MASK), false, __ATOMIC_SEQ_CST,
                                        __ATOMIC_SEQ_CST))
        ;
    return old & EVTCHN_FIFO_LINK_MASK;
}

/* --- Consuming --- */

/* One port of queue q. false: it was the last. */
static bool consume_one(struct guest_vcpu *v, unsigned q)
{
    evtchn_port_t port = v->fifo_head[q] ? v->fifo_head[q] : __atomic_load_n(&v->control->head[q], __ATOMIC_SEQ_CST);
    uint32_t *word = fifo_word(port);

    if (!port || !word)
        return false;
    v->fifo_head[q] = unlink_word(word);
    bool more = v->fifo_head[q] != 0;
    const struct evt_binding *b = &evt.binding[port];
    if ((evt_fifo_word(port) & (PENDING | MASKED)) == PENDING && fifo_clear(port) && b->fn)
        b->fn(port, b->arg);
    return more;
}

/* The highest priority first, and a look at what has become ready after each event. A handler may leave FIFO. */
void fifo_consume(struct guest_vcpu *v)
{
    uint32_t ready = __atomic_exchange_n(&v->control->ready, 0, __ATOMIC_SEQ_CST);

    while (ready) {
        unsigned q = (unsigned)__builtin_ctz(ready);

        if (!consume_one(v, q))
            ready &= ~(1U << q);
        if (!v->control)
            return;
        ready |= __atomic_exchange_n(&v->control->ready, 0, __ATOMIC_SEQ_CST);
    }
}

/* --- Registration --- */

/* With upcalls off: from here on this vcpu's events come through its queues. */
static int init_control(void)
{
    struct guest_vcpu *v = guest_vcpu();
    struct evtchn_init_control op = {.vcpu = v->id};
    int rc;

    if (!v->control_memory)
        v->control_memory = memory_alloc(sizeof(*v->control_memory));
    *v->control_memory = (struct evtchn_fifo_control_block){0};
    op.control_gfn = env_frame(v->control_memory);
    op.offset = (uint32_t)(guest_address(v->control_memory) % GUEST_PAGE_SIZE);
    rc = (int)hv_event_channel_op(EVTCHNOP_init_control, &op);
    if (rc)
        return rc;
    if (op.link_bits != EVTCHN_FIFO_LINK_BITS)
        return -XEN_EIO;
    for (unsigned q = 0; q < EVTCHN_FIFO_MAX_QUEUES; q++)
        v->fifo_head[q] = 0;
    v->control = v->control_memory;
    v->era = evt.era;
    v->affinity = evt.affinity[v->id];
    return 0;
}

int evt_register_fifo_vcpu(void)
{
    bool on = env_upcalls_off();
    int rc = init_control();

    if (on)
        env_upcalls_on();
    return rc;
}

int evt_register_fifo(void)
{
    bool on = env_upcalls_off();
    int rc = init_control();

    if (!rc) {
        nr_pages = 0;
        evt_resize(EVTCHN_FIFO_NR_CHANNELS);
        evt.fifo = true;
    }
    if (on)
        env_upcalls_on();
    return rc;
}

int evt_fifo_expand(evtchn_port_t port)
{
    int rc = 0;

    while (!rc && nr_pages <= port / WORDS_PER_PAGE) {
        struct evtchn_expand_array op;
        uint32_t *p = page[nr_pages] ? page[nr_pages] : memory_pages(1);

        page[nr_pages] = p;
        for (unsigned i = 0; i < WORDS_PER_PAGE; i++)
            p[i] = MASKED;
        op.array_gfn = env_frame(p);
        nr_pages++; /* an event of this page may come before the operation returns */
        rc = (int)hv_event_channel_op(EVTCHNOP_expand_array, &op);
        nr_pages -= rc != 0;
    }
    return rc;
}

int evt_set_priority(evtchn_port_t port, unsigned priority)
{
    struct evtchn_set_priority op = {.port = port, .priority = priority};

    return (int)hv_event_channel_op(EVTCHNOP_set_priority, &op);
}
