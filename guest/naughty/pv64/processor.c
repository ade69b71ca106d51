/* SPDX-License-Identifier: MIT */
/* What a pv kernel is used to on bare metal and does not have here. The program naughty-pv tries far more. */
#include "guest/lib/cpu.h"
#include "guest/lib/env.h"
#include "guest/lib/trap.h"
#include "guest/lib/verdict.h"
#include "guest/naughty/naughty.h"

static void check_msrs(void)
{
    static const uint32_t denied[] = {0x480, 0x40000200, 0x12345678, 0xC0001234, 0xFFFFFFFF};
    uint64_t value;

    for (unsigned i = 0; i < LENGTH(denied); i++)
        if (trap_rdmsr(denied[i], &value) || trap_wrmsr(denied[i], 0))
            verdict(VERDICT_FAILURE, "MSR 0x%x may be used", denied[i]);
}

static void run_hlt(void *arg)
{
    (void)arg;
    __asm__ volatile("hlt");
}

static void run_lidt(void *arg)
{
    static const uint8_t none[10];

    (void)arg;
    __asm__ volatile("lidt %0" ::"m"(none));
}

static bool refused(int vector)
{
    return vector == TRAP_GP || vector == TRAP_UD;
}

void abuse_processor(void)
{
    check_msrs();
    check_machine_ports();
    CHECK(refused(trap_try(run_svm, NULL)));
    CHECK(refused(trap_try(run_vmx, NULL)));
    CHECK(refused(trap_try(run_hlt, NULL)));
    CHECK(refused(trap_try(run_lidt, NULL)));
}
