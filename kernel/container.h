/* SPDX-License-Identifier: MIT */
/* The containers that this machine has: one for pvh domains, if it offers virtualisation, and the one for pv domains.
 */
#ifndef KERNEL_CONTAINER_H
#define KERNEL_CONTAINER_H

#include <stddef.h>

#include "arch/x86/virt.h"
#include "kernel/config.h"

/* Boot CPU, once: try the back ends in order and say what was found; turns the chosen ones on for this CPU. */
void container_init(void);
/* Boot CPU, then: the container's own test of this name and the end of the run, unless name is empty. */
void container_selftest(const char *name);
/* Every other CPU, before it runs vcpus. */
void container_init_cpu(void);
/* Boot CPU: wait until all n CPUs have done so. They take frames for it, which no domain is to be charged with.
 */
void container_wait_for_cpus(unsigned n);
/* The back end of domains of this type, or NULL if this machine has none: container_missing() says why. */
const struct virt_ops *container_ops(enum config_type type);
const char *container_missing(enum config_type type);
/* For the report: "VMX yes", "SVM yes", or "no, because ...". */
void container_verdict(char *text, size_t size);

#endif
