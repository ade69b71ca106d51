/* SPDX-License-Identifier: MIT */
/* The state in which a vcpu starts. Pure code. */
#ifndef KERNEL_START_H
#define KERNEL_START_H

#include <stdint.h>

#include "arch/x86/virt.h"
#include "guest/abi/vcpu.h"

/* PVH entry (public header arch-x86/hvm/start_info.h): 32-bit protected mode, flat, no paging, %ebx = start info. */
void start_pvh(struct vcpu_start *start, uint32_t entry, uint32_t start_info);
/* What VCPUOP_initialise asks for (public header hvm/hvm_vcpu.h). 0 or -XEN_EINVAL. */
int start_from_context(const struct vcpu_hvm_context *context, struct vcpu_start *start);

#endif
