/* SPDX-License-Identifier: MIT */
/* Which virtualisation the machine offers to hvm domains. */
#ifndef KERNEL_CONTAINER_H
#define KERNEL_CONTAINER_H

#include <stddef.h>

#include "arch/x86/virt.h"

/* Boot CPU, once: try the back ends in order and say what was found; turns the chosen one on for this CPU. */
void container_init(void);
/* Boot CPU, then: the container's own test of this name and the end of the run, unless name is empty. */
void container_selftest(const char *name);
/* Every other CPU, before it runs vcpus. */
void container_init_cpu(void);
/* Boot CPU: wait until all n CPUs have done so. They take frames for it, which no domain is to be charged with.
 */
void container_wait_for_cpus(unsigned n);
/* The back end of hvm domains, or NULL if this machine has none: container_missing() says why. */
const struct virt_ops *container_ops(void);
const char *container_missing(void);
/* For the report: "VMX yes", "SVM yes", or "no, because ...". */
void container_verdict(char *text, size_t size);

#endif
