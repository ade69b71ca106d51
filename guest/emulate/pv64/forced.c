/* SPDX-License-Identifier: MIT */
/* The forced-emulation prefix, and CPUID behind it. */
#include "common/string.h"
#include "guest/emulate/pv64/run.h"
#include "guest/lib/env.h"
#include "guest/lib/verdict.h"

#define PREFIX "\x0f\x0bxen"
#define CPUID "\x0f\xa2"

/* PV-EMU-30 */
static void only_cpuid(void)
{
    run_in.rax = 0x40000000;
    CHECK_VALUE(KERNEL(PREFIX CPUID), PLAYED);
    CHECK_VALUE(USER(PREFIX CPUID), PLAYED);
    CHECK_VALUE(KERNEL("\x66" PREFIX CPUID), UD);
    CHECK_VALUE(KERNEL(PREFIX "\x66" CPUID), UD);
    CHECK_VALUE(KERNEL(PREFIX "\x48" CPUID), UD);
    CHECK_VALUE(KERNEL(PREFIX "\x90"), UD);
    CHECK_VALUE(KERNEL(PREFIX "\xf4"), UD);
    CHECK_VALUE(USER(PREFIX "\x0f\x31"), UD);
    CHECK_VALUE(KERNEL(PREFIX PREFIX CPUID), UD);
    CHECK_VALUE(KERNEL("\x0f\x0bxem" CPUID), UD);
}

/* PV-EMU-31 */
static void cut_off(void)
{
    static const char code[] = PREFIX CPUID;

    run_in.rax = 0x40000000;
    run_map_second(false);
    for (size_t n = 2; n < sizeof code - 1; n++) {
        CHECK_VALUE(run_at_page_end(false, code, n), PF(0));
        CHECK_VALUE(guest_vcpu()->info->arch_cr2 & 4095, 0);
        CHECK_VALUE(run_at_page_end(true, code, n), PF(4));
    }
    CHECK_VALUE(run_at_page_end(false, code, sizeof code - 1), TRAP(14));
    CHECK_VALUE(run_out.rbx, 0x566e6558);
    CHECK_VALUE(run_at_page_end(false, "\xf4", 1), GP);
    run_map_second(true);
}

/* PV-EMU-32 */
static void halves(void)
{
    run_in.rax = 0xffffffff40000001;
    run_in.rcx = ~0UL;
    CHECK_VALUE(KERNEL(PREFIX CPUID), PLAYED);
    CHECK_VALUE(run_out.rax, guest_env.version);
    CHECK(run_out.rbx == 0 && run_out.rcx == 0 && run_out.rdx == 0);
}

/* PV-EMU-33 */
static void leaves_of_xen(void)
{
    struct cpuid_result r = env_cpuid(0x40000000, 0);

    CHECK_VALUE(r.eax, 0x40000005);
    CHECK(r.ebx == 0x566e6558 && r.ecx == 0x65584d4d && r.edx == 0x4d4d566e);
    r = env_cpuid(0x40000002, 0);
    CHECK(r.eax == 1 && r.ebx == 0x40000000 && r.ecx == 1 && r.edx == 0);
    r = env_cpuid(0x40000004, 0);
    CHECK((r.eax | r.ebx | r.ecx | r.edx) == 0);
    r = env_cpuid(0x40000005, 0);
    CHECK(r.ebx > 20 && r.ebx <= 52 && (r.eax | r.ecx | r.edx) == 0);
}

/* PV-EMU-34, PV-EMU-35, PV-EMU-36 */
static void hidden(void)
{
    struct cpuid_result r = env_cpuid(1, 0);

    CHECK_VALUE(r.edx & (1U << 1 | 1U << 3 | 1U << 11 | 1U << 13 | 1U << 17), 0);
    CHECK_VALUE(r.ecx & (1U << 3 | 1U << 5 | 1U << 17), 0);
    CHECK_VALUE(r.ecx >> 26 & 1, r.ecx >> 27 & 1);
    CHECK_VALUE(r.ecx >> 31, 1);
    r = env_cpuid(7, 0);
    CHECK_VALUE(r.ebx & (1U << 7 | 1U << 20), 0);
    CHECK_VALUE(r.ecx & (1U << 2 | 1U << 3 | 1U << 4), 0);
    r = env_cpuid(0x80000001, 0);
    CHECK_VALUE(r.edx & (1U << 3 | 1U << 13 | 1U << 17 | 1U << 26), 0);
    CHECK_VALUE(r.edx >> 29 & 1, 1);
    CHECK_VALUE(r.ecx & 4, 0);
    for (uint32_t leaf = 5; leaf <= 11; leaf += leaf == 5 ? 1 : 5) {
        r = env_cpuid(leaf, 0);
        CHECK((r.eax | r.ebx | r.ecx | r.edx) == 0);
    }
}

void check_forced(void)
{
    static void (*const checks[])(void) = {only_cpuid, cut_off, halves, leaves_of_xen, hidden};

    for (unsigned i = 0; i < sizeof checks / sizeof *checks; i++) {
        run_fresh();
        checks[i]();
    }
}
