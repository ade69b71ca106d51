/* SPDX-License-Identifier: MIT */
/* SCHEDOP_poll: a vcpu waits for one of several ports, whether masked or not, or for a point in time. */
#ifndef KERNEL_POLL_H
#define KERNEL_POLL_H

#include <stdint.h>

struct domain;
struct vcpu;

#define POLL_NONE UINT32_MAX
#define POLL_ANY (UINT32_MAX - 1)

/* A new vcpu polls for nothing. */
void poll_init(struct vcpu *v);

/*
 * v, which is current, waits from now on for any port. Whoever makes a port of its domain pending after this ends the
 * wait; so the caller looks at its ports now, and calls poll_cancel() if one is pending already.
 */
void poll_begin(struct vcpu *v);
/* It waits for this port alone, if nothing has ended the wait yet. [c] */
void poll_narrow(struct vcpu *v, uint32_t port);
/* The wait ends at `deadline`, in ns since boot, if nothing else has ended it. [c] */
void poll_until(struct vcpu *v, uint64_t deadline);
/* It does not wait after all. [c] */
void poll_cancel(struct vcpu *v);

/* Any CPU: v waits no more, for a poll or (VCPU_BLOCKED) for an event. The guest sees 0. */
void poll_end(struct vcpu *v);
/* Any CPU: end the polls of d's vcpus that wait for this port; POLL_ANY: all of them. */
void poll_wake(const struct domain *d, uint32_t port);

/* v is about to run, so it polls no more, whoever ended the wait; what the poll has left is cleared away. [c] */
void poll_forget(struct vcpu *v);

#endif
