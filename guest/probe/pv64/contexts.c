/* SPDX-License-Identifier: MIT */
#include "guest/abi/vcpu.h"
#include "guest/lib/memory.h"
#include "guest/lib/pv64/hypercalls.h"
#include "guest/lib/pv64/pv.h"
#include "guest/probe/probe.h"

static struct vcpu_guest_context *c;

static void ask_context(const char *what)
{
    answer(what, hv_vcpu_op(VCPUOP_initialise, 1, c));
}

/* None of these has a page table, so that none of them may succeed. */
void ask_contexts(void)
{
    c = memory_alloc(sizeof(*c));
    ask_context("initialise(1, all zero)");
    c->flags = VGCF_in_kernel;
    ask_context("initialise(1, kernel, no page table)");
    c->ctrlreg[3] = GUEST_ABI_PFN_TO_CR3(1UL << 40);
    ask_context("initialise(1, page table at no RAM)");
    c->ctrlreg[3] = GUEST_ABI_PFN_TO_CR3(env_frame(c));
    ask_context("initialise(1, page table that is none)");
    c->gdt_ents = 0x10000;
    ask_context("initialise(1, descriptors without end)");
    c->gdt_ents = 0;
    c->ldt_ents = 0x10000;
    ask_context("initialise(1, local descriptors without end)");
}
