/* SPDX-License-Identifier: MIT */
/* Timers of each CPU. Deadlines are ns of time_now(). A timer belongs to one CPU and fires there, in the run loop. */
#ifndef KERNEL_TIMERS_H
#define KERNEL_TIMERS_H

#include "kernel/timer_queue.h"

/* Set or move t, which belongs to `cpu`: it fires there at deadline or soon after; one that has passed, at once. */
void timer_set(struct timer *t, unsigned cpu, uint64_t deadline);
/* Stop t, which belongs to `cpu`; nothing happens if it is not set. It may be about to fire there right now unless the
 * caller runs on that CPU. */
void timer_stop(struct timer *t, unsigned cpu);
/* Run loop: fire what is due on this CPU. interrupted: the processor's timer went off, so it is not armed any more. */
void timers_run(uint64_t now, bool interrupted);
/* Run loop: program the processor's timer for the earlier of this CPU's first timer and `deadline`. */
void timers_arm(uint64_t deadline);
/* For debug output: the first deadline of a CPU. */
uint64_t timers_first(unsigned cpu);

#endif
