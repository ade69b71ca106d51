/* SPDX-License-Identifier: MIT */
/* The local APIC, by memory (xAPIC) or by MSRs (x2APIC): SDM vol. 3, 11 (10 in older ones). Always this CPU's own. */
#ifndef ARCH_X86_APIC_H
#define ARCH_X86_APIC_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Turn this CPU's on, in the mode of the boot CPU's: apic_init() (arch.h) does it for that one. False: the processor
 * does not take the mode; nothing else was touched.
 */
bool apic_enable_this_cpu(void);
uint32_t apic_id(void);
bool apic_is_x2apic(void);

void apic_eoi(void);
void apic_clear_error(void);
/* Is this vector's bit in the in-service register set? */
bool apic_in_service(unsigned vector);

/* Interrupts to other CPUs, by APIC id. The stores before it are visible to who takes it. */
void apic_send(uint32_t target, unsigned vector);
void apic_send_init(uint32_t target);
void apic_send_startup(uint32_t target, uint64_t page_pa);
void apic_send_nmi(uint32_t target);

/* The timer, counting down once from ticks (0 stops it); it raises VEC_TIMER. Divider 16. */
void apic_timer_start(uint32_t ticks);
uint32_t apic_timer_left(void);
/* The timer in TSC-deadline mode from now on: MSR_TSC_DEADLINE arms it. */
void apic_timer_deadline_mode(void);

#endif
