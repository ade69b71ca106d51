/* SPDX-License-Identifier: MIT */
// links: arch/x86/tsc_measure.c
/* The TSC's frequency, by clocks that wrap, stop, jump, are missing or lie, on a machine that pauses in between. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arch/x86/tsc_measure.h"

#define TSC_HZ 2400000000ULL
#define PM_HZ 3579545ULL
#define PM_MASK 0xffffffULL
#define MHZ 1000000ULL
#define START 123456789ULL

/* The machine: its time is counted in TSC ticks; each reading of the clock takes a microsecond. */
static struct machine {
    uint64_t now, clock_hz, clock_start, clock_mask, readings;
    uint64_t pause_every, pause; /* each so many readings, a pause (SMM) between clock and TSC */
    uint64_t jump_at, jump;      /* at this reading the clock is wrong by so much, once */
    bool tsc_stands_still, clock_stands_still;
    uint64_t stops_after; /* ticks; the clock then stands still */
    uint64_t answers;     /* what an absent device answers; 0: there is one */
} m;

static uint64_t fake_tsc(void)
{
    m.now += m.tsc_stands_still ? 0 : 30;
    return m.now;
}

static uint64_t fake_clock(void)
{
    m.readings++;
    uint64_t ticks = (uint64_t)((unsigned __int128)m.now * m.clock_hz / TSC_HZ);
    if (m.stops_after && ticks > m.stops_after)
        ticks = m.stops_after;
    if (m.clock_stands_still)
        ticks = 0;
    m.now += m.tsc_stands_still ? 0 : TSC_HZ / MHZ;
    if (m.pause_every && m.readings % m.pause_every == 0)
        m.now += m.pause;
    if (m.jump && m.readings == m.jump_at)
        ticks += m.jump;
    return m.answers ? m.answers : (m.clock_start + ticks) & m.clock_mask;
}

static int begin(void **state)
{
    (void)state;
    m = (struct machine){.now = START, .clock_hz = PM_HZ, .clock_mask = PM_MASK};
    return 0;
}

static uint64_t measure(void)
{
    struct tsc_clock c = {fake_clock, PM_HZ, PM_MASK};
    return tsc_measure(&c, fake_tsc);
}

static void assert_about(uint64_t hz, uint64_t expected, uint64_t part)
{
    assert_in_range(hz, expected - expected / part, expected + expected / part);
}

static void test_good_clock(void **state)
{
    (void)state;
    assert_about(measure(), TSC_HZ, 2000);
    assert_true(m.now < START + TSC_HZ / 20);
}

/* Its counter goes through zero in the middle, at each of some places. */
static void test_wraps(void **state)
{
    for (uint64_t before = 0; before < 100000; before += 2500) {
        begin(state);
        m.now = 0;
        m.clock_start = PM_MASK - before;
        assert_about(measure(), TSC_HZ, 2000);
    }
}

/* 16 bits, as the PIT has: one round is less than its period. */
static void test_sixteen_bits(void **state)
{
    struct tsc_clock pit = {fake_clock, 1193182, 0xffff};
    (void)state;
    m.clock_hz = 1193182;
    m.clock_mask = 0xffff;
    assert_about(tsc_measure(&pit, fake_tsc), TSC_HZ, 2000);
}

/* A device that is not there reads as ones, or as zeros; both must end, and soon. */
static void test_absent(void **state)
{
    m.answers = UINT32_MAX;
    assert_int_equal(measure(), 0);
    assert_true(m.readings < 300000);
    begin(state);
    m.clock_stands_still = true;
    assert_int_equal(measure(), 0);
    assert_true(m.readings < 300000);
}

/* Chipsets stop clocks to save power: it ran at first. */
static void test_stops(void **state)
{
    (void)state;
    m.stops_after = (uint64_t)((unsigned __int128)m.now * PM_HZ / TSC_HZ) + 5000;
    assert_int_equal(measure(), 0);
}

/* A thousand times too slow: an end after less than half a second, not after ten. */
static void test_far_too_slow(void **state)
{
    (void)state;
    m.clock_hz = PM_HZ / 1000;
    assert_int_equal(measure(), 0);
    assert_true(m.now < TSC_HZ * 2);
}

static void test_tsc_stands_still(void **state)
{
    (void)state;
    m.tsc_stands_still = true;
    m.clock_stands_still = true;
    assert_int_equal(measure(), 0);
}

/* SMM takes a millisecond between the two readings, again and again: not at each of 16 tries. */
static void test_pauses(void **state)
{
    for (unsigned every = 2; every < 40; every++) {
        begin(state);
        m.pause_every = every;
        m.pause = TSC_HZ / 1000;
        assert_about(measure(), TSC_HZ, 1000);
    }
}

/* One bad value of the counter, wherever it comes: some chipsets let it be read while it changes. */
static void test_jumps(void **state)
{
    for (unsigned at = 1; at < 400; at++) {
        begin(state);
        m.jump_at = at;
        m.jump = at % 2 ? 0x8000 : 0xff8000;
        assert_about(measure(), TSC_HZ, 1000);
    }
}

/* ---- CPUID ---- */

