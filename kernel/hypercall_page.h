/* SPDX-License-Identifier: MIT */
/* Moments at which a domain tells its word size: it writes the hypercall-page MSR, or sets its callback. */
#ifndef KERNEL_HYPERCALL_PAGE_H
#define KERNEL_HYPERCALL_PAGE_H

#include <stdbool.h>

struct domain;

/* The calling vcpu's mode becomes the domain's word size (event-channels.md, section 1); the clock follows. */
void domain_latch_word_size(struct domain *d, bool narrow);

#endif
