/* SPDX-License-Identifier: MIT */
#include "kernel/timers.h"

#include "arch/x86/cpu.h"
#include "arch/x86/spinlock.h"
#include "arch/x86/time.h"

static struct cpu_timers {
    struct spinlock lock;
    struct timer_queue queue; /* [lock] */
    uint64_t armed;           /* own CPU only: what timer_arm() was told last; 0 = nothing that can be relied on */
} __attribute__((aligned(64))) cpu_timers[MAX_CPUS];

void timer_set(struct timer *t, unsigned cpu, uint64_t deadline)
{
    struct cpu_timers *c = &cpu_timers[cpu];
    spin_lock(&c->lock);
    if (t->queued)
        timer_queue_remove(&c->queue, t);
    t->deadline = deadline;
    timer_queue_insert(&c->queue, t);
    spin_unlock(&c->lock);
    if (cpu != this_cpu()->id) {
        cpu_request_work(cpu, CPU_WORK_RESCHED); /* its run loop arms */
    } else if (deadline < c->armed) {
        c->armed = deadline;
        timer_arm(deadline);
    }
}

void timer_stop(struct timer *t, unsigned cpu)
{
    struct cpu_timers *c = &cpu_timers[cpu];
    if (!__atomic_load_n(&t->queued, __ATOMIC_RELAXED))
        return;
    spin_lock(&c->lock);
    if (t->queued)
        timer_queue_remove(&c->queue, t);
    spin_unlock(&c->lock);
}

void timers_run(uint64_t now, bool interrupted)
{
    struct cpu_timers *c = &cpu_timers[this_cpu()->id];
    if (interrupted)
        c->armed = 0;
    if (timers_first(this_cpu()->id) > now)
        return;
    for (;;) {
        spin_lock(&c->lock);
        struct timer *t = timer_queue_pop(&c->queue, now);
        spin_unlock(&c->lock);
        if (!t)
            return;
        t->fire(t, now);
    }
}

void timers_arm(uint64_t deadline)
{
    struct cpu_timers *c = &cpu_timers[this_cpu()->id];
    uint64_t first = timers_first(this_cpu()->id);
    if (first < deadline)
        deadline = first;
    if (deadline == c->armed)
        return;
    c->armed = deadline;
    timer_arm(deadline);
}

uint64_t timers_first(unsigned cpu)
{
    struct cpu_timers *c = &cpu_timers[cpu];
    spin_lock(&c->lock);
    uint64_t first = timer_queue_first(&c->queue);
    spin_unlock(&c->lock);
    return first;
}
