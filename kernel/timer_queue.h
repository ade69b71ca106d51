/* SPDX-License-Identifier: MIT */
/*
 * Timers in order of their deadlines: a pairing heap that lives in the timers themselves. Pure code; the caller locks.
 * Insert costs O(1), taking the first O(log n) in the long run.
 */
#ifndef KERNEL_TIMER_QUEUE_H
#define KERNEL_TIMER_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#define TIMER_NEVER UINT64_MAX

struct timer {
    uint64_t deadline; /* ns; valid while queued */
    void (*fire)(struct timer *t, uint64_t now);
    struct timer *child;   /* first of those that are later */
    struct timer *sibling; /* next child of the same parent */
    struct timer *prev;    /* previous sibling, or the parent of a first child; NULL for the root */
    bool queued;
};

struct timer_queue {
    struct timer *root;
};

/* t must not be queued. Its deadline is set. */
void timer_queue_insert(struct timer_queue *q, struct timer *t);
/* t must be queued in q. */
void timer_queue_remove(struct timer_queue *q, struct timer *t);
/* The earliest deadline, TIMER_NEVER if the queue is empty. */
uint64_t timer_queue_first(const struct timer_queue *q);
/* Take the first timer whose deadline is not after now; NULL if there is none. */
struct timer *timer_queue_pop(struct timer_queue *q, uint64_t now);

#endif
