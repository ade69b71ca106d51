/* SPDX-License-Identifier: MIT */
/* The host of the core in the model: two domains, their vcpus' sleep, and who is inside the core. */
#ifndef TESTS_MODEL_ENV_MODEL_H
#define TESTS_MODEL_ENV_MODEL_H

#include "evtchn/core.h"
#include "tests/model/explore.h"
#include "tests/model/world.h"

#define ENV_DOMAINS 2

/* env_vcpu.waits_for: a port, or one of these */
#define WAITS_NOT UINT32_MAX
#define WAITS_ANY (UINT32_MAX - 1)   /* in SCHEDOP_poll, for any port */
#define WAITS_BLOCK (UINT32_MAX - 2) /* in SCHEDOP_block */

struct env_domain {
    struct evt_domain *evt;
    uint16_t domid;
    uint64_t polls; /* bit by vcpu: it may be in SCHEDOP_poll */
    struct env_vcpu {
        uint64_t waits_for; /* 8 bytes: no two of them in one granule */
        unsigned kicks;
    } vcpu[WORLD_VCPUS];
};

struct env_state {
    /* A byte a thread: odd while it is in the core, and another number in each call. */
    uint8_t presence[8] __attribute__((aligned(8)));
    uint64_t token;     /* of env_quiesce_begin */
    uint32_t pirq_lock; /* guards the next */
    bool pirq_bound;
    struct env_domain domain[ENV_DOMAINS];
    uint16_t free_pages[WORLD_CORE_PAGES];
    unsigned nr_free, next_page;
    uint8_t refs[3072]; /* per page of the arena: mapped so many times */
    unsigned nr_held[MODEL_THREADS];
    const uint32_t *held[MODEL_THREADS][4];
};
extern struct env_state env;

/* A call into the core begins and ends. */
void env_enter(void);
void env_leave(void);
/* After -XEN_ERESTART: wait until another thread has left the core. since: presence when the call began. */
void env_wait_for_others(uint64_t since);
uint64_t env_presence(void);

/* The line of this pirq of domain 1 fires, if it is bound. */
void env_fire(uint32_t pirq);

/* SCHEDOP_poll and SCHEDOP_block of a vcpu. */
int env_poll(struct env_domain *d, unsigned vcpu, const uint32_t *port, unsigned n);
void env_block(struct env_domain *d, unsigned vcpu);

#endif
