/* SPDX-License-Identifier: MIT */
/* Model-specific registers. */
#include "common/string.h"
#include "guest/emulate/pv64/run.h"
#include "guest/lib/pv64/pv.h"
#include "guest/lib/verdict.h"

#define RDMSR "\x0f\x32"
#define WRMSR "\x0f\x30"

#define MSR_FS_BASE 0xc0000100U
#define MSR_GS_BASE 0xc0000101U
#define MSR_KERNEL_GS_BASE 0xc0000102U

static int read(uint32_t msr, uint64_t *value)
{
    run_in.rcx = 0xabcdef0000000000UL | msr;
    int how = KERNEL(RDMSR);

    *value = run_out.rdx << 32 | run_out.rax;
    if (how == PLAYED)
        CHECK(run_out.rax >> 32 == 0 && run_out.rdx >> 32 == 0);
    return how;
}

static int write(uint32_t msr, uint64_t value)
{
    run_in.rcx = msr;
    run_in.rax = 0xfeed000000000000UL | (uint32_t)value;
    run_in.rdx = 0xfeed000000000000UL | value >> 32;
    return KERNEL(WRMSR);
}

/* PV-EMU-19 */
static void read_only(void)
{
    static const uint32_t msrs[] = {0x10, 0x1b, 0x8b, 0xce, 0x277};
    uint64_t value;

    for (unsigned i = 0; i < sizeof msrs / sizeof *msrs; i++) {
        CHECK_VALUE(read(msrs[i], &value), PLAYED);
        CHECK_VALUE(write(msrs[i], value), GP);
        CHECK_VALUE(write(msrs[i], 0), GP);
    }
    CHECK_VALUE(read(0x1b, &value), PLAYED);
    CHECK_VALUE(value, 0xfee00900);
}

/* PV-EMU-20 */
static void with_rules(void)
{
    uint64_t efer, misc, value;

    CHECK_VALUE(read(0xc0000080, &efer), PLAYED);
    CHECK_VALUE(efer, 0xd01);
    CHECK_VALUE(write(0xc0000080, efer), PLAYED);
    CHECK_VALUE(write(0xc0000080, 0), GP);
    CHECK_VALUE(write(0xc0000080, efer | 0x1000), GP);
    CHECK_VALUE(read(0x140, &value), PLAYED);
    CHECK_VALUE(value, 0);
    CHECK_VALUE(write(0x140, 0), PLAYED);
    CHECK_VALUE(write(0x140, 1), GP);
    CHECK_VALUE(read(0x1a0, &misc), PLAYED);
    CHECK_VALUE(write(0x1a0, 0), PLAYED);
    CHECK_VALUE(read(0x1a0, &value), PLAYED);
    CHECK_VALUE(value, misc);
}

/* PV-EMU-21 */
static void bases(void)
{
    static const uint32_t msrs[] = {MSR_FS_BASE, MSR_GS_BASE, MSR_KERNEL_GS_BASE};
    uint64_t value, here = (uint64_t)run_data;

    for (unsigned i = 0; i < 3; i++) {
        CHECK_VALUE(write(msrs[i], here + i), PLAYED);
        CHECK_VALUE(write(msrs[i], 0x900000000000UL), GP);
    }
    for (unsigned i = 0; i < 3; i++) {
        CHECK_VALUE(read(msrs[i], &value), PLAYED);
        CHECK_VALUE(value, here + i);
    }
    for (unsigned i = 0; i < 16; i++)
        run_data[i] = (uint8_t)i;
    CHECK_VALUE(KERNEL("\x64\x8a\x04\x25\x04\x00\x00\x00"), PLAYED); /* mov al, fs:[4] */
    CHECK_VALUE(run_out.rax & 0xff, 4);
    CHECK_VALUE(KERNEL("\x65\x8a\x04\x25\x04\x00\x00\x00"), PLAYED); /* mov al, gs:[4] */
    CHECK_VALUE(run_out.rax & 0xff, 5);
    CHECK_VALUE(USER("\x65\x8a\x04\x25\x04\x00\x00\x00"), PLAYED);
    CHECK_VALUE(run_out.rax & 0xff, 6);
    for (unsigned i = 0; i < 3; i++)
        CHECK_VALUE(write(msrs[i], 0), PLAYED);
}

/* PV-EMU-22 */
static void hypercall_page(void)
{
    static const uint8_t slot_1[] = {0x51, 0x41, 0x53, 0xb8, 0x01, 0x00, 0x00, 0x00, 0x0f, 0x05, 0x41, 0x5b, 0x59};
    uint64_t value;

    memset(run_data, 0, 4096);
    CHECK_VALUE(write(0x40000000, pv_machine(run_data)), PLAYED);
    CHECK(memcmp(run_data + 32, slot_1, sizeof slot_1) == 0);
    CHECK_VALUE(write(0x40000000, pv_machine(run_data) | 1), GP);
    CHECK_VALUE(write(0x40000000, env_frame((const void *)pv_start_info->pt_base) << 12), GP);
    CHECK_VALUE(read(0x40000000, &value), PLAYED);
    CHECK_VALUE(value, 0);
}

/* PV-EMU-23: those that no processor has. */
static void others(void)
{
    static const uint32_t msrs[] = {0x2, 0x800, 0x1fff, 0x40000100, 0xc0001234, 0xffffffff};
    uint64_t value;

    for (unsigned i = 0; i < sizeof msrs / sizeof *msrs; i++) {
        CHECK_VALUE(read(msrs[i], &value), GP);
        CHECK_VALUE(write(msrs[i], 0), GP);
    }
    run_in.rcx = MSR_FS_BASE;
    CHECK_VALUE(USER(RDMSR), GP);
    CHECK_VALUE(USER(WRMSR), GP);
}

void check_msr(void)
{
    static void (*const checks[])(void) = {read_only, with_rules, bases, hypercall_page, others};

    for (unsigned i = 0; i < sizeof checks / sizeof *checks; i++) {
        run_fresh();
        checks[i]();
    }
}
