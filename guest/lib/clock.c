/* SPDX-License-Identifier: MIT */
#include "guest/lib/clock.h"

#include "guest/lib/cpu.h"
#include "guest/lib/env.h"
#include "guest/lib/hypercall.h"

/* ticks * 2^shift * mul / 2^32, in halves, because a 32-bit guest has no wide multiplication. */
static uint64_t scale(uint64_t ticks, int8_t shift, uint32_t mul)
{
    ticks = shift < 0 ? ticks >> -shift : ticks << shift;
    return (ticks >> 32) * mul + ((ticks & 0xFFFFFFFF) * mul >> 32);
}

/* A consistent copy: the version is even and the same before and after. */
static struct vcpu_time_info read_time(void)
{
    const volatile struct vcpu_time_info *shared = &guest_vcpu()->info->time;
    struct vcpu_time_info t = {0};

    do {
        t.version = shared->version & ~1U;
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        t.tsc_timestamp = shared->tsc_timestamp;
        t.system_time = shared->system_time;
        t.tsc_to_system_mul = shared->tsc_to_system_mul;
        t.tsc_shift = shared->tsc_shift;
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
    } while (shared->version != t.version);
    return t;
}

/* The TSC is read after the copy was taken, and the copy again if it changed meanwhile. */
uint64_t clock_now(void)
{
    for (;;) {
        struct vcpu_time_info t = read_time();
        uint64_t now = cpu_tsc();

        if (((volatile struct vcpu_time_info *)&guest_vcpu()->info->time)->version == t.version)
            return t.system_time + scale(now - t.tsc_timestamp, t.tsc_shift, t.tsc_to_system_mul);
    }
}

uint64_t clock_ticks_to_ns(uint64_t ticks)
{
    struct vcpu_time_info t = read_time();

    return scale(ticks, t.tsc_shift, t.tsc_to_system_mul);
}

void clock_spin_until(uint64_t deadline)
{
    while (clock_now() < deadline)
        cpu_relax();
}

void clock_sleep_until(uint64_t deadline)
{
    guest_sched_poll poll = {.nr_ports = 0, .timeout = deadline};

    while (clock_now() < deadline)
        if (hv_sched_op(SCHEDOP_poll, &poll) < 0)
            cpu_relax();
}
