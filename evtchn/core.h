/* SPDX-License-Identifier: MIT */
/*
 * Inside the event-channel core: its objects, their locks, and what its files offer each other. Nobody outside evtchn/
 * and its tests includes this.
 *
 * Letters behind fields say what guards them:
 *   [I] immutable after creation
 *   [d] the domain's lock
 *   [p] the port's lock; of an interdomain pair, both ports' locks to change, either to read
 *   [q] written under the domain's lock; read without one: what is replaced stays valid until env_quiesce_wait()
 *   [a] atomic on its own
 *   [f] the lock of the FIFO queue
 *   [g] the guest may write what it points to
 *
 * Lock order: the lock of one domain, then port locks by ascending address, then the lock of one FIFO queue. Nobody
 * holds two domains' locks, more than two port locks, or two queues' locks. Guest memory is copied, frames are mapped
 * and CPUs are waited for with no lock held.
 */
#ifndef EVTCHN_CORE_H
#define EVTCHN_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "evtchn/env.h"
#include "evtchn/evtchn.h"

#define EVT_PAGE_SIZE 4096U
#define EVT_MAX_PORTS 262144U /* the largest ABI: 64 * 64 * 64 */

/* --- Ports. 16 bytes each, 256 a page; the pages stay with the domain until it is destroyed. */

#define EVT_PORTS_SHIFT 8 /* ports a page */
#define EVT_PORTS_PER_PAGE (1U << EVT_PORTS_SHIFT)
#define EVT_TABLE_SHIFT 9 /* port pages a table page */
#define EVT_NR_TABLES (EVT_MAX_PORTS >> (EVT_PORTS_SHIFT + EVT_TABLE_SHIFT))

/* Ports become known to the guest (status answers) in steps of this many, as on the real Xen. */
#define EVT_KNOWN_STEP 64U

/* In evt_port.state: the hypervisor itself consumes this end. Such a port equals no plain EVTCHNSTAT_* number. */
#define EVT_XEN_ATTACHED 0x80

struct evt_port {
    union {               /* [p] by state */
        uint64_t link;    /* interdomain: the other end (evt_link) */
        uint64_t for_dom; /* unbound: domid that may bind */
        uint64_t virq;    /* virq */
        uint64_t pirq;    /* pirq */
    };
    uint32_t lock;
    uint8_t state; /* [p] EVTCHNSTAT_*, perhaps | EVT_XEN_ATTACHED */
    uint8_t vcpu;  /* [p] to write, [a] to read: the vcpu that is notified */
    uint16_t fifo; /* [a] EVT_FIFO_*: what the FIFO ABI knows of the port */
};
_Static_assert(sizeof(struct evt_port) == 16, "a page holds 256 ports");

/*
 * In evt_port.fifo, fields of one atomic word because each has its own guard:
 *
 *   15          14    4   3      0
 *   | remembered | queue | priority |
 *
 * remembered: an event came while the port had no event word. queue: the queue that the port was linked on last, vcpu
 * times 16 plus priority; it changes under the lock of the queue that it names. priority: for the next link; [p] to
 * write.
 */
#define EVT_FIFO_PRIORITY 0x000FU
#define EVT_FIFO_QUEUE_SHIFT 4
#define EVT_FIFO_QUEUE 0x7FF0U
#define EVT_FIFO_REMEMBERED 0x8000U

static inline uint16_t evt_fifo_of(const struct evt_port *p)
{
    return __atomic_load_n(&p->fifo, __ATOMIC_SEQ_CST);
}

/* Replace the bits of mask; what the whole word was. Retries only while other CPUs get on. */
static inline uint16_t evt_fifo_change(struct evt_port *p, unsigned mask, unsigned bits)
{
    uint16_t old = __atomic_load_n(&p->fifo, __ATOMIC_RELAXED);

    while (!__atomic_compare_exchange_n(&p->fifo, &old, (uint16_t)((old & ~mask) | bits), false, __ATOMIC_SEQ_CST,
                                        __ATOMIC_RELAXED))
        ;
    return old;
}

