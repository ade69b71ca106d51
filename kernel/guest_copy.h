/* SPDX-License-Identifier: MIT */
/*
 * Copying between the hypervisor and a guest's own virtual address space, through the guest's page tables as they are
 * now. v is the vcpu that runs on this CPU. All return 0 or -XEN_EFAULT (then a part may have been copied).
 *
 * Of hvm guests no reference is taken: frames in a p2m belong to its domain, and one that leaves it is not reused
 * before every CPU has left hypervisor code (kernel/p2m.h). Pages of pv guests are held while they are copied
 * (virt_ops.reach).
 */
#ifndef KERNEL_GUEST_COPY_H
#define KERNEL_GUEST_COPY_H

#include <stddef.h>
#include <stdint.h>

struct vcpu;

int copy_from_guest(struct vcpu *v, void *dst, uint64_t va, size_t n) __attribute__((warn_unused_result));
int copy_to_guest(struct vcpu *v, uint64_t va, const void *src, size_t n) __attribute__((warn_unused_result));

#endif
