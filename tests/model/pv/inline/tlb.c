/* SPDX-License-Identifier: MIT */
#include "tests/model/pv/inline/tlb.h"

#include "arch/x86/tlb.h"

bool call_use_begin(struct cpu *c)
{
    return tlb_use_begin(c);
}

void call_use_end(struct cpu *c)
{
    tlb_use_end(c);
}

void call_enter_pv_guest(struct cpu *c)
{
    tlb_enter_guest(c);
}

void call_enter_other_guest(struct cpu *c)
{
    cpu_enter_guest(c);
}

void call_leave_guest(struct cpu *c)
{
    cpu_leave_guest(c);
}