/*
 * The other end of an interdomain pair in one word. A struct evt_domain starts a page, so an address of up to 58
 * significant bits leaves the low 18 bits free for the port:
 *
 *   63                    18 17         0
 *   | address, bits 57..12  |   port    |
 */
static inline uint64_t evt_link(const struct evt_domain *d, uint32_t port)
{
    return ((uint64_t)(uintptr_t)d << 6) | port;
}

static inline struct evt_domain *evt_link_domain(uint64_t link)
{
    return (struct evt_domain *)(uintptr_t)(((int64_t)link >> 6) & ~(int64_t)(EVT_PAGE_SIZE - 1));
}

static inline uint32_t evt_link_port(uint64_t link)
{
    return (uint32_t)link & (EVT_MAX_PORTS - 1);
}

/*
 * Which ports are taken: a tree of bitmaps, fan-out 64. A bit of leaf says that the port is taken, a bit of middle or
 * root that the whole word below it is. An absent leaf page is all free. The lowest free port is three searches for
 * the lowest clear bit, however many ports are open.
 */
#define EVT_LEAF_WORDS (EVT_PAGE_SIZE / 8)
#define EVT_LEAF_PAGES (EVT_MAX_PORTS / 64 / EVT_LEAF_WORDS)
struct evt_free_map {
    uint64_t root;
    uint64_t middle[64];
    uint64_t *leaf[EVT_LEAF_PAGES];
};

/* --- Vcpus. 128 bytes each, 32 a page. */

struct evt_vcpu {
    uint8_t *info;                /* [q] [g] its struct vcpu_info; NULL: parked */
    void *l2;                     /* [q] [g] 3-level: its L2 selector; NULL: parked */
    uint8_t *control;             /* [q] [g] FIFO: its control block; NULL: events are dropped */
    uint32_t virq_port[NR_VIRQS]; /* [d] to write, [a] to read: 0 = not bound. Global ones in vcpu 0 */
    bool placed;                  /* [d] info has been set before */
    uint8_t spare[7];
};
_Static_assert(sizeof(struct evt_vcpu) <= 128, "a page holds 32 vcpus");

#define EVT_VCPUS_SHIFT 5
#define EVT_MAX_VCPUS 128U
#define EVT_VCPU_PAGES (EVT_MAX_VCPUS >> EVT_VCPUS_SHIFT)

/* --- Queues of the FIFO ABI: 8 bytes each, 16 for each vcpu, 512 a page. */

struct evt_queue {
    uint32_t lock;
    uint32_t tail; /* [f] the port that was linked last, if it has not moved since; 0: none */
};

#define EVT_QUEUES_SHIFT 9
#define EVT_QUEUE_PAGES (EVT_MAX_VCPUS * EVTCHN_FIFO_MAX_QUEUES >> EVT_QUEUES_SHIFT)
#define EVT_WORDS_SHIFT 10 /* event words an array page */
#define EVT_ARRAY_PAGES (EVTCHN_FIFO_NR_CHANNELS >> EVT_WORDS_SHIFT)

/* --- ABIs. */

/*
 * What an ABI is made of. "Quiescent" hooks take no lock of the caller's: whoever replaces the table waits until each
 * call that may have read it has returned.
 */
