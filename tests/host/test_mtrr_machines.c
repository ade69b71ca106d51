/* SPDX-License-Identifier: MIT */
/*
 * The MTRRs as firmware of several kinds of machine leaves them, register by register, and the memory types that SDM
 * Vol. 3A, section 11.11.4 gives for addresses of interest.
 */
// links: arch/x86/mtrr_state.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arch/x86/mtrr.h"

#define UC MEMORY_UC
#define WC MEMORY_WC
#define WT MEMORY_WT
#define WP MEMORY_WP
#define WB MEMORY_WB
#define EIGHT(type) ((type)*0x0101010101010101ULL)
#define END     \
    {           \
        0, 0xff \
    }
#define BLOCK (2ULL << 20)
/* IA32_MTRRCAP: write combining, fixed ranges, and SMRRs, which hold for SMM only and have MSRs of their own. */
#define CAP(n) (0x500 | (n))
#define CAP_SMRR(n) (0xd00 | (n))

struct machine {
    const char *name;
    uint64_t cap, def_type;
    uint64_t fixed[11];
    uint64_t variable[10][2]; /* base, mask */
    struct {
        uint64_t pa;
        uint8_t type;
    } expected[16];
};

static const struct machine machines[] = {
    {
        .name = "desktop with UEFI, 39 bits: all is WB, and UC ranges build the hole below 4 GiB from its top down",
        .cap = CAP_SMRR(10),
        .def_type = 0xc06,
        .fixed = {EIGHT(WB), EIGHT(WB), EIGHT(UC), EIGHT(WP), EIGHT(WP), EIGHT(WP), EIGHT(WP), EIGHT(WP), EIGHT(WP),
                  EIGHT(WP), EIGHT(WP)},
        .variable = {{0xc0000000, 0x7fc0000800},
                     {0xa0000000, 0x7fe0000800},
                     {0x90000000, 0x7ff0000800},
                     {0x8c000000, 0x7ffc000800},
                     {0x8b000000, 0x7fff000800}},
        .expected = {{0, WB},
                     {0x9ffff, WB},
                     {0xa0000, UC},
                     {0xbffff, UC},
                     {0xc0000, WP},
                     {0xfffff, WP},
                     {0x100000, WB},
                     {0x8affffff, WB},
                     {0x8b000000, UC},
                     {0x9fffffff, UC},
                     {0xa0000000, UC},
                     {0xfee00000, UC},
                     {0xffffffff, UC},
                     {0x100000000, WB},
                     {0x7fffffffff, WB},
                     END},
    },
    {
        .name = "PC with a BIOS and 4 GiB, 36 bits: all is UC, RAM is WB, and UC cuts video memory and SMRAM out of it",
        .cap = CAP(8),
        .def_type = 0xc00,
        .fixed = {EIGHT(WB), EIGHT(WB), EIGHT(UC), EIGHT(WP), EIGHT(WP), EIGHT(UC), EIGHT(UC), EIGHT(WP), EIGHT(WP),
                  EIGHT(WP), EIGHT(WP)},
        .variable = {{0x000000006, 0xf80000800},
                     {0x080000006, 0xfc0000800},
                     {0x100000006, 0xfc0000800},
                     {0x0bf700000, 0xffff00800},
                     {0x0bf800000, 0xfff800800}},
        .expected = {{0xd0000, UC},
                     {0xcffff, WP},
                     {0xe0000, WP},
                     {0x100000, WB},
                     {0x7fffffff, WB},
                     {0x80000000, WB},
                     {0xbf6fffff, WB},
                     {0xbf700000, UC},
                     {0xbfffffff, UC},
                     {0xc0000000, UC},
                     {0xfec00000, UC},
                     {0x100000000, WB},
                     {0x13fffffff, WB},
                     {0x140000000, UC},
                     END},
    },
    {
        .name = "server, 46 bits: one WB range over everything, and UC over it from 2 to 4 GiB and at the very top",
        .cap = CAP_SMRR(10),
        .def_type = 0xc00,
        .fixed = {EIGHT(WB), EIGHT(WB), EIGHT(UC), EIGHT(UC), EIGHT(UC), EIGHT(UC), EIGHT(UC), EIGHT(WP), EIGHT(WP),
                  EIGHT(WP), EIGHT(WP)},
        .variable = {{0x000000000006, 0x3f8000000800},
                     {0x000080000000, 0x3fff80000800},
                     {0x007fc0000000, 0x3fffc0000800}},
        .expected = {{0x7fffffff, WB},
                     {0x80000000, UC},
                     {0xffffffff, UC},
                     {0x100000000, WB},
                     {0x7fbfffffff, WB},
                     {0x7fc0000000, UC},
                     {0x7fffffffff, UC},
                     {0x8000000000, UC},
                     {0x3fffffffffff, UC},
                     END},
    },
    {
        .name = "graphics aperture as WC where all is UC, and again where it lies in a UC range, which wins",
        .cap = CAP(8),
        .def_type = 0xc00,
        .fixed = {EIGHT(WB), EIGHT(WB)},
        .variable = {{0x000000006, 0xf80000800},
                     {0x0e0000001, 0xff0000800},
                     {0x0c0000000, 0xff0000800},
                     {0x0c8000001, 0xff8000800}},
        .expected = {{0xdfffffff, UC}, {0xe0000000, WC}, {0xefffffff, WC}, {0xf0000000, UC}, {0xc8000000, UC}, END},
    },
    {
        .name = "WT over WB is WT, in either order; WT, WB and UC are UC; WP over WB is undefined, and taken as UC",
        .cap = CAP(8),
        .def_type = 0xc06,
        .fixed = {EIGHT(WB), EIGHT(WB), EIGHT(WB), EIGHT(WB), EIGHT(WB), EIGHT(WB), EIGHT(WB), EIGHT(WB), EIGHT(WB),
                  EIGHT(WB), EIGHT(WB)},
        .variable = {{0x000000006, 0xf00000800},
                     {0x001000004, 0xfff000800},
                     {0x100000004, 0xfff000800},
                     {0x100000006, 0xff0000800},
                     {0x001800000, 0xfff800800},
                     {0x003000005, 0xfff000800}},
        .expected = {{0x0ffffff, WB},
                     {0x1000000, WT},
                     {0x17fffff, WT},
                     {0x1800000, UC},
                     {0x2000000, WB},
                     {0x3000000, UC},
                     {0x100000000, WT},
                     {0x100ffffff, WT},
                     {0x101000000, WB},
                     END},
    },
    {
        .name = "mask of a processor with 36 bits on one with 39 (firmware that took 36 for granted): it repeats",
        .cap = CAP(8),
        .def_type = 0xc06,
        .fixed = {EIGHT(WB), EIGHT(WB)},
        .variable = {{0xc0000000, 0xfc0000800}},
        .expected =
            {{0xc0000000, UC}, {0x100000000, WB}, {0x10c0000000, UC}, {0x70c0000000, UC}, {0x7100000000, WB}, END},
    },
    {
        .name = "fixed ranges off: the first MiB is as the variable ranges say",
        .cap = CAP(8),
        .def_type = 0x806,
        .fixed = {EIGHT(UC), EIGHT(UC)},
        .variable = {{0x000a0000, 0xfffe0800}},
        .expected = {{0, WB}, {0x9ffff, WB}, {0xa0000, UC}, {0xbffff, UC}, {0xc0000, WB}, END},
    },
    {
        .name = "on, but without fixed ranges (the capability counts, not what the default says) and without any other",
        .cap = 0x400,
        .def_type = 0xc06,
        .expected = {{0, WB}, {0xa0000, WB}, {0xfee00000, WB}, END},
    },
    {
        .name = "off: all is UC",
        .cap = CAP(8),
        .def_type = 0x406,
        .fixed = {EIGHT(WB)},
        .variable = {{0x000000006, 0xf00000800}},
        .expected = {{0, UC}, {0x100000, UC}, {0x100000000, UC}, END},
    },
    {
        .name = "ranges that are not valid, and types that do not exist: those are UC",
        .cap = CAP(8),
        .def_type = 0xc03,
        .fixed = {EIGHT(7), EIGHT(0x1e), EIGHT(2)},
        .variable = {{0x000000006, 0xf80000000}, {0x80000002, 0xfc0000800}, {0xc0000006, 0xfc0000800}},
        .expected = {{0, UC}, {0x80000, UC}, {0xa0000, UC}, {0x100000, UC}, {0x80000000, UC}, {0xc0000000, WB}, END},
    },
};

