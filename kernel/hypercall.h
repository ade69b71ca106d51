/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls: one table, one row a number, one handler a row (hc_*.c).
 *
 * A handler gets its arguments zero-extended in args[] and returns the value for rax. -XEN_ERESTART: the guest executes
 * the hypercall again with args[] as the handler left them; inside a multicall its entry is rewritten likewise.
 * v->narrow says that the caller is 32-bit code.
 */
#ifndef KERNEL_HYPERCALL_H
#define KERNEL_HYPERCALL_H

#include <stdbool.h>
#include <stdint.h>

#include "guest/abi/errno.h"
#include "kernel/vcpu.h"

#define HYPERCALL_ARGS 6

/* Containers in which a hypercall exists; elsewhere it is -XEN_ENOSYS. */
#define CONTAINER_HVM (1U << 0)
#define CONTAINER_PV (1U << 1)

typedef int64_t (*hypercall_fn)(struct vcpu *v, uint64_t *args);

/* Run hypercall nr and count it. */
int64_t hypercall_dispatch(struct vcpu *v, uint64_t nr, uint64_t *args);
/* Its name in the ABI, or NULL. */
const char *hypercall_name(unsigned nr);

/* The domain that a guest named: itself (DOMID_SELF or its number), or another one if v's domain is privileged. 0 with
 * a reference in *d; -XEN_ESRCH; -XEN_EPERM. */
int hypercall_target(struct vcpu *v, uint16_t domid, struct domain **d) __attribute__((warn_unused_result));

int64_t hc_memory_op(struct vcpu *v, uint64_t *args);
int64_t hc_multicall(struct vcpu *v, uint64_t *args);
int64_t hc_set_timer_op(struct vcpu *v, uint64_t *args);
int64_t hc_xen_version(struct vcpu *v, uint64_t *args);
int64_t hc_console_io(struct vcpu *v, uint64_t *args);
int64_t hc_vcpu_op(struct vcpu *v, uint64_t *args);
int64_t hc_sched_op(struct vcpu *v, uint64_t *args);
int64_t hc_sched_op_compat(struct vcpu *v, uint64_t *args);
int64_t hc_event_channel_op(struct vcpu *v, uint64_t *args);
int64_t hc_event_channel_op_compat(struct vcpu *v, uint64_t *args);
int64_t hc_physdev_op(struct vcpu *v, uint64_t *args);
int64_t hc_physdev_op_compat(struct vcpu *v, uint64_t *args);
int64_t hc_hvm_op(struct vcpu *v, uint64_t *args);
int64_t hc_domctl(struct vcpu *v, uint64_t *args);

#endif
