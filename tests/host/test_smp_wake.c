/* SPDX-License-Identifier: MIT */
// links: arch/x86/smp_wake.c
/* CPUs that come at once, late, half or never: the boot CPU must say which, soon, and nobody may run who was given up.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arch/x86/acpi.h"
#include "arch/x86/smp_wake.h"

#define US 1000ULL
#define MS (1000 * US)
#define S (1000 * MS)
#define NEVER UINT64_MAX
#define APIC_ID 7

struct cpu {
    enum cpu_state state;
};

/* The CPU that is woken, and the time. */
static struct {
    uint64_t now;
    bool waits_for_startup; /* after INIT */
    unsigned deaf;          /* it does not hear so many STARTUPs */
    uint64_t starts_in;     /* ns from the STARTUP that it hears to the claim */
    uint64_t arrives_in;    /* ns from the claim to the next step */
    enum cpu_state step;    /* which it takes then */
    uint64_t claims_at, arrives_at;
    unsigned inits, startups;
    bool halted;
} m;

static struct cpu *claim, slot;
static uint64_t patience;

static int begin(void **state)
{
    (void)state;
    memset(&m, 0, sizeof(m));
    m.now = 5 * S;
    m.step = CPU_ONLINE;
    m.starts_in = 50 * US;
    m.arrives_in = 1 * MS;
    m.claims_at = m.arrives_at = NEVER;
    claim = NULL;
    slot.state = CPU_UNUSED;
    patience = SMP_PATIENCE;
    return 0;
}

static void send_init(uint32_t apic_id)
{
    assert_int_equal(apic_id, APIC_ID);
    assert_ptr_equal(claim, &slot);
    m.inits++;
    m.waits_for_startup = true;
}

static void send_startup(uint32_t apic_id)
{
    assert_int_equal(apic_id, APIC_ID);
    m.startups++;
    if (m.deaf) {
        m.deaf--;
    } else if (m.waits_for_startup) {
        m.waits_for_startup = false;
        m.claims_at = m.starts_in == NEVER ? NEVER : m.now + m.starts_in;
    }
}

/* boot/trampoline.S, and then smp_cpu_main(). */
static void other_cpu_runs(void)
{
    if (m.now >= m.claims_at) {
        struct cpu *mine = __atomic_exchange_n(&claim, NULL, __ATOMIC_SEQ_CST);
        m.claims_at = NEVER;
        m.halted = !mine;
        m.arrives_at = mine && m.arrives_in != NEVER ? m.now + m.arrives_in : NEVER;
    }
    if (m.now >= m.arrives_at) {
        m.arrives_at = NEVER;
        m.halted = !smp_step(&slot.state, m.step);
    }
}

static uint64_t now(void)
{
    return m.now;
}

static void relax(void)
{
    m.now += 10 * US;
    other_cpu_runs();
}

static const struct smp_wake_ops ops = {send_init, send_startup, now, relax};

static enum smp_outcome wake(void)
{
    return smp_wake(&ops, &claim, &slot, &slot.state, APIC_ID, &patience);
}

static void test_comes_at_once(void **state)
{
    (void)state;
    assert_int_equal(wake(), SMP_ONLINE);
    assert_null(claim);
    assert_int_equal(slot.state, CPU_ONLINE);
    assert_int_equal(m.inits, 1);
    assert_int_equal(m.startups, 1);
    assert_in_range(m.now, 5 * S + 10 * MS, 5 * S + 20 * MS); /* INIT has its 10 ms */
    assert_int_equal(patience, SMP_PATIENCE);
}

/* An emulator's CPU that is not scheduled: it sleeps over INIT and STARTUPs, or takes more than a second to its claim.
 */
static void test_comes_late(void **state)
{
    for (unsigned deaf = 1; deaf < 5; deaf++) {
        begin(state);
        m.deaf = deaf;
        assert_int_equal(wake(), SMP_ONLINE);
        assert_int_equal(m.startups, deaf + 1);
    }
    begin(state);
    m.starts_in = 1500 * MS;
    m.arrives_in = 8 * S;
    assert_int_equal(wake(), SMP_ONLINE);
}