static const struct machine *machine;

/* The MSRs of the machine; any other is a mistake of the code (0x1f2 and 0x1f3 are the SMRRs). */
static bool read_msr(uint32_t msr, uint64_t *value)
{
    static const uint32_t fixed[11] = {0x250, 0x258, 0x259, 0x268, 0x269, 0x26a, 0x26b, 0x26c, 0x26d, 0x26e, 0x26f};
    uint32_t nr = machine->cap & 0xff;

    if (msr == 0xfe || msr == 0x2ff) {
        *value = msr == 0xfe ? machine->cap : machine->def_type;
        return true;
    }
    if (msr >= 0x200 && msr < 0x200 + 2 * nr) {
        *value = machine->variable[(msr - 0x200) / 2][msr & 1];
        return true;
    }
    for (unsigned i = 0; i < 11; i++) {
        *value = machine->fixed[i];
        if (fixed[i] == msr)
            return true;
    }
    fail_msg("MSR 0x%x is read", msr);
    return false;
}

static void read_machine(const struct machine *m, struct mtrr_state *state)
{
    machine = m;
    memset(state, 0xa5, sizeof(*state));
    if (!mtrr_state_read(state, read_msr))
        fail_msg("%s: not read", m->name);
}

static void types(void **unused)
{
    struct mtrr_state state;

    (void)unused;
    for (size_t m = 0; m < sizeof(machines) / sizeof(machines[0]); m++) {
        read_machine(&machines[m], &state);
        for (unsigned i = 0; machines[m].expected[i].type != 0xff; i++) {
            uint8_t type = mtrr_state_type(&state, machines[m].expected[i].pa);
            if (type != machines[m].expected[i].type)
                fail_msg("%s: %#llx is of type %u", machines[m].name, (unsigned long long)machines[m].expected[i].pa,
                         type);
        }
    }
}

