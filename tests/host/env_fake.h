/* SPDX-License-Identifier: MIT */
/*
 * A host for the event-channel core that consists of nothing but arrays: domains with guest frames, one guest memory
 * for arguments, and a record of everything the core asked for. It checks the contract of evtchn/env.h on the way: lock
 * order, nothing but the allowed calls under a lock, balanced references.
 */
#ifndef TESTS_HOST_ENV_FAKE_H
#define TESTS_HOST_ENV_FAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "evtchn/core.h"

#define FAKE_DOMAINS 4
#define FAKE_FRAMES 152 /* an event array is 128 */
#define FAKE_VCPUS 128
#define FAKE_PIRQS 64
#define FAKE_GUEST_BASE 0x10000U /* guest memory for arguments: [base, base + size) */
#define FAKE_GUEST_SIZE 8192U

/* A line as one domain sees it. */
struct fake_pirq {
    int refuses;     /* the error that binding it ends with, negative; 0: none */
    bool forbidden;  /* the domain may not try */
    bool bound;      /* by env_pirq_bind */
    bool share;      /* and so it was asked for */
    bool live;       /* it may fire */
    unsigned vcpu;   /* where to */
    unsigned moves;  /* env_pirq_notifies */
    unsigned closes; /* env_pirq_unbind */
};

struct fake_domain {
    struct evt_domain *evt;
    uint16_t domid;
    bool paused;
    uint8_t *frames[FAKE_FRAMES]; /* frame number i; each its own allocation, so that an overrun is seen */
    int refs[FAKE_FRAMES];        /* mapped so many times */
    bool readonly[FAKE_FRAMES];   /* cannot be mapped */
    uint8_t *shared_info;
    uint8_t *late_info; /* vcpu_info of vcpus without a slot in shared_info */
    unsigned kicks[FAKE_VCPUS], wakes, wake_alls;
    uint32_t last_wake;
    struct fake_pirq pirq[FAKE_PIRQS];
    unsigned consumed; /* events for Xen-attached ports; the last one: */
    uint32_t consumed_port;
    unsigned consumed_vcpu;
    int handles; /* env_get_domain minus env_put_domain */
};

enum {
    FAKE_LOCK_DOMAIN,
    FAKE_LOCK_PORT,
    FAKE_LOCK_QUEUE,
};

struct fake_env {
    struct fake_domain domain[FAKE_DOMAINS];
    uint8_t *guest;
    long pages;      /* held by the core */
    long fail_alloc; /* the allocation with this number fails, counted from 1; 0: none */
    long allocs;     /* allocations so far */
    long fail_map;   /* the same for frames that are mapped */
    long maps;
    uint64_t no_copy_out; /* copies out that touch this guest address fail */
    bool quiesce_busy;    /* another CPU is at it */
    bool in_quiesce;
    unsigned quiesces;
    void (*on_kick)(struct fake_domain *d, unsigned vcpu); /* what the vcpu sees when it is told */
    void (*on_map)(void);                                  /* what another CPU does when a frame is mapped, once */
    void (*on_quiesce)(void);                              /* what another CPU does while this one waits */
    bool yield;                                            /* env_should_yield's answer */
    unsigned yields;                                       /* times it was asked */
    bool threaded;           /* several threads: locks are real, and their order is not watched */
    const uint32_t *held[8]; /* locks, in order of taking */
    unsigned nr_held;
    void (*on_lock)(void);  /* what another CPU does just before a lock is taken, once ... */
    unsigned locks_before;  /* ... after so many others */
    unsigned other_cpus;    /* that are running now, in the middle of somebody's call */
    unsigned long locks[3]; /* taken so far, by FAKE_LOCK_*; not when threaded */
};

extern struct fake_env fake;

/* Everything back to the beginning. Fails (abort) if the last world was not taken down completely. */
void fake_begin(void);
/* Destroy all domains; every page and every reference must have come back. */
void fake_end(void);

