/* SPDX-License-Identifier: MIT */
#include "kernel/sched.h"

#include <stddef.h>

#include "arch/x86/cpu.h"
#include "arch/x86/time.h"
#include "arch/x86/tlb.h"
#include "kernel/deferred.h"
#include "kernel/nmi.h"
#include "kernel/poll.h"
#include "kernel/printk.h"
#include "kernel/timers.h"
#include "kernel/vcpu.h"

#define MS 1000000ULL
#define BOOST_SLICE (1 * MS)
#define CLOCK_REFRESH (1000 * MS) /* the guest's delta of ticks stays small */

enum { QUEUE_BOOSTED, QUEUE_NORMAL, NR_QUEUES };

static struct runqueue {
    struct spinlock lock;
    struct vcpu *head[NR_QUEUES], *tail[NR_QUEUES]; /* [r] */
    struct vcpu *current;                           /* [r]; written by the own CPU only */
    uint64_t slice_end;                             /* own CPU only; ns */
    bool no_boost;                                  /* [r] current has starved: it keeps its slice */
    struct vcpu *loaded;                            /* own CPU: whose state the processor holds; others read it */
    uint64_t normal_ran;                            /* [r] ns: when a vcpu that is not boosted ran last */
    struct vcpu *dump;                              /* [a] print this vcpu's registers */
    uint32_t placed;                                /* [a] */
} __attribute__((aligned(64))) runqueues[MAX_CPUS];

static uint64_t timeslice = 10 * MS;

void sched_set_timeslice(uint32_t ms)
{
    timeslice = ms * MS;
}

unsigned sched_place(uint64_t mask, unsigned weight)
{
    unsigned best = 0, least = UINT32_MAX;
    uint64_t there = nr_cpus >= 64 ? UINT64_MAX : (1ULL << nr_cpus) - 1;
    if (!(mask & there))
        mask = there;
    for (unsigned cpu = 0; cpu < nr_cpus; cpu++)
        if ((mask >> cpu & 1) && runqueues[cpu].placed < least) {
            best = cpu;
            least = runqueues[cpu].placed;
        }
    __atomic_fetch_add(&runqueues[best].placed, weight, __ATOMIC_RELAXED);
    return best;
}

void sched_unplace(unsigned cpu, unsigned weight)
{
    __atomic_fetch_sub(&runqueues[cpu].placed, weight, __ATOMIC_RELAXED);
}

static void push_tail(struct runqueue *rq, unsigned queue, struct vcpu *v)
{
    v->next = NULL;
    if (rq->tail[queue])
        rq->tail[queue]->next = v;
    else
        rq->head[queue] = v;
    rq->tail[queue] = v;
}

static void push_head(struct runqueue *rq, unsigned queue, struct vcpu *v)
{
    v->next = rq->head[queue];
    rq->head[queue] = v;
    if (!rq->tail[queue])
        rq->tail[queue] = v;
}

static struct vcpu *pop(struct runqueue *rq, unsigned queue)
{
    struct vcpu *v = rq->head[queue];
    rq->head[queue] = v->next;
    if (!rq->head[queue])
        rq->tail[queue] = NULL;
    v->queued = false;
    return v;
}

static void enqueue(struct runqueue *rq, struct vcpu *v, bool boosted, uint64_t now)
{
    v->queued = true;
    v->boosted = boosted;
    v->queued_at = now;
    vcpu_set_runstate(v, RUNSTATE_runnable, now);
    push_tail(rq, boosted ? QUEUE_BOOSTED : QUEUE_NORMAL, v);
}

/* Take v out of whichever queue it is in. */
static void dequeue(struct runqueue *rq, struct vcpu *v)
{
    unsigned queue = v->boosted ? QUEUE_BOOSTED : QUEUE_NORMAL;
    struct vcpu **link = &rq->head[queue], *before = NULL;
    while (*link != v) {
        before = *link;
        link = &before->next;
    }
    *link = v->next;
    if (rq->tail[queue] == v)
        rq->tail[queue] = before;
    v->queued = false;
}

static int32_t stopped_state(const struct vcpu *v)
{
    return v->blocked_by & VCPU_OFF ? RUNSTATE_offline : RUNSTATE_blocked;
}

void sched_wake(struct vcpu *v, uint32_t reasons)
{
    struct runqueue *rq = &runqueues[v->arch.cpu];
    bool ready = false;
    spin_lock(&rq->lock);
    __atomic_fetch_and(&v->blocked_by, ~reasons, __ATOMIC_SEQ_CST);
    if (v->blocked_by == 0 && !v->queued && rq->current != v) {
        enqueue(rq, v, true, time_now());
        ready = true;
    }
    spin_unlock(&rq->lock);
    if (ready)
        cpu_request_work(v->arch.cpu, CPU_WORK_RESCHED);
}

