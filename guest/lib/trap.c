/* SPDX-License-Identifier: MIT */
#include "guest/lib/trap.h"

#include "guest/lib/cpu.h"

struct msr_access {
    uint32_t msr;
    uint64_t value;
};

static void do_rdmsr(void *arg)
{
    struct msr_access *a = arg;

    a->value = cpu_rdmsr(a->msr);
}

static void do_wrmsr(void *arg)
{
    const struct msr_access *a = arg;

    cpu_wrmsr(a->msr, a->value);
}

bool trap_rdmsr(uint32_t msr, uint64_t *value)
{
    struct msr_access a = {.msr = msr};
    bool ok = trap_try(do_rdmsr, &a) == TRAP_NONE;

    *value = a.value;
    return ok;
}

bool trap_wrmsr(uint32_t msr, uint64_t value)
{
    struct msr_access a = {.msr = msr, .value = value};

    return trap_try(do_wrmsr, &a) == TRAP_NONE;
}
