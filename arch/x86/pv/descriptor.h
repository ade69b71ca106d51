/* SPDX-License-Identifier: MIT */
/* Segment descriptors of a pv guest: pages of its GDT and LDT. Pure. */
#ifndef ARCH_X86_PV_DESCRIPTOR_H
#define ARCH_X86_PV_DESCRIPTOR_H

#include <stdbool.h>
#include <stdint.h>

/* What becomes of a descriptor that a guest wants in its tables. False: it can't have it. */
bool pv_descriptor_adjust(uint64_t *descriptor) __attribute__((warn_unused_result));
/* All 512 of a page that nobody else can write: 0 or -XEN_EINVAL, and some may have been adjusted. */
int pv_descriptors_validate(uint64_t *page) __attribute__((warn_unused_result));

#endif
