/* SPDX-License-Identifier: MIT */
/*
 * The machine: threads as coroutines in one process, each with a store buffer. A thread runs until its next access to
 * memory that others can reach; then the explorer says who goes on.
 */
#ifndef TESTS_MODEL_MACHINE_H
#define TESTS_MODEL_MACHINE_H

#include "tests/model/explore.h"

#define MACHINE_STACK_SIZE 16384U /* = GUEST_STACK_SIZE: guest/lib finds its vcpu at the lowest address */
#define MACHINE_STACKS 6

/* What a thread runs, and on which stack. */
struct machine_thread {
    unsigned stack;
    void (*body)(void);
};

/* Loads and stores: 1 to 8 bytes within 8 aligned ones, as x86 has them. */
enum machine_verb {
    VERB_LOAD,
    VERB_STORE,
    VERB_EXCHANGE,
    VERB_OR,
    VERB_AND,
    VERB_ADD,
    VERB_CAS,
};

extern struct machine_state {
    bool running;  /* a schedule is being run; else whatever runs does so at once */
    bool tso;      /* stores wait in buffers */
    bool recorded; /* steps are noted for the story */
    unsigned current;
    const char *failure; /* why this schedule is bad; NULL: it is not */
    char failure_text[160];
} machine;

/* Run one function on a stack, to its end, at once. */
void machine_call(unsigned stack, void (*fn)(void));
/* Run one schedule of these threads. */
void machine_run(const struct machine_thread *threads, unsigned n);
void *machine_stack(unsigned i);
bool machine_on_stack(const void *p);
/* Is any stack used up? */
bool machine_overflowed(void);

/* The schedule is bad. Does not return to a running thread. */
void machine_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Accesses of the thread that runs. */
uint64_t machine_load(const void *p, unsigned size);
/* ordered: it is a locked instruction, as every sequentially consistent store is. */
void machine_store(void *p, unsigned size, uint64_t value, bool ordered);
/* The value before. */
uint64_t machine_update(void *p, unsigned size, enum machine_verb verb, uint64_t operand);
bool machine_cas(void *p, unsigned size, uint64_t *expected, uint64_t desired);
void machine_fence(void);
void machine_lock(uint32_t *lock);
void machine_unlock(uint32_t *lock);
/* Wait until ready() of this word. */
void machine_await(const void *p, unsigned size, bool (*ready)(const struct step *), uint64_t expected);
/* A store of the hypervisor's doing that no buffer holds back, and that does not empty the buffer. */
void machine_write(void *p, unsigned size, uint64_t value);
/* The next load that this thread makes of what it loaded last waits for a change. */
void machine_pause(void);
/* Data that is not atomic: fails if another thread may touch it at the same time. */
void machine_plain(const void *p, unsigned size, bool write);

/* switch.S: save the registers on the stack, the stack in *from, and go on at another. */
void machine_switch(void **from, void *to);

#endif
