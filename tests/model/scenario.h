/* SPDX-License-Identifier: MIT */
/*
 * A scenario: what each thread does, from a common beginning. Ports 1, 2 and 3 of the guest are interdomain, with the
 * peer's ports of the same numbers at their other ends, unmasked, and vcpu 0's to handle.
 */
#ifndef TESTS_MODEL_SCENARIO_H
#define TESTS_MODEL_SCENARIO_H

#include "tests/model/guest_side.h"
#include "tests/model/machine.h"
#include "tests/model/story.h"
#include "tests/model/world.h"

enum abi { ABI_2LEVEL, ABI_3LEVEL, ABI_FIFO, NR_ABIS };

#define ON_2LEVEL (1U << ABI_2LEVEL)
#define ON_3LEVEL (1U << ABI_3LEVEL)
#define ON_FIFO (1U << ABI_FIFO)
#define ON_ALL (ON_2LEVEL | ON_3LEVEL | ON_FIFO)

/* Departures from the common beginning. */
#define PARKED (1U << 0)    /* vcpu 1 has no L2 selector and no control block */
#define NO_WORDS (1U << 1)  /* FIFO: there is no array page yet; ports are masked then */
#define MASKED (1U << 2)    /* port 1 is masked */
#define WILL_GROW (1U << 3) /* the guest will leave 2-level */
#define ON_VCPU1 (1U << 4)  /* port 1 is vcpu 1's */
#define LONG (1U << 5)      /* takes seconds: not in the quick run */

struct scenario {
    const char *name;
    unsigned abis; /* a row of the table for each */
    unsigned flags;
    /* One after another, when all is ready. */
    struct part {
        enum world_actor actor;
        void (*body)(void);
    } first[2];
    struct part thread[MODEL_THREADS];
    /* On vcpu 0, after all threads have ended: the guest's last chance to act; then it drains. */
    void (*finish)(void);
    void (*check)(void); /* on vcpu 0, after that: beside what holds always */
};

/* Lists that end with a row without a name. */
extern const struct scenario scenarios_send[], scenarios_poll[], scenarios_ports[], scenarios_switch[],
    scenarios_register[], scenarios_reset[], scenarios_fifo[], scenarios_kernel_poll[];

/* What the word at this place is to kernel/poll.c, or NULL: for stories. */
const char *kernel_poll_word(const void *at);

/* --- Things that threads do */

/* The peer sends an event to the guest's port. Unless forgiven, it must be handled in the end. */
void peer_send(uint32_t port);
void peer_send1(void);
void peer_send2(void);
/* Nobody need see the last event of this port: it is being closed. */
void forgive(uint32_t port);
/* The vcpu takes its events once, if it has any. */
void take_events(void);

int64_t op_unmask(uint32_t port);
int64_t op_bind_vcpu(uint32_t port, uint32_t vcpu);
int64_t op_alloc_unbound(uint16_t remote_dom);
/* Both vcpus handle port 1, whichever is told of it. */
void share_port1(void);

/* machine_fail unless it holds. */
#define EXPECT(cond)                                                      \
    do {                                                                  \
        if (!(cond))                                                      \
            machine_fail("%s:%d: not so: %s", __FILE__, __LINE__, #cond); \
    } while (0)
#define EXPECT_VALUE(value, expected)                                                                             \
    do {                                                                                                          \
        long long got_ = (long long)(value);                                                                      \
        if (got_ != (expected))                                                                                   \
            machine_fail("%s:%d: %s is %lld, not %lld", __FILE__, __LINE__, #value, got_, (long long)(expected)); \
    } while (0)

#endif
