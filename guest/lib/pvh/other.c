/* SPDX-License-Identifier: MIT */
#include "guest/lib/pvh/other.h"

#include "guest/lib/env.h"
#include "guest/lib/hypercall.h"

int other_hypercall(unsigned nr, uint32_t a1, uint32_t a2, uint32_t a3)
{
    return (int)other_call(other_address(&hypercall_page[nr * 32]), a1, a2, a3);
}

static uint32_t page_msr(void)
{
    return cpu_cpuid(guest_env.cpuid_base + 2, 0).ebx;
}

void latch_native(void)
{
    cpu_wrmsr(page_msr(), guest_address(hypercall_page));
}

void latch_other(void)
{
    other_call(other_address(other_wrmsr), page_msr(), other_address(hypercall_page), 0);
}

void latch(unsigned bits)
{
    if (bits == GUEST_WORD_BITS)
        latch_native();
    else
        latch_other();
}