struct evt_ops {
    const char *name;
    uint32_t limit;     /* ports 0..limit-1 have bits */
    uint16_t word_bits; /* W; 0: whatever is latched */
    uint16_t levels;    /* of selectors and bitmaps: 2 or 3; FIFO has 1, the ready word */
    /* Raise an event. Quiescent; p cannot be closed meanwhile (its lock, or its peer's, is held). */
    void (*set_pending)(struct evt_domain *d, uint32_t port, struct evt_port *p);
    /* The port is being closed: its event is gone. d->lock and p->lock held. */
    void (*clear_pending)(struct evt_domain *d, uint32_t port, struct evt_port *p);
    /* The guest's unmask operation. Quiescent. */
    void (*unmask)(struct evt_domain *d, uint32_t port, struct evt_port *p);
    /* Quiescent; both false for a port beyond the limit. */
    bool (*is_pending)(struct evt_domain *d, uint32_t port);
    bool (*is_masked)(struct evt_domain *d, uint32_t port);
    /* p->vcpu has just changed. p->lock held. */
    void (*moved)(struct evt_domain *d, uint32_t port, struct evt_port *p);
    /* Give the vcpu every bit of its top selector and an upcall. d->lock held. */
    void (*select_all)(struct evt_domain *d, unsigned vcpu);
    /*
     * Is the port's bit set in the selector of this level (1 = top) of its vcpu? On FIFO: is its queue ready (1), is it
     * linked (2)? Quiescent.
     */
    bool (*is_selected)(struct evt_domain *d, uint32_t port, unsigned vcpu, unsigned level);
    /* Would a closed port, opened now, meet its past? NULL: never. d->lock held. */
    bool (*is_in_use)(struct evt_domain *d, uint32_t port);
    /* Priority of a port; NULL: the ABI has none. p->lock held. */
    int (*set_priority)(struct evt_domain *d, uint32_t port, struct evt_port *p, uint32_t priority);
    /* Another ABI has been published and no reader of this one is left: give its frames back. NULL: has none. */
    void (*release)(struct evt_domain *d);
};

extern const struct evt_ops evt_2level_ops64, evt_2level_ops32;
extern const struct evt_ops evt_3level_ops64, evt_3level_ops32;
extern const struct evt_ops evt_fifo_ops;

#define EVT_MAX_PIRQS (EVT_PAGE_SIZE / 4) /* the ports by pirq are one page */

#define EVT_3LEVEL_PAGES 8U /* of each bitmap, at most */

/* --- Domains. One page. */

enum evt_busy {
    EVT_IDLE,
    EVT_SWITCHING,       /* a CPU is moving the domain to another ABI */
    EVT_RESETTING,       /* a CPU is closing its ports */
    EVT_RESET_SUSPENDED, /* a reset has yielded and will be continued */
};

struct evt_domain {
    /* What send needs stands first. */
    const struct evt_ops *ops;                 /* [q] */
    uint8_t *shared_info;                      /* [I] once set; [g] */
    void *pending[EVT_3LEVEL_PAGES];           /* [q] [g] 3-level bitmaps; set before its ops are published */
    void *mask[EVT_3LEVEL_PAGES];              /* [q] [g] */
    struct evt_vcpu *vcpus[EVT_VCPU_PAGES];    /* [I] */
    struct evt_port **tables[EVT_NR_TABLES];   /* [d] to write; read below nr_backed */
    uint32_t nr_valid;                         /* [d] to write, [a] to read: min(nr_known, ops->limit) */
    uint32_t nr_backed;                        /* the same: ports 0..nr_backed-1 have a struct evt_port */
    uint64_t events;                           /* [a] */
    uint64_t dropped;                          /* [a] FIFO: events that found no control block, or no way in */
    struct evt_queue *queues[EVT_QUEUE_PAGES]; /* FIFO: set before its ops are published */
    uint32_t nr_words;                         /* FIFO: [d] to write, [a] to read: pages of the event array */
    uint32_t *words[EVT_ARRAY_PAGES];          /* FIFO: [d] [g] to write; read below nr_words */
    /* The rest. */
    uint32_t lock;
    uint16_t domid;                    /* [I] */
    uint16_t nr_vcpus;                 /* [I] */
    uint32_t max_port;                 /* [I] the domain's own limit: 0..max_port */
    bool rfc_numbering, privileged;    /* [I] */
    bool dying;                        /* [d] */
    uint8_t latched_bits;              /* [d] the W that applies when the ABI does not freeze it */
    uint64_t extended;                 /* [I] */
    void *owner;                       /* [I] */
    evt_consumer *consume;             /* [I] */
    enum evt_busy busy;                /* [d] */
    const struct evt_ops *moving_from; /* [d] the old ABI while its pending bits have not been moved */
    uint16_t nr_pirqs;                 /* [I] */
    uint32_t *pirq_port;               /* [d] to write, [a] to read: 0 = not bound. NULL until the first is bound */
    uint32_t nr_known;                 /* [d] above the highest port that ever was open, in steps of EVT_KNOWN_STEP */
    uint32_t reset_next;               /* the CPU that set EVT_RESETTING: first port not looked at */
    uint32_t dying_next;               /* evt_domain_close_ports: the same */
    uint32_t open_ports, xen_ports;    /* [d] all, and those that are Xen-attached */
    uint32_t pages;                    /* [d] pages held, this one too */
    struct evt_free_map taken;         /* [d] */
};
_Static_assert(sizeof(struct evt_domain) <= EVT_PAGE_SIZE, "one page");

