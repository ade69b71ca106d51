/* SPDX-License-Identifier: MIT */
/*
 * The queues of the FIFO ABI: LINK, head and ready words after each step of a history of a few ports.
 *
 * A cell is a list of steps on the ports A to D, which are movable ends of channels to ourselves, unmasked, on vcpu 0,
 * with the default priority 7. What the hypervisor does is shown; what the guest does stands there as a word, and its
 * changes are not shown.
 */
#include "guest/conformance/conformance.h"

#define PORTS 4U
#define STEPS_MAX 16U
#define DEFAULT EVTCHN_FIFO_PRIORITY_DEFAULT

#define FIFO_BIT(name) (1U << EVTCHN_FIFO_##name)
#define LINK_MASK EVTCHN_FIFO_LINK_MASK

enum port { A, B, C, D };

enum deed {
    DONE, /* ends the list */
    /* The hypervisor's */
    SEND,
    UNMASK,
    PRIORITY,
    VCPU,
    CLOSE,
    OPEN, /* an unbound port: which number is it? */
    /* The guest's */
    TAKE,  /* consume the first event of queue `value` of vcpu `port` as the ABI wants it */
    READY, /* set the ready word of vcpu `port` to `value`: 0 as the start of consuming */
    MASK,  /* set MASKED */
    CLEAR, /* clear the bits `value` of the word */
    SET,   /* set them */
    HEAD,  /* set the default queue's head of vcpu 0 to `value` */
};

struct step {
    enum deed deed;
    unsigned port;
    uint32_t value;
};

#define DO(what, on)    \
    {                   \
        (what), (on), 0 \
    }
#define WITH(what, on, value) \
    {                         \
        (what), (on), (value) \
    }

struct history {
    const char *name;
    struct step steps[STEPS_MAX];
};

static evtchn_port_t sender[PORTS], raised[PORTS];
static evtchn_port_t next_port[VCPUS]
                              [EVTCHN_FIFO_MAX_QUEUES]; /* the guest's own heads; 0: look into the control block */

/* --- The hypervisor's steps --- */

static void send(const struct step *s)
{
    struct evtchn_send op = {.port = sender[s->port]};

    cell_op(EVTCHNOP_send, &op, sizeof(op));
}

static void unmask(const struct step *s)
{
    struct evtchn_unmask op = {.port = raised[s->port]};

    cell_op(EVTCHNOP_unmask, &op, sizeof(op));
}

static void set_priority(const struct step *s)
{
    struct evtchn_set_priority op = {.port = raised[s->port], .priority = s->value};

    cell_op(EVTCHNOP_set_priority, &op, sizeof(op));
}

static void bind_vcpu(const struct step *s)
{
    struct evtchn_bind_vcpu op = {.port = raised[s->port], .vcpu = s->value};

    cell_op(EVTCHNOP_bind_vcpu, &op, sizeof(op));
}

static void close(const struct step *s)
{
    struct evtchn_close op = {.port = raised[s->port]};

    cell_op(EVTCHNOP_close, &op, sizeof(op));
}

static void open(const struct step *s)
{
    struct evtchn_alloc_unbound op = {.dom = DOMID_SELF, .remote_dom = DOMID_SELF, .port = CELL_POISON};

    (void)s;
    cell_op(EVTCHNOP_alloc_unbound, &op, sizeof(op));
}

/* --- The guest's steps --- */

static evtchn_port_t unlink_word(evtchn_port_t port)
{
    return __atomic_fetch_and(&fifo_words[port], ~(FIFO_BIT(LINKED) | LINK_MASK), __ATOMIC_SEQ_CST) & LINK_MASK;
}

static void take(const struct step *s)
{
    evtchn_port_t *own = &next_port[s->port][s->value];
    evtchn_port_t port = (*own ? *own : fifo_control(s->port)->head[s->value]) % FIFO_WORDS_PER_PAGE;

    *own = unlink_word(port);
    port_clear(port, PORT_PENDING);
    cell_say(" take %u,", port);
}

static void set_ready(const struct step *s)
{
    fifo_control(s->port)->ready = s->value;
    cell_say(" ready%u=%x,", s->port, s->value);
}

