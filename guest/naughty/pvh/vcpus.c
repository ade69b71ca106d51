/* SPDX-License-Identifier: MIT */
/* What a guest may ask for its vcpus: processor state that is not its to choose, and an NMI to a vcpu that sleeps. */
#include "guest/abi/errno.h"
#include "guest/abi/sched.h"
#include "guest/abi/vcpu.h"
#include "guest/lib/clock.h"
#include "guest/lib/env.h"
#include "guest/lib/events.h"
#include "guest/lib/hypercall.h"
#include "guest/lib/trap.h"
#include "guest/lib/verdict.h"
#include "guest/naughty/naughty.h"

#define TRAP_NMI 2
#define CR4_PAE (1ULL << 5)
#define SLEEP (2 * CLOCK_S)

static guest_result initialise(uint64_t cr4, uint64_t efer)
{
    struct vcpu_hvm_context context = {.mode = VCPU_HVM_MODE_64B};

    context.cpu_regs.x86_64 =
        (struct vcpu_hvm_x86_64){.rflags = 2, .cr0 = 0x80000001, .cr4 = cr4, .efer = efer, .rip = 0x100000};
    return hv_vcpu_op(VCPUOP_initialise, 1, &context);
}

/* LA57, VMXE, SMXE, CET, supervisor protection keys, and what no processor has; of EFER, SVME and the like. */
static void check_initialise(void)
{
    static const unsigned cr4[] = {12, 13, 14, 15, 19, 23, 24, 31, 32, 63};
    static const unsigned efer[] = {12, 13, 15, 20, 63};

    for (unsigned i = 0; i < sizeof(cr4) / sizeof(cr4[0]); i++)
        if (initialise(CR4_PAE | 1ULL << cr4[i], 0x500) != -XEN_EINVAL)
            verdict(VERDICT_FAILURE, "a vcpu may start with bit %u of CR4", cr4[i]);
    for (unsigned i = 0; i < sizeof(efer) / sizeof(efer[0]); i++)
        if (initialise(CR4_PAE, 0x500 | 1ULL << efer[i]) != -XEN_EINVAL)
            verdict(VERDICT_FAILURE, "a vcpu may start with bit %u of EFER", efer[i]);
    CHECK_VALUE(initialise(CR4_PAE, 0x500), 0);
    CHECK_VALUE(initialise(CR4_PAE, 0x500), -XEN_EEXIST);
}

/* Both in one multicall: when the vcpu is about to sleep, the NMI is there and has not been taken. */
static void send_and_block(void *arg)
{
    guest_multicall_entry e[2] = {
        {.op = __HYPERVISOR_vcpu_op, .args = {VCPUOP_send_nmi, 0}},
        {.op = __HYPERVISOR_sched_op, .args = {SCHEDOP_block}},
    };

    (void)arg;
    CHECK_VALUE(hv_multicall(e, 2), 0);
}

static void check_nmi(void)
{
    evtchn_port_t port = (evtchn_port_t)evt_bind_virq(VIRQ_TIMER, 0);
    uint64_t deadline = clock_now() + SLEEP;

    CHECK_VALUE(evt_unmask(port), 0);
    CHECK_VALUE(hv_set_timer_op(deadline), 0); /* ends the sleep in any case */
    CHECK_VALUE(trap_try(send_and_block, NULL), TRAP_NMI);
    CHECK(clock_now() < deadline);
    hv_set_timer_op(0);
}

void abuse_vcpus(void)
{
    check_initialise();
    check_nmi();
}
