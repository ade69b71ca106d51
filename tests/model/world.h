/* SPDX-License-Identifier: MIT */
/*
 * The world of every scenario: domain 1, the guest that is looked at, runs guest/lib on two vcpus; domain 2 is its
 * peer, at the other end of its interdomain ports. Each actor has a stack.
 */
#ifndef TESTS_MODEL_WORLD_H
#define TESTS_MODEL_WORLD_H

#include <stdbool.h>
#include <stdint.h>

enum world_actor {
    ACTOR_VCPU0, /* of the guest */
    ACTOR_VCPU1,
    ACTOR_PEER,  /* a vcpu of domain 2 */
    ACTOR_PEER2, /* another one */
    ACTOR_TIMER, /* the hypervisor itself */
};

#define WORLD_VCPUS 2U        /* of each domain */
#define WORLD_CORE_PAGES 512U /* of the arena (state.h); the rest is the guest's */
#define WORLD_PORTS 16U       /* ports of the guest that are watched */

/* What is known of the guest's ports; no step. */
struct world_watch {
    unsigned handled;      /* times that its handler ran */
    unsigned last_handled; /* when: steps taken by then */
    unsigned sent;         /* sends that began */
    unsigned last_sent;    /* when the last of them did */
    bool forgiven;         /* its last event need not be handled */
};
extern struct world_watch world_watch[WORLD_PORTS];

/* Two domains on 2-level, their first vcpu_infos placed. Everything from nothing. */
void world_create(void);
/* The guest's page. */
void *world_shared_info(void);
/* The invariants of both domains and of the environment; NULL or what is wrong. */
const char *world_check(void);
/* The actor of a thread; of the stack that runs. */
const char *world_actor_name(unsigned thread);
enum world_actor world_self(void);
/* Which actor each thread is. */
void world_cast(unsigned thread, enum world_actor actor);

/* event_channel_op by a vcpu of the peer (or of whoever runs). Comes again as long as it is told to. */
int64_t world_op(uint32_t cmd, void *arg);
/* Every hypercall of guest/lib ends here (switch.S). */
int64_t world_hypercall(uint64_t a1, uint64_t a2, uint64_t a3, uint64_t number);

/* Is the port of the guest pending as its ABI sees it? Masked? Not a step. */
bool world_is_pending(uint32_t port);
bool world_is_masked(uint32_t port);
uint32_t world_status(uint32_t port);

/* SCHEDOP_poll of these ports by the vcpu that runs; 0 or -XEN_E*. */
int world_poll(const uint32_t *port, unsigned n);
/* SCHEDOP_block. */
void world_block(void);
/* The hypervisor raises a virq, and a device a pirq, of the guest. */
void world_raise_virq(unsigned vcpu, uint32_t virq);
void world_raise_pirq(uint32_t pirq);

#endif
