/* SPDX-License-Identifier: MIT */
#include "guest/lib/pvh64/traps.h"

#include "guest/lib/console.h"
#include "guest/lib/cpu.h"
#include "guest/lib/events.h"
#include "guest/lib/hypercall.h"
#include "guest/lib/trap.h"
#include "guest/lib/verdict.h"

/* SDM volume 3, 8.7: only the stack for entries from ring 3 and the end of the I/O bitmap are of use here. */
struct tss {
    uint32_t reserved0;
    uint64_t rsp[3];
    uint64_t reserved1;
    uint64_t ist[7];
    uint64_t reserved2;
    uint16_t reserved3;
    uint16_t iomap_base;
} __attribute__((packed));

struct gate {
    uint16_t offset_low;
    uint16_t selector;
    uint8_t ist;
    uint8_t type;
    uint16_t offset_middle;
    uint32_t offset_high;
    uint32_t reserved;
};

struct table_pointer {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed));

#define GDT_ENTRIES 7
#define GATE_INTERRUPT 0x8E
#define TSS_AVAILABLE 0x89

static struct gate idt[256] __attribute__((aligned(16)));
static uint64_t gdt[GUEST_MAX_VCPUS][GDT_ENTRIES];
static struct tss tss[GUEST_MAX_VCPUS];

static void set_gate(unsigned vector)
{
    guest_word offset = guest_address(trap_stubs[vector]);

    idt[vector] = (struct gate){
        .offset_low = (uint16_t)offset,
        .selector = SELECTOR_KERNEL_CODE,
        .type = GATE_INTERRUPT,
        .offset_middle = (uint16_t)(offset >> 16),
        .offset_high = (uint32_t)(offset >> 32),
    };
}

static void fill_gdt(unsigned id)
{
    uint64_t base = guest_address(&tss[id]);
    uint64_t *d = gdt[id];

    tss[id].iomap_base = sizeof(struct tss);
    d[SELECTOR_KERNEL_CODE / 8] = 0x00AF9B000000FFFF;
    d[SELECTOR_KERNEL_DATA / 8] = 0x00CF93000000FFFF;
    d[SELECTOR_USER_DATA / 8] = 0x00CFF3000000FFFF;
    d[SELECTOR_USER_CODE / 8] = 0x00AFFB000000FFFF;
    d[SELECTOR_TSS / 8] =
        (sizeof(struct tss) - 1) | (base & 0xFFFFFF) << 16 | (uint64_t)TSS_AVAILABLE << 40 | (base >> 24 & 0xFF) << 56;
    d[SELECTOR_TSS / 8 + 1] = base >> 32;
}

void traps_init_vcpu(unsigned id)
{
    struct table_pointer gdtr = {sizeof(gdt[id]) - 1, guest_address(gdt[id])};
    struct table_pointer idtr = {sizeof(idt) - 1, guest_address(idt)};

    for (unsigned i = 0; i < 256; i++)
        set_gate(i);
    fill_gdt(id);
    __asm__ volatile("lgdt %[gdtr]\n\t"
                     "push %[code]\n\t"
                     "lea 1f(%%rip), %%rax\n\t"
                     "push %%rax\n\t"
                     "lretq\n"
                     "1:\n\t"
                     "mov %[data], %%ss\n\t"
                     "mov %[data], %%ds\n\t"
                     "mov %[data], %%es\n\t"
                     "ltr %w[tss]\n\t"
                     "lidt %[idtr]"
                     :
                     : [gdtr] "m"(gdtr), [idtr] "m"(idtr), [code] "i"(SELECTOR_KERNEL_CODE),
                       [data] "r"(SELECTOR_KERNEL_DATA), [tss] "r"(SELECTOR_TSS)
                     : "rax", "memory");
}

static const char *const trap_name[32] = {
    [0] = "#DE",  [1] = "#DB",  [2] = "NMI",  [3] = "#BP",  [4] = "#OF",  [5] = "#BR",
    [6] = "#UD",  [7] = "#NM",  [8] = "#DF",  [10] = "#TS", [11] = "#NP", [12] = "#SS",
    [13] = "#GP", [14] = "#PF", [16] = "#MF", [17] = "#AC", [18] = "#MC", [19] = "#XM",
};

