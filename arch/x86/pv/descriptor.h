/* SPDX-License-Identifier: MIT */
/* Segment descriptors of a pv guest: pages of its GDT and LDT. Pure. */
#ifndef ARCH_X86_PV_DESCRIPTOR_H
#define ARCH_X86_PV_DESCRIPTOR_H

#include <stdbool.h>
#include <stdint.h>

/* May a guest have this in its tables? */
bool pv_descriptor_allowed(uint64_t descriptor);
/* All 512 of a page that nobody else can write: 0 or -XEN_EINVAL. */
int pv_descriptors_check(const uint64_t *page) __attribute__((warn_unused_result));

#endif