static inline const struct evt_ops *evt_ops_of(const struct evt_domain *d)
{
    return __atomic_load_n(&d->ops, __ATOMIC_ACQUIRE);
}

/* The struct of a port below nr_backed. */
static inline struct evt_port *evt_port_of(const struct evt_domain *d, uint32_t port)
{
    struct evt_port **table = d->tables[port >> (EVT_PORTS_SHIFT + EVT_TABLE_SHIFT)];
    struct evt_port *page = table[(port >> EVT_PORTS_SHIFT) & ((1U << EVT_TABLE_SHIFT) - 1)];
    return &page[port & (EVT_PORTS_PER_PAGE - 1)];
}

/* A port that a guest names: NULL if it is not valid now. */
static inline struct evt_port *evt_port_get(const struct evt_domain *d, uint32_t port)
{
    if (port >= __atomic_load_n(&d->nr_valid, __ATOMIC_ACQUIRE))
        return NULL;
    return evt_port_of(d, port);
}

/* vcpu < nr_vcpus */
static inline struct evt_vcpu *evt_vcpu_of(const struct evt_domain *d, unsigned vcpu)
{
    return &d->vcpus[vcpu >> EVT_VCPUS_SHIFT][vcpu & ((1U << EVT_VCPUS_SHIFT) - 1)];
}

/* FIFO: a queue by its number, vcpu times 16 plus priority. */
static inline struct evt_queue *evt_queue_of(const struct evt_domain *d, unsigned number)
{
    return &d->queues[number >> EVT_QUEUES_SHIFT][number & ((1U << EVT_QUEUES_SHIFT) - 1)];
}

/* FIFO: the port's event word; NULL: no array page holds it. */
static inline uint32_t *evt_word_of(const struct evt_domain *d, uint32_t port)
{
    if (port >> EVT_WORDS_SHIFT >= __atomic_load_n(&d->nr_words, __ATOMIC_SEQ_CST))
        return NULL;
    return &d->words[port >> EVT_WORDS_SHIFT][port & ((1U << EVT_WORDS_SHIFT) - 1)];
}

static inline uint8_t evt_port_vcpu(const struct evt_port *p)
{
    return __atomic_load_n(&p->vcpu, __ATOMIC_RELAXED);
}

static inline uint8_t evt_port_state(const struct evt_port *p)
{
    return __atomic_load_n(&p->state, __ATOMIC_RELAXED);
}

/* In use, and not by the hypervisor. */
static inline bool evt_state_usable(uint8_t state)
{
    return state != EVTCHNSTAT_closed && !(state & EVT_XEN_ATTACHED);
}

static inline void evt_set_pending(struct evt_domain *d, uint32_t port, struct evt_port *p)
{
    evt_ops_of(d)->set_pending(d, port, p);
}

/* A pending bit of d went 0->1. */
static inline void evt_count(struct evt_domain *d)
{
    (void)__atomic_fetch_add(&d->events, 1, __ATOMIC_RELAXED);
}

/* --- ports.c */

/* The lowest free port, backed by memory but not taken: 0, or -XEN_EINVAL (dying), -XEN_ENOSPC, -XEN_ENOMEM. [d] */
int evt_port_find(struct evt_domain *d, uint32_t *port) EVT_MUST_CHECK;
/* Take the port that evt_port_find named and make it what value says (by state). [d] */
void evt_port_open(struct evt_domain *d, uint32_t port, uint8_t state, unsigned vcpu, uint64_t value);
/* The same for a caller that holds p's lock. [d] [p] */
void evt_port_open_locked(struct evt_domain *d, uint32_t port, uint8_t state, unsigned vcpu, uint64_t value);
/* Close a port that is open. Its peer becomes unbound for d. [d], not [p] */
void evt_port_close(struct evt_domain *d, uint32_t port);
/*
 * Raise the other end of an interdomain port, or tell its consumer if it is Xen-attached. The lock of p keeps the peer
 * open. [p]
 */
