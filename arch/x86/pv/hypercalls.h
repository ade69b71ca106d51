/* SPDX-License-Identifier: MIT */
#ifndef ARCH_X86_PV_HYPERCALLS_H
#define ARCH_X86_PV_HYPERCALLS_H

#include "arch/x86/virt.h"

/* [NR_HYPERCALLS], for virt_ops.hypercalls. */
extern const virt_hypercall_fn pv_hypercalls[];

#endif
