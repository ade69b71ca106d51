/* SPDX-License-Identifier: MIT */
/*
 * The reference model of event channels: a second implementation, written from the specification alone and as simple as
 * it can be. One thread, no locks, arrays, the first loop that comes to mind; a FIFO queue is a list of ports, not bits
 * in guest memory. What it says and what evtchn/ says are compared result by result and byte by byte (compare.c).
 *
 * It has a memory of its own for each domain: guest frames, shared_info and one page for registered vcpu_infos, named
 * by page and offset.
 */
#ifndef TESTS_FUZZ_REFERENCE_REFERENCE_H
#define TESTS_FUZZ_REFERENCE_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "evtchn/evtchn.h"

#define REF_DOMAINS 3
#define REF_FRAMES 152
#define REF_VCPUS 40
#define REF_PORTS 262144
#define REF_PIRQS 64
#define REF_TOUCHES 4096U
#define REF_ARGUMENTS 8192U /* bytes of guest memory for arguments */
enum { REF_SHARED_INFO = REF_FRAMES, REF_LATE_INFO, REF_PAGES };

enum ref_abi { REF_2LEVEL, REF_3LEVEL, REF_FIFO };

/* A place in a domain's memory. */
struct ref_place {
    bool set;
    uint16_t page, offset;
};

struct ref_port {
    uint8_t status; /* EVTCHNSTAT_* */
    uint8_t priority;
    bool attached;   /* the hypervisor consumes this end */
    bool remembered; /* FIFO: raised before it had a word */
    bool queued;     /* FIFO: in a queue, perhaps since an earlier life */
    uint16_t vcpu;   /* notify vcpu */
    uint16_t bound_vcpu;
    uint16_t peer_domid; /* unbound: for whom */
    uint32_t peer_port, virq, pirq;
    bool share;    /* pirq: with others */
    uint32_t next; /* in its queue; 0: the last */
};

struct ref_queue {
    uint32_t first, last; /* ports; 0: empty */
};

struct ref_vcpu {
    struct ref_place info, l2, control;
    struct ref_queue queue[16];
};

struct ref_domain {
    bool exists, dying, paused;
    struct evt_config config;
    enum ref_abi abi;
    unsigned w, latched; /* bits of a word: in force, and after a reset */
    struct ref_vcpu vcpu[REF_VCPUS];
    struct ref_port *port;
    uint32_t valid;               /* ports below are valid */
    uint32_t full_below;          /* no port below is free */
    uint16_t pending[8], mask[8]; /* 3-level: frames */
    uint16_t array[128];          /* FIFO: frames */
    unsigned nr_array;
    bool readonly[REF_FRAMES];
    int pirq_error[REF_PIRQS]; /* what the host answers to who wants it: 0, or a negative error */
    uint8_t memory[REF_PAGES][4096];
    unsigned kicks[REF_VCPUS], wakes, wake_alls;
    unsigned consumed; /* events for attached ports */
    uint32_t last_consumed, last_consumed_vcpu;
    uint32_t last_wake;
    uint64_t events, dropped;
};

/* A line of 64 bytes that the model wrote since the list was emptied; a full list may miss some. */
struct ref_touch {
    uint8_t domain;
    uint16_t page, offset;
};

struct ref_world {
    struct ref_domain domain[REF_DOMAINS];
    uint8_t arguments[REF_ARGUMENTS];
    uint64_t arguments_at; /* their guest address */
    uint64_t no_copy_out;  /* copies out that touch this address fail */
    bool oom;              /* an allocation fails in the operation that follows */
    bool no_map;           /* a frame cannot be mapped in the operation that follows */
    struct ref_touch touch[REF_TOUCHES];
    unsigned nr_touches;
};

extern struct ref_world ref;

/* Empty world. */
void ref_begin(uint64_t arguments_at);
void ref_create(struct ref_domain *d, const struct evt_config *config);
/* All of it, as its owner does: dying, ports closed, gone. */
void ref_destroy(struct ref_domain *d);
void ref_latch_word_size(struct ref_domain *d, unsigned bits);
void ref_set_vcpu_info(struct ref_domain *d, unsigned vcpu, struct ref_place place);
int64_t ref_hypercall(struct ref_domain *caller, uint32_t cmd, uint64_t arg, bool narrow);
int ref_port_is_pending(struct ref_domain *d, uint32_t port);
/* Xen-attached ports. */
int64_t ref_attach(struct ref_domain *d, uint16_t remote, unsigned vcpu, uint32_t *port);
void ref_notify_attached(struct ref_domain *d, uint32_t port);
void ref_detach(struct ref_domain *d, uint32_t port);
/* A pirq's port; NULL: it is not bound. */
struct ref_port *ref_bound_pirq(struct ref_domain *d, uint32_t pirq);
void ref_raise_pirq(struct ref_domain *d, uint32_t pirq);
void ref_raise_virq(struct ref_domain *d, unsigned vcpu, uint32_t virq);
uint32_t ref_open_ports(const struct ref_domain *d);
/* The guest has cleared LINKED and LINK in the first word of a queue, whose port it says. false: that was not it. */
bool ref_guest_unlinks(struct ref_domain *d, unsigned vcpu, unsigned queue, uint32_t port);
uint32_t ref_limit(const struct ref_domain *d);

/* --- Between the files of the model. */
#define REF_GRANULE 64 /* ports become valid in such steps: measured, the specification leaves it open */

void ref_raise(struct ref_domain *d, uint32_t port);
void ref_raise_selectors(struct ref_domain *d, uint32_t port, unsigned vcpu);
void ref_clear_pending(struct ref_domain *d, uint32_t port);
void ref_unmask(struct ref_domain *d, uint32_t port);
bool ref_is_pending(struct ref_domain *d, uint32_t port);
bool ref_is_masked(struct ref_domain *d, uint32_t port);
bool ref_is_linked(struct ref_domain *d, uint32_t port);
void ref_back_to_2level(struct ref_domain *d);
int ref_copy_in(void *dst, uint64_t addr, size_t n);
int64_t ref_register_3level(struct ref_domain *d, void *arg, bool narrow);
int64_t ref_init_control(struct ref_domain *d, void *arg, bool narrow);
int64_t ref_expand_array(struct ref_domain *d, void *arg, bool narrow);
bool ref_valid(const struct ref_domain *d, uint32_t port);
/* A port that a guest may use: open, and its own. */
bool ref_usable(const struct ref_domain *d, uint32_t port);
/* The domain that the caller means; NULL: there is none. */
struct ref_domain *ref_find(const struct ref_domain *caller, uint16_t domid);
/* The lowest free port; nothing is done with it yet. 0 or a negative error. */
int64_t ref_allocate(struct ref_domain *d, uint32_t *port);
struct ref_port *ref_occupy(struct ref_domain *d, uint32_t port, uint8_t status, unsigned vcpu);
/* A virq's port; NULL: it is not bound. */
struct ref_port *ref_bound_virq(struct ref_domain *d, uint32_t virq, unsigned vcpu);
void ref_release(struct ref_domain *d, uint32_t port);
void ref_release_all(struct ref_domain *d, bool attached_too);
/* Raise what an interdomain port is bound to: a guest's port, or the hypervisor's own. */
void ref_raise_peer(struct ref_domain *d, const struct ref_port *p);

#endif