#define SKYLAKE 0x506e3 /* leaf 1, eax */
#define GOLDMONT 0x506c9
#define ICE_LAKE 0x706e5

static void test_crystal(void **state)
{
    static const struct {
        uint32_t signature;
        struct cpuid leaf15;
        uint64_t hz;
    } rows[] = {
        {ICE_LAKE, {2, 104, 38400000, 0}, 1996800000},
        {SKYLAKE, {2, 216, 0, 0}, 2592000000},
        {GOLDMONT, {3, 171, 0, 0}, 1094400000},
        {0x50654, {2, 168, 0, 0}, 2100000000}, /* Xeon Scalable */
        {ICE_LAKE, {2, 104, 0, 0}, 0},         /* nobody knows the crystal */
        {ICE_LAKE, {0, 104, 38400000, 0}, 0},  /* no ratio */
        {ICE_LAKE, {2, 0, 38400000, 0}, 0},    /* no ratio */
        {0x800f12, {0, 0, 0, 0}, 0},           /* AMD has no such leaf */
        {ICE_LAKE, {1, UINT32_MAX, UINT32_MAX, 0}, 18446744065119617025ULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(tsc_hz_of_crystal((struct cpuid){.eax = rows[i].signature}, rows[i].leaf15), rows[i].hz);
}

/* The base frequency is the TSC's only where leaf 15H says that the two hang together. */
static void test_base(void **state)
{
    (void)state;
    assert_int_equal(tsc_hz_of_base((struct cpuid){2, 216, 0, 0}, (struct cpuid){2600, 3500, 100, 0}), 2600 * MHZ);
    assert_int_equal(tsc_hz_of_base((struct cpuid){0}, (struct cpuid){2600, 3500, 100, 0}), 0);
    assert_int_equal(tsc_hz_of_base((struct cpuid){2, 216, 0, 0}, (struct cpuid){0xffff0000, 0, 0, 0}), 0);
}

/* ---- The choice ---- */

static uint64_t nothing(void)
{
    return 0;
}

static uint64_t two_ghz(void)
{
    return 2000 * MHZ;
}

static uint64_t nearly_two_ghz(void)
{
    return 2011 * MHZ;
}

static uint64_t three_ghz(void)
{
    return 3000 * MHZ;
}

static uint64_t one_hz(void)
{
    return 1;
}

static uint64_t wild(void)
{
    return UINT64_MAX;
}

static uint64_t never(void)
{
    fail_msg("two agree already: this one takes time for nothing");
    return 0;
}

#define CHOOSE(...)                                      \
    tsc_choose((const struct tsc_source[]){__VA_ARGS__}, \
               sizeof((const struct tsc_source[]){__VA_ARGS__}) / sizeof(struct tsc_source))

static void expect(struct tsc_choice c, uint64_t hz, const char *source, const char *confirmed, const char *doubted)
{
    const char *const names[] = {c.source, c.confirmed, c.doubted}, *const expected[] = {source, confirmed, doubted};
    assert_int_equal(c.hz, hz);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(!names[i], !expected[i]);
        if (names[i])
            assert_string_equal(names[i], expected[i]);
    }
}

static void test_choice(void **state)
{
    (void)state;
    expect(CHOOSE({"a", two_ghz}, {"b", nearly_two_ghz}, {"c", never}), 2000 * MHZ, "a", "b", NULL);
    expect(CHOOSE({"a", nothing}, {"b", two_ghz}, {"c", nothing}, {"d", two_ghz}, {"e", never}), 2000 * MHZ, "b", "d",
           NULL);
    expect(CHOOSE({"a", nothing}, {"b", nothing}, {"c", two_ghz}), 2000 * MHZ, "c", NULL, NULL);
    expect(CHOOSE({"a", one_hz}, {"b", wild}, {"c", two_ghz}), 2000 * MHZ, "c", NULL, NULL);
}

/* The best source lies (an overclocked machine, a wrong HPET period): the two others outvote it. */
static void test_outvoted(void **state)
{
    (void)state;
    struct tsc_choice c = CHOOSE({"a", three_ghz}, {"b", two_ghz}, {"c", nearly_two_ghz}, {"d", never});
    expect(c, 2000 * MHZ, "b", "c", "a");
    assert_int_equal(c.doubted_hz, 3000 * MHZ);
    expect(CHOOSE({"a", two_ghz}, {"b", three_ghz}, {"c", two_ghz}), 2000 * MHZ, "a", "c", "b");
    expect(CHOOSE({"a", two_ghz}, {"b", three_ghz}), 2000 * MHZ, "a", NULL, "b");
}

static void test_nobody_knows(void **state)
{
    (void)state;
    expect(CHOOSE({"a", nothing}, {"b", one_hz}, {"c", wild}), 0, NULL, NULL, NULL);
}

#define TEST(name) cmocka_unit_test_setup(name, begin)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_good_clock),       TEST(test_wraps),        TEST(test_sixteen_bits),
        TEST(test_absent),           TEST(test_stops),        TEST(test_far_too_slow),
        TEST(test_tsc_stands_still), TEST(test_pauses),       TEST(test_jumps),
        TEST(test_crystal),          TEST(test_base),         TEST(test_choice),
        TEST(test_outvoted),         TEST(test_nobody_knows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
