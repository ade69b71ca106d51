/* SPDX-License-Identifier: MIT */
/*
 * Which schedules to run: a stateless search with re-execution. A schedule is a sequence of choices, each of which lets
 * one process take one step. A process is a thread (0 ..), or the store buffer of a thread (MODEL_THREADS ..), whose
 * only kind of step is to write its oldest store to memory.
 *
 * Two ways to search: all schedules up to the order of independent steps (dynamic partial-order reduction with source
 * sets and sleep sets: Abdulla, Aronis, Jonsson, Sagonas, POPL 2014), or all with at most so many preemptions.
 */
#ifndef TESTS_MODEL_EXPLORE_H
#define TESTS_MODEL_EXPLORE_H

#include <stdbool.h>
#include <stdint.h>

#define MODEL_THREADS 4
#define MODEL_PROCS (2 * MODEL_THREADS)
#define MODEL_STEPS 60000 /* a schedule that is longer never ends */

static inline unsigned buffer_of(unsigned thread)
{
    return thread + MODEL_THREADS;
}

static inline unsigned thread_of(unsigned proc)
{
    return proc % MODEL_THREADS;
}

enum step_kind {
    STEP_NONE,   /* the thread has ended */
    STEP_READ,   /* may be overtaken by nothing, and overtakes the thread's own stores */
    STEP_WRITE,  /* a store reaches memory */
    STEP_UPDATE, /* a locked instruction: the thread's stores come first */
    STEP_FENCE,  /* the same, without memory of its own */
    STEP_LOCK,   /* an update that waits until the word is 0 */
    STEP_UNLOCK, /* a store of that 0 */
    STEP_AWAIT,  /* a read that waits until ready() */
};

/* What a process does next: size bytes at an address, within 8 aligned bytes. */
struct step {
    enum step_kind kind;
    uint8_t size;
    uintptr_t at;
    bool (*ready)(const struct step *step); /* STEP_AWAIT */
    uint64_t expected;                      /* for ready() */
};

/* What each process has seen of each: so many of its steps. */
struct clock {
    uint16_t of[MODEL_PROCS];
};

struct explore_state {
    uint64_t schedules; /* that were run to their end */
    uint64_t redundant; /* that were left because they equal one that was run */
    int bound;          /* preemptions; -1: no bound, but reduction */
    unsigned depth;     /* steps taken in this schedule */
    struct clock clock[MODEL_PROCS];
};
extern struct explore_state explore;

/* Start a search. */
void explore_reset(int bound);
/* Start a schedule. */
void explore_begin(void);
/*
 * The process that takes the next step, from those that can (bits); current is the thread that ran last. -1: none can,
 * or no schedule from here is new (explore_is_redundant).
 */
int explore_choose(unsigned enabled, unsigned current);
bool explore_is_redundant(void);
/*
 * A process takes its step. pending: what each process would do next, for those in `enabled`; issued: for a store
 * buffer, the thread's clock at the store.
 */
void explore_step(unsigned proc, const struct step *step, const struct step *pending, const struct clock *issued);
/* The thread with a step in this schedule that conflicts with this access and is not before it; -1: none. */
int explore_unordered(unsigned proc, uintptr_t at, unsigned size, bool write);
/* Turn to the next schedule; false: that was all. */
bool explore_next(void);
/* Remember the choices of the schedule that was run last; run those that are remembered once more. */
void explore_keep(void);
void explore_repeat(void);
/* Do accesses of the schedule so far by different threads meet at these bytes, one of them writing? */
bool explore_is_shared(uintptr_t at, unsigned size);

bool step_writes(const struct step *step);
bool step_blocks(const struct step *step);
/* Needs an empty store buffer. */
bool step_drains(const struct step *step);

#endif
