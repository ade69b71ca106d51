/* SPDX-License-Identifier: MIT */
/* Control and debug registers, time, XCR0. */
#include "guest/emulate/pv64/run.h"
#include "guest/lib/env.h"
#include "guest/lib/pv64/pv.h"
#include "guest/lib/verdict.h"

#define CR0 0x80050033UL
#define CR0_TS 8U
#define CR4 0x660UL
#define CR4_TSD 4U
#define CR4_DE 8U
#define CR4_FSGSBASE 0x10000U
#define CR4_OSXSAVE 0x40000U

#define FROM_CR0 "\x0f\x20\xc0"
#define FROM_CR2 "\x0f\x20\xd0"
#define FROM_CR3 "\x0f\x20\xd8"
#define FROM_CR4 "\x0f\x20\xe0"
#define TO_CR0 "\x0f\x22\xc0"
#define TO_CR2 "\x0f\x22\xd0"
#define TO_CR3 "\x0f\x22\xd8"
#define TO_CR4 "\x0f\x22\xe0"
#define CLTS "\x0f\x06"

/* Processors say #UD before they look at the ring; QEMU says #GP. */
static void refused(int how)
{
    CHECK(how == GP || how == UD);
}

/* PV-EMU-01 */
static void never(void)
{
    CHECK_VALUE(KERNEL("\xf4"), GP);             /* hlt */
    CHECK_VALUE(KERNEL("\x0f\x08"), GP);         /* invd */
    CHECK_VALUE(KERNEL("\x0f\x01\x3f"), GP);     /* invlpg */
    CHECK_VALUE(KERNEL("\x0f\x01\x17"), GP);     /* lgdt */
    CHECK_VALUE(KERNEL("\x0f\x01\x1f"), GP);     /* lidt */
    CHECK_VALUE(KERNEL("\x0f\x00\xd0"), GP);     /* lldt */
    CHECK_VALUE(KERNEL("\x0f\x00\xd8"), GP);     /* ltr */
    CHECK_VALUE(KERNEL("\x0f\x01\xf0"), GP);     /* lmsw */
    CHECK_VALUE(KERNEL("\x0f\x01\xf8"), GP);     /* swapgs */
    CHECK_VALUE(KERNEL("\x48\x0f\x07"), GP);     /* sysretq */
    CHECK_VALUE(KERNEL("\x0f\x33"), GP);         /* rdpmc */
    refused(KERNEL("\x0f\x20\xc8"));             /* mov rax, cr1 */
    refused(KERNEL("\x0f\x20\xe8"));             /* mov rax, cr5 */
    refused(KERNEL("\x0f\x22\xf8"));             /* mov cr7, rax */
    CHECK_VALUE(KERNEL("\x44\x0f\x20\xc0"), GP); /* mov rax, cr8 */
}

/* PV-EMU-02 */
static void users_get_none(void)
{
    CHECK_VALUE(USER(CLTS), GP);
    CHECK_VALUE(USER("\x0f\x09"), GP);
    CHECK_VALUE(USER(FROM_CR0), GP);
    CHECK_VALUE(USER(FROM_CR3), GP);
    CHECK_VALUE(USER(TO_CR0), GP);
    CHECK_VALUE(USER(TO_CR2), GP);
    CHECK_VALUE(USER(TO_CR4), GP);
    CHECK_VALUE(USER("\x0f\x21\xc0"), GP); /* mov rax, dr0 */
    CHECK_VALUE(USER("\x0f\x23\xf8"), GP); /* mov dr7, rax */
    CHECK_VALUE(USER("\xf4"), GP);
}

/* PV-EMU-03, PV-EMU-24 */
static void prefixes(void)
{
    CHECK_VALUE(KERNEL("\x66" CLTS), PLAYED);
    CHECK_VALUE(KERNEL("\x67" CLTS), PLAYED);
    CHECK_VALUE(KERNEL("\x48" CLTS), PLAYED);
    CHECK_VALUE(KERNEL("\xf3" CLTS), PLAYED);
    CHECK_VALUE(KERNEL("\x0f\x09"), PLAYED);     /* wbinvd */
    CHECK_VALUE(KERNEL("\xf3\x0f\x09"), PLAYED); /* wbnoinvd */
    CHECK_VALUE(KERNEL("\x66" FROM_CR0), PLAYED);
    CHECK_VALUE(run_out.rax, CR0);
    CHECK_VALUE(KERNEL("\x0f\x20\x80"), PLAYED); /* mov rax, cr0, with the `mod` of memory */
    CHECK_VALUE(run_out.rax, CR0);
    CHECK_VALUE(KERNEL("\x41\x0f\x20\xc1"), PLAYED); /* mov r9, cr0 */
    CHECK_VALUE(run_out.r9, CR0);
}

