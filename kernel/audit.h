/* SPDX-License-Identifier: MIT */
/* The option audit, and its debug key: is all that is counted of pv domains' frames what it should be? */
#ifndef KERNEL_AUDIT_H
#define KERNEL_AUDIT_H

#include <stdbool.h>

struct domain;

/* Look at each pv domain at its end. */
void audit_set(bool on);
/* CPU 0: d's vcpus are off and its ports closed; what is found wrong is said, and makes its result bad. */
void audit_at_end(struct domain *d);
/* Debug key: look at all that run, when they have been stopped for it. */
void audit_request(void);
/* CPU 0, again and again while d is alive: true: it has been asked for and d does not stand yet. */
bool audit_running(struct domain *d);

#endif
