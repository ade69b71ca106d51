/* SPDX-License-Identifier: MIT */
/* Fills a domain in the PVH way (public header arch-x86/hvm/start_info.h). */
#ifndef KERNEL_BUILD_PVH_H
#define KERNEL_BUILD_PVH_H

#include "kernel/build_file.h"

struct domain;

/*
 * Give d its RAM, load the kernel, lay out the start info with its command line and modules, and set the boot vcpu's
 * state. 0, or -1 with *error set to a sentence.
 */
int build_pvh(struct domain *d, const struct build_file *kernel, const struct build_file *modules, unsigned nr_modules,
              const char **error);

#endif
