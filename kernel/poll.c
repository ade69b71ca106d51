/* SPDX-License-Identifier: MIT */
/* Waiting and waking here are lock-free; tests/model/scenarios/kernel_poll.c runs every interleaving of this file. */
#include "kernel/poll.h"

#include <stdbool.h>
#include <stddef.h>

#include "kernel/sched.h"
#include "kernel/timers.h"
#include "kernel/vcpu.h"

static uint64_t *word_of(const struct vcpu *v)
{
    return &v->domain->polls[v->arch.id / 64];
}

static uint64_t bit_of(const struct vcpu *v)
{
    return 1ULL << v->arch.id % 64;
}

/* Only who takes the port away has ended the poll, and counts. */
static void take_port(struct vcpu *v)
{
    if (__atomic_exchange_n(&v->poll_port, POLL_NONE, __ATOMIC_SEQ_CST) != POLL_NONE)
        __atomic_fetch_sub(&v->domain->nr_pollers, 1, __ATOMIC_SEQ_CST);
}

/* If somebody else has taken the port, its wake-up is under way. */
static void timed_out(struct timer *t, uint64_t now)
{
    struct vcpu *v = (struct vcpu *)((uintptr_t)t - offsetof(struct vcpu, poll_timer));
    (void)now;
    if (__atomic_load_n(&v->poll_port, __ATOMIC_SEQ_CST) != POLL_NONE)
        poll_end(v);
}

void poll_init(struct vcpu *v)
{
    v->poll_port = POLL_NONE;
    v->poll_timer.fire = timed_out;
}

/*
 * It is blocked before anybody can take its port. The other way round a waker could come between the two: the vcpu
 * would block with its wake-up behind it, and its time-out would leave the waking to that waker.
 */
void poll_begin(struct vcpu *v)
{
    __atomic_fetch_or(&v->blocked_by, VCPU_BLOCKED, __ATOMIC_SEQ_CST);
    __atomic_fetch_add(&v->domain->nr_pollers, 1, __ATOMIC_SEQ_CST);
    __atomic_store_n(&v->poll_port, POLL_ANY, __ATOMIC_SEQ_CST);
    __atomic_fetch_or(word_of(v), bit_of(v), __ATOMIC_SEQ_CST);
}

void poll_narrow(struct vcpu *v, uint32_t port)
{
    uint32_t expected = POLL_ANY;
    __atomic_compare_exchange_n(&v->poll_port, &expected, port, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

void poll_until(struct vcpu *v, uint64_t deadline)
{
    timer_set(&v->poll_timer, v->arch.cpu, deadline);
}

void poll_cancel(struct vcpu *v)
{
    poll_end(v);
    poll_forget(v);
}

void poll_end(struct vcpu *v)
{
    take_port(v);
    sched_wake(v, VCPU_BLOCKED);
}

/*
 * Who polls sets its bit before it looks at its ports, and a bit of a port was set before this: one of the two sees
 * the other.
 */
void poll_wake(const struct domain *d, uint32_t port)
{
    if (__atomic_load_n(&d->nr_pollers, __ATOMIC_SEQ_CST) == 0)
        return;
    for (unsigned i = 0; i < DOMAIN_MAX_VCPUS / 64; i++)
        for (uint64_t left = __atomic_load_n(&d->polls[i], __ATOMIC_SEQ_CST); left; left &= left - 1) {
            struct vcpu *v = d->vcpu[i * 64 + (unsigned)__builtin_ctzll(left)];
            uint32_t waits_for = __atomic_load_n(&v->poll_port, __ATOMIC_SEQ_CST);
            if (waits_for == port || waits_for == POLL_ANY || (port == POLL_ANY && waits_for != POLL_NONE))
                poll_end(v);
        }
}

/*
 * A waker that comes late, after a poll that has ended by other means, may end the wait before the vcpu has left its
 * CPU, so that the port, the timer and the bit are still there. Only the vcpu itself takes its bit away: who ended one
 * poll may come after the beginning of the next.
 */
void poll_forget(struct vcpu *v)
{
    if (!(__atomic_load_n(word_of(v), __ATOMIC_RELAXED) & bit_of(v)))
        return;
    timer_stop(&v->poll_timer, v->arch.cpu);
    take_port(v);
    __atomic_fetch_and(word_of(v), ~bit_of(v), __ATOMIC_SEQ_CST);
}
