/* SPDX-License-Identifier: MIT */
/*
 * Interrupts only note what happened: the run loop acts on cpu->work. Exceptions in the hypervisor are our mistakes: a
 * report and the end of the run, unless the instruction stands in the table of those that may fault (msr.h).
 */
#include <stddef.h>

#include "arch/x86/apic.h"
#include "arch/x86/arch.h"
#include "arch/x86/backtrace.h"
#include "arch/x86/cpu.h"
#include "arch/x86/creg.h"
#include "arch/x86/descriptors.h"
#include "arch/x86/io.h"
#include "arch/x86/offsets.h"
#include "arch/x86/pv/entry.h"
#include "arch/x86/sections.h"
#include "arch/x86/smp.h"
#include "arch/x86/timer.h"
#include "arch/x86/traps.h"
#include "boot/boot.h"
#include "kernel/printk.h"

_Static_assert(offsetof(struct trap_frame, vector) == TRAP_FRAME_REGS, "trap_entry.S");
_Static_assert(offsetof(struct trap_frame, error) == TRAP_FRAME_REGS + TRAP_ERROR, "trap_entry.S");
_Static_assert(offsetof(struct trap_frame, cs) == TRAP_FRAME_REGS + TRAP_CS, "trap_entry.S");
_Static_assert(offsetof(struct trap_frame, ss) == TRAP_FRAME_REGS + TRAP_SS, "trap_entry.S");

#define NR_EXCEPTIONS 32
#define STUB_SIZE 16
#define GATE_INTERRUPT 0x8e /* present, DPL 0, 64-bit interrupt gate */
#define GATE_DPL3 0x60
#define DR6_NONE 0xffff0ff0
#define DR6_BREAKPOINTS 0xf

struct trap_counts trap_counts;
static __attribute__((aligned(16))) struct gate idt[NR_VECTORS];
static uint32_t depth; /* of exceptions that end the run; atomic */

static const char *const names[NR_EXCEPTIONS] = {
    [0] = "division error (#DE)",
    [1] = "debug exception (#DB)",
    [VEC_NMI] = "NMI",
    [3] = "breakpoint (#BP)",
    [4] = "overflow (#OF)",
    [5] = "bound range exceeded (#BR)",
    [6] = "invalid opcode (#UD)",
    [7] = "device not available (#NM)",
    [VEC_DF] = "double fault (#DF)",
    [10] = "invalid TSS (#TS)",
    [11] = "segment not present (#NP)",
    [12] = "stack fault (#SS)",
    [13] = "general protection fault (#GP)",
    [VEC_PF] = "page fault (#PF)",
    [16] = "x87 error (#MF)",
    [17] = "alignment check (#AC)",
    [VEC_MC] = "machine check (#MC)",
    [19] = "SIMD error (#XM)",
    [20] = "virtualization exception (#VE)",
    [21] = "control protection exception (#CP)",
    [29] = "VMM communication exception (#VC)",
    [30] = "security exception (#SX)",
};

const char *trap_name(unsigned vector)
{
    return vector < NR_EXCEPTIONS && names[vector] ? names[vector] : "unknown exception";
}

