/* SPDX-License-Identifier: MIT */
/*
 * The scheduler: each CPU has its own queue and runs its vcpus in turns. A vcpu is placed once, at creation.
 *
 * A woken vcpu is boosted: it goes before those that use up their slices, but only for a short slice; and when boosted
 * vcpus have had the CPU for a whole slice, the next of the others has its turn. So a vcpu that reacts to events reacts
 * at once, and none starves.
 */
#ifndef KERNEL_SCHED_H
#define KERNEL_SCHED_H

#include <stdbool.h>
#include <stdint.h>

struct vcpu;
struct vcpu_runstate_info;

/* Slice of a vcpu while others wait. Before the CPUs start. */
void sched_set_timeslice(uint32_t ms);

/*
 * The least loaded CPU of mask that is there (any CPU if the mask has none), and count a vcpu of this weight on it; and
 * take it off again.
 */
unsigned sched_place(uint64_t mask, unsigned weight);
void sched_unplace(unsigned cpu, unsigned weight);

/* Take reasons (VCPU_*) away; if none is left the vcpu becomes ready. Any CPU. */
void sched_wake(struct vcpu *v, uint32_t reasons);
/* Add reasons: the vcpu stops soon (at once if it does not run). Any CPU. */
void sched_stop(struct vcpu *v, uint32_t reasons);
/* Does no CPU run v or hold its state? True only after sched_stop(VCPU_OFF or some of it). */
bool sched_is_off(const struct vcpu *v);
/* v is current and gives way once. */
void sched_yield(struct vcpu *v);

/* The vcpu that runs on this CPU: during exits and hypercalls. NULL in the run loop. */
struct vcpu *sched_current(void);

/* A consistent copy of the run state's fields. */
void sched_copy_runstate(const struct vcpu *v, struct vcpu_runstate_info *info);

/* Have the CPU that holds v's state print its registers (this CPU: now). */
void sched_dump_vcpu(struct vcpu *v);

/* Run vcpus on this CPU for ever. */
__attribute__((noreturn)) void sched_run(void);

#endif
