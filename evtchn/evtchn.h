/* SPDX-License-Identifier: MIT */
/*
 * The event-channel core: what the hypervisor calls.
 *
 * The core owns ports and their states, the ABIs (2-level, 3-level, FIFO) and every touch of the shared words.
 * It knows no vcpus, schedulers or processors: those it reaches through evtchn/env.h. It is pure C11 and runs the same
 * on bare metal, in host tests and in the model.
 *
 * Every function that returns int returns 0 or a negative XEN_E* number (guest/abi/errno.h).
 *
 * Concurrency. Any function may run on any CPU at any time unless its comment says otherwise. A reader of a domain's
 * ABI functions or limit needs no lock: whoever changes them waits in env_quiesce_wait() until every call into the core
 * that began before the change has returned (evtchn/env.h).
 */
#ifndef EVTCHN_EVTCHN_H
#define EVTCHN_EVTCHN_H

#include <stdbool.h>
#include <stdint.h>

#include "guest/abi/errno.h"
#include "guest/abi/event_channel.h"
#include "guest/abi/xen.h"

#define EVT_MUST_CHECK __attribute__((warn_unused_result))

struct evt_domain; /* the event channels of one domain */

/*
 * An event came to a Xen-attached port of the domain with this owner; vcpu is the one that the port was attached for.
 * It runs in the sender's hypercall and under a port's lock: it may kick, wake and note, but neither wait nor call the
 * core.
 */
typedef void evt_consumer(void *owner, uint32_t port, unsigned vcpu);

/* What a domain may use; fixed at creation. */
struct evt_config {
    uint16_t domid;
    uint16_t nr_vcpus;     /* 1..128 */
    uint32_t max_port;     /* ports 0..max_port may exist (xl.cfg's event_channels); UINT32_MAX = the ABI's own limit */
    uint16_t nr_pirqs;     /* physical interrupts 0..nr_pirqs-1 may be bound; at most 1024 */
    uint64_t extended;     /* EVTCHN_EXTENDED_*: what query_extended_abis reports and register/init may use */
    bool rfc_numbering;    /* evtchn_numbering="rfc": the 3-level operations are 11 and 12 */
    bool privileged;       /* may act on other domains */
    void *owner;           /* the environment's own handle, returned by evt_owner() */
    evt_consumer *consume; /* of events for Xen-attached ports; NULL: they are dropped */
};

/* Bytes a port, and which ABI: for summaries and tests. */
const char *evt_abi_name(const struct evt_domain *d); /* "2-level", "3-level", "FIFO" */
void *evt_owner(const struct evt_domain *d);
uint16_t evt_domid(const struct evt_domain *d);

/*
 * Life of a domain. create: NULL if memory is short. The domain starts on the 2-level ABI with W = 64.
 * Before the first vcpu runs the owner calls evt_set_shared_info and evt_set_vcpu_info.
 */
struct evt_domain *evt_domain_create(const struct evt_config *config) EVT_MUST_CHECK;
/* From now on no port can be allocated (-XEN_EINVAL). Any context. */
void evt_domain_set_dying(struct evt_domain *d);
/* Close ports of a dying domain; -XEN_ERESTART: call again (it yields every 64 ports). No vcpu of d runs any more. */
int evt_domain_close_ports(struct evt_domain *d) EVT_MUST_CHECK;
/* Last: frees everything, unmaps every shared frame. Nothing may refer to d any more. */
void evt_domain_destroy(struct evt_domain *d);

/* Word size W of the domain's event words, 32 or 64. Frozen while 3-level is in use: then it takes effect at reset. */
void evt_latch_word_size(struct evt_domain *d, unsigned bits);
unsigned evt_word_size(const struct evt_domain *d);

/* The domain's shared_info page (hypervisor's address). Once, before its vcpus run. */
void evt_set_shared_info(struct evt_domain *d, void *shared_info);
/*
 * Where vcpu's struct vcpu_info lies (hypervisor's address, a multiple of 4; it never crosses a page, nor its selector
 * a cache line). NULL parks the vcpu. When a place was set before, the contents are copied and the vcpu gets all
 * selector bits and an upcall, so that nothing is lost (VCPUOP_register_vcpu_info). The caller holds its domain's lock;
 * the vcpu is the caller's own, or is not running.
 */
void evt_set_vcpu_info(struct evt_domain *d, unsigned vcpu, void *vcpu_info);

