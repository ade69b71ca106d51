/* SPDX-License-Identifier: MIT */
#include "kernel/irq_line.h"

#include <stddef.h>

#include "common/error.h"
#include "evtchn/evtchn.h"

/* The user d, or a free place (NULL); IRQ_LINE_USERS: none. */
static unsigned find(const struct irq_line *line, const struct evt_domain *d)
{
    unsigned i = 0;
    while (i < IRQ_LINE_USERS && line->user[i].domain != d)
        i++;
    return i;
}

unsigned irq_line_nr_users(const struct irq_line *line)
{
    unsigned n = 0;
    for (unsigned i = 0; i < IRQ_LINE_USERS; i++)
        n += line->user[i].live;
    return n;
}

static bool is_bound(const struct irq_line *line)
{
    unsigned i = 0;
    while (i < IRQ_LINE_USERS && !line->user[i].domain)
        i++;
    return i < IRQ_LINE_USERS;
}

static void fire(struct irq_line *line)
{
    bool heard = false;
    for (unsigned i = 0; i < IRQ_LINE_USERS; i++) {
        if (!line->user[i].live)
            continue;
        heard = true;
        if (line->level)
            line->unended |= 1U << i;
        evt_raise_pirq(line->user[i].domain, line->irq);
    }
    line->delivered += heard;
}

/* A level-triggered line that is asserted and not masked fires. */
static void update(struct irq_line *line)
{
    if (line->asserted && !line->unended)
        fire(line);
}

int irq_line_bind(struct irq_line *line, struct evt_domain *d, bool share)
{
    unsigned i = find(line, NULL);
    if (i == IRQ_LINE_USERS || (is_bound(line) && !(share && line->shared)))
        return xen_error(XEN_EBUSY);
    line->user[i].domain = d;
    line->shared = share;
    return 0;
}

/* Who joins while others handle an interrupt waits with them for its end. */
void irq_line_enable(struct irq_line *line, const struct evt_domain *d)
{
    unsigned i = find(line, d);
    if (i == IRQ_LINE_USERS || line->user[i].live)
        return;
    line->user[i].live = true;
    update(line);
}

void irq_line_unbind(struct irq_line *line, const struct evt_domain *d)
{
    unsigned i = find(line, d);
    if (i == IRQ_LINE_USERS)
        return;
    line->user[i].domain = NULL;
    line->user[i].live = false;
    line->unended &= ~(1U << i);
    update(line);
}

bool irq_line_end(struct irq_line *line, const struct evt_domain *d)
{
    unsigned i = find(line, d);
    if (i == IRQ_LINE_USERS)
        return false;
    if (!(line->unended >> i & 1))
        return true;
    line->unended &= ~(1U << i);
    update(line);
    return true;
}

void irq_line_drive(struct irq_line *line, bool asserted)
{
    if (line->level) {
        line->asserted = asserted;
        update(line);
    } else if (asserted) {
        fire(line);
    }
}