static void check_block(const struct mtrr_state *state, const char *name, uint64_t pa)
{
    if (!mtrr_state_is_uniform(state, pa, BLOCK))
        return;
    for (uint64_t page = pa; page < pa + BLOCK; page += 4096)
        if (mtrr_state_type(state, page) != mtrr_state_type(state, pa))
            fail_msg("%s: the block at %#llx has two types", name, (unsigned long long)pa);
}

/* A large page of a guest must not take part of a hole along: blocks at all edges of all machines. */
static void large_pages(void **unused)
{
    struct mtrr_state state;

    (void)unused;
    for (size_t m = 0; m < sizeof(machines) / sizeof(machines[0]); m++) {
        read_machine(&machines[m], &state);
        for (unsigned i = 0; machines[m].expected[i].type != 0xff; i++) {
            uint64_t pa = machines[m].expected[i].pa & ~(BLOCK - 1);
            check_block(&state, machines[m].name, pa);
            check_block(&state, machines[m].name, pa + BLOCK);
            check_block(&state, machines[m].name, pa ? pa - BLOCK : 0);
        }
    }
}

static uint32_t missing;

static bool read_some(uint32_t msr, uint64_t *value)
{
    return msr != missing && read_msr(msr, value);
}

/* Emulators that have some of the registers only. */
static void a_register_is_missing(void **unused)
{
    static const uint32_t needed[] = {0xfe, 0x2ff, 0x200, 0x213, 0x250, 0x26f};
    struct mtrr_state state;

    (void)unused;
    machine = &machines[0];
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
        missing = needed[i];
        assert_false(mtrr_state_read(&state, read_some));
    }
    missing = 0;
    assert_true(mtrr_state_read(&state, read_some));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types),
        cmocka_unit_test(large_pages),
        cmocka_unit_test(a_register_is_missing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