/* Ten seconds in all for those that never come, and then a quarter of a second each. */
static void test_never_comes(void **state)
{
    (void)state;
    m.starts_in = NEVER;
    assert_int_equal(wake(), SMP_SILENT);
    assert_null(claim);
    assert_in_range(m.now, 7 * S, 9 * S);
    for (unsigned i = 0; i < 60; i++)
        assert_int_equal(wake(), SMP_SILENT);
    assert_in_range(m.now, 5 * S, 5 * S + 12 * S + 61 * 250 * MS);
}

/* It comes when it has been given up: nothing is there for it, and the slot is not touched. */
static void test_comes_too_late(void **state)
{
    (void)state;
    m.starts_in = 4 * S;
    assert_int_equal(wake(), SMP_SILENT);
    enum cpu_state before = slot.state;
    while (m.now < 12 * S)
        relax();
    assert_true(m.halted);
    assert_int_equal(slot.state, before);
}

/* The claim is taken in the very turn in which it is taken back. */
static void test_last_moment(void **state)
{
    unsigned both = 0;
    for (uint64_t in = 3010 * MS; in < 3010 * MS + 600 * US; in += 20 * US) {
        begin(state);
        m.starts_in = in;
        enum smp_outcome outcome = wake();
        while (m.now < 5 * S + 3030 * MS)
            relax();
        both |= 1U << outcome;
        assert_null(claim);
        assert_int_equal(outcome, slot.state == CPU_ONLINE ? SMP_ONLINE : SMP_SILENT);
        assert_int_equal(m.halted, outcome == SMP_SILENT);
    }
    assert_int_equal(both, 1U << SMP_ONLINE | 1U << SMP_SILENT);
}

static void test_hangs(void **state)
{
    (void)state;
    m.arrives_in = NEVER;
    assert_int_equal(wake(), SMP_HANGS);
    assert_int_equal(slot.state, CPU_GIVEN_UP);
    assert_in_range(m.now, 15 * S, 16 * S);
}

/* It arrives after that: it must halt, and not run as a CPU that nobody counts. */
static void test_arrives_too_late(void **state)
{
    (void)state;
    m.arrives_in = 11 * S;
    assert_int_equal(wake(), SMP_HANGS);
    while (m.now < 20 * S)
        relax();
    assert_true(m.halted);
    assert_int_equal(slot.state, CPU_GIVEN_UP);
}

static void test_refused(void **state)
{
    (void)state;
    m.step = CPU_REFUSED;
    assert_int_equal(wake(), SMP_REFUSED);
    m.step = CPU_ONLINE; /* the next one in the same slot */
    assert_int_equal(wake(), SMP_ONLINE);
}

/* The MADT's order is the firmware's: the boot CPU (id 2 here) may be anywhere, or be listed twice. */
static void test_candidates(void **state)
{
    static const struct {
        struct acpi_cpu cpu;
        bool x2apic;
        enum smp_candidate candidate;
    } rows[] = {
        {{.apic_id = 0, .enabled = true}, false, SMP_START},
        {{.apic_id = 2, .enabled = true}, false, SMP_PASS_OVER},
        {{.apic_id = 4, .online_capable = true}, true, SMP_PASS_OVER},
        {{.apic_id = 254, .enabled = true}, false, SMP_START},
        {{.apic_id = 255, .enabled = true, .x2apic = true}, false, SMP_NEEDS_X2APIC},
        {{.apic_id = 255, .enabled = true, .x2apic = true}, true, SMP_START},
        {{.apic_id = 0x12345, .enabled = true, .x2apic = true}, true, SMP_START},
        {{.apic_id = 0x12345, .online_capable = true, .x2apic = true}, false, SMP_PASS_OVER},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(smp_candidate(&rows[i].cpu, rows[i].cpu.apic_id == 2, rows[i].x2apic), rows[i].candidate);
}

#define TEST(name) cmocka_unit_test_setup(name, begin)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_comes_at_once),    TEST(test_comes_late),  TEST(test_never_comes),
        TEST(test_comes_too_late),   TEST(test_last_moment), TEST(test_hangs),
        TEST(test_arrives_too_late), TEST(test_refused),     TEST(test_candidates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
