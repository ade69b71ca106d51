/* SPDX-License-Identifier: MIT */
/*
 * The other processors, started one by one (SDM vol. 3, 9.4.4). A CPU that wakes up takes smp_claim; one that wakes up
 * after its time finds nothing there, or runs in place of the next, whose turn then comes again.
 */
#include <stddef.h>

#include "arch/x86/acpi.h"
#include "arch/x86/apic.h"
#include "arch/x86/arch.h"
#include "arch/x86/cpu_init.h"
#include "arch/x86/creg.h"
#include "arch/x86/descriptors.h"
#include "arch/x86/early.h"
#include "arch/x86/io.h"
#include "arch/x86/machine.h"
#include "arch/x86/msr.h"
#include "arch/x86/paging.h"
#include "arch/x86/smp.h"
#include "arch/x86/smp_wake.h"
#include "arch/x86/timer.h"
#include "arch/x86/traps.h"
#include "arch/x86/unequal.h"
#include "boot/boot.h"
#include "boot/trampoline.h"
#include "common/string.h"
#include "kernel/door.h"

#define STOP_TURNS 1000000
#define TSC_ROUNDS 32

struct cpu *smp_claim;
uint64_t smp_root;
struct table_pointer smp_park_idt, smp_park_gdt;
static struct cpu *stopper; /* who stops all others: the first that panics */

/* The meeting of two CPUs at the boot CPU's clock: who writes what is told by its name. */
static struct {
    uint64_t asked;    /* by the new CPU: number of the question */
    uint64_t answered; /* by the boot CPU */
    uint64_t tsc;      /* boot CPU's, valid for the answer */
} meeting;

static uint64_t stacks_of(unsigned id)
{
    return VMAP_BASE + (uint64_t)id * STACKS_PAGES * PAGE_SIZE;
}

static bool map_stacks(unsigned id)
{
    for (unsigned i = 0; i < STACKS_PAGES; i++) {
        if (!stacks_is_stack(i))
            continue;
        uint64_t mfn = door_alloc_frames(0);
        if (!mfn || !paging_map_page(stacks_of(id) + i * PAGE_SIZE, mfn))
            return false;
    }
    return true;
}

/* The slot keeps its stacks if its CPU never came: the next one gets them. */
static struct cpu *prepare(unsigned id)
{
    struct cpu *c = &cpus[id];
    if (!c->self && !map_stacks(id))
        return NULL;
    c->self = c;
    c->id = id;
    c->in_hv = 1;
    descriptors_init(c, stacks_of(id));
    return c;
}

/* All that can reach a parked CPU: an NMI, and a machine check, which goes to all. */
static void prepare_parking(void)
{
    static struct gate idt[VEC_MC + 1] __attribute__((aligned(16)));
    idt[VEC_NMI] = idt[VEC_MC] = trap_gate((uint64_t)smp_parked, 0);
    smp_park_idt = (struct table_pointer){.limit = sizeof(idt) - 1, .base = (uint64_t)idt};
    smp_park_gdt = gdt_pointer(cpus[0].gdt);
}

static void prepare_trampoline(uint64_t page)
{
    uint8_t *copy = phys_to_virt(page);
    size_t size = (size_t)(trampoline_end - trampoline_start);
    memcpy(copy, trampoline_start, size);
    struct trampoline_data *d = (struct trampoline_data *)(copy + size - sizeof(*d));
    smp_root = paging_root();
    d->gdt_limit = sizeof(d->gdt) - 1;
    d->gdt_base += (uint32_t)page;
    d->far32_offset += (uint32_t)page;
    d->far64_offset += (uint32_t)page;
    d->cr3 = (uint32_t)paging_trampoline_root(page);
    d->efer = EFER_LME | (paging_nx() ? EFER_NXE : 0);
}

static void answer_meeting(void)
{
    uint64_t asked = __atomic_load_n(&meeting.asked, __ATOMIC_ACQUIRE);
    if (asked == meeting.answered)
        return;
    meeting.tsc = rdtsc_ordered();
    __atomic_store_n(&meeting.answered, asked, __ATOMIC_RELEASE);
}

static uint64_t trampoline_page;

static void send_startup(uint32_t apic_id)
{
    apic_send_startup(apic_id, trampoline_page);
}

static void wait_a_turn(void)
{
    answer_meeting();
    cpu_relax();
}

static enum smp_outcome wake(struct cpu *c, uint32_t apic_id)
{
    static const struct smp_wake_ops ops = {apic_send_init, send_startup, time_now, wait_a_turn};
    static uint64_t patience = SMP_PATIENCE;
    return smp_wake(&ops, &smp_claim, c, &c->state, apic_id, &patience);
}

/* False: no use in starting more. */
static bool start_one(uint32_t apic_id)
{
    struct cpu *c = prepare(nr_cpus);
    if (!c) {
        printk(LOG_WARNING, "no memory for the stacks of CPU %u: going on with %u CPUs", nr_cpus, nr_cpus);
        return false;
    }
    switch (wake(c, apic_id)) {
    case SMP_SILENT:
        printk(LOG_WARNING, "the CPU with APIC id %u does not start: going on without it", apic_id);
        return true;
    case SMP_REFUSED:
        printk(LOG_WARNING, "the CPU with APIC id %u is left out: %s", apic_id, c->refusal);
        return true;
    case SMP_HANGS:
        printk(LOG_WARNING, "the CPU with APIC id %u hangs at its start: going on with %u CPUs", apic_id, nr_cpus);
        return false;
    case SMP_ONLINE:
        break;
    }
    nr_cpus++;
    return true;
}