/* Configuration of a plain domain with this id: 4 vcpus, 64 pirqs, no own limit, both extended ABIs, numbering xen. */
struct evt_config fake_config(uint16_t domid);
/* A domain with shared_info and a vcpu_info for each of the first 32 vcpus, as at its start; or NULL: no memory. */
struct fake_domain *fake_create(const struct evt_config *config);
/* fake_create of fake_config; must succeed. */
struct fake_domain *fake_domain(uint16_t domid);
/* Take one domain down, as its owner would. */
void fake_destroy(struct fake_domain *d);

/* The hypervisor consumes this open port from now on. */
void fake_attach_xen(struct fake_domain *d, uint32_t port);

/* event_channel_op with an argument of n bytes, which is copied to guest memory and back. */
int64_t fake_op(struct fake_domain *d, uint32_t cmd, void *arg, size_t n);
/* The same from 32-bit code. */
int64_t fake_op32(struct fake_domain *d, uint32_t cmd, void *arg, size_t n);
/* Put words into guest memory at FAKE_GUEST_BASE + offset; their guest address. */
uint64_t fake_put(uint32_t offset, const void *data, size_t n);

/* Everything a guest can see or feel of all domains, in one number. */
uint64_t fake_snapshot(void);
/* evt_check of every domain; NULL if all is well. */
const char *fake_check(void);

/* --- Short forms of operations; the port, or a negative error. */
int64_t op_alloc_unbound(struct fake_domain *d, uint16_t dom, uint16_t remote_dom);
int64_t op_bind_interdomain(struct fake_domain *d, uint16_t remote_dom, uint32_t remote_port);
int64_t op_bind_virq(struct fake_domain *d, uint32_t virq, uint32_t vcpu);
int64_t op_bind_pirq(struct fake_domain *d, uint32_t pirq, uint32_t flags);
int64_t op_bind_ipi(struct fake_domain *d, uint32_t vcpu);
int64_t op_bind_vcpu(struct fake_domain *d, uint32_t port, uint32_t vcpu);
int64_t op_close(struct fake_domain *d, uint32_t port);
int64_t op_send(struct fake_domain *d, uint32_t port);
int64_t op_unmask(struct fake_domain *d, uint32_t port);
int64_t op_reset(struct fake_domain *d, uint16_t dom);
int64_t op_status(struct fake_domain *d, uint16_t dom, uint32_t port, struct evtchn_status *out);
/* REGISTER_BITMAPS with frames [first, first + 2n) and mask pages of ones if ones; W = 64 / 32. */
int64_t op_register64(struct fake_domain *d, uint64_t first, bool ones);
int64_t op_register32(struct fake_domain *d, uint32_t first, bool ones);
int64_t op_register_l2(struct fake_domain *d, uint32_t vcpu, uint64_t frame, uint64_t offset);
int64_t op_init_control(struct fake_domain *d, uint32_t vcpu, uint64_t frame, uint32_t offset);
int64_t op_expand_array(struct fake_domain *d, uint64_t frame);
int64_t op_set_priority(struct fake_domain *d, uint32_t port, uint32_t priority);
int64_t op_register_l2_32(struct fake_domain *d, uint32_t vcpu, uint32_t frame, uint32_t offset);

/* --- The guest's words. */
uint8_t *guest_vcpu_info(struct fake_domain *d, unsigned vcpu);
uint64_t *guest_pending64(struct fake_domain *d);
uint64_t *guest_mask64(struct fake_domain *d);
uint64_t *guest_sel64(struct fake_domain *d, unsigned vcpu);
uint32_t *guest_pending32(struct fake_domain *d);
uint32_t *guest_mask32(struct fake_domain *d);
uint32_t *guest_sel32(struct fake_domain *d, unsigned vcpu);
uint8_t *guest_upcall(struct fake_domain *d, unsigned vcpu);
/* Take all of a vcpu's selector and upcall away, as a guest that scans. */
void guest_ack(struct fake_domain *d, unsigned vcpu);
/* A bit of a bitmap that lies in frames from first on. */
bool guest_frame_bit(struct fake_domain *d, unsigned first, uint32_t bit);
void guest_set_frame_bit(struct fake_domain *d, unsigned first, uint32_t bit, bool value);

#endif
