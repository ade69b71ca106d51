/* SPDX-License-Identifier: MIT */
#include "guest/abi/irq_generator.h"
#include "guest/abi/physdev.h"
#include "guest/lib/cpu.h"
#include "guest/lib/hypercall.h"
#include "guest/pirq/pirq.h"

int pirq_bind(uint32_t irq, uint32_t flags)
{
    struct evtchn_bind_pirq op = {.pirq = irq, .flags = flags};
    int rc = (int)hv_event_channel_op(EVTCHNOP_bind_pirq, &op);

    return rc ? rc : (int)op.port;
}

int pirq_eoi(uint32_t irq)
{
    struct physdev_eoi op = {.irq = irq};

    return (int)hypercall2(__HYPERVISOR_physdev_op, PHYSDEVOP_eoi, guest_address(&op));
}

int pirq_status(uint32_t irq)
{
    struct physdev_irq_status_query op = {.irq = irq, .flags = 77};
    int rc = (int)hypercall2(__HYPERVISOR_physdev_op, PHYSDEVOP_irq_status_query, guest_address(&op));

    return rc ? rc : (int)op.flags;
}

static uint16_t reg(uint32_t irq, unsigned offset)
{
    return (uint16_t)(IRQGEN_PORT + (irq - IRQGEN_FIRST_IRQ) * IRQGEN_PORTS + offset);
}

void line_drive(uint32_t irq, bool asserted)
{
    cpu_out8(reg(irq, IRQGEN_REG_WIRE), asserted);
}

void line_after(uint32_t irq, uint32_t us)
{
    cpu_out32(reg(irq, IRQGEN_REG_TIMER), us);
}

unsigned line_state(uint32_t irq)
{
    return cpu_in8(reg(irq, IRQGEN_REG_WIRE));
}

uint32_t line_delivered(uint32_t irq)
{
    return cpu_in32(reg(irq, IRQGEN_REG_TIMER));
}
