/* SPDX-License-Identifier: MIT */
/* The parts of the program: one domain alone, and two that share a line. */
#ifndef GUEST_PIRQ_PIRQ_H
#define GUEST_PIRQ_PIRQ_H

#include <stdbool.h>

#include "guest/lib/events.h"

/* bind_pirq: the port, or an error. */
int pirq_bind(uint32_t irq, uint32_t flags);
int pirq_eoi(uint32_t irq);
/* XENIRQSTAT_*, or an error. */
int pirq_status(uint32_t irq);

/* --- The generator's registers of a line. */
void line_drive(uint32_t irq, bool asserted);
void line_after(uint32_t irq, uint32_t us);
unsigned line_state(uint32_t irq); /* IRQGEN_ASSERTED, IRQGEN_UNENDED */
uint32_t line_delivered(uint32_t irq);

void share_line(void);

/* Bind a line that is not this domain's. What differs by container: guest/pirq/pvh and pv64. */
void check_forbidden(uint32_t irq);

#endif
