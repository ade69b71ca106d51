/* SPDX-License-Identifier: MIT */
/* Time: the TSC, calibrated once at boot, and one timer a CPU (local APIC). */
#ifndef ARCH_X86_TIME_H
#define ARCH_X86_TIME_H

#include <stdint.h>

/* TSC -> ns as the pvclock ABI states it: ns = ((tsc - base) << shift) * mul >> 32 (negative shift: to the right). */
struct time_scale {
    uint64_t tsc_base;
    uint32_t mul;
    int8_t shift;
};

/* By which clock should the TSC be measured? TIME_CLOCK_BEST: by two that agree, or by what CPUID says. */
enum time_clock { TIME_CLOCK_BEST, TIME_CLOCK_HPET, TIME_CLOCK_PM, TIME_CLOCK_PIT };

extern struct time_scale time_scale;
extern uint64_t tsc_hz;
/* For the report: what calibrated the TSC, what else agrees (NULL: nothing), and what interrupts. */
extern const char *time_source, *time_confirmed, *time_timer;

uint64_t time_now(void);               /* ns since boot; the same on all CPUs */
uint64_t time_wallclock_at_boot(void); /* seconds since 1970 when time_now() was 0, from the RTC; 0 if there is none */

/* For the report: each clock that may know the TSC's frequency, and what it says. Takes a tenth of a second. */
void time_describe_sources(void (*fact)(const char *key, const char *value));

/* Arm this CPU's timer: it sets CPU_WORK_TIMER at or soon after deadline (ns, time_now()); UINT64_MAX disarms. */
void timer_arm(uint64_t deadline);

#endif
