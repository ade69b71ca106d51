/* SPDX-License-Identifier: MIT */
#include "arch/x86/smp_wake.h"

#include <stddef.h>

#include "arch/x86/acpi.h"
#include "arch/x86/apic_mode.h"

#define NS_PER_US 1000ULL
#define INIT_WAIT_US 10000
#define ONLINE_WAIT_US 10000000

/* How long each STARTUP has; the first ones are not shortened. */
static const uint32_t startup_us[] = {300, 10000, 200000, 800000, 2000000};
#define ALWAYS 3U

enum smp_candidate smp_candidate(const struct acpi_cpu *a, bool running, bool x2apic)
{
    if (!a->enabled || running)
        return SMP_PASS_OVER;
    return a->apic_id < APIC_XAPIC_ID_END || x2apic ? SMP_START : SMP_NEEDS_X2APIC;
}

bool smp_step(enum cpu_state *state, enum cpu_state to)
{
    enum cpu_state starting = CPU_STARTING;
    return __atomic_compare_exchange_n(state, &starting, to, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

static bool is_taken(struct cpu **claim)
{
    return __atomic_load_n(claim, __ATOMIC_ACQUIRE) == NULL;
}

/* True: the claim is taken within so much time. */
static bool wait_taken(const struct smp_wake_ops *ops, struct cpu **claim, uint64_t ns)
{
    uint64_t end = ops->now() + ns;
    while (!is_taken(claim)) {
        if (ops->now() >= end)
            return false;
        ops->relax();
    }
    return true;
}

static void wait(const struct smp_wake_ops *ops, uint64_t ns)
{
    uint64_t end = ops->now() + ns;
    while (ops->now() < end)
        ops->relax();
}

static bool call(const struct smp_wake_ops *ops, struct cpu **claim, uint32_t apic_id, uint64_t *patience)
{
    ops->init(apic_id);
    wait(ops, INIT_WAIT_US * NS_PER_US);
    for (unsigned i = 0; i < sizeof(startup_us) / sizeof(startup_us[0]); i++) {
        uint64_t ns = startup_us[i] * NS_PER_US;
        if (i >= ALWAYS && ns > *patience)
            break;
        ops->startup(apic_id);
        if (wait_taken(ops, claim, ns))
            return true;
        *patience -= i >= ALWAYS ? ns : 0;
    }
    return __atomic_exchange_n(claim, NULL, __ATOMIC_SEQ_CST) == NULL; /* at the last moment */
}

static enum cpu_state wait_arrived(const struct smp_wake_ops *ops, enum cpu_state *state)
{
    uint64_t end = ops->now() + ONLINE_WAIT_US * NS_PER_US;
    while (__atomic_load_n(state, __ATOMIC_ACQUIRE) == CPU_STARTING) {
        if (ops->now() >= end && smp_step(state, CPU_GIVEN_UP))
            break;
        ops->relax();
    }
    return __atomic_load_n(state, __ATOMIC_ACQUIRE);
}

enum smp_outcome smp_wake(const struct smp_wake_ops *ops, struct cpu **claim, struct cpu *cpu, enum cpu_state *state,
                          uint32_t apic_id, uint64_t *patience)
{
    static const enum smp_outcome outcomes[] = {
        [CPU_ONLINE] = SMP_ONLINE, [CPU_REFUSED] = SMP_REFUSED, [CPU_GIVEN_UP] = SMP_HANGS};
    __atomic_store_n(state, CPU_STARTING, __ATOMIC_RELEASE);
    __atomic_store_n(claim, cpu, __ATOMIC_SEQ_CST);
    if (!call(ops, claim, apic_id, patience))
        return SMP_SILENT;
    return outcomes[wait_arrived(ops, state)];
}