static bool is_running(uint32_t apic_id)
{
    for (unsigned i = 0; i < nr_cpus; i++) {
        if (cpus[i].apic_id == apic_id)
            return true;
    }
    return false;
}

static bool can_start(const struct acpi_cpu *a)
{
    enum smp_candidate c = smp_candidate(a, is_running(a->apic_id), apic_is_x2apic());
    if (c == SMP_NEEDS_X2APIC)
        printk(LOG_WARNING, "the CPU with APIC id %u needs an x2APIC: going on without it", a->apic_id);
    return c == SMP_START;
}

/* A CPU that was given up and comes now may have taken the place of the one that is due: that one is called again. */
static bool start(const struct acpi_cpu *a, unsigned max)
{
    unsigned before;
    do {
        before = nr_cpus;
        if (!start_one(a->apic_id))
            return false;
        if (nr_cpus > before && cpus[before].apic_id != a->apic_id)
            printk(LOG_INFO, "the CPU with APIC id %u comes late", cpus[before].apic_id);
    } while (nr_cpus > before && nr_cpus < max && !is_running(a->apic_id));
    return true;
}

unsigned smp_start(unsigned max)
{
    trampoline_page = early_low_page();
    if (max > MAX_CPUS)
        max = MAX_CPUS;
    if (acpi->nr_cpus > 1 && max > 1 && !trampoline_page) {
        printk(LOG_WARNING, "no free page below 1 MiB to start other CPUs from: going on with one CPU");
        return nr_cpus;
    }
    if (trampoline_page)
        prepare_trampoline(trampoline_page);
    prepare_parking();
    unequal_boot_cpu();
    for (unsigned i = 0; i < acpi->nr_cpus && nr_cpus < max; i++) {
        if (can_start(&acpi->cpus[i]) && !start(&acpi->cpus[i], max))
            break;
    }
    if (unequal_found())
        printk(LOG_WARNING, "the CPUs differ: guests see what all of them have");
    return nr_cpus;
}

/* How far this CPU's TSC is behind the boot CPU's, by the quickest of some questions; *error = half of its time. */
static int64_t tsc_offset(uint64_t *error)
{
    int64_t offset = 0;
    *error = UINT64_MAX;
    for (unsigned i = 0; i < TSC_ROUNDS; i++) {
        uint64_t question = meeting.answered + 1, before = rdtsc_ordered();
        __atomic_store_n(&meeting.asked, question, __ATOMIC_SEQ_CST);
        while (__atomic_load_n(&meeting.answered, __ATOMIC_ACQUIRE) != question) {
            if (__atomic_load_n(&this_cpu()->state, __ATOMIC_ACQUIRE) == CPU_GIVEN_UP)
                smp_park(NULL);
            cpu_relax();
        }
        uint64_t half = (rdtsc_ordered() - before + 1) / 2;
        if (half < *error) {
            *error = half;
            offset = (int64_t)(meeting.tsc - (before + half));
        }
    }
    return offset;
}

/* time_now() must be the same everywhere: firmware may have left the TSCs apart. */
static void adjust_tsc(void)
{
    uint64_t error;
    int64_t offset = tsc_offset(&error);
    if ((uint64_t)(offset < 0 ? -offset : offset) <= error)
        return;
    wrmsr(MSR_TSC, rdtsc() + (uint64_t)offset);
    printk(LOG_WARNING, "CPU %u: its TSC was off by %lld ticks; adjusted", this_cpu()->id, -(long long)offset);
}

/* Its slot, with this stack, is another's as soon as the state says so: that is the last step, taken while parking. */
static void refuse_this_cpu(struct cpu *c, const char *reason)
{
    c->refusal = reason;
    smp_park(&c->state);
}

void smp_cpu_main(struct cpu *c)
{
    cpu_load_tables(c);
    cpu_init_this(c);
    const char *reason = unequal_this_cpu();
    if (!reason && !apic_enable_this_cpu())
        reason = "its local APIC does not take the boot CPU's mode";
    if (reason)
        refuse_this_cpu(c, reason);
    adjust_tsc();
    timer_init_this_cpu();
    if (!smp_step(&c->state, CPU_ONLINE))
        smp_park(NULL);
    door_cpu_main();
}

bool smp_is_stopping(void)
{
    const struct cpu *s = __atomic_load_n(&stopper, __ATOMIC_ACQUIRE);
    return s && s != this_cpu();
}

/*
 * They halt in the NMI handler. SVM holds NMIs back while GIF is clear, for no longer than a world switch. CPUs that do
 * not run for us get none: they may stand in firmware.
 */
void arch_panic_stop_others(void)
{
    struct cpu *nobody = NULL;
    if (nr_cpus == 1 ||
        !__atomic_compare_exchange_n(&stopper, &nobody, this_cpu(), false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
        return;
    for (unsigned i = 0; i < MAX_CPUS; i++) {
        if (&cpus[i] != this_cpu() && __atomic_load_n(&cpus[i].state, __ATOMIC_ACQUIRE) == CPU_ONLINE)
            apic_send_nmi(cpus[i].apic_id);
    }
    for (unsigned i = 0; i < STOP_TURNS; i++)
        cpu_relax();
}

void smp_recover_this_cpu(void)
{
    uint64_t here = (uint64_t)__builtin_frame_address(0);
    for (unsigned i = 0; i < MAX_CPUS; i++) {
        if (cpus[i].self && here - cpus[i].stacks < STACKS_PAGES * PAGE_SIZE)
            wrmsr(MSR_GS_BASE, (uint64_t)&cpus[i]);
    }
}
