/* SPDX-License-Identifier: MIT */
#include "arch/x86/descriptors.h"
#include "arch/x86/cpu.h"
#include "arch/x86/msr.h"
#include "boot/boot.h"

_Static_assert(sizeof(struct tss) == 104, "SDM vol. 3, figure 7-11");
_Static_assert(SEL_DATA == SEL_CODE64 + 8, "SYSCALL");
_Static_assert(SEL_GUEST_DATA == SEL_GUEST_CODE32 + 8 && SEL_GUEST_CODE64 == SEL_GUEST_CODE32 + 16, "SYSRET");

/* All marked as accessed, so that the processor never writes to them. */
#define DESC_CODE64 0x00af9b000000ffffULL
#define DESC_DATA 0x00cf93000000ffffULL
#define DESC_CODE32 0x00cf9b000000ffffULL
#define DESC_RING3 (3ULL << 45)
#define DESC_TSS 0x0000890000000000ULL /* present, available 64-bit TSS */

static struct tss tss[MAX_CPUS];
static uint64_t gdt[MAX_CPUS][GDT_ENTRIES];

#define SLOT(selector) (((selector)-SEL_FIRST) / 8)

static uint64_t ist_start(uint64_t stacks, unsigned ist)
{
    return stacks + (STACKS_IST_PAGE(ist) + 1) * (uint64_t)PAGE_SIZE - STACKS_OWNER_SIZE;
}

void descriptors_fill(uint64_t *entries)
{
    entries[SLOT(SEL_CODE64)] = DESC_CODE64;
    entries[SLOT(SEL_DATA)] = DESC_DATA;
    entries[SLOT(SEL_CODE32)] = DESC_CODE32;
    entries[SLOT(SEL_GUEST_CODE32)] = DESC_CODE32 | DESC_RING3;
    entries[SLOT(SEL_GUEST_DATA)] = DESC_DATA | DESC_RING3;
    entries[SLOT(SEL_GUEST_CODE64)] = DESC_CODE64 | DESC_RING3;
}

void descriptors_init(struct cpu *c, uint64_t stacks)
{
    struct tss *t = &tss[c->id];
    uint64_t *g = gdt[c->id];
    uint64_t base = (uint64_t)t;

    c->stacks = stacks;
    c->stack_start = stacks + STACKS_MAIN_START;
    t->rsp[0] = stacks + STACKS_MAIN_END;
    for (unsigned ist = IST_FIRST; ist <= IST_LAST; ist++) {
        struct stack_owner *owner = (struct stack_owner *)ist_start(stacks, ist);
        owner->cpu = c;
        t->ist[ist - 1] = (uint64_t)owner;
    }
    t->iomap = sizeof(*t);

    descriptors_fill(g);
    g[SLOT(SEL_TSS)] = DESC_TSS | (sizeof(*t) - 1) | (base & 0xffffff) << 16 | (base >> 24 & 0xff) << 56;
    g[SLOT(SEL_TSS) + 1] = base >> 32;
    c->tss = t;
    c->gdt = g;
}

void descriptors_load_gdt(const uint64_t *entries)
{
    struct table_pointer p = gdt_pointer(entries);
    __asm__ volatile("lgdt %0" : : "m"(p));
}

void descriptors_load(const struct cpu *c)
{
    struct table_pointer p = gdt_pointer(c->gdt);
    uint64_t gs = rdmsr(MSR_GS_BASE);
    __asm__ volatile("lgdt %0\n"
                     "pushq %1\n"
                     "leaq 1f(%%rip), %%rax\n"
                     "pushq %%rax\n"
                     "lretq\n"
                     "1:\n"
                     "movl %2, %%ds\n"
                     "movl %2, %%es\n"
                     "movl %2, %%ss\n"
                     "movl %3, %%fs\n"
                     "movl %3, %%gs\n"
                     "ltr %w4\n"
                     :
                     : "m"(p), "i"(SEL_CODE64), "r"(SEL_DATA), "r"(0), "r"(SEL_TSS)
                     : "rax", "memory");
    wrmsr(MSR_GS_BASE, gs);
}
