/* SPDX-License-Identifier: MIT */
/* Ports and the interrupt flag, under the guest's IOPL. */
#include "common/string.h"
#include "guest/abi/errno.h"
#include "guest/emulate/pv64/run.h"
#include "guest/lib/env.h"
#include "guest/lib/pv64/hypercalls.h"
#include "guest/lib/pv64/pv.h"
#include "guest/lib/verdict.h"

#define NO_PORT 0x0a20 /* nothing is there on any machine */

static const struct {
    const char *code;
    size_t n;
} instructions[] = {
    {"\xec", 1},         /* in al, dx */
    {"\xed", 1},         /* in eax, dx */
    {"\x66\xed", 2},     /* in ax, dx */
    {"\xe4\xa0", 2},     /* in al, 0xa0 */
    {"\xee", 1},         /* out dx, al */
    {"\xef", 1},         /* out dx, eax */
    {"\xfa", 1},         /* cli */
    {"\xfb", 1},         /* sti */
    {"\x6c", 1},         /* insb */
    {"\xf3\x6f", 2},     /* rep outsd */
    {"\xf3\x67\x6c", 3}, /* with 32-bit addresses */
};

static void expect_all(bool user, int how)
{
    for (unsigned i = 0; i < sizeof instructions / sizeof *instructions; i++)
        CHECK_VALUE(run_bytes(user, instructions[i].code, instructions[i].n), how);
}

/* PV-EMU-06 */
static void levels(void)
{
    run_in.rdx = NO_PORT;
    run_in.rcx = 3;
    for (unsigned iopl = 0; iopl <= 3; iopl++) {
        CHECK_VALUE(run_set_iopl(iopl), 0);
        expect_all(false, iopl > 0 ? PLAYED : GP);
        expect_all(true, iopl == 3 ? PLAYED : GP);
    }
    CHECK_VALUE(run_set_iopl(4), -XEN_EINVAL);
}

/* PV-EMU-07 */
static void by_flags(void)
{
    run_in.rdx = NO_PORT;
    CHECK_VALUE(run_set_iopl(0), 0);
    CHECK_VALUE(hv_vm_assist(VMASST_CMD_enable, VMASST_TYPE_architectural_iopl), 0);
    CHECK_VALUE(KERNEL("\xec"), PLAYED);
    CHECK_VALUE(USER("\xec"), GP);
    run_in.rflags = 0x3202;
    CHECK_VALUE(USER("\xec"), PLAYED);
    CHECK_VALUE(run_frame.rflags & 0x3000, 0x3000);
    run_in.rflags = 0x1202;
    CHECK_VALUE(USER("\xec"), GP);
    CHECK_VALUE(run_frame.rflags & 0x3000, 0x1000);
    CHECK_VALUE(hv_vm_assist(VMASST_CMD_disable, VMASST_TYPE_architectural_iopl), 0);
    CHECK_VALUE(run_set_iopl(3), 0);
}

/* PV-EMU-08 */
static void values(void)
{
    run_in.rdx = NO_PORT;
    run_in.rax = 0x1122334455667788;
    CHECK_VALUE(KERNEL("\xec"), PLAYED);
    CHECK_VALUE(run_out.rax, 0x11223344556677ff);
    CHECK_VALUE(KERNEL("\x66\xed"), PLAYED);
    CHECK_VALUE(run_out.rax, 0x112233445566ffff);
    CHECK_VALUE(KERNEL("\xed"), PLAYED);
    CHECK_VALUE(run_out.rax, 0xffffffff);
    CHECK_VALUE(KERNEL("\x48\xed"), PLAYED);
    CHECK_VALUE(run_out.rax, 0xffffffff);
    CHECK_VALUE(USER("\xed"), PLAYED);
    CHECK_VALUE(run_out.rax, 0xffffffff);
}

/* PV-EMU-09 */
static void interrupt_flag(void)
{
    uint8_t *mask = &guest_vcpu()->info->evtchn_upcall_mask;

    *mask = 0;
    CHECK_VALUE(KERNEL("\xfa"), PLAYED);
    CHECK_VALUE(*mask, 0);
    *mask = 1;
    CHECK_VALUE(KERNEL("\xfb"), PLAYED);
    CHECK_VALUE(*mask, 1);
}

/* PV-EMU-10 */
static void strings(void)
{
    run_in.rdx = NO_PORT;
    run_in.rcx = 3;
    memset(run_data, 0, 64);
    CHECK_VALUE(KERNEL("\xf3\x6c"), PLAYED); /* rep insb */
    CHECK(run_data[2] == 0xff && run_data[3] == 0);
    CHECK(run_out.rcx == 0 && run_out.rdi == run_in.rdi + 3);
    CHECK_VALUE(KERNEL("\xf2\x66\x6d"), PLAYED); /* repnz insw */
    CHECK(run_data[5] == 0xff && run_data[6] == 0 && run_out.rdi == run_in.rdi + 6);
    CHECK_VALUE(KERNEL("\x48\x6d"), PLAYED); /* insd */
    CHECK_VALUE(run_out.rdi, run_in.rdi + 4);
    run_in.rcx = 1000;
    CHECK_VALUE(USER("\xf3\x6f"), PLAYED); /* rep outsd */
    CHECK(run_out.rcx == 0 && run_out.rsi == run_in.rsi + 4000);
    run_in.rcx = 3;
    run_in.rdi += 2;
    run_in.rflags |= 0x400;
    memset(run_data, 0, 64);
    CHECK_VALUE(KERNEL("\xf3\x6c"), PLAYED); /* downwards */
    CHECK(run_data[0] == 0xff && run_data[2] == 0xff && run_data[3] == 0 && run_out.rdi == run_in.rdi - 3);
}

/* PV-EMU-11 */
static void memory(void)
{
    static const uint64_t no_addresses[] = {0x0000900000000000, 0xffff800000000000, 0xffff828000000000};

    run_in.rdx = NO_PORT;
    run_in.rdi = run_in.rsi = 0x7000000000;
    CHECK_VALUE(KERNEL("\x6c"), PF(2));
    CHECK_VALUE(guest_vcpu()->info->arch_cr2, 0x7000000000);
    CHECK_VALUE(KERNEL("\x6e"), PF(0));
    CHECK_VALUE(USER("\x6c"), PF(6));
    CHECK_VALUE(USER("\x6e"), PF(4));
    run_in.rdi = pv_start_info->pt_base + 8;
    CHECK_VALUE(KERNEL("\x6d"), PF(2));
    CHECK_VALUE(guest_vcpu()->info->arch_cr2, pv_start_info->pt_base + 8);
    for (unsigned i = 0; i < sizeof no_addresses / sizeof *no_addresses; i++) {
        run_in.rdi = run_in.rsi = no_addresses[i];
        CHECK_VALUE(KERNEL("\x6c"), GP);
        CHECK_VALUE(USER("\x6c"), GP);
    }
    run_in.rsi = 0xffff828000000000;
    CHECK_VALUE(KERNEL("\x6e"), GP);
}

void check_ports(void)
{
    static void (*const checks[])(void) = {levels, by_flags, values, interrupt_flag, strings, memory};

    for (unsigned i = 0; i < sizeof checks / sizeof *checks; i++) {
        run_fresh();
        checks[i]();
    }
    CHECK_VALUE(run_set_iopl(0), 0);
}
