/* SPDX-License-Identifier: MIT */
#include "arch/x86/tsc_measure.h"

#include <stdbool.h>
#include <stddef.h>

#include "arch/x86/muldiv.h"

#define PARTS 100 /* one round is 1/100 s */
#define ROUNDS 5
#define TRIES 16
#define STANDS_STILL 200000  /* readings without a change */
#define PATIENCE 20000000    /* readings */
#define ROUND_MAX (1U << 30) /* TSC ticks in one round: more than 100 GHz */
#define MIN_HZ 10000000ULL
#define MAX_HZ 100000000000ULL
#define MAX_SOURCES 8

struct reading {
    uint64_t clock, tsc;
};

/* The tightest of some tries: a pause between the two, as SMM and hypervisors make them, does no harm. */
static struct reading read_both(const struct tsc_clock *c, uint64_t (*tsc)(void))
{
    struct reading best = {0};
    uint64_t best_gap = UINT64_MAX;
    for (unsigned i = 0; i < TRIES; i++) {
        uint64_t before = tsc(), value = c->read(), gap = tsc() - before;
        if (gap < best_gap) {
            best_gap = gap;
            best = (struct reading){value, before + gap / 2};
        }
    }
    return best;
}

/* Wait for ticks of the clock. False: it stands still, or is far too slow. */
static bool wait_for(const struct tsc_clock *c, uint64_t (*tsc)(void), struct reading start, uint64_t ticks)
{
    bool moved = false;
    for (unsigned i = 0; i < PATIENCE; i++) {
        uint64_t passed = (c->read() - start.clock) & c->mask;
        moved |= passed != 0;
        if (passed >= ticks)
            return true;
        if ((i >= STANDS_STILL && !moved) || tsc() - start.tsc > ROUND_MAX)
            return false;
    }
    return false;
}

static uint64_t one_round(const struct tsc_clock *c, uint64_t (*tsc)(void))
{
    struct reading start = read_both(c, tsc);
    if (!wait_for(c, tsc, start, c->hz / PARTS))
        return 0;
    struct reading end = read_both(c, tsc);
    uint64_t ticks = (end.clock - start.clock) & c->mask;
    return ticks ? mul_div(end.tsc - start.tsc, c->hz, ticks) : 0;
}

/* To one part in `part`? */
static bool agree(uint64_t a, uint64_t b, uint64_t part)
{
    return (a < b ? b - a : a - b) <= a / part;
}

/* Into the sorted first n; returns the place. */
static unsigned insert(uint64_t *sorted, unsigned n, uint64_t value)
{
    unsigned at = n;
    for (; at > 0 && sorted[at - 1] > value; at--)
        sorted[at] = sorted[at - 1];
    sorted[at] = value;
    return at;
}

/* Two rounds that agree are enough; else it is the middle one of all. */
uint64_t tsc_measure(const struct tsc_clock *clock, uint64_t (*tsc)(void))
{
    uint64_t hz[ROUNDS];
    for (unsigned n = 0; n < ROUNDS; n++) {
        uint64_t value = one_round(clock, tsc);
        if (value == 0)
            return 0;
        unsigned at = insert(hz, n, value);
        if (at > 0 && agree(value, hz[at - 1], 5000))
            return (value + hz[at - 1]) / 2;
        if (at < n && agree(value, hz[at + 1], 5000))
            return (value + hz[at + 1]) / 2;
    }
    return hz[ROUNDS / 2];
}

static uint32_t family_model(uint32_t leaf1_eax)
{
    uint32_t family = leaf1_eax >> 8 & 15, model = (leaf1_eax >> 4 & 15) | (leaf1_eax >> 12 & 0xf0);
    return family << 8 | model;
}

uint64_t tsc_hz_of_crystal(struct cpuid leaf1, struct cpuid leaf15)
{
    static const struct {
        uint32_t family_model, hz;
    } silent[] = {
        {0x64e, 24000000}, {0x65e, 24000000}, {0x68e, 24000000}, {0x69e, 24000000}, /* 6th and 7th generation Core */
        {0x655, 25000000},                                                          /* Xeon Scalable */
        {0x65c, 19200000},                                                          /* Atom (Goldmont) */
    };
    uint64_t crystal = leaf15.ecx;
    for (unsigned i = 0; i < sizeof(silent) / sizeof(silent[0]) && crystal == 0; i++) {
        if (silent[i].family_model == family_model(leaf1.eax))
            crystal = silent[i].hz;
    }
    return leaf15.eax && leaf15.ebx ? crystal * leaf15.ebx / leaf15.eax : 0;
}

uint64_t tsc_hz_of_base(struct cpuid leaf15, struct cpuid leaf16)
{
    return leaf15.eax && leaf15.ebx ? (leaf16.eax & 0xffff) * 1000000ULL : 0;
}

static bool is_frequency(uint64_t hz)
{
    return hz >= MIN_HZ && hz <= MAX_HZ;
}

struct tsc_choice tsc_choose(const struct tsc_source *sources, unsigned n)
{
    uint64_t hz[MAX_SOURCES];
    unsigned known[MAX_SOURCES], nr = 0, chosen = 0, other = MAX_SOURCES;
    for (unsigned i = 0; i < n && nr < MAX_SOURCES && other == MAX_SOURCES; i++) {
        uint64_t value = sources[i].hz();
        if (!is_frequency(value))
            continue;
        for (unsigned k = 0; k < nr && other == MAX_SOURCES; k++) {
            if (agree(hz[k], value, 100)) {
                chosen = k;
                other = nr;
            }
        }
        known[nr] = i;
        hz[nr++] = value;
    }
    if (nr == 0)
        return (struct tsc_choice){0};
    struct tsc_choice choice = {.hz = hz[chosen], .source = sources[known[chosen]].name};
    if (other < nr)
        choice.confirmed = sources[known[other]].name;
    for (unsigned k = 0; k < nr && !choice.doubted; k++) {
        if (k != chosen && k != other && !agree(choice.hz, hz[k], 100)) {
            choice.doubted = sources[known[k]].name;
            choice.doubted_hz = hz[k];
        }
    }
    return choice;
}
