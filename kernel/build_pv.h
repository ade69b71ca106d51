/* SPDX-License-Identifier: MIT */
/* Fills a domain in the way of classic Xen paravirtualisation (public header xen.h, "Start-of-day memory layout"). */
#ifndef KERNEL_BUILD_PV_H
#define KERNEL_BUILD_PV_H

#include "kernel/build_file.h"

struct domain;

/*
 * Give d its frames, load the kernel, lay out its start of day as kernel/pv_layout.h shows it, and set the boot vcpu's
 * state. One ramdisk at most. 0, or -1 with *error set to a sentence. Boot CPU, before any domain runs.
 */
int build_pv(struct domain *d, const struct build_file *kernel, const struct build_file *modules, unsigned nr_modules,
             const char **error);

#endif
