/* SPDX-License-Identifier: MIT */
/* Time from the TSC; a one-shot timer from the local APIC, by TSC deadline where the processor has it. */
#include "arch/x86/timer.h"
#include "arch/x86/apic.h"
#include "arch/x86/arch.h"
#include "arch/x86/cpu.h"
#include "arch/x86/creg.h"
#include "arch/x86/io.h"
#include "arch/x86/machine.h"
#include "arch/x86/msr.h"
#include "arch/x86/muldiv.h"
#include "arch/x86/tsc_measure.h"
#include "kernel/printk.h"

#define NS_PER_S 1000000000ULL
#define MSR_TSC_DEADLINE 0x6e0
#define CALIBRATION_PARTS 50 /* 1/50 s */
#define NO_DEADLINE UINT64_MAX

struct time_scale time_scale;
uint64_t tsc_hz;
const char *time_source = "nothing yet", *time_confirmed, *time_timer = "nothing yet";

static uint64_t wallclock_at_boot;
static uint64_t apic_hz; /* of the timer after its divider; 0: TSC deadlines */
static uint64_t deadlines[MAX_CPUS];

/* The largest mul below 2^32, as the pvclock ABI likes it: 10^9 << 32 / f for f in (10^9, 2 * 10^9]. */
static void set_scale(uint64_t hz)
{
    uint64_t f = hz;
    int8_t shift = 0;
    for (; f > 2 * NS_PER_S; f >>= 1)
        shift--;
    for (; f <= NS_PER_S; f <<= 1)
        shift++;
    time_scale.mul = (uint32_t)((NS_PER_S << 32) / f);
    time_scale.shift = shift;
}

static uint64_t scale(uint64_t ticks)
{
    unsigned __int128 t = ticks;
    t = time_scale.shift >= 0 ? t << time_scale.shift : t >> -time_scale.shift;
    return (uint64_t)(t * time_scale.mul >> 32);
}

uint64_t time_now(void)
{
    return tsc_hz ? scale(rdtsc_ordered() - time_scale.tsc_base) : 0;
}

uint64_t time_wallclock_at_boot(void)
{
    return wallclock_at_boot;
}

void delay_us(uint64_t us)
{
    uint64_t end = time_now() + us * 1000;
    while (time_now() < end)
        cpu_relax();
}

static uint64_t ns_to(uint64_t ns, uint64_t hz)
{
    return mul_div(ns, hz, NS_PER_S);
}

static void arm_deadline(uint64_t deadline)
{
    uint64_t ticks = deadline == NO_DEADLINE ? 0 : ns_to(deadline, tsc_hz);
    bool never = deadline == NO_DEADLINE || ticks > INT64_MAX;
    wrmsr(MSR_TSC_DEADLINE, never ? 0 : time_scale.tsc_base + ticks + 1);
}

/* A deadline too far away for the counter fires early, and timer_is_due() starts the next stretch. */
static void arm_counter(uint64_t deadline)
{
    uint64_t now = time_now(), ticks = 0;
    if (deadline != NO_DEADLINE) {
        ticks = deadline > now ? ns_to(deadline - now, apic_hz) + 1 : 1;
        if (ticks > UINT32_MAX)
            ticks = UINT32_MAX;
    }
    apic_timer_start((uint32_t)ticks);
}

void timer_arm(uint64_t deadline)
{
    deadlines[this_cpu()->id] = deadline;
    if (apic_hz)
        arm_counter(deadline);
    else
        arm_deadline(deadline);
}

bool timer_is_due(void)
{
    uint64_t deadline = deadlines[this_cpu()->id];
    if (deadline == NO_DEADLINE)
        return false;
    if (time_now() >= deadline)
        return true;
    timer_arm(deadline);
    return false;
}

void timer_init_this_cpu(void)
{
    if (!apic_hz)
        apic_timer_deadline_mode();
    timer_arm(NO_DEADLINE);
}

static uint64_t calibrate_apic(void)
{
    uint64_t end = tsc_hz / CALIBRATION_PARTS;
    apic_timer_start(UINT32_MAX);
    uint64_t start = rdtsc_ordered(), now;
    do {
        now = rdtsc_ordered();
    } while (now - start < end);
    uint64_t ticks = UINT32_MAX - apic_timer_left();
    apic_timer_start(0);
    return mul_div(ticks, tsc_hz, now - start);
}

void time_init(enum time_clock clock)
{
    if (!(cpuid(1, 0).edx & CPUID_1_EDX_TSC))
        panic("this processor has no time-stamp counter");
    struct tsc_choice choice = tsc_calibrate(clock);
    set_scale(choice.hz);
    time_scale.tsc_base = rdtsc_ordered();
    tsc_hz = choice.hz;
    time_source = choice.source;
    time_confirmed = choice.confirmed;
    if (!(cpuid(1, 0).ecx & CPUID_1_ECX_TSC_DEADLINE)) {
        apic_hz = calibrate_apic();
        if (!apic_hz)
            panic("the local APIC's timer does not count");
    }
    timer_init_this_cpu();
    uint64_t seconds = rtc_read();
    wallclock_at_boot = seconds ? seconds - time_now() / NS_PER_S : 0;
    if (!(cpuid(0x80000007, 0).edx & CPUID_80000007_EDX_INVARIANT_TSC) && !machine_is_virtual())
        printk(LOG_WARNING, "the TSC of this processor may change its speed: time may be wrong");
    time_timer = apic_hz ? "a count of the local APIC" : "TSC deadlines of the local APIC";
}
