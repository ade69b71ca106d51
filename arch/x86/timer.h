/* SPDX-License-Identifier: MIT */
/* The processor's side of arch/x86/time.h. */
#ifndef ARCH_X86_TIMER_H
#define ARCH_X86_TIMER_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/x86/time.h"

struct tsc_choice;

/* The timer of this CPU has fired: is its deadline past? If not, it is armed again. */
bool timer_is_due(void);
/* Put this CPU's timer to work; time_init() does it for the boot CPU. */
void timer_init_this_cpu(void);
/* Busy wait. After time_init(). */
void delay_us(uint64_t us);

/* tsc_calibrate.c: the TSC's frequency, and who said so. Panics if nobody knows: hz is never 0. Once, after ACPI. */
struct tsc_choice tsc_calibrate(enum time_clock clock);
/* rtc.c: seconds since 1970, or 0. */
uint64_t rtc_read(void);

#endif
