/* SPDX-License-Identifier: MIT */
/*
 * One interrupt line and the domains that it interrupts. Pure code; the caller locks each line. Who has bound the line
 * is interrupted by evt_raise_pirq(user, irq): a domain's number for a line is the line's own.
 *
 * An edge-triggered line fires when it is asserted and is done. A level-triggered one fires when it is asserted, then
 * it is masked until every user whom it interrupted has ended the interrupt, and fires again if it is still asserted.
 */
#ifndef KERNEL_IRQ_LINE_H
#define KERNEL_IRQ_LINE_H

#include <stdbool.h>
#include <stdint.h>

struct evt_domain;

#define IRQ_LINE_USERS 8

struct irq_line {
    uint32_t irq;
    bool level;
    bool asserted; /* level-triggered lines only */
    bool shared;   /* its users agreed to that */
    struct {
        struct evt_domain *domain; /* NULL: free */
        bool live;                 /* may be interrupted */
    } user[IRQ_LINE_USERS];
    uint32_t unended;   /* bit by user: interrupted, and has not ended it */
    uint64_t delivered; /* times it fired and somebody heard */
};

/* d becomes a user that is not live yet. 0; -XEN_EBUSY: somebody does not share, or there are too many users. */
int irq_line_bind(struct irq_line *line, struct evt_domain *d, bool share) __attribute__((warn_unused_result));
/* d, if it is a user, may be interrupted from now on. */
void irq_line_enable(struct irq_line *line, const struct evt_domain *d);
/* d is no user any more; what it has not ended is ended. */
void irq_line_unbind(struct irq_line *line, const struct evt_domain *d);
/* d has ended the interrupt. False: it is no user. */
bool irq_line_end(struct irq_line *line, const struct evt_domain *d);
/* Assert or deassert the line; asserting an edge-triggered one fires it. */
void irq_line_drive(struct irq_line *line, bool asserted);
/* Those that are live. */
unsigned irq_line_nr_users(const struct irq_line *line);

#endif
