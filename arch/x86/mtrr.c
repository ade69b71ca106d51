/* SPDX-License-Identifier: MIT */
#include "arch/x86/mtrr.h"

#include "arch/x86/creg.h"
#include "arch/x86/msr.h"

#define CPUID_1_EDX_MTRR (1U << 12)

static struct mtrr_state state;

static void read_state(void)
{
    if (!(cpuid(1, 0).edx & CPUID_1_EDX_MTRR) || !mtrr_state_read(&state, rdmsr_safe))
        state = (struct mtrr_state){.enabled = true, .default_type = MEMORY_WB};
}

static const struct mtrr_state *machine(void)
{
    static bool known;

    if (!known) {
        read_state();
        known = true;
    }
    return &state;
}

uint8_t mtrr_type(uint64_t pa)
{
    return mtrr_state_type(machine(), pa);
}

bool mtrr_is_uniform(uint64_t pa, uint64_t size)
{
    return mtrr_state_is_uniform(machine(), pa, size);
}
