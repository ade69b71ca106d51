/* SPDX-License-Identifier: MIT */
/* Software interrupts. */
#include "guest/emulate/pv64/run.h"
#include "guest/lib/pv64/pv.h"
#include "guest/lib/verdict.h"

/* PV-EMU-28: with QEMU's wrong error code the real Xen takes INT n for INT 2n. */
static void expect_delivered(int how, int n)
{
    if (how != TRAP(2 * n))
        CHECK_VALUE(how, TRAP(n));
}

static void expect_refused(int how, int n)
{
    if (how != FAULT(13, n * 16 + 2))
        CHECK_VALUE(how, FAULT(13, n * 8 + 2));
}

/* PV-EMU-25 */
static void by_level(void)
{
    static const uint8_t numbers[] = {0x01, 0x09, 0x21, 0x41, 0x7f};

    for (uint8_t dpl = 0; dpl < 4; dpl++) {
        run_gates(dpl);
        for (unsigned i = 0; i < sizeof numbers; i++) {
            uint8_t code[] = {0xcd, numbers[i]};
            int kernel = run_bytes(false, code, 2), user = run_bytes(true, code, 2);

            if (dpl == 0)
                expect_refused(kernel, numbers[i]);
            else
                expect_delivered(kernel, numbers[i]);
            if (dpl < 3)
                expect_refused(user, numbers[i]);
            else
                expect_delivered(user, numbers[i]);
        }
    }
}

/* PV-EMU-26 */
static void breakpoints(void)
{
    run_gates(0);
    CHECK_VALUE(KERNEL("\xcc"), TRAP(3));
    CHECK_VALUE(USER("\xcc"), TRAP(3));
    CHECK_VALUE(KERNEL("\xcd\x03"), TRAP(3));
    CHECK_VALUE(USER("\xcd\x04"), TRAP(4));
}

/* PV-EMU-27, PV-EMU-03 */
static void number_80(void)
{
    run_gates(0);
    CHECK_VALUE(KERNEL("\xcd\x80"), TRAP(0x80));
    CHECK_VALUE(USER("\xcd\x80"), TRAP(0x80));
    CHECK_VALUE(KERNEL("\x66\xcd\x80"), TRAP(0x80));
}

/* PV-EMU-29 */
static void users_of_32_bits(void)
{
    run_user_cs = FLAT_RING3_CS32;
    run_in.rdx = 0x0a20;
    CHECK_VALUE(USER("\xcd\x80"), TRAP(0x80));
    CHECK_VALUE(USER("\xf4"), GP);
    CHECK_VALUE(USER("\xec"), GP);
    CHECK_VALUE(run_set_iopl(3), 0);
    CHECK_VALUE(USER("\xec"), PLAYED);
    CHECK_VALUE(USER("\xfa"), PLAYED);
    CHECK_VALUE(run_set_iopl(0), 0);
    run_in.rax = 0x40000000;
    CHECK_VALUE(USER("\x0f\x0bxen\x0f\xa2"), PLAYED);
    CHECK_VALUE(run_out.rbx, 0x566e6558);
    run_user_cs = FLAT_RING3_CS64;
}

void check_interrupts(void)
{
    run_fresh();
    by_level();
    breakpoints();
    number_80();
    users_of_32_bits();
    run_gates(0);
}