/* PV-EMU-12 */
static void control_0(void)
{
    static const uint64_t others[] = {0, CR0 ^ 0x10, CR0 ^ 1UL << 30, CR0 ^ 0x10000, CR0 ^ 2, CR0 | 4, CR0 | 1UL << 32};

    for (unsigned i = 0; i < sizeof others / sizeof *others; i++) {
        run_in.rax = others[i];
        CHECK_VALUE(KERNEL(TO_CR0), GP);
    }
    run_in.rax = CR0 | CR0_TS;
    CHECK_VALUE(KERNEL(TO_CR0), PLAYED);
    CHECK_VALUE(KERNEL(FROM_CR0), PLAYED);
    CHECK_VALUE(run_out.rax, CR0 | CR0_TS);
    CHECK_VALUE(KERNEL("\xd9\xee"), NM); /* fldz */
    CHECK_VALUE(KERNEL(FROM_CR0), PLAYED);
    CHECK_VALUE(run_out.rax, CR0); /* #NM cleared it */
    CHECK_VALUE(KERNEL(TO_CR0 CLTS "\xd9\xee"), PLAYED);
    run_in.rax = CR0;
    CHECK_VALUE(KERNEL(TO_CR0), PLAYED);
}

/* PV-EMU-13, PV-EMU-14 */
static void control_2_and_3(void)
{
    uint64_t root = env_frame((const void *)pv_start_info->pt_base) << 12;

    run_in.rax = 0x123456789abcUL;
    CHECK_VALUE(KERNEL(TO_CR2), PLAYED);
    CHECK_VALUE(guest_vcpu()->info->arch_cr2, 0x123456789abcUL);
    CHECK_VALUE(KERNEL(FROM_CR2), PLAYED);
    CHECK_VALUE(run_out.rax, 0x123456789abcUL);
    CHECK_VALUE(KERNEL(FROM_CR3), PLAYED);
    CHECK_VALUE(run_out.rax, root);
    run_in.rax = root;
    CHECK_VALUE(KERNEL(TO_CR3), PLAYED);
    run_in.rax = root | 0x18;
    CHECK_VALUE(KERNEL(TO_CR3), PLAYED);
    run_in.rax = root | 1UL << 63;
    CHECK_VALUE(KERNEL(TO_CR3), GP);
    run_in.rax = env_frame(run_data) << 12; /* mapped writable */
    CHECK_VALUE(KERNEL(TO_CR3), GP);
    run_in.rax = ~0UL;
    CHECK_VALUE(KERNEL(TO_CR3), GP);
}

static void set_cr4(uint64_t value)
{
    run_in.rax = value;
    CHECK_VALUE(KERNEL(TO_CR4), PLAYED);
}

/* PV-EMU-15 */
static void control_4(void)
{
    static const uint32_t choices[] = {CR4_TSD, CR4_DE};
    static const uint32_t others[] = {1,     2,     0x10,     0x20,     0x40,     0x80,     0x100,   0x200,
                                      0x400, 0x800, 1U << 13, 1U << 17, 1U << 20, 1U << 21, 1U << 22};

    for (unsigned i = 0; i < sizeof choices / sizeof *choices; i++) {
        set_cr4(CR4 | choices[i]);
        CHECK_VALUE(KERNEL(FROM_CR4), PLAYED);
        CHECK_VALUE(run_out.rax, CR4 | choices[i]);
    }
    for (unsigned i = 0; i < sizeof others / sizeof *others; i++) {
        set_cr4(CR4 ^ others[i]);
        CHECK_VALUE(KERNEL(FROM_CR4), PLAYED);
        CHECK_VALUE(run_out.rax, CR4);
    }
    set_cr4(1UL << 40);
    CHECK_VALUE(KERNEL(FROM_CR4), PLAYED);
    CHECK_VALUE(run_out.rax, CR4);
}

/* PV-EMU-16 */
static void time_and_bases(void)
{
    set_cr4(CR4 | CR4_TSD);
    CHECK_VALUE(KERNEL("\x0f\x31"), PLAYED);
    CHECK(run_out.rax != run_in.rax && run_out.rax >> 32 == 0);
    CHECK_VALUE(USER("\x0f\x31"), GP);
    set_cr4(CR4);
    CHECK_VALUE(USER("\x0f\x31"), PLAYED);
    CHECK_VALUE(KERNEL("\xf3\x48\x0f\xae\xc0"), UD); /* rdfsbase rax */
    if (!(env_cpuid(7, 0).ebx & 1))
        return;
    set_cr4(CR4 | CR4_FSGSBASE);
    CHECK_VALUE(KERNEL("\xf3\x48\x0f\xae\xc0"), PLAYED);
    CHECK_VALUE(USER("\xf3\x48\x0f\xae\xc0"), PLAYED);
    set_cr4(CR4);
}