void sched_stop(struct vcpu *v, uint32_t reasons)
{
    struct runqueue *rq = &runqueues[v->arch.cpu];
    spin_lock(&rq->lock);
    __atomic_fetch_or(&v->blocked_by, reasons, __ATOMIC_SEQ_CST);
    if (v->queued)
        dequeue(rq, v);
    if (rq->current != v)
        vcpu_set_runstate(v, stopped_state(v), time_now());
    spin_unlock(&rq->lock);
    cpu_request_work(v->arch.cpu, CPU_WORK_RESCHED);
}

bool sched_is_off(const struct vcpu *v)
{
    const struct runqueue *rq = &runqueues[v->arch.cpu];
    if (__atomic_load_n(&v->running, __ATOMIC_ACQUIRE))
        return false; /* it may be about to be loaded */
    return __atomic_load_n(&rq->loaded, __ATOMIC_ACQUIRE) != v;
}

void sched_yield(struct vcpu *v)
{
    struct runqueue *rq = &runqueues[v->arch.cpu];
    if (!__atomic_load_n(&rq->head[QUEUE_NORMAL], __ATOMIC_RELAXED) &&
        !__atomic_load_n(&rq->head[QUEUE_BOOSTED], __ATOMIC_RELAXED))
        return;
    v->yielded = true;
    cpu_request_work(v->arch.cpu, CPU_WORK_RESCHED);
}

struct vcpu *sched_current(void)
{
    return runqueues[this_cpu()->id].current;
}

void sched_copy_runstate(const struct vcpu *v, struct vcpu_runstate_info *info)
{
    struct runqueue *rq = &runqueues[v->arch.cpu];
    spin_lock(&rq->lock);
    *info = v->runstate;
    spin_unlock(&rq->lock);
}

/* A vcpu that its CPU neither runs nor holds stays so while the lock is held: nobody loads it in the midst of this. */
void sched_dump_vcpu(struct vcpu *v)
{
    struct runqueue *rq = &runqueues[v->arch.cpu];
    bool other_cpu = v->arch.cpu != this_cpu()->id;
    spin_lock(&rq->lock);
    bool busy = other_cpu && (rq->current == v || __atomic_load_n(&rq->loaded, __ATOMIC_ACQUIRE) == v);
    if (!busy)
        v->domain->arch.ops->dump(&v->arch);
    spin_unlock(&rq->lock);
    if (busy) {
        __atomic_store_n(&rq->dump, v, __ATOMIC_SEQ_CST);
        cpu_request_work(v->arch.cpu, CPU_WORK_RESCHED);
    }
}

/* [r] Must the current vcpu make room? If so it goes into the queue, or out of sight if it can't run. */
static bool give_way(struct runqueue *rq, struct vcpu *cur, uint64_t now)
{
    bool others = rq->head[QUEUE_BOOSTED] || rq->head[QUEUE_NORMAL];
    if (cur->blocked_by) {
        vcpu_set_runstate(cur, stopped_state(cur), now);
        cur->slice_left = 0;
        return true;
    }
    if (!others) {
        cur->yielded = false;
        return false;
    }
    if (cur->yielded || now >= rq->slice_end) {
        cur->yielded = false;
        cur->slice_left = 0;
        enqueue(rq, cur, false, now);
        return true;
    }
    if (cur->boosted || rq->no_boost || !rq->head[QUEUE_BOOSTED])
        return false;
    cur->slice_left = rq->slice_end - now;
    cur->queued = true;
    cur->queued_at = now;
    vcpu_set_runstate(cur, RUNSTATE_runnable, now);
    push_head(rq, QUEUE_NORMAL, cur);
    return true;
}

/* [r] Since when have only boosted vcpus run although `normal`, the head of its queue, waits? */
static uint64_t starving_since(const struct runqueue *rq, const struct vcpu *normal)
{
    return normal->queued_at > rq->normal_ran ? normal->queued_at : rq->normal_ran;
}

/* [r] The next one from the queues, or NULL. */
static struct vcpu *choose(struct runqueue *rq, uint64_t now)
{
    struct vcpu *normal = rq->head[QUEUE_NORMAL];
    bool starved = normal && rq->head[QUEUE_BOOSTED] && now - starving_since(rq, normal) > timeslice;
    rq->no_boost = starved;
    if (rq->head[QUEUE_BOOSTED] && !starved)
        return pop(rq, QUEUE_BOOSTED);
    return normal ? pop(rq, QUEUE_NORMAL) : NULL;
}

