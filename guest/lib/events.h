/* SPDX-License-Identifier: MIT */
/*
 * Events as a guest sees them: a handler per port, called from the upcall with upcalls off. One set of functions
 * serves the 2-level, the 3-level and the FIFO ABI; three_level.h and fifo.h switch between them.
 *
 * Every port begins masked and belongs to vcpu 0; a port is handled only by the vcpu that it belongs to.
 * Functions that return int: 0 or a port, else -XEN_E*.
 */
#ifndef GUEST_LIB_EVENTS_H
#define GUEST_LIB_EVENTS_H

#include <stdbool.h>

#include "guest/lib/env.h"

typedef void evt_handler(evtchn_port_t port, void *arg);

/* Prepare 2-level and ask for upcalls. guest_run() calls it; upcalls are still off in this vcpu afterwards. */
void evt_init(void);

/* How many ports the ABI in use has, port 0 included. */
evtchn_port_t evt_limit(void);

/* --- Ports --- */
int evt_alloc_unbound(domid_t remote);
int evt_bind_interdomain(domid_t remote, evtchn_port_t remote_port);
int evt_bind_virq(unsigned virq, unsigned vcpu);
int evt_bind_ipi(unsigned vcpu);
int evt_close(evtchn_port_t port);
int evt_send(evtchn_port_t port);

/* The port's status and notify vcpu; *s is the whole answer. */
int evt_status(evtchn_port_t port, struct evtchn_status *s);

/* Call fn(port, arg) for each event of this port. The port stays masked. NULL: none (events are dropped). */
void evt_set_handler(evtchn_port_t port, evt_handler *fn, void *arg);

/* --- The bits --- */
void evt_mask(evtchn_port_t port);
int evt_unmask(evtchn_port_t port); /* by the hypercall, so that a pending event is delivered */
bool evt_is_masked(evtchn_port_t port);
bool evt_is_pending(evtchn_port_t port);
bool evt_clear(evtchn_port_t port); /* whether it was pending */

/* Let another vcpu handle the port from now on. An event that is pending meanwhile is not lost. */
int evt_move(evtchn_port_t port, unsigned vcpu);

/* Say which vcpu handles the port, without telling the hypervisor (as after bind_ipi for another vcpu). */
void evt_set_affinity(evtchn_port_t port, unsigned vcpu);

/* --- The upcall --- */

/* Consume what is pending for this vcpu. The environment calls it with upcalls off. */
void evt_upcall(void);

/* Let fn() be called instead, for programs that look at the words themselves. It clears evtchn_upcall_pending, or is
 * called again at once. NULL: evt_upcall() consumes again. */
void evt_set_upcall_hook(void (*fn)(void));

/*
 * Start vcpu `id`, which is down: it runs fn(arg) with upcalls off and goes down again when that returns. Then it may
 * be started once more. A vcpu beyond those that have a place in shared_info (32) gets its vcpu_info first.
 */
int evt_vcpu_start(unsigned id, void (*fn)(void *), void *arg);

/* Whether the vcpu is up, from the hypervisor. */
bool evt_vcpu_is_up(unsigned id);

/* Give vcpu `id` (the caller, or one that is down) a vcpu_info in memory of ours: VCPUOP_register_vcpu_info. Once. */
int evt_register_vcpu_info(unsigned id);

/* Where the vcpu_info of vcpu `id` is. */
guest_vcpu_info *evt_vcpu_info(unsigned id);

/* --- For three_level.c and fifo.c only --- */
struct evt_state {
    bool fifo;           /* FIFO is in use, and the bitmaps are not */
    guest_word *pending; /* the bitmaps in use */
    guest_word *mask;
    evtchn_port_t limit;         /* of the ABI in use */
    evtchn_port_t capacity;      /* the tables below are for so many ports */
    unsigned era;                /* how many resets there have been */
    struct evt_binding *binding; /* a handler per port */
    guest_word *affinity[GUEST_MAX_VCPUS];
};
extern struct evt_state evt;

struct evt_binding {
    evt_handler *fn;
    void *arg;
};

/* Set the limit; the tables grow if they must, and what they held so far is kept. */
void evt_resize(evtchn_port_t limit);

#endif
