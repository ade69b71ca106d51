/* SPDX-License-Identifier: MIT */
#include "arch/x86/apic.h"
#include "arch/x86/acpi.h"
#include "arch/x86/apic_mode.h"
#include "arch/x86/arch.h"
#include "arch/x86/cpu.h"
#include "arch/x86/cpu_record.h"
#include "arch/x86/creg.h"
#include "arch/x86/io.h"
#include "arch/x86/machine.h"
#include "arch/x86/msr.h"
#include "arch/x86/paging.h"
#include "arch/x86/traps.h"
#include "kernel/printk.h"

/* Registers: offset / 16, which is also the number of the MSR above MSR_X2APIC_BASE. */
#define REG_ID 0x02
#define REG_VERSION 0x03
#define REG_TPR 0x08
#define REG_EOI 0x0b
#define REG_SVR 0x0f
#define REG_ISR 0x10 /* 8 of them */
#define REG_ESR 0x28
#define REG_LVT_CMCI 0x2f
#define REG_ICR 0x30
#define REG_ICR_HIGH 0x31 /* xAPIC */
#define REG_LVT_TIMER 0x32
#define REG_LVT_THERMAL 0x33
#define REG_LVT_PERF 0x34
#define REG_LVT_LINT0 0x35
#define REG_LVT_LINT1 0x36
#define REG_LVT_ERROR 0x37
#define REG_TIMER_INITIAL 0x38
#define REG_TIMER_CURRENT 0x39
#define REG_TIMER_DIVIDE 0x3e

#define SVR_ENABLE 0x100
#define LVT_MASKED 0x10000
#define LVT_NMI 0x400
#define LVT_TSC_DEADLINE 0x40000
#define DIVIDE_BY_16 0x3
#define ICR_NMI 0x400
#define ICR_INIT 0x500
#define ICR_STARTUP 0x600
#define ICR_PENDING 0x1000
#define ICR_ASSERT 0x4000
#define ARCH_CAPABILITIES_XAPIC_DISABLE (1 << 21)
#define MSR_XAPIC_DISABLE_STATUS 0xbd
#define XAPIC_DISABLED 1
#define CPUID_7_EDX_ARCH_CAPABILITIES (1 << 29)

#define PIC1 0x20
#define PIC2 0xa0
#define PIC_ICW1 0x11 /* edge, cascade, ICW4 follows */
#define PIC_ICW4 0x01
#define IOAPIC_SIZE 0x20
#define IOAPIC_WINDOW 4 /* in 32-bit words */
#define IOAPIC_VERSION 1
#define IOAPIC_PINS 0x10 /* two registers each */
#define SEND_TURNS 1000000

static volatile uint32_t *registers; /* xAPIC */
static bool x2;

static uint32_t reg_read(unsigned reg)
{
    return x2 ? (uint32_t)rdmsr(MSR_X2APIC_BASE + reg) : registers[reg * 4];
}

static void reg_write(unsigned reg, uint32_t value)
{
    if (x2)
        wrmsr(MSR_X2APIC_BASE + reg, value);
    else
        registers[reg * 4] = value;
}

uint32_t apic_id(void)
{
    uint32_t id = reg_read(REG_ID);
    return x2 ? id : id >> 24;
}

bool apic_is_x2apic(void)
{
    return x2;
}

void apic_eoi(void)
{
    reg_write(REG_EOI, 0);
}

/* The ESR shows the errors since it was last written. */
void apic_clear_error(void)
{
    reg_write(REG_ESR, 0);
    (void)reg_read(REG_ESR);
}

bool apic_in_service(unsigned vector)
{
    return reg_read(REG_ISR + vector / 32) >> (vector % 32) & 1;
}

static void wait_sent(void)
{
    for (unsigned i = 0; i < SEND_TURNS && (reg_read(REG_ICR) & ICR_PENDING); i++)
        cpu_relax();
}

/* Writes to x2APIC registers do not wait for earlier stores: the fences do (SDM vol. 3, 11.12.3). */
static void send(uint32_t target, uint32_t command)
{
    if (x2) {
        __asm__ volatile("mfence; lfence" : : : "memory");
        wrmsr(MSR_X2APIC_BASE + REG_ICR, (uint64_t)target << 32 | command);
        return;
    }
    wait_sent();
    reg_write(REG_ICR_HIGH, target << 24);
    reg_write(REG_ICR, command);
}

void apic_send(uint32_t target, unsigned vector)
{
    send(target, ICR_ASSERT | vector);
}

void apic_send_init(uint32_t target)
{
    send(target, ICR_ASSERT | ICR_INIT);
}

void apic_send_startup(uint32_t target, uint64_t page_pa)
{
    send(target, ICR_ASSERT | ICR_STARTUP | (uint32_t)(page_pa >> PAGE_SHIFT));
}

void apic_send_nmi(uint32_t target)
{
    send(target, ICR_ASSERT | ICR_NMI);
}

void apic_timer_start(uint32_t ticks)
{
    reg_write(REG_TIMER_INITIAL, ticks);
}

uint32_t apic_timer_left(void)
{
    return reg_read(REG_TIMER_CURRENT);
}

/* The change of mode must be done before the first deadline is written (SDM vol. 3, 11.5.4.1). */
void apic_timer_deadline_mode(void)
{
    reg_write(REG_LVT_TIMER, LVT_TSC_DEADLINE | VEC_TIMER);
    __asm__ volatile("mfence" : : : "memory");
}