void evt_raise_peer(const struct evt_port *p);
/*
 * Close the ports from *next on, all or only the guest's own. -XEN_ERESTART: yielded after a multiple of 64 ports, call
 * again. No lock.
 */
int evt_ports_close_from(struct evt_domain *d, uint32_t *next, bool all) EVT_MUST_CHECK;
/* Two different ports, by address. */
void evt_lock_pair(struct evt_port *a, struct evt_port *b);
void evt_unlock_pair(struct evt_port *a, struct evt_port *b);
/* Is the port, below nr_backed, taken in the free map? For the checker. [d] */
bool evt_port_taken(const struct evt_domain *d, uint32_t port);

/* --- virq.c */

/* Bound per vcpu, or once in the domain? */
bool evt_virq_is_global(uint32_t virq);
int evt_bind_virq(struct evt_domain *d, uint32_t virq, uint32_t vcpu, uint32_t *port) EVT_MUST_CHECK;
/* The port p of this virq is being closed. [d] [p] */
void evt_virq_unbind(struct evt_domain *d, const struct evt_port *p);

/* --- pirq.c */

int evt_bind_pirq(struct evt_domain *d, uint32_t pirq, uint32_t flags, uint32_t *port) EVT_MUST_CHECK;
/* The port p of a pirq is being closed: its line is given back first. [d], not [p] */
void evt_pirq_unbind(struct evt_domain *d, const struct evt_port *p);

/* --- abi_2level.c: what others use of it */

/* The bitmaps in shared_info, which must be there, for words of w bits (EVT-2L-01). */
static inline void *evt_2level_pending(const struct evt_domain *d)
{
    return d->shared_info + 2048;
}

static inline void *evt_2level_mask(const struct evt_domain *d, unsigned w)
{
    return d->shared_info + 2048 + w * w / 8;
}

/* Mark events pending on the vcpu whose info this is (EVT-2L-06). */
void evt_mark_upcall(struct evt_domain *d, unsigned vcpu, uint8_t *info);

/* --- reset.c */

/* EVTCHNOP_reset, or its continuation (resume). Permission has been checked. */
int evt_reset(struct evt_domain *d, bool resume) EVT_MUST_CHECK;

/* --- register.c */

int evt_register_bitmaps(struct evt_domain *d, uint32_t nr_pages, uint64_t pending, uint64_t mask,
                         bool narrow) EVT_MUST_CHECK;
int evt_register_l2(struct evt_domain *d, uint32_t vcpu, uint64_t frame, uint64_t offset) EVT_MUST_CHECK;

/* --- fifo_register.c */

int evt_init_control(struct evt_domain *d, const struct evtchn_init_control *a) EVT_MUST_CHECK;
int evt_expand_array(struct evt_domain *d, uint64_t frame) EVT_MUST_CHECK;
/* Give back everything that FIFO has: evt_ops.release. */
void evt_fifo_release(struct evt_domain *d);

/* --- domain.c */

/* A page of the core's own, counted for d; NULL. [d] */
void *evt_page_alloc(struct evt_domain *d);
/* Give it back. [d] */
void evt_page_free(struct evt_domain *d, void *page);
/* Make ops the domain's ABI. Readers of the old one may still run: see env_quiesce_wait. [d] */
void evt_publish_ops(struct evt_domain *d, const struct evt_ops *ops);
/* The 2-level ABI of the latched W. [d] */
const struct evt_ops *evt_2level_for(const struct evt_domain *d);
/* End what evt_domain.busy says: the new state, and a W that was latched meanwhile takes effect. Takes d->lock. */
void evt_end_busy(struct evt_domain *d, enum evt_busy busy);

/* --- check.c */

/* NULL if all invariants of the domain hold, else which does not. Nothing else may run in d or its peers. */
const char *evt_check(struct evt_domain *d);

#endif
