/* SPDX-License-Identifier: MIT */
#include "kernel/pirq.h"

#include <stddef.h>

#include "arch/x86/cpu.h"
#include "arch/x86/spinlock.h"
#include "arch/x86/time.h"
#include "common/error.h"
#include "guest/abi/errno.h"
#include "guest/abi/irq_generator.h"
#include "guest/abi/physdev.h"
#include "kernel/domain.h"
#include "kernel/hypercall.h"
#include "kernel/irq_line.h"
#include "kernel/printk.h"
#include "kernel/timers.h"
#include "kernel/vcpu.h"

#define US 1000ULL

/* The lines that there are: the generator's, and the serial console's, which the hypervisor keeps. */
#define CONSOLE_IRQ 4

static struct line {
    struct spinlock lock;
    struct irq_line irq; /* [lock] */
    struct timer timer;  /* asserts the line */
    bool armed;          /* [lock] */
    unsigned timer_cpu;  /* [lock] where the timer is */
    unsigned cpu;        /* [lock] where it goes when it is set next: near the vcpu that the line interrupts */
} lines[IRQGEN_NR_IRQS];

/* A timer may fire though it has just been stopped or moved. */
static void timer_fired(struct timer *t, uint64_t now)
{
    struct line *l = (struct line *)((uintptr_t)t - offsetof(struct line, timer));
    (void)now;
    spin_lock(&l->lock);
    if (l->armed && !__atomic_load_n(&t->queued, __ATOMIC_RELAXED)) {
        l->armed = false;
        irq_line_drive(&l->irq, true);
    }
    spin_unlock(&l->lock);
}

void pirq_init(void)
{
    for (unsigned i = 0; i < IRQGEN_NR_IRQS; i++) {
        lines[i].irq.irq = IRQGEN_FIRST_IRQ + i;
        lines[i].irq.level = lines[i].irq.irq >= IRQGEN_FIRST_LEVEL;
        lines[i].timer.fire = timer_fired;
    }
}

static bool is_granted(const struct domain *d, uint32_t pirq)
{
    return pirq < 64 && (d->config.irqs >> pirq & 1);
}

/* The line behind a domain's pirq; NULL. */
static struct line *line_of(const struct domain *d, uint32_t pirq)
{
    if (!is_granted(d, pirq) || pirq < IRQGEN_FIRST_IRQ || pirq >= IRQGEN_FIRST_IRQ + IRQGEN_NR_IRQS)
        return NULL;
    return &lines[pirq - IRQGEN_FIRST_IRQ];
}

bool pirq_permitted(const struct domain *d, uint32_t pirq)
{
    return d->container == CONTAINER_HVM || d->privileged || is_granted(d, pirq);
}

/* An hvm or a privileged domain may bind a pirq that is nothing: it never fires (PIRQ-01, PIRQ-13). */
int pirq_bind(const struct domain *d, uint32_t pirq, bool share)
{
    struct line *l = line_of(d, pirq);
    if (!is_granted(d, pirq))
        return 0;
    if (pirq == CONSOLE_IRQ)
        return xen_error(XEN_EBUSY);
    if (!l)
        return xen_error(XEN_EINVAL);
    spin_lock(&l->lock);
    int r = irq_line_bind(&l->irq, d->evt, share);
    spin_unlock(&l->lock);
    return r;
}

void pirq_notifies(const struct domain *d, uint32_t pirq, unsigned vcpu)
{
    struct line *l = line_of(d, pirq);
    if (!l)
        return;
    spin_lock(&l->lock);
    l->cpu = d->vcpu[vcpu]->arch.cpu;
    irq_line_enable(&l->irq, d->evt);
    spin_unlock(&l->lock);
}

void pirq_unbind(const struct domain *d, uint32_t pirq)
{
    struct line *l = line_of(d, pirq);
    if (!l)
        return;
    spin_lock(&l->lock);
    irq_line_unbind(&l->irq, d->evt);
    spin_unlock(&l->lock);
}

int pirq_end(const struct domain *d, uint32_t pirq)
{
    struct line *l = line_of(d, pirq);
    if (!l)
        return xen_error(XEN_EINVAL);
    spin_lock(&l->lock);
    bool is_user = irq_line_end(&l->irq, d->evt);
    spin_unlock(&l->lock);
    return is_user ? 0 : xen_error(XEN_EINVAL);
}

int pirq_status(const struct domain *d, uint32_t pirq)
{
    struct line *l = line_of(d, pirq);
    if (pirq >= PIRQ_PER_DOMAIN)
        return xen_error(XEN_EINVAL);
    if (!l)
        return 0;
    spin_lock(&l->lock);
    int status = (l->irq.level ? XENIRQSTAT_needs_eoi : 0) | (irq_line_nr_users(&l->irq) > 1 ? XENIRQSTAT_shared : 0);
    spin_unlock(&l->lock);
    return status;
}

/* --- The generator. */

/* The line whose register this is, if d has it and the access has its size; *reg is the register. */
static struct line *decode(const struct domain *d, uint16_t port, unsigned size, unsigned *reg)
{
    unsigned offset = port - IRQGEN_PORT;
    *reg = offset % IRQGEN_PORTS;
    if (size != (*reg == IRQGEN_REG_WIRE ? 1U : 4U) || (*reg != IRQGEN_REG_WIRE && *reg != IRQGEN_REG_TIMER))
        return NULL;
    return line_of(d, IRQGEN_FIRST_IRQ + offset / IRQGEN_PORTS);
}

/* [lock] */
static void arm(struct line *l, uint32_t us)
{
    timer_stop(&l->timer, l->timer_cpu);
    l->armed = us != 0;
    if (!us)
        return;
    l->timer_cpu = l->cpu;
    timer_set(&l->timer, l->cpu, time_now() + us * US);
}

uint32_t pirq_generator_read(const struct domain *d, uint16_t port, unsigned size)
{
    unsigned reg;
    struct line *l = decode(d, port, size, &reg);
    if (!l)
        return UINT32_MAX;
    spin_lock(&l->lock);
    uint32_t wire = (l->irq.asserted ? IRQGEN_ASSERTED : 0) | (l->irq.unended ? IRQGEN_UNENDED : 0);
    uint32_t value = reg == IRQGEN_REG_WIRE ? wire : (uint32_t)l->irq.delivered;
    spin_unlock(&l->lock);
    return value;
}

void pirq_generator_write(const struct domain *d, uint16_t port, unsigned size, uint32_t value)
{
    unsigned reg;
    struct line *l = decode(d, port, size, &reg);
    if (!l)
        return;
    spin_lock(&l->lock);
    if (reg == IRQGEN_REG_WIRE)
        irq_line_drive(&l->irq, value & 1);
    else
        arm(l, value);
    spin_unlock(&l->lock);
}

void pirq_show(void)
{
    for (unsigned i = 0; i < IRQGEN_NR_IRQS; i++) {
        const struct irq_line *l = &lines[i].irq;
        printk(LOG_INFO, "irq %u, %s: %u users%s, %s, %s, %llu delivered", l->irq, l->level ? "level" : "edge",
               irq_line_nr_users(l), l->shared ? " who share it" : "", l->asserted ? "asserted" : "quiet",
               l->unended ? "masked until it is ended" : "not masked", (unsigned long long)l->delivered);
    }
}