static void print_registers(const struct trap_frame *f)
{
    guest_printf("rip %016llx cs %04llx rflags %08llx rsp %016llx ss %04llx\n", (unsigned long long)f->rip,
                 (unsigned long long)f->cs, (unsigned long long)f->rflags, (unsigned long long)f->rsp,
                 (unsigned long long)f->ss);
    guest_printf("rax %016llx rbx %016llx rcx %016llx rdx %016llx\n", (unsigned long long)f->rax,
                 (unsigned long long)f->rbx, (unsigned long long)f->rcx, (unsigned long long)f->rdx);
    guest_printf("rsi %016llx rdi %016llx rbp %016llx cr2 %016llx\n", (unsigned long long)f->rsi,
                 (unsigned long long)f->rdi, (unsigned long long)f->rbp, (unsigned long long)cpu_cr2());
    guest_printf("r8  %016llx r9  %016llx r10 %016llx r11 %016llx\n", (unsigned long long)f->r8,
                 (unsigned long long)f->r9, (unsigned long long)f->r10, (unsigned long long)f->r11);
    guest_printf("r12 %016llx r13 %016llx r14 %016llx r15 %016llx\n", (unsigned long long)f->r12,
                 (unsigned long long)f->r13, (unsigned long long)f->r14, (unsigned long long)f->r15);
}

static void unexpected(const struct trap_frame *f)
{
    static bool printing;
    const char *name = f->vector < 32 && trap_name[f->vector] ? trap_name[f->vector] : "interrupt";

    if (printing) /* an exception in this very function */
        env_halt();
    printing = true;
    guest_flush();
    print_registers(f);
    verdict(VERDICT_CRASH, "%s (vector %u, error 0x%x) at 0x%llx", name, (unsigned)f->vector, (unsigned)f->error,
            (unsigned long long)f->rip);
    guest_exit();
}

/* Make the interrupted trap_call() return the vector. */
static void divert(struct guest_vcpu *v, struct trap_frame *f)
{
    v->trap_address = f->rip;
    v->trap_result = f->rax;
    f->rip = guest_address(trap_caught);
    f->cs = SELECTOR_KERNEL_CODE;
    f->ss = SELECTOR_KERNEL_DATA;
    f->rsp = v->catch_sp;
    f->rax = f->vector;
}

/*
 * An upcall that comes between STI and HLT would be consumed before the sleep, which then lasts for ever. A processor
 * does not do that, but QEMU's emulation of SVM does once in some thousands, under the real Xen as well. So an upcall
 * that finds the HLT still to be executed steps over it; early_upcalls counts how often, and is 0 on a real machine.
 */
static void skip_wait(struct guest_vcpu *v, struct trap_frame *f)
{
    if (f->rip != guest_address(pvh64_wait_hlt))
        return;
    f->rip = guest_address(pvh64_wait_end);
    v->early_upcalls++;
}

void trap_dispatch(struct trap_frame *f)
{
    struct guest_vcpu *v = guest_vcpu();

    if (f->vector == VECTOR_UPCALL) {
        skip_wait(v, f);
        evt_upcall();
    } else if (v->catch_sp) {
        divert(v, f);
    } else {
        unexpected(f);
    }
}

int trap_try(void (*fn)(void *), void *arg)
{
    return trap_call(fn, arg, &guest_vcpu()->catch_sp);
}

/* An exception from ring 3 arrives below everything that the caller still needs. */
void pvh64_user_call(const void *code, guest_word rdi, guest_word rsi, guest_word rdx)
{
    static uint8_t user_stack[4096] __attribute__((aligned(16)));
    guest_word here = (guest_word)__builtin_frame_address(0);

    tss[guest_vcpu()->id].rsp[0] = (here - 1024) & ~(guest_word)15;
    pvh64_enter_user((uintptr_t)code, rdi, rsi, rdx, guest_address(user_stack + sizeof(user_stack)));
}
