/* SPDX-License-Identifier: MIT */
/*
 * What becomes of the records that guests put into the trace (HVMOP_xentrace). One provider an image:
 *   kernel/trace.c         build/xenolith: there is no trace, they are dropped
 *   kernel/lesson/trace.c  build/xenolith-lesson: they are printed among the hypervisor's own steps
 */
#ifndef KERNEL_TRACE_H
#define KERNEL_TRACE_H

#include "guest/abi/hvm.h"
#include "kernel/vcpu.h"

/* v is current. */
void trace_record(struct vcpu *v, const struct xen_hvm_xentrace *record);

#endif