#define FROM_DR(n) "\x0f\x21" n
#define TO_DR(n) "\x0f\x23" n

static void expect_debug(const char *to, const char *from, uint64_t value, uint64_t reads)
{
    run_in.rax = value;
    CHECK_VALUE(run_bytes(false, to, 3), PLAYED);
    CHECK_VALUE(run_bytes(false, from, 3), PLAYED);
    CHECK_VALUE(run_out.rax, reads);
}

/* PV-EMU-17 */
static void debug_registers(void)
{
    expect_debug(TO_DR("\xc0"), FROM_DR("\xc0"), 0x1234, 0x1234);
    expect_debug(TO_DR("\xd8"), FROM_DR("\xd8"), 0x5678, 0x5678);
    expect_debug(TO_DR("\xf0"), FROM_DR("\xf0"), 0x155, 0xffff0ff5);
    expect_debug(TO_DR("\xf0"), FROM_DR("\xe0"), 0, 0xffff0ff0); /* DR4 */
    expect_debug(TO_DR("\xf8"), FROM_DR("\xe8"), 0, 0x400);      /* DR5 */
    run_in.rax = 0xffff8000UL << 32;
    CHECK_VALUE(KERNEL(TO_DR("\xc0")), GP);
    run_in.rax = 1UL << 32;
    CHECK_VALUE(KERNEL(TO_DR("\xf0")), GP);
    CHECK_VALUE(KERNEL(TO_DR("\xf8")), GP);
    CHECK_VALUE(KERNEL("\x44\x0f\x21\xc0"), UD); /* DR8 */
    set_cr4(CR4 | CR4_DE);
    CHECK_VALUE(KERNEL(FROM_DR("\xe0")), UD);
    CHECK_VALUE(KERNEL(TO_DR("\xe8")), UD);
    CHECK_VALUE(KERNEL(FROM_DR("\xf0")), PLAYED);
    set_cr4(CR4);
    expect_debug(TO_DR("\xc0"), FROM_DR("\xc0"), 0, 0);
    expect_debug(TO_DR("\xd8"), FROM_DR("\xd8"), 0, 0);
}

static int xsetbv(uint64_t index, uint64_t value)
{
    run_in.rcx = index;
    run_in.rax = (uint32_t)value;
    run_in.rdx = value >> 32;
    return KERNEL("\x0f\x01\xd1");
}

/* PV-EMU-18 */
static void extended_control(void)
{
    CHECK_VALUE(xsetbv(0, 1), UD);
    if (!(env_cpuid(1, 0).ecx >> 26 & 1))
        return;
    set_cr4(CR4 | CR4_OSXSAVE);
    CHECK_VALUE(xsetbv(0, 0), GP);
    CHECK_VALUE(xsetbv(0, 2), GP);
    CHECK_VALUE(xsetbv(0, 4), GP);
    CHECK_VALUE(xsetbv(0, 1UL << 62), GP);
    CHECK_VALUE(xsetbv(1, 3), GP);
    CHECK_VALUE(xsetbv(0, 1), PLAYED);
    run_in.rcx = 0;
    CHECK_VALUE(KERNEL("\x0f\x01\xd0"), PLAYED);
    CHECK_VALUE(run_out.rax, 1);
    CHECK_VALUE(xsetbv(0, 3), PLAYED);
    CHECK_VALUE(USER("\x0f\x01\xd1"), GP);
    set_cr4(CR4);
}

/* PV-EMU-05. pushf; or dword [rsp], TF; popf: the trap comes after the instruction that follows. */
static void single_step(void)
{
    CHECK_VALUE(KERNEL("\x9c\x81\x0c\x24\x00\x01\x00\x00\x9d" CLTS), TRAP(1));
}

/* PV-EMU-04 */
static void not_intercepted(void)
{
    int smsw = KERNEL("\x0f\x01\xe0");
    if (smsw != GP) /* UMIP */
        CHECK_VALUE(smsw, PLAYED);
    CHECK_VALUE(KERNEL("\x9c\x58"), PLAYED); /* pushf; pop rax */
    CHECK_VALUE(run_out.rax & 0x3202, 0x202);
    run_in.rflags = 0x3202;
    CHECK_VALUE(KERNEL("\x9c\x58"), PLAYED);
    CHECK_VALUE(run_out.rax & 0x3202, 0x202);
}

void check_system(void)
{
    static void (*const checks[])(void) = {
        never,          users_get_none,  prefixes,         control_0,   control_2_and_3, control_4,
        time_and_bases, debug_registers, extended_control, single_step, not_intercepted,
    };

    for (unsigned i = 0; i < sizeof checks / sizeof *checks; i++) {
        run_fresh();
        checks[i]();
    }
}
