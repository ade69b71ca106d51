/* SPDX-License-Identifier: MIT */
/* SCHEDOP_watchdog. */
#ifndef KERNEL_WATCHDOG_H
#define KERNEL_WATCHDOG_H

#include <stdint.h>

struct domain;
struct vcpu;

void watchdogs_init(struct domain *d);
/* At the domain's end. */
void watchdogs_stop(struct domain *d);

/*
 * id 0: a new watchdog, the result is its number, -XEN_ENOSPC if both are taken. Else set number id anew; timeout 0
 * (seconds) gives it up. -XEN_EINVAL: there is no such one. (HC-SCHED-05)
 */
int64_t watchdog_set(struct vcpu *v, uint32_t id, uint32_t timeout);

#endif
