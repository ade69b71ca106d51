/* SPDX-License-Identifier: MIT */
#include "guest/abi/vcpu.h"
#include "guest/lib/hypercall.h"
#include "guest/probe/probe.h"

static void ask_context(const char *what, struct vcpu_hvm_context c)
{
    answer(what, hv_vcpu_op(VCPUOP_initialise, 1, &c));
}

void ask_contexts(void)
{
    struct vcpu_hvm_context c = {.mode = 2};

    ask_context("initialise(1, mode 2)", c);
    c = (struct vcpu_hvm_context){.mode = VCPU_HVM_MODE_64B};
    ask_context("initialise(1, 64-bit, all zero)", c);
    c.cpu_regs.x86_64.efer = 0x500;
    ask_context("initialise(1, 64-bit, no paging)", c);
    c.cpu_regs.x86_64.cr0 = 0x80000001;
    ask_context("initialise(1, 64-bit, no PAE)", c);
    c = (struct vcpu_hvm_context){.mode = VCPU_HVM_MODE_32B};
    ask_context("initialise(1, 32-bit, all zero)", c);
    c = (struct vcpu_hvm_context){.mode = VCPU_HVM_MODE_64B, .pad = 1};
    ask_context("initialise(1, pad not zero)", c);
}
