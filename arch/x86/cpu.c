/* SPDX-License-Identifier: MIT */
/* Each processor: its protections, and how the others reach it. */
#include <stddef.h>

#include "arch/x86/apic.h"
#include "arch/x86/arch.h"
#include "arch/x86/cpu.h"
#include "arch/x86/cpu_init.h"
#include "arch/x86/cpu_record.h"
#include "arch/x86/creg.h"
#include "arch/x86/descriptors.h"
#include "arch/x86/io.h"
#include "arch/x86/msr.h"
#include "arch/x86/offsets.h"
#include "arch/x86/paging.h"
#include "arch/x86/traps.h"
#include "boot/boot.h"
#include "common/format.h"
#include "common/string.h"

_Static_assert(offsetof(struct cpu, self) == CPU_SELF, "offsets.h");
_Static_assert(CPU_STARTING == CPU_STATE_STARTING && CPU_REFUSED == CPU_STATE_REFUSED, "offsets.h");
_Static_assert(sizeof(enum cpu_state) == 4, "boot/trampoline.S");
_Static_assert(offsetof(struct cpu, stack_start) == CPU_STACK_START, "offsets.h");

#define XCR0_X87 1
#define MSR_INTERRUPT_PENDING 0xc0010055 /* AMD family 10H: "BIOS and Kernel Developer's Guide" */
#define C1E_BITS (3U << 27)

struct cpu cpus[MAX_CPUS] = {
    [0] =
        {
            .self = &cpus[0],
            .in_hv = 1,
            .stacks = (uint64_t)boot_stacks,
            .stack_start = (uint64_t)boot_stacks + STACKS_MAIN_START,
            .state = CPU_ONLINE,
        },
};
unsigned nr_cpus = 1;

/* Turned on where CPUID says so; rows with a name are in the report. */
static const struct protection {
    const char *name;
    uint32_t leaf;
    unsigned reg; /* 1 ebx, 2 ecx, 3 edx */
    uint32_t bit;
    uint64_t cr4;
} features[] = {
    {"SMEP", 7, 1, CPUID_7_EBX_SMEP, CR4_SMEP}, {"SMAP", 7, 1, CPUID_7_EBX_SMAP, CR4_SMAP},
    {"UMIP", 7, 2, CPUID_7_ECX_UMIP, CR4_UMIP}, {NULL, 1, 3, CPUID_1_EDX_PGE, CR4_PGE},
    {NULL, 1, 3, CPUID_1_EDX_MCE, CR4_MCE},     {NULL, 1, 2, CPUID_1_ECX_XSAVE, CR4_OSXSAVE},
};

static bool has(const struct protection *f)
{
    struct cpuid r = cpuid(f->leaf, 0);
    uint32_t regs[] = {r.eax, r.ebx, r.ecx, r.edx};
    return regs[f->reg] & f->bit;
}

static uint64_t wanted_cr4(void)
{
    uint64_t cr4 = CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT;
    for (unsigned i = 0; i < sizeof(features) / sizeof(features[0]); i++)
        cr4 |= has(&features[i]) ? features[i].cr4 : 0;
    return cr4;
}

const char *cpu_protections(void)
{
    static char text[64];
    int n = format(text, sizeof(text), "%s, WP", paging_nx() ? "W^X with NX" : "no NX");
    for (unsigned i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
        if (features[i].name && has(&features[i]))
            n += format(text + n, sizeof(text) - (size_t)n, " %s", features[i].name);
    }
    return text;
}

/* AMD's families 0FH to 11H may stop the local timer in HLT ("C1E"): nothing would wake an idle CPU. */
static void keep_timer_in_halt(void)
{
    uint64_t value;
    uint32_t family = (cpuid(1, 0).eax >> 8 & 15) + (cpuid(1, 0).eax >> 20 & 255);
    bool is_amd = cpuid(0, 0).ecx == 0x444d4163; /* "cAMD" */
    if (is_amd && family >= 0x0f && family <= 0x11 && rdmsr_safe(MSR_INTERRUPT_PENDING, &value) && (value & C1E_BITS))
        (void)wrmsr_safe(MSR_INTERRUPT_PENDING, value & ~(uint64_t)C1E_BITS);
}

/* The processor's own choice, but write-combining instead of write-through for PTE_PWT (SDM Vol. 3A, 12.12.4). */
#define PAT_WITH_WRITE_COMBINING 0x0007040600070106ULL

void cpu_load_tables(const struct cpu *c)
{
    descriptors_load(c);
    traps_load();
}

void cpu_init_this(struct cpu *c)
{
    write_cr0(CR0_PG | CR0_WP | CR0_NE | CR0_ET | CR0_MP | CR0_PE);
    write_cr4(wanted_cr4());
    if (read_cr4() & CR4_OSXSAVE)
        (void)xsetbv_safe(0, XCR0_X87);
    c->xcr0 = XCR0_X87;
    wrmsr(MSR_PAT, PAT_WITH_WRITE_COMBINING);
    keep_timer_in_halt();
}

void cpu_catch_exceptions(void)
{
    descriptors_init(&cpus[0], (uint64_t)boot_stacks);
    traps_init();
    cpu_load_tables(&cpus[0]);
}

void cpu_init_bsp(void)
{
    cpu_init_this(&cpus[0]);
    cpu_record_read(&boot_cpu_record);
}

const char *cpu_model(void)
{
    static char model[49];
    record_brand(&boot_cpu_record, model, sizeof(model));
    return model;
}

/*
 * Work that was there before has been asked for by a CPU that sends, or has sent, the interrupt, or by the CPU itself,
 * which looks at it before it leaves hypervisor code: so one interrupt brings any number of requests.
 */
void cpu_request_work(unsigned cpu, uint32_t work)
{
    struct cpu *c = &cpus[cpu];
    uint32_t before = __atomic_fetch_or(&c->work, work, __ATOMIC_SEQ_CST);
    if (before == 0 && c != this_cpu())
        apic_send(c->apic_id, VEC_WORK);
}

static bool is_outside(uint32_t in_hv)
{
    return in_hv % 2 == 0;
}

/* See cpu_enter_guest(): in_hv is read after the request, or after what the caller has changed. */
void cpu_sync_others(bool kick)
{
    uint32_t seen[MAX_CPUS];
    for (unsigned i = 0; i < nr_cpus; i++) {
        if (kick && &cpus[i] != this_cpu())
            cpu_request_work(i, CPU_WORK_SYNC);
    }
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    for (unsigned i = 0; i < nr_cpus; i++)
        seen[i] = __atomic_load_n(&cpus[i].in_hv, __ATOMIC_SEQ_CST);
    for (unsigned i = 0; i < nr_cpus; i++) {
        if (&cpus[i] == this_cpu() || (is_outside(seen[i]) && !kick))
            continue;
        while (__atomic_load_n(&cpus[i].in_hv, __ATOMIC_SEQ_CST) == seen[i])
            cpu_relax();
    }
}

/* An interrupt between the look and the HLT waits behind STI, whose shadow covers the HLT. */
void cpu_idle(void)
{
    struct cpu *c = this_cpu();
    cpu_enter_guest(c);
    if (__atomic_load_n(&c->work, __ATOMIC_SEQ_CST) == 0)
        __asm__ volatile("sti; hlt; cli" : : : "memory");
    cpu_leave_guest(c);
}
