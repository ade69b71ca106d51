/* SPDX-License-Identifier: MIT */
/* Who may know how fast the TSC is, the best first; tsc_measure.c compares them. */
#include <stddef.h>

#include "arch/x86/acpi.h"
#include "arch/x86/creg.h"
#include "arch/x86/io.h"
#include "arch/x86/machine.h"
#include "arch/x86/paging.h"
#include "arch/x86/timer.h"
#include "arch/x86/tsc_measure.h"
#include "common/format.h"
#include "kernel/printk.h"

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
#define PIT_CH2_RATE 0xb4  /* both bytes, mode 2, binary */
#define PIT_CH2_LATCH 0x80 /* hold the count for the next two reads */
#define PORT_B 0x61
#define PORT_B_GATE2 0x01
#define PORT_B_SPEAKER 0x02

static volatile uint32_t *hpet;
static volatile const uint32_t *pm_timer; /* if it is in memory */

static uint64_t by_crystal(void)
{
    return tsc_hz_of_crystal(cpuid(1, 0), cpuid(0x15, 0));
}

static uint64_t by_base(void)
{
    return tsc_hz_of_base(cpuid(0x15, 0), cpuid(0x16, 0));
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
    hpet[HPET_CONFIG] = hpet[HPET_CONFIG] | 1;
    struct tsc_clock c = {read_hpet, FS_PER_S / hpet[HPET_PERIOD], UINT32_MAX};
    return tsc_measure(&c, rdtsc_ordered);
}

static uint64_t read_pm_timer(void)
{
    return pm_timer ? *pm_timer : inl((uint16_t)acpi->pm_timer.address);
}

/* The upper 8 of 32 bits mean something only if the FADT says so; 24 are enough for a measurement, and always right. */
static uint64_t by_pm_timer(void)
{
    struct tsc_clock c = {read_pm_timer, PM_TIMER_HZ, 0xffffff};
    if (acpi->pm_timer.address && acpi->pm_timer.space == ACPI_SPACE_MEMORY)
        pm_timer = map_device(acpi->pm_timer.address, sizeof(*pm_timer));
    if (!acpi->pm_timer.address || (acpi->pm_timer.space == ACPI_SPACE_MEMORY && !pm_timer))
        return 0;
    return tsc_measure(&c, rdtsc_ordered);
}

/* It counts down. */
static uint64_t read_pit(void)
{
    outb(PIT_COMMAND, PIT_CH2_LATCH);
    uint32_t low = inb(PIT_CHANNEL2);
    return 0U - (low | (uint32_t)inb(PIT_CHANNEL2) << 8);
}

/* Channel 2, whose output is the speaker's, round and round. */
static uint64_t by_pit(void)
{
    struct tsc_clock c = {read_pit, PIT_HZ, 0xffff};
    outb(PORT_B, (uint8_t)((inb(PORT_B) & ~PORT_B_SPEAKER) | PORT_B_GATE2));
    outb(PIT_COMMAND, PIT_CH2_RATE);
    outb(PIT_CHANNEL2, 0);
    outb(PIT_CHANNEL2, 0);
    return tsc_measure(&c, rdtsc_ordered);
}

static const struct tsc_source sources[] = {
    {"CPUID", by_crystal}, {"the hypervisor below", by_hypervisor}, {"HPET", by_hpet}, {"ACPI PM timer", by_pm_timer},
    {"PIT", by_pit},       {"CPUID's base frequency", by_base},
};

static const struct tsc_source *const the_only_one[] = {
    [TIME_CLOCK_HPET] = &sources[2],
    [TIME_CLOCK_PM] = &sources[3],
    [TIME_CLOCK_PIT] = &sources[4],
};

static struct tsc_choice choose(enum time_clock clock)
{
    if (clock == TIME_CLOCK_BEST)
        return tsc_choose(sources, sizeof(sources) / sizeof(sources[0]));
    return tsc_choose(the_only_one[clock], 1);
}

struct tsc_choice tsc_calibrate(enum time_clock clock)
{
    struct tsc_choice choice = choose(clock);
    if (choice.hz == 0 && clock != TIME_CLOCK_BEST)
        panic("the %s does not run: take option clock= away", the_only_one[clock]->name);
    if (choice.hz == 0)
        panic("no clock to measure the TSC by: neither HPET nor ACPI PM timer nor PIT runs, and CPUID is silent; turn "
              "on the HPET in the firmware's set-up");
    if (choice.doubted)
        printk(LOG_WARNING, "%s has the TSC at %llu kHz, %s at %llu kHz: going on with %s", choice.doubted,
               (unsigned long long)(choice.doubted_hz / 1000), choice.source, (unsigned long long)(choice.hz / 1000),
               choice.source);
    return choice;
}

void time_describe_sources(void (*fact)(const char *key, const char *value))
{
    char text[64];
    for (unsigned i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
        uint64_t hz = sources[i].hz();
        format(text, sizeof(text), "present: the TSC has %llu kHz", (unsigned long long)hz / 1000);
        fact(sources[i].name, hz ? text : "missing");
    }
}
