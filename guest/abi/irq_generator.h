/* SPDX-License-Identifier: MIT */
/*
 * Xenolith's interrupt generator: a device of a few lines whose only purpose is to interrupt (docs/abi/interrupts.md).
 * A domain reaches the I/O ports of the lines that irqs= in its configuration gives to it; others read as ones.
 */
#ifndef GUEST_ABI_IRQ_GENERATOR_H
#define GUEST_ABI_IRQ_GENERATOR_H

#define IRQGEN_FIRST_IRQ 16 /* 16 and 17 are edge-triggered, 18 and 19 level-triggered */
#define IRQGEN_NR_IRQS 4
#define IRQGEN_FIRST_LEVEL 18

#define IRQGEN_PORT 0xC80 /* registers of the first line; each line has so many ports: */
#define IRQGEN_PORTS 8
#define IRQGEN_LAST_PORT (IRQGEN_PORT + IRQGEN_NR_IRQS * IRQGEN_PORTS - 1)

/*
 * 8 bits. Written: bit 0 asserts (1) or deasserts (0) a level-triggered line, or fires an edge-triggered one (1). Read:
 * IRQGEN_*.
 */
#define IRQGEN_REG_WIRE 0
#define IRQGEN_ASSERTED 1U /* a level-triggered line is asserted */
#define IRQGEN_UNENDED 2U  /* it has been delivered and somebody has not ended it (PHYSDEVOP_eoi) */

/*
 * 32 bits. Written: assert or fire the line in so many microseconds, 0: not any more. Read: how many interrupts the
 * line has delivered.
 */
#define IRQGEN_REG_TIMER 4

#endif