static void mask(const struct step *s)
{
    port_set(raised[s->port], PORT_MASKED);
    cell_say(" mask %u,", raised[s->port]);
}

static void clear_bits(const struct step *s)
{
    __atomic_fetch_and(&fifo_words[raised[s->port]], ~s->value, __ATOMIC_SEQ_CST);
    cell_say(" word[%u]&=~%x,", raised[s->port], s->value);
}

static void set_bits(const struct step *s)
{
    __atomic_fetch_or(&fifo_words[raised[s->port]], s->value, __ATOMIC_SEQ_CST);
    cell_say(" word[%u]|=%x,", raised[s->port], s->value);
}

static void set_head(const struct step *s)
{
    fifo_control(s->port)->head[DEFAULT] = s->value;
    cell_say(" head%u=%x,", s->port, s->value);
}

static void (*const deeds[])(const struct step *s) = {
    [SEND] = send,    [UNMASK] = unmask, [PRIORITY] = set_priority, [VCPU] = bind_vcpu, [CLOSE] = close,
    [OPEN] = open,    [TAKE] = take,     [READY] = set_ready,       [MASK] = mask,      [CLEAR] = clear_bits,
    [SET] = set_bits, [HEAD] = set_head,
};

/* --- Histories --- */

#define UNUSED_BITS 0x0FFE0000U

