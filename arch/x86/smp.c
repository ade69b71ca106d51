/* SPDX-License-Identifier: MIT */
/*
 * The other processors, started one by one (SDM vol. 3, 9.4.4). A CPU that wakes up takes smp_claim; one that wakes up
 * after its time finds nothing there, and halts: it can not run on what was meant for the next.
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
#include "arch/x86/timer.h"
#include "boot/boot.h"
#include "boot/trampoline.h"
#include "common/string.h"
#include "kernel/door.h"

#define INIT_WAIT_US 10000
#define STARTUP_WAIT_US 300
#define CLAIM_WAIT_US 200000
#define ONLINE_WAIT_US 5000000
#define STOP_TURNS 1000000
#define TSC_ROUNDS 32

struct cpu *smp_claim;
uint64_t smp_root;
static bool stopping;

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

/* Wait until *p is NULL; false after us microseconds. */
static bool wait_taken(struct cpu **p, uint64_t us)
{
    uint64_t end = time_now() + us * 1000;
    while (__atomic_load_n(p, __ATOMIC_ACQUIRE)) {
        if (time_now() > end)
            return false;
        cpu_relax();
    }
    return true;
}

static void answer_meeting(void)
{
    uint64_t asked = __atomic_load_n(&meeting.asked, __ATOMIC_ACQUIRE);
    if (asked == meeting.answered)
        return;
    meeting.tsc = rdtsc_ordered();
    __atomic_store_n(&meeting.answered, asked, __ATOMIC_RELEASE);
}

static bool wait_online(const struct cpu *c)
{
    uint64_t end = time_now() + ONLINE_WAIT_US * 1000ULL;
    while (!__atomic_load_n(&c->online, __ATOMIC_ACQUIRE)) {
        if (time_now() > end)
            return false;
        answer_meeting();
        cpu_relax();
    }
    return true;
}

/* INIT, then STARTUP once or twice. True: it has taken the claim. */
static bool wake(struct cpu *c, uint32_t apic_id, uint64_t page)
{
    __atomic_store_n(&smp_claim, c, __ATOMIC_SEQ_CST);
    apic_send_init(apic_id);
    delay_us(INIT_WAIT_US);
    apic_send_startup(apic_id, page);
    if (wait_taken(&smp_claim, STARTUP_WAIT_US))
        return true;
    apic_send_startup(apic_id, page);
    return wait_taken(&smp_claim, CLAIM_WAIT_US) || !__atomic_exchange_n(&smp_claim, NULL, __ATOMIC_SEQ_CST);
}

/* False: no use in starting more. */
static bool start_one(uint32_t apic_id, uint64_t page)
{
    struct cpu *c = prepare(nr_cpus);
    if (!c) {
        printk(LOG_WARNING, "no memory for the stacks of CPU %u: going on with %u CPUs", nr_cpus, nr_cpus);
        return false;
    }
    if (!wake(c, apic_id, page)) {
        printk(LOG_WARNING, "the CPU with APIC id %u does not start: going on without it", apic_id);
        return true;
    }
    if (!wait_online(c)) {
        printk(LOG_WARNING, "the CPU with APIC id %u hangs at its start: going on with %u CPUs", apic_id, nr_cpus);
        return false;
    }
    nr_cpus++;
    return true;
}

static bool can_start(const struct acpi_cpu *a)
{
    if (!a->enabled || a->apic_id == this_cpu()->apic_id)
        return false;
    if (a->apic_id < 0xff || apic_is_x2apic())
        return true;
    printk(LOG_WARNING, "the CPU with APIC id %u needs an x2APIC: going on without it", a->apic_id);
    return false;
}

unsigned smp_start(unsigned max)
{
    uint64_t page = early_low_page();
    if (max > MAX_CPUS)
        max = MAX_CPUS;
    if (acpi->nr_cpus > 1 && max > 1 && !page) {
        printk(LOG_WARNING, "no free page below 1 MiB to start other CPUs from: going on with one CPU");
        return nr_cpus;
    }
    if (page)
        prepare_trampoline(page);
    for (unsigned i = 0; i < acpi->nr_cpus && nr_cpus < max; i++) {
        if (can_start(&acpi->cpus[i]) && !start_one(acpi->cpus[i].apic_id, page))
            break;
    }
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
        while (__atomic_load_n(&meeting.answered, __ATOMIC_ACQUIRE) != question)
            cpu_relax();
        uint64_t half = (rdtsc_ordered() - before) / 2;
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

void smp_cpu_main(struct cpu *c)
{
    cpu_init_this(c);
    apic_enable_this_cpu();
    adjust_tsc();
    timer_init_this_cpu();
    __atomic_store_n(&c->online, true, __ATOMIC_RELEASE);
    door_cpu_main();
}

bool smp_is_stopping(void)
{
    return __atomic_load_n(&stopping, __ATOMIC_ACQUIRE);
}

/* They halt in the NMI handler. SVM holds NMIs back while GIF is clear, for no longer than a world switch. */
void arch_panic_stop_others(void)
{
    if (nr_cpus == 1)
        return;
    __atomic_store_n(&stopping, true, __ATOMIC_SEQ_CST);
    apic_nmi_others();
    for (unsigned i = 0; i < STOP_TURNS; i++)
        cpu_relax();
}

void smp_recover_this_cpu(void)
{
    struct table_pointer gdtr;
    __asm__ volatile("sgdt %0" : "=m"(gdtr));
    for (unsigned i = 0; i < MAX_CPUS; i++) {
        if (cpus[i].self && (uint64_t)cpus[i].gdt == gdtr.base)
            wrmsr(MSR_GS_BASE, (uint64_t)&cpus[i]);
    }
}
