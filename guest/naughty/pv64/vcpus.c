/* SPDX-License-Identifier: MIT */
/* What a guest may ask for its vcpus: a start without page tables, and an NMI. */
#include "guest/abi/errno.h"
#include "guest/lib/env.h"
#include "guest/lib/memory.h"
#include "guest/lib/pv64/hypercalls.h"
#include "guest/lib/pv64/pv.h"
#include "guest/lib/trap.h"
#include "guest/lib/verdict.h"
#include "guest/naughty/naughty.h"

#define TRAP_NMI 2

/* None of these leads to a page table. */
static void check_contexts(void)
{
    struct vcpu_guest_context *context = memory_alloc(sizeof(*context));

    context->flags = VGCF_in_kernel;
    CHECK_VALUE(hv_vcpu_op(VCPUOP_initialise, 1, context), -XEN_EINVAL);
    context->ctrlreg[3] = GUEST_ABI_PFN_TO_CR3(1UL << 40);
    CHECK_VALUE(hv_vcpu_op(VCPUOP_initialise, 1, context), -XEN_EINVAL);
    context->ctrlreg[3] = GUEST_ABI_PFN_TO_CR3(env_frame(context));
    CHECK_VALUE(hv_vcpu_op(VCPUOP_initialise, 1, context), -XEN_EINVAL);
    context->ctrlreg[3] = GUEST_ABI_PFN_TO_CR3(env_frame((const void *)pv_start_info->pt_base));
    context->gdt_ents = 0x10000;
    CHECK_VALUE(hv_vcpu_op(VCPUOP_initialise, 1, context), -XEN_EINVAL);
}

static void send_nmi(void *arg)
{
    (void)arg;
    CHECK_VALUE(hv_vcpu_op(VCPUOP_send_nmi, 0, NULL), 0);
}

/* It does not respect the upcall mask. */
static void check_nmi(void)
{
    bool on = env_upcalls_off();

    CHECK_VALUE(trap_try(send_nmi, NULL), TRAP_NMI);
    if (on)
        env_upcalls_on();
}

void abuse_vcpus(void)
{
    check_contexts();
    check_nmi();
}