static const struct history histories[] = {
    /* Order within a queue, and its tail. */
    {"order/three",
     {DO(SEND, A), DO(SEND, B), DO(SEND, C), DO(SEND, B), WITH(TAKE, 0, DEFAULT), WITH(TAKE, 0, DEFAULT),
      WITH(TAKE, 0, DEFAULT), DO(SEND, B)}},
    {"order/one-again",
     {DO(SEND, A), WITH(TAKE, 0, DEFAULT), DO(SEND, A), WITH(TAKE, 0, DEFAULT), WITH(READY, 0, 0), DO(SEND, A)}},
    {"order/behind-consumed",
     {DO(SEND, A), WITH(TAKE, 0, DEFAULT), DO(SEND, B), WITH(TAKE, 0, DEFAULT), WITH(READY, 0, 0), DO(SEND, A)}},
    {"order/behind-half",
     {DO(SEND, A), DO(SEND, B), WITH(READY, 0, 0), WITH(TAKE, 0, DEFAULT), DO(SEND, C), WITH(TAKE, 0, DEFAULT),
      WITH(TAKE, 0, DEFAULT), DO(SEND, D)}},
    {"order/first-again",
     {DO(SEND, A), DO(SEND, B), WITH(TAKE, 0, DEFAULT), DO(SEND, A), WITH(TAKE, 0, DEFAULT), WITH(TAKE, 0, DEFAULT)}},
    {"order/linked-not-pending", {DO(SEND, A), WITH(CLEAR, A, FIFO_BIT(PENDING)), DO(SEND, A)}},
    {"order/masked-behind", {DO(SEND, A), DO(MASK, B), DO(SEND, B), DO(SEND, C), DO(UNMASK, B)}},
    {"order/masked-while-linked", {DO(SEND, A), DO(MASK, A), WITH(TAKE, 0, DEFAULT), DO(SEND, A), DO(UNMASK, A)}},

    /* The ready bit. */
    {"ready/cleared",
     {DO(SEND, A), WITH(READY, 0, 0), DO(SEND, B), WITH(TAKE, 0, DEFAULT), WITH(TAKE, 0, DEFAULT), DO(SEND, C)}},
    {"ready/set", {WITH(READY, 0, 1U << DEFAULT), DO(SEND, A)}},
    {"ready/others-set", {WITH(READY, 0, 0xFFFFFF7FU), DO(SEND, A)}},
    {"ready/left",
     {DO(SEND, A), WITH(TAKE, 0, DEFAULT), DO(SEND, B), WITH(READY, 0, 0), WITH(TAKE, 0, DEFAULT), DO(SEND, C)}},

    /* Priorities. */
    {"priority/three",
     {WITH(PRIORITY, A, 15), WITH(PRIORITY, B, 0), DO(SEND, A), DO(SEND, B), DO(SEND, C), DO(SEND, D), WITH(TAKE, 0, 0),
      WITH(TAKE, 0, DEFAULT), WITH(TAKE, 0, DEFAULT), WITH(TAKE, 0, 15)}},
    {"priority/while-linked", {DO(SEND, A), WITH(PRIORITY, A, 3), DO(SEND, A), WITH(TAKE, 0, DEFAULT), DO(SEND, A)}},
    {"priority/while-masked", {DO(MASK, A), DO(SEND, A), WITH(PRIORITY, A, 3), DO(UNMASK, A)}},
    {"priority/of-the-tail",
     {DO(SEND, A), DO(SEND, B), WITH(PRIORITY, B, 3), WITH(TAKE, 0, DEFAULT), WITH(TAKE, 0, DEFAULT), DO(SEND, B),
      DO(SEND, A), DO(SEND, C)}},
    {"priority/tail-gone",
     {DO(SEND, A), WITH(TAKE, 0, DEFAULT), WITH(PRIORITY, A, 3), DO(SEND, A), DO(SEND, B), DO(SEND, C)}},
    {"priority/tail-back",
     {DO(SEND, A), WITH(TAKE, 0, DEFAULT), WITH(PRIORITY, A, 3), DO(SEND, A), WITH(TAKE, 0, 3), WITH(PRIORITY, A, 7),
      DO(SEND, A), DO(SEND, B)}},
    {"priority/same", {DO(SEND, A), WITH(PRIORITY, A, DEFAULT), DO(SEND, B), WITH(TAKE, 0, DEFAULT), DO(SEND, A)}},
    {"priority/kept-over-close", {WITH(PRIORITY, A, 3), DO(CLOSE, A), DO(OPEN, 0), DO(SEND, B), DO(SEND, C)}},

    /* Vcpus. */
    {"vcpu/while-linked", {DO(SEND, A), WITH(VCPU, A, 1), DO(SEND, A), WITH(TAKE, 0, DEFAULT), DO(SEND, A)}},
    {"vcpu/while-masked", {DO(MASK, A), DO(SEND, A), WITH(VCPU, A, 1), DO(UNMASK, A)}},
    {"vcpu/of-the-tail",
     {DO(SEND, A), DO(SEND, B), WITH(VCPU, B, 1), WITH(TAKE, 0, DEFAULT), WITH(TAKE, 0, DEFAULT), DO(SEND, B),
      DO(SEND, A), DO(SEND, C)}},
    {"vcpu/there-and-back",
     {WITH(VCPU, A, 1), DO(SEND, A), WITH(VCPU, A, 0), WITH(TAKE, 1, DEFAULT), DO(SEND, A), DO(SEND, B)}},
    {"vcpu/and-priority",
     {DO(SEND, A), WITH(TAKE, 0, DEFAULT), WITH(VCPU, A, 1), WITH(PRIORITY, A, 0), DO(SEND, A), DO(SEND, B)}},

    /* Words that a guest should not write. */
    {"hostile/linked",
     {WITH(SET, A, FIFO_BIT(LINKED)), DO(SEND, A), WITH(CLEAR, A, FIFO_BIT(LINKED)), DO(SEND, A),
      WITH(CLEAR, A, FIFO_BIT(PENDING)), DO(SEND, A)}},
    {"hostile/link", {WITH(SET, A, 5), DO(SEND, A), DO(SEND, B)}},
    {"hostile/link-all", {WITH(SET, A, LINK_MASK), DO(SEND, A), DO(SEND, B)}},
    {"hostile/link-of-the-tail", {DO(SEND, A), WITH(SET, A, LINK_MASK), DO(SEND, B)}},
    {"hostile/unused-bits", {WITH(SET, A, UNUSED_BITS), DO(SEND, A), DO(SEND, B), DO(UNMASK, A)}},
    {"hostile/busy", {WITH(SET, A, FIFO_BIT(BUSY)), DO(SEND, A), DO(SEND, B), DO(UNMASK, A)}},
    {"hostile/busy-tail", {DO(SEND, A), WITH(SET, A, FIFO_BIT(BUSY)), DO(SEND, B), DO(SEND, C)}},
    {"hostile/busy-masked", {DO(MASK, A), DO(SEND, A), WITH(SET, A, FIFO_BIT(BUSY)), DO(UNMASK, A)}},
    {"hostile/unlinked-tail", {DO(SEND, A), WITH(CLEAR, A, FIFO_BIT(LINKED)), DO(SEND, B), DO(SEND, C)}},
    {"hostile/unlinked-middle",
     {DO(SEND, A), DO(SEND, B), DO(SEND, C), WITH(CLEAR, B, FIFO_BIT(LINKED)), WITH(CLEAR, B, FIFO_BIT(PENDING)),
      DO(SEND, B)}},
    {"hostile/unlinked-first",
     {DO(SEND, A), DO(SEND, B), WITH(CLEAR, A, FIFO_BIT(LINKED) | FIFO_BIT(PENDING)), DO(SEND, A)}},
    {"hostile/relinked", {DO(SEND, A), WITH(TAKE, 0, DEFAULT), WITH(SET, A, FIFO_BIT(LINKED)), DO(SEND, B)}},
    {"hostile/head", {WITH(HEAD, 0, 0xFFFFFFFFU), DO(SEND, A), WITH(HEAD, 0, 0x1FFFF), DO(SEND, B), DO(SEND, C)}},
    {"hostile/tail-as-own-successor",
     {DO(SEND, A), WITH(CLEAR, A, FIFO_BIT(LINKED) | FIFO_BIT(PENDING)), DO(SEND, A), DO(SEND, B)}},
    {"hostile/all-ones", {WITH(SET, A, 0xFFFFFFFFU), DO(SEND, A), DO(UNMASK, A), DO(SEND, B)}},

    /* Close, and the port's next life. */
    {"close/linked", {DO(SEND, A), DO(CLOSE, A), DO(OPEN, 0), WITH(TAKE, 0, DEFAULT), DO(OPEN, 0)}},
    {"close/linked-tail",
     {DO(SEND, A), DO(SEND, B), DO(CLOSE, B), DO(SEND, C), WITH(TAKE, 0, DEFAULT), WITH(TAKE, 0, DEFAULT),
      WITH(TAKE, 0, DEFAULT), DO(OPEN, 0)}},
    {"close/pending", {DO(MASK, A), DO(SEND, A), DO(CLOSE, A), DO(OPEN, 0)}},
    {"close/linked-by-the-guest",
     {WITH(SET, A, FIFO_BIT(LINKED)), DO(CLOSE, A), DO(OPEN, 0), DO(OPEN, 0), WITH(CLEAR, A, FIFO_BIT(LINKED)),
      DO(OPEN, 0)}},
    {"close/pending-by-the-guest", {DO(CLOSE, A), WITH(SET, A, FIFO_BIT(PENDING)), DO(OPEN, 0), DO(UNMASK, A)}},
    {"close/busy", {WITH(SET, A, FIFO_BIT(BUSY)), DO(CLOSE, A), DO(OPEN, 0)}},
};

static void open_channels(void)
{
    for (unsigned i = 0; i < PORTS; i++) {
        sender[i] = must_alloc_unbound(DOMID_SELF);
        raised[i] = must_bind_interdomain(DOMID_SELF, sender[i]);
        port_clear(raised[i], PORT_PENDING | PORT_MASKED);
    }
    for (unsigned v = 0; v < VCPUS; v++)
        for (unsigned q = 0; q < EVTCHN_FIFO_MAX_QUEUES; q++)
            next_port[v][q] = 0;
}

static void ask(const struct history *h)
{
    if (!cell_begin(ABI_FIFO, "fifo/%s", h->name))
        return;
    open_channels();
    cell_start();
    for (unsigned i = 0; i < STEPS_MAX && h->steps[i].deed != DONE; i++) {
        deeds[h->steps[i].deed](&h->steps[i]);
        if (h->steps[i].deed >= TAKE)
            cell_forget();
    }
    cell_end();
}

void conformance_fifo(void)
{
    for (unsigned i = 0; i < sizeof(histories) / sizeof(histories[0]); i++)
        ask(&histories[i]);
}
