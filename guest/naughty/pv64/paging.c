/* SPDX-License-Identifier: MIT */
/* Control registers: what a pv kernel may write to CR3 is checked as by a hypercall, and the others are not its own. */
#include "guest/lib/env.h"
#include "guest/lib/memory.h"
#include "guest/lib/pv64/pv.h"
#include "guest/lib/trap.h"
#include "guest/lib/verdict.h"
#include "guest/naughty/naughty.h"

static void cr0(void *arg)
{
    __asm__ volatile("mov %0, %%cr0" : : "r"(arg) : "memory");
}

static void cr3(void *arg)
{
    __asm__ volatile("mov %0, %%cr3" : : "r"(arg) : "memory");
}

static void refused(void (*write)(void *), uint64_t value)
{
    CHECK_VALUE(trap_try(write, (void *)value), TRAP_GP);
}

void abuse_paging(void)
{
    refused(cr3, 0);
    refused(cr3, GUEST_ABI_PFN_TO_CR3(1UL << 39));
    refused(cr3, pv_machine(memory_pages(1)));
    refused(cr0, 0);
}