static void count(uint32_t *counter)
{
    __atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

static bool fix_up(struct trap_frame *frame)
{
    for (const struct ex_entry *e = ex_table_start; e < ex_table_end; e++) {
        if (e->fault == frame->rip) {
            frame->rip = e->resume;
            frame->rax = e->tells ? frame->vector : frame->rax;
            frame->rcx = e->tells ? frame->error : frame->rcx;
            return true;
        }
    }
    return false;
}

/* Is the address the guard page of one of this CPU's stacks? */
static bool is_guard(uint64_t va)
{
    uint64_t low = this_cpu()->stacks;
    uint64_t page = (va - low) >> PAGE_SHIFT;
    return va >= low && page < STACKS_PAGES && !stacks_is_stack((unsigned)page);
}

static const char *explain(const struct trap_frame *frame)
{
    if (frame->vector == VEC_DF && is_guard(read_cr2()))
        return ": stack overflow";
    if (frame->vector != VEC_PF)
        return "";
    if (is_guard(read_cr2()))
        return ": guard page of a stack";
    if (frame->error & 16)
        return frame->error & 1 ? ": execution of data" : ": execution of an unmapped address";
    if (frame->error & 2)
        return frame->error & 1 ? ": write to read-only memory" : ": write to an unmapped address";
    return frame->error & 1 ? ": protection" : ": read of an unmapped address";
}

/* The third exception in a row stops at once: power-off itself faults. */
static void exception(struct trap_frame *frame)
{
    if (frame->vector != VEC_DF && frame->vector != VEC_MC && fix_up(frame))
        return;
    uint32_t level = __atomic_fetch_add(&depth, 1, __ATOMIC_SEQ_CST);
    if (level > 2)
        halt_forever();
    if (level == 2)
        machine_power_off(false);
    smp_recover_this_cpu();
    if (level == 0)
        dump_registers(frame);
    if (level == 0 && frame->vector == VEC_MC)
        dump_machine_check();
    panic("%s%s, error code 0x%llx, at 0x%llx", trap_name((unsigned)frame->vector), explain(frame),
          (unsigned long long)frame->error, (unsigned long long)frame->rip);
}

#define PORT_B 0x61
#define PORT_B_SERR 0x80
#define PORT_B_IOCHK 0x40

/* An absent port reads as ones. */
const char *trap_nmi_reason(void)
{
    uint8_t b = inb(PORT_B);
    if (b == 0xff || !(b & (PORT_B_SERR | PORT_B_IOCHK)))
        return "by a button, a watchdog or the firmware";
    return b & PORT_B_SERR ? "the machine reports an error of memory or PCI (SERR)"
                           : "the machine reports an error of a device (IOCHK)";
}

/* It may have come between any two instructions: no lock, no console, nothing that another handler reads and writes. */
static void nmi(struct trap_frame *frame)
{
    (void)frame;
    if (smp_is_stopping())
        halt_forever();
    count(&trap_counts.nmi);
}

/* The first instruction of a way in from ring 3? */
static bool is_entry(uint64_t rip)
{
    return (rip >= (uint64_t)trap_stubs && rip < (uint64_t)trap_stubs_end) || rip == (uint64_t)pv_syscall ||
           rip == (uint64_t)pv_syscall32;
}

/*
 * The hypervisor has no breakpoints and no single step. But it reads and writes memory of pv guests at their addresses,
 * on which they may have breakpoints of their own: these tell nobody. And what MOV SS or POP SS in ring 3 holds back (a
 * breakpoint on its operand) comes after the next instruction, and that may have been a SYSCALL or INT3 (SDM Vol. 3A,
 * 6.8.3; CVE-2018-8897). The guest that plays this loses the exception.
 */
static void debug(struct trap_frame *frame)
{
    uint64_t dr6;

    __asm__ volatile("movq %%dr6, %0" : "=r"(dr6));
    if (!(dr6 & DR6_BREAKPOINTS) && !is_entry(frame->rip))
        exception(frame);
    else
        __asm__ volatile("movq %0, %%dr6" : : "r"((uint64_t)DR6_NONE));
}

static void note_work(uint32_t work)
{
    __atomic_fetch_or(&this_cpu()->work, work, __ATOMIC_SEQ_CST);
}

static void timer_interrupt(struct trap_frame *frame)
{
    (void)frame;
    apic_eoi();
    if (timer_is_due())
        note_work(CPU_WORK_TIMER);
}

/* Who sent it has set the bits. */
static void work_interrupt(struct trap_frame *frame)
{
    (void)frame;
    apic_eoi();
}

static void apic_error(struct trap_frame *frame)
{
    (void)frame;
    count(&trap_counts.apic_errors);
    apic_clear_error();
    apic_eoi();
}

/* The spurious vector and those of the 8259s set no bit in the ISR and want no EOI. */
static void unexpected(struct trap_frame *frame)
{
    count(&trap_counts.spurious);
    if (apic_in_service((unsigned)frame->vector))
        apic_eoi();
}

typedef void (*trap_handler)(struct trap_frame *frame);

static const trap_handler handlers[NR_VECTORS] = {
    [0] = exception,
    [VEC_DB] = debug,
    [VEC_NMI] = nmi,
    [3 ... NR_EXCEPTIONS - 1] = exception,
    [VEC_TIMER] = timer_interrupt,
    [VEC_WORK] = work_interrupt,
    [VEC_ERROR] = apic_error,
};

void trap_dispatch(struct trap_frame *frame)
{
    trap_handler handler = handlers[frame->vector % NR_VECTORS];
    (handler ? handler : unexpected)(frame);
}

void trap_interrupt(unsigned vector)
{
    struct trap_frame frame = {.vector = vector % NR_VECTORS};
    trap_dispatch(&frame);
}

static uint8_t ist_of(unsigned vector)
{
    static const uint8_t ist[NR_VECTORS] = {
        [VEC_DB] = IST_DB, [VEC_NMI] = IST_NMI, [VEC_DF] = IST_DF, [VEC_MC] = IST_MC};
    return ist[vector];
}

struct gate trap_gate(uint64_t entry, uint8_t ist)
{
    return (struct gate){
        .offset0 = (uint16_t)entry,
        .offset1 = (uint16_t)(entry >> 16),
        .offset2 = (uint32_t)(entry >> 32),
        .selector = SEL_CODE64,
        .ist = ist,
        .type = GATE_INTERRUPT,
    };
}

void traps_init(void)
{
    for (unsigned v = 0; v < NR_VECTORS; v++)
        idt[v] = trap_gate((uint64_t)trap_stubs + v * STUB_SIZE, ist_of(v));
    idt[VEC_BP].type |= GATE_DPL3; /* a pv guest's INT3 and INTO; its INT n is a #GP */
    idt[VEC_OF].type |= GATE_DPL3;
}

void traps_load(void)
{
    struct table_pointer p = {.limit = sizeof(idt) - 1, .base = (uint64_t)idt};
    __asm__ volatile("lidt %0" : : "m"(p));
}
