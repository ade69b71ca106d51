/* SPDX-License-Identifier: MIT */
/* Debug registers and single steps: PV-DBG-01 to -06. */
#include "guest/traps/pv64/traps.h"

#define BIT_32 (1ULL << 32)

static void registers(void)
{
    static const struct {
        unsigned n;
        int result;
        uint64_t value, reads;
    } rows[] = {
        {0, 0, 0x12345, 0x12345},
        {0, -XEN_EPERM, 0xffff800000000000, 0x12345},
        {0, -XEN_EPERM, 0xffff87ffffffffff, 0x12345},
        {0, -XEN_EPERM, NOT_CANONICAL, 0x12345},
        {0, -XEN_EPERM, 0xffff7fffffffffff, 0x12345},
        {0, 0, 0xffff880000000000, 0xffff880000000000},
        {3, 0, 0x7fffffffffff, 0x7fffffffffff},
        {4, 0, 0, 0xffff0ff0},
        {5, 0, 0, 0x400},
        {6, 0, 0xffffffff, 0xffffefff},
        {6, -XEN_EINVAL, BIT_32, 0xffffefff},
        {6, 0, 0x4000, 0xffff4ff0},
        {6, 0, 0x1000, 0xffff0ff0},
        {7, -XEN_EPERM, 0xffff, 0x400},
        {7, -XEN_EPERM, 0x2000, 0x400},
        {7, -XEN_EINVAL, BIT_32, 0x400},
        {7, 0, 0xd000, 0x400},
        {7, -XEN_EPERM, 0x20001, 0x400},
        {7, 0, 0x20000, 0x20400},
        {7, 0, 0xf0001, 0xf0401},
        {7, 0, 0x300, 0x700},
        {7, 0, 0, 0x400},
        {8, -XEN_ENODEV, 0, (uint64_t)-XEN_ENODEV},
        {~0U, -XEN_ENODEV, 0, (uint64_t)-XEN_ENODEV},
    };

    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        CHECK_VALUE(hv_set_debugreg(rows[i].n, rows[i].value), rows[i].result);
        CHECK_VALUE(hv_get_debugreg(rows[i].n), rows[i].reads);
    }
}

static void steps(void)
{
    struct want want = {.vector = DB, .length = 1, .rflags = 0x302};
    struct iret_context c = kernel(code_nops);

    c.rflags |= FLAG_TF;
    hv_set_debugreg(6, 0);
    shoot("one step", c, 0, want);
    CHECK_VALUE(hv_get_debugreg(6), 0xffff4ff0);
    c = user(code_nops);
    c.rflags |= FLAG_TF;
    shoot("one step of a user", c, 0, want);
}

/* DR6 keeps the bit of the step until it is cleared. */
static void execution(void)
{
    struct want want = {.vector = DB, .length = 1};

    CHECK_VALUE(hv_set_debugreg(0, guest_address(code_nops) + 1), 0);
    CHECK_VALUE(hv_set_debugreg(7, 1), 0);
    shoot("a breakpoint", kernel(code_nops), 0, want);
    CHECK_VALUE(hv_get_debugreg(6), 0xffff4ff1);
    hv_set_debugreg(6, 0);
    shoot("a breakpoint of a user", user(code_nops), 0, want);
    CHECK_VALUE(hv_get_debugreg(6), 0xffff0ff1);
    CHECK_VALUE(hv_set_debugreg(7, 0), 0);
    shoot("no breakpoint", kernel(code_nops), 0, (struct want){.lands = true});
}

static void data(void)
{
    static uint64_t watched;

    hv_set_debugreg(6, 0);
    CHECK_VALUE(hv_set_debugreg(1, guest_address(&watched)), 0);
    CHECK_VALUE(hv_set_debugreg(7, 0xd00004), 0);
    shoot("a watched word", kernel(code_write), guest_address(&watched), (struct want){.vector = DB, .length = 2});
    CHECK_VALUE(hv_get_debugreg(6), 0xffff0ff2);
    CHECK_VALUE(hv_set_debugreg(7, 0), 0);
}

/*
 * A data breakpoint on what is loaded into %ss waits for the end of the next instruction. If that goes to ring 0, the
 * #DB comes there, on its first instruction (CVE-2018-8897). Which exception the guest gets is the processor's choice:
 * PV-DBG-06.
 */
static void deferred(void)
{
    static const uint64_t selector = FLAT_SS;
    static const uint8_t *const codes[] = {code_mov_ss_syscall, code_mov_ss_int3};

    CHECK_VALUE(hv_set_debugreg(1, guest_address(&selector)), 0);
    for (unsigned i = 0; i < 2; i++) {
        CHECK_VALUE(hv_set_debugreg(7, 0xf00004), 0);
        shoot_only(user(codes[i]), guest_address(&selector));
        CHECK_VALUE(hv_set_debugreg(7, 0), 0);
        CHECK(shot.vector == DB || shot.vector == BP || shot.vector == SHOT_CALLBACK + CALLBACKTYPE_syscall);
    }
}

void debug_run(void)
{
    registers();
    steps();
    execution();
    data();
    deferred();
}
