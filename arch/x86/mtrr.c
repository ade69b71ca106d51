/* SPDX-License-Identifier: MIT */
#include "arch/x86/mtrr.h"

#include "arch/x86/creg.h"
#include "arch/x86/msr.h"

#define CPUID_1_EDX_MTRR (1U << 12)
#define MSR_MTRR_CAP 0xfe
#define MSR_MTRR_DEF_TYPE 0x2ff
#define MSR_MTRR_VARIABLE(n) (0x200 + 2 * (n))
#define DEF_TYPE_FIXED (1U << 10)
#define DEF_TYPE_ENABLED (1U << 11)

static const uint32_t fixed_msrs[11] = {0x250, 0x258, 0x259, 0x268, 0x269, 0x26a, 0x26b, 0x26c, 0x26d, 0x26e, 0x26f};

static struct mtrr_state state;

static void read_fixed(void)
{
    for (unsigned i = 0; i < 11; i++) {
        uint64_t types = rdmsr(fixed_msrs[i]);
        for (unsigned j = 0; j < 8; j++, types >>= 8)
            state.fixed[i * 8 + j] = (uint8_t)types;
    }
}

static void read_state(void)
{
    uint64_t cap, def;

    state = (struct mtrr_state){.enabled = true, .default_type = MEMORY_WB};
    if (!(cpuid(1, 0).edx & CPUID_1_EDX_MTRR) || !rdmsr_safe(MSR_MTRR_CAP, &cap) ||
        !rdmsr_safe(MSR_MTRR_DEF_TYPE, &def))
        return;
    state.enabled = def & DEF_TYPE_ENABLED;
    state.fixed_enabled = (cap & 1U << 8) && (def & DEF_TYPE_FIXED);
    state.default_type = (uint8_t)def;
    state.nr_variable = (cap & 0xff) < MTRR_MAX_VARIABLE ? (unsigned)(cap & 0xff) : MTRR_MAX_VARIABLE;
    for (uint32_t i = 0; i < state.nr_variable; i++) {
        state.variable[i].base = rdmsr(MSR_MTRR_VARIABLE(i));
        state.variable[i].mask = rdmsr(MSR_MTRR_VARIABLE(i) + 1);
    }
    if (state.fixed_enabled)
        read_fixed();
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