static void set_lvt(void)
{
    unsigned max = reg_read(REG_VERSION) >> 16 & 0xff;
    if (max >= 6)
        reg_write(REG_LVT_CMCI, LVT_MASKED);
    if (max >= 5)
        reg_write(REG_LVT_THERMAL, LVT_MASKED);
    if (max >= 4)
        reg_write(REG_LVT_PERF, LVT_MASKED);
    reg_write(REG_LVT_LINT0, LVT_MASKED); /* the 8259s: never */
    reg_write(REG_LVT_LINT1, LVT_NMI);
    reg_write(REG_LVT_ERROR, VEC_ERROR);
    reg_write(REG_TIMER_DIVIDE, DIVIDE_BY_16);
    reg_write(REG_LVT_TIMER, VEC_TIMER);
    apic_timer_start(0);
}

/* What firmware or an earlier life left in service would block everything of its priority. */
static void end_old_interrupts(void)
{
    for (unsigned turn = 0; turn < 256; turn++) {
        bool any = false;
        for (unsigned i = 0; i < 8; i++)
            any |= reg_read(REG_ISR + i) != 0;
        if (!any)
            return;
        apic_eoi();
    }
}

static bool set_mode(void)
{
    uint64_t steps[APIC_MAX_STEPS];
    unsigned n = apic_mode_steps(rdmsr(MSR_APIC_BASE), x2, steps);
    for (unsigned i = 0; i < n; i++)
        wrmsr(MSR_APIC_BASE, steps[i]);
    return apic_mode_steps(rdmsr(MSR_APIC_BASE), x2, steps) == 0;
}

bool apic_enable_this_cpu(void)
{
    if (!set_mode())
        return false;
    reg_write(REG_TPR, 0);
    reg_write(REG_SVR, SVR_ENABLE | VEC_SPURIOUS);
    end_old_interrupts();
    set_lvt();
    apic_clear_error();
    this_cpu()->apic_id = apic_id();
    return true;
}

/* Out of the way of exceptions, then masked. A machine without them ignores it. */
static void mask_pics(void)
{
    outb(PIC1, PIC_ICW1);
    outb(PIC2, PIC_ICW1);
    outb(PIC1 + 1, VEC_PIC);
    outb(PIC2 + 1, VEC_PIC + 8);
    outb(PIC1 + 1, 1 << 2);
    outb(PIC2 + 1, 2);
    outb(PIC1 + 1, PIC_ICW4);
    outb(PIC2 + 1, PIC_ICW4);
    outb(PIC1 + 1, 0xff);
    outb(PIC2 + 1, 0xff);
}

/* Firmware may have left pins of the I/O APICs open; nobody here would answer the device. */
static void mask_ioapic(uint64_t pa)
{
    volatile uint32_t *select = map_device(pa, IOAPIC_SIZE);
    if (!select)
        return;
    volatile uint32_t *window = select + IOAPIC_WINDOW;
    *select = IOAPIC_VERSION;
    unsigned last = *window >> 16 & 0xff;
    for (unsigned pin = 0; pin <= last && last != 0xff; pin++) {
        *select = IOAPIC_PINS + 2 * pin;
        *window = LVT_MASKED;
    }
}

/* SDM Vol. 4, table 2-2: the lock that firmware may set. */
static bool is_x2apic_locked(void)
{
    uint64_t value;
    return (cpuid(7, 0).edx & CPUID_7_EDX_ARCH_CAPABILITIES) && rdmsr_safe(MSR_ARCH_CAPABILITIES, &value) &&
           (value & ARCH_CAPABILITIES_XAPIC_DISABLE) && rdmsr_safe(MSR_XAPIC_DISABLE_STATUS, &value) &&
           (value & XAPIC_DISABLED);
}

static uint32_t highest_id(void)
{
    uint32_t id = cpuid(0xb, 0).ebx ? cpuid(0xb, 0).edx : cpuid(1, 0).ebx >> 24;
    for (unsigned i = 0; i < acpi->nr_cpus; i++) {
        if (acpi->cpus[i].enabled && acpi->cpus[i].apic_id > id)
            id = acpi->cpus[i].apic_id;
    }
    return id;
}

static void choose_mode(uint64_t base, enum apic_wish wish)
{
    const char *refused;
    struct apic_facts facts = {
        .has_x2apic = cpuid(1, 0).ecx & CPUID_1_ECX_X2APIC,
        .is_x2apic = base & APIC_BASE_X2,
        .must_be_x2apic = is_x2apic_locked(),
        .highest_id = highest_id(),
    };
    x2 = apic_choose_x2apic(&facts, wish, &refused);
    if (refused)
        printk(LOG_WARNING, "%s", refused);
}

void apic_init(enum apic_wish wish)
{
    uint64_t base = 0;
    bool known = rdmsr_safe(MSR_APIC_BASE, &base);
    if (known && !(base & APIC_BASE_ENABLE)) /* CPUID shows none then */
        wrmsr(MSR_APIC_BASE, (base & ~APIC_BASE_X2) | APIC_BASE_ENABLE);
    if (!(cpuid(1, 0).edx & CPUID_1_EDX_APIC))
        panic("this processor has no local APIC (or the firmware has turned it off)");
    mask_pics();
    for (unsigned i = 0; i < acpi->nr_ioapics; i++)
        mask_ioapic(acpi->ioapics[i].address);
    choose_mode(base, wish);
    if (!x2) {
        registers = map_device(base & APIC_BASE_ADDRESS, PAGE_SIZE);
        if (!registers)
            panic("the local APIC at 0x%llx cannot be mapped", (unsigned long long)(base & APIC_BASE_ADDRESS));
    }
    if (!apic_enable_this_cpu())
        panic("the local APIC cannot be turned on: the firmware has turned it off");
    printk(LOG_INFO, "interrupts: %s%s, boot CPU has id %u", x2 ? "x2APIC" : "xAPIC",
           base & APIC_BASE_X2 ? " (firmware had x2APIC on)" : "", this_cpu()->apic_id);
}
