/* SPDX-License-Identifier: MIT */
/*
 * Physical interrupts for guests: the machine's lines as far as domains may have them, and the interrupt generator that
 * drives them (guest/abi/irq_generator.h). A domain may have the lines that irqs= gives to it, under their own
 * numbers. The lock of a line comes behind the event channels' lock of a domain and before those of its ports.
 */
#ifndef KERNEL_PIRQ_H
#define KERNEL_PIRQ_H

#include <stdbool.h>
#include <stdint.h>

struct domain;
struct vcpu;

/* A domain's pirqs are below this: so many the real Xen gave a PVH dom0 (PIRQ-01). */
#define PIRQ_PER_DOMAIN 208

/* Before the first domain. */
void pirq_init(void);

/* What evtchn/env.h asks. */
bool pirq_permitted(const struct domain *d, uint32_t pirq);
int pirq_bind(const struct domain *d, uint32_t pirq, bool share) __attribute__((warn_unused_result));
void pirq_notifies(const struct domain *d, uint32_t pirq, unsigned vcpu);
void pirq_unbind(const struct domain *d, uint32_t pirq);

/* PHYSDEVOP_eoi: 0; -XEN_EINVAL: out of range, or d has not bound it. No locks. */
int pirq_end(const struct domain *d, uint32_t pirq) __attribute__((warn_unused_result));
/* PHYSDEVOP_irq_status_query: XENIRQSTAT_*, or -XEN_EINVAL: out of range. */
int pirq_status(const struct domain *d, uint32_t pirq) __attribute__((warn_unused_result));

/* The generator's ports; size 1, 2, 4. Ones where the domain has no line. */
uint32_t pirq_generator_read(const struct domain *d, uint16_t port, unsigned size);
void pirq_generator_write(const struct domain *d, uint16_t port, unsigned size, uint32_t value);

/* Debug key. */
void pirq_show(void);

#endif