/* Decide who runs next on this CPU; true: it is another one than before. */
static bool reschedule(struct runqueue *rq, uint64_t now)
{
    bool changed = false;
    spin_lock(&rq->lock);
    struct vcpu *cur = rq->current;
    bool was_boosted = cur && cur->boosted;
    if (!cur || give_way(rq, cur, now)) {
        if (cur)
            __atomic_store_n(&cur->running, false, __ATOMIC_RELEASE);
        if (cur && !was_boosted)
            rq->normal_ran = now;
        struct vcpu *next = choose(rq, now);
        rq->current = next;
        changed = true;
        if (next) {
            uint64_t slice = next->boosted ? BOOST_SLICE : next->slice_left ? next->slice_left : timeslice;
            rq->slice_end = now + slice;
            vcpu_set_runstate(next, RUNSTATE_running, now);
            __atomic_store_n(&next->running, true, __ATOMIC_SEQ_CST);
        }
    }
    spin_unlock(&rq->lock);
    return changed;
}

static void unload(struct runqueue *rq)
{
    struct vcpu *v = rq->loaded;
    v->domain->arch.ops->unload(&v->arch);
    __atomic_store_n(&rq->loaded, NULL, __ATOMIC_RELEASE);
}

/* The processor's state follows the decision; an idle CPU keeps the last vcpu's unless that one is gone for longer. */
static void switch_state(struct runqueue *rq, struct vcpu *next)
{
    struct vcpu *old = rq->loaded;
    if (old && old != next && (next || (old->blocked_by & VCPU_OFF)))
        unload(rq);
    if (next && rq->loaded != next) {
        __atomic_store_n(&rq->loaded, next, __ATOMIC_RELEASE);
        next->domain->arch.ops->load(&next->arch);
    }
}

/* Things that the vcpu sees when it comes back to a CPU. */
static void resume(struct vcpu *v, bool changed, uint64_t now)
{
    poll_forget(v);
    if (changed) {
        vcpu_resume_periodic(v, now);
        vcpu_update_runstate_area(v, now);
    }
    if (v->time_stamped == 0 || now - v->time_stamped > CLOCK_REFRESH)
        vcpu_stamp_time(v, now);
}

static void serve_dump(struct runqueue *rq)
{
    struct vcpu *v = __atomic_exchange_n(&rq->dump, NULL, __ATOMIC_SEQ_CST);
    if (v && rq->loaded == v)
        v->domain->arch.ops->dump(&v->arch);
}

/* Alone on its CPU a vcpu runs until a timer is due or its clock wants a new stamp. */
static uint64_t next_deadline(const struct runqueue *rq)
{
    bool others = rq->head[QUEUE_BOOSTED] || rq->head[QUEUE_NORMAL];
    if (!rq->current)
        return TIMER_NEVER;
    return others ? rq->slice_end : rq->current->time_stamped + CLOCK_REFRESH + 1;
}

static void stop_cpu(struct runqueue *rq)
{
    if (rq->loaded)
        unload(rq);
    for (;;)
        cpu_idle();
}

/* Nobody wants this CPU. What another CPU is about to enqueue will be seen in the next round. */
static bool is_idle(const struct runqueue *rq)
{
    return !rq->current && !rq->head[QUEUE_BOOSTED] && !rq->head[QUEUE_NORMAL];
}

/* CPU 0 only. */
static void look_after_machine(const struct runqueue *rq, uint64_t now)
{
    nmi_look(now);
    deferred_run(is_idle(rq));
}

void sched_run(void)
{
    struct cpu *cpu = this_cpu();
    struct runqueue *rq = &runqueues[cpu->id];
    for (;;) {
        cpu_quiescent();
        uint32_t work = __atomic_exchange_n(&cpu->work, 0, __ATOMIC_SEQ_CST);
        if (work & CPU_WORK_STOP)
            stop_cpu(rq);
        if (work & CPU_WORK_FLUSH)
            tlb_flush();
        uint64_t now = time_now();
        timers_run(now, work & CPU_WORK_TIMER);
        if (rq->dump)
            serve_dump(rq);
        if (cpu->id == 0)
            look_after_machine(rq, now);
        bool changed = reschedule(rq, now);
        switch_state(rq, rq->current);
        if (rq->current)
            resume(rq->current, changed, now);
        timers_arm(next_deadline(rq));
        if (rq->current)
            rq->current->domain->arch.ops->run(&rq->current->arch);
        else
            cpu_idle();
    }
}
