/* SPDX-License-Identifier: MIT */
#include "arch/x86/descriptors.h"
#include "arch/x86/cpu.h"
#include "arch/x86/msr.h"
#include "boot/boot.h"

_Static_assert(sizeof(struct tss) == 104, "SDM vol. 3, figure 7-11");
_Static_assert(SEL_TSS / 8 + 2 == GDT_ENTRIES, "the TSS descriptor takes the last two slots");

#define DESC_CODE64 0x00af9b000000ffffULL
#define DESC_DATA 0x00cf93000000ffffULL
#define DESC_CODE32 0x00cf9b000000ffffULL
#define DESC_TSS 0x0000890000000000ULL /* present, available 64-bit TSS */

static struct tss tss[MAX_CPUS];
static uint64_t gdt[MAX_CPUS][GDT_ENTRIES];

static uint64_t ist_top(uint64_t stacks, unsigned ist)
{
    return stacks + (STACKS_IST_PAGE(ist) + 1) * (uint64_t)PAGE_SIZE;
}

void descriptors_init(struct cpu *c, uint64_t stacks)
{
    struct tss *t = &tss[c->id];
    uint64_t *g = gdt[c->id];
    uint64_t base = (uint64_t)t;

    c->stack_top = stacks + STACKS_MAIN_TOP * (uint64_t)PAGE_SIZE;
    t->rsp[0] = c->stack_top;
    t->ist[IST_NMI - 1] = ist_top(stacks, IST_NMI);
    t->ist[IST_DF - 1] = ist_top(stacks, IST_DF);
    t->ist[IST_MC - 1] = ist_top(stacks, IST_MC);
    t->iomap = sizeof(*t);

    g[SEL_CODE64 / 8] = DESC_CODE64;
    g[SEL_DATA / 8] = DESC_DATA;
    g[SEL_CODE32 / 8] = DESC_CODE32;
    g[SEL_TSS / 8] = DESC_TSS | (sizeof(*t) - 1) | (base & 0xffffff) << 16 | (base >> 24 & 0xff) << 56;
    g[SEL_TSS / 8 + 1] = base >> 32;
    c->tss = t;
    c->gdt = g;
}

void descriptors_load(const struct cpu *c)
{
    struct table_pointer p = {.limit = GDT_ENTRIES * 8 - 1, .base = (uint64_t)c->gdt};
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