/*
 * Hypercall 32: event_channel_op(cmd, arg). arg is an address in the calling guest; narrow says that the caller is
 * 32-bit code (layout of arguments). The environment's "current guest" (env_copy_in) is a vcpu of caller.
 * -XEN_ERESTART: nothing is lost, issue the same hypercall again (another CPU is switching ABIs); but a reset, which is
 * long, goes on as EVTCHNOP_reset_cont.
 */
int64_t evt_hypercall(struct evt_domain *caller, uint32_t cmd, uint64_t arg, bool narrow) EVT_MUST_CHECK;

/* For SCHEDOP_poll: 1 pending, 0 not, -XEN_EINVAL no such port or unusable. */
int evt_port_is_pending(struct evt_domain *d, uint32_t port) EVT_MUST_CHECK;

/* Raise a virtual interrupt; nothing happens if it is not bound. Per-vcpu kinds name the vcpu; global ones vcpu 0. */
void evt_raise_virq(struct evt_domain *d, unsigned vcpu, uint32_t virq);

/*
 * Raise a physical interrupt of d; nothing happens if it is not bound. Takes the lock of the port: the caller may hold
 * the lock that env_pirq_bind and its kin take (evtchn/env.h), and no other of those.
 */
void evt_raise_pirq(struct evt_domain *d, uint32_t pirq);

/*
 * A port of d whose end the hypervisor itself consumes (Xen-attached), unbound for the domain `remote`: when that has
 * bound it, its sends go to the consumer. Guests cannot close, move, send on or look at it, and it outlives a reset.
 * -XEN_ENOENT no such vcpu; -XEN_EINVAL d is dying; -XEN_ENOSPC, -XEN_ENOMEM.
 */
int evt_attach(struct evt_domain *d, uint16_t remote, unsigned vcpu, uint32_t *port) EVT_MUST_CHECK;
/* Raise the other end of an attached port, if it is bound. */
void evt_notify_attached(struct evt_domain *d, uint32_t port);
/* Close it. When this has returned, its consumer is not called any more. */
void evt_detach(struct evt_domain *d, uint32_t port);

/* Counters for the summary: events that set a pending bit 0->1. */
uint64_t evt_events(const struct evt_domain *d);
/* FIFO: events that were dropped because their vcpu has no control block (or its words were scribbled on). */
uint64_t evt_dropped(const struct evt_domain *d);
uint32_t evt_open_ports(const struct evt_domain *d);
uint64_t evt_bytes(const struct evt_domain *d); /* memory that the core holds for d */

/* One port as a debugger wants to see it (debug key 'e'). */
struct evt_port_view {
    uint32_t port;
    uint32_t status; /* EVTCHNSTAT_* */
    uint32_t vcpu;   /* notify vcpu */
    uint32_t peer_port, virq, pirq;
    uint16_t peer_domid; /* interdomain: the peer; unbound: for whom */
    bool pending, masked;
    bool l2, l1;  /* the selector bits of its notify vcpu on 3-level; l1 alone on 2-level; on FIFO l1 says that the
                     port's queue is ready, l2 that it is linked */
    char why[48]; /* raised and not delivered: the reason in words ("masked", "vcpu 1 has no L2 selector",
                     "upcall masked", "no array page", ...); else "" */
};
/*
 * Fill *view with the first port in use whose number is at least port. false: there is none. Reads without locks, so a
 * busy domain may show a mixture; never blocks.
 */
bool evt_view_port(struct evt_domain *d, uint32_t port, struct evt_port_view *view);

/* One of the words that guest and hypervisor share, as one who watches the seam (evtchn/shm.h) wants to name it. */
enum evt_word_kind {
    EVT_WORD_UPCALL,   /* evtchn_upcall_pending of the vcpu */
    EVT_WORD_SELECTOR, /* 2-level: its evtchn_pending_sel */
    EVT_WORD_L1,       /* 3-level: the same */
    EVT_WORD_L2,       /* 3-level: word `index` of its L2 selector */
    EVT_WORD_PENDING,  /* word `index` of the pending bitmap */
    EVT_WORD_MASK,     /* word `index` of the mask bitmap */
    EVT_WORD_EVENT,    /* FIFO: the event word of port `index` */
    EVT_WORD_READY,    /* FIFO: the ready word of the vcpu's control block */
    EVT_WORD_HEAD,     /* FIFO: head `index` there */
};

struct evt_word {
    enum evt_word_kind kind;
    uint32_t vcpu; /* whose it is, where the kind says so */
    uint32_t index;
};

/*
 * Which word of d lies at the hypervisor's address. false: none. Reads without locks; never blocks. The caller is
 * inside a call into the core, or d does not change its ABI.
 */
bool evt_describe_word(const struct evt_domain *d, const void *address, struct evt_word *word);

#endif
