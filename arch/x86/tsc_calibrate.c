/* SPDX-License-Identifier: MIT */
/*
 * How fast is the TSC? The first row of the table below that knows, answers. A clock is measured against: two readings
 * of both, a fiftieth of a second apart, each reading the tightest of some tries, so that a pause of the processor
 * between the two (SMM, a hypervisor's scheduler) does no harm.
 */
#include <stddef.h>

#include "arch/x86/acpi.h"
#include "arch/x86/creg.h"
#include "arch/x86/io.h"
#include "arch/x86/machine.h"
#include "arch/x86/muldiv.h"
#include "arch/x86/paging.h"
#include "arch/x86/timer.h"
#include "kernel/printk.h"

#define PARTS 50 /* measure for 1/50 s */
#define TRIES 16
#define PATIENCE 20000000 /* readings of a clock that stands still */
#define FS_PER_S 1000000000000000ULL
#define PM_TIMER_HZ 3579545
#define PIT_HZ 1193182
#define HPET_SIZE 1024
#define HPET_PERIOD 1 /* in 32-bit words */
#define HPET_CONFIG 4
#define HPET_COUNTER 60
#define HPET_MAX_PERIOD 100000000 /* fs, by its specification */
#define PIT_CHANNEL2 0x42
#define PIT_COMMAND 0x43
#define PIT_CH2_ONE_SHOT 0xb0 /* both bytes, mode 0, binary */
#define PORT_B 0x61
#define PORT_B_GATE2 0x01
#define PORT_B_SPEAKER 0x02
#define PORT_B_OUT2 0x20

struct clock {
    uint64_t (*read)(void);
    uint64_t hz;
    uint64_t mask;
};

struct reading {
    uint64_t clock, tsc;
};

static volatile uint32_t *hpet;

static struct reading read_both(const struct clock *c)
{
    struct reading best = {0};
    uint64_t best_gap = UINT64_MAX;
    for (unsigned i = 0; i < TRIES; i++) {
        uint64_t before = rdtsc_ordered();
        uint64_t value = c->read();
        uint64_t gap = rdtsc_ordered() - before;
        if (gap < best_gap) {
            best_gap = gap;
            best = (struct reading){value, before + gap / 2};
        }
    }
    return best;
}

/* 0 if the clock does not run. */
static uint64_t measure(const struct clock *c)
{
    struct reading start = read_both(c);
    unsigned patience = 0;
    while (((c->read() - start.clock) & c->mask) < c->hz / PARTS) {
        if (++patience > PATIENCE || (patience == PATIENCE / 100 && c->read() == start.clock))
            return 0;
    }
    struct reading end = read_both(c);
    uint64_t ticks = (end.clock - start.clock) & c->mask;
    return mul_div(end.tsc - start.tsc, c->hz, ticks);
}

/* Crystal frequency and ratio (SDM vol. 2, CPUID leaf 15H); the crystal is not always told. */
static uint64_t by_cpuid(void)
{
    struct cpuid r = cpuid(0x15, 0);
    return r.eax && r.ebx && r.ecx ? (uint64_t)r.ecx * r.ebx / r.eax : 0;
}

/* Hypervisors' leaf 40000010H: kHz. */
static uint64_t by_hypervisor(void)
{
    if (!machine_is_virtual())
        return 0;
    struct cpuid max = cpuid(0x40000000, 0);
    return max.eax >= 0x40000010 ? cpuid(0x40000010, 0).eax * 1000ULL : 0;
}

static uint64_t read_hpet(void)
{
    return hpet[HPET_COUNTER];
}

static uint64_t by_hpet(void)
{
    hpet = acpi->hpet ? map_device(acpi->hpet, HPET_SIZE) : NULL;
    if (!hpet || hpet[HPET_PERIOD] == 0 || hpet[HPET_PERIOD] > HPET_MAX_PERIOD)
        return 0;
    uint32_t config = hpet[HPET_CONFIG];
    hpet[HPET_CONFIG] = config | 1;
    struct clock c = {read_hpet, FS_PER_S / hpet[HPET_PERIOD], UINT32_MAX};
    return measure(&c);
}

static uint64_t read_pm_timer(void)
{
    return inl((uint16_t)acpi->pm_timer.address);
}

static uint64_t by_pm_timer(void)
{
    struct clock c = {read_pm_timer, PM_TIMER_HZ, 0xffffff};
    if (!acpi->pm_timer.address || acpi->pm_timer.space != ACPI_SPACE_IO)
        return 0;
    return measure(&c);
}

static void pit_start(uint16_t count)
{
    outb(PORT_B, (uint8_t)((inb(PORT_B) & ~PORT_B_SPEAKER) | PORT_B_GATE2));
    outb(PIT_COMMAND, PIT_CH2_ONE_SHOT);
    outb(PIT_CHANNEL2, (uint8_t)count);
    outb(PIT_CHANNEL2, (uint8_t)(count >> 8));
}

/* Counts down once; its output, in port 61H, rises at the end. */
static uint64_t pit_once(void)
{
    uint16_t count = PIT_HZ / PARTS;
    pit_start(count);
    uint64_t start = rdtsc_ordered();
    for (unsigned i = 0; i < PATIENCE; i++) {
        if (inb(PORT_B) & PORT_B_OUT2)
            return i > 10 ? (rdtsc_ordered() - start) * PIT_HZ / count : 0;
    }
    return 0;
}

/* The middle of three: a pause at the end of one of them must not count. */
static uint64_t by_pit(void)
{
    uint64_t a = pit_once(), b = pit_once(), c = pit_once();
    uint64_t low = a < b ? a : b, high = a < b ? b : a;
    return c < low ? low : c > high ? high : c;
}

static const struct source {
    const char *name;
    uint64_t (*hz)(void);
} sources[] = {
    {"CPUID", by_cpuid}, {"the hypervisor below", by_hypervisor}, {"HPET", by_hpet}, {"ACPI PM timer", by_pm_timer},
    {"PIT", by_pit},
};

uint64_t tsc_calibrate(const char **source)
{
    for (unsigned i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
        uint64_t hz = sources[i].hz();
        if (hz > 1000000) {
            *source = sources[i].name;
            return hz;
        }
    }
    panic("no clock to measure the TSC against: neither HPET nor PM timer nor PIT runs");
}
