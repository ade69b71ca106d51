/* SPDX-License-Identifier: MIT */
/* The iret hypercall, as far as frames.c has not shown it: PV-IRET-01 to -06. */
#include "guest/traps/pv64/traps.h"

/* --- Selectors. What can't be loaded is the guest's #GP, at the place where it wanted to go. */

static struct want refused(uint64_t selector)
{
    return (struct want){.vector = GP, .has_error = true, .error = (uint32_t)selector & 0xfffc};
}

/* Nothing is in the guest's part of the table. */
static const uint16_t bad[] = {0,      3,      0x8,    0x10,   0x18,   0x1b,   0x7,
                               0xdff8, 0xe008, 0xe010, 0xe019, 0xe03b, 0xfff8, 0xffff};

static void code_selectors(void)
{
    static const uint16_t good[] = {0xe030, 0xe031, 0xe032, 0xe033};

    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        bool leaves = (bad[i] & 3) == 3;
        struct iret_context c = leaves ? user(code_ud2) : kernel(code_ud2);
        c.cs = bad[i];
        shoot("a bad cs", c, 0, refused(bad[i]));
    }
    for (unsigned i = 0; i < 4; i++) {
        struct iret_context c = kernel(code_ud2);
        c.cs = 0xffffffffffff0000 | good[i];
        if (i == 3)
            c.rsp = user_stack();
        shoot("a good cs", c, 0, (struct want){.vector = UD});
    }
}

static void stack_selectors(void)
{
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct iret_context c = kernel(code_ud2);
        c.ss = bad[i];
        shoot("a bad ss", c, 0, refused(bad[i]));
        c = user(code_ud2);
        c.ss = bad[i];
        shoot("a bad ss of a user", c, 0, refused(bad[i]));
    }
    for (unsigned rpl = 0; rpl < 4; rpl++) {
        struct iret_context c = user(code_ud2);
        c.ss = 0xabcd0000e028 | rpl;
        shoot("a good ss", c, 0, (struct want){.vector = UD});
    }
}

/* --- Addresses */

static void addresses(void)
{
    static const uint64_t where[] = {NOT_CANONICAL, 0xffff7fffffffffff, 0x8000000000000000};

    for (unsigned i = 0; i < 3; i++)
        for (unsigned in_syscall = 0; in_syscall < 2; in_syscall++) {
            struct iret_context c = kernel((const void *)where[i]);
            c.flags = in_syscall ? VGCF_in_syscall : 0;
            shoot("rip can't be", c, 0, refused(0));
            c.cs = USER_CS;
            shoot("rip can't be for a user", c, 0, refused(0));
        }
}

/* --- VGCF_in_syscall */

static void in_syscall(void)
{
    struct iret_context c = kernel(code_nops);

    c.flags = VGCF_in_syscall;
    shoot("in_syscall", c, 0, (struct want){.lands = true});
    c.flags = ~0ULL;
    c.cs = 1;
    c.ss = 0;
    shoot("in_syscall, without selectors", c, 0, (struct want){.lands = true});
    c = user(code_ud2);
    c.flags = VGCF_in_syscall;
    c.cs = 3;
    c.ss = 0;
    c.rflags = (FLAGS_ALL & ~FLAG_TF) | FLAG_IF | 2;
    shoot("in_syscall to a user", c, 0, (struct want){.vector = UD});
    c = kernel(code_nops);
    c.flags = ~(uint64_t)VGCF_in_syscall;
    shoot("all other flags", c, 0, (struct want){.lands = true});
}

/* The registers that are no part of the context stay as they are; rax is restored. */
static void registers(void)
{
    static uint8_t byte;
    struct iret_context c = user(code_write);

    c.rax = 0x1234567890;
    shoot("rax and rsi", c, guest_address(&byte), (struct want){.lands = true});
    CHECK_VALUE(byte, 0x90);
    CHECK(shot.rax == 0x1234567890);
}

void returns_run(void)
{
    code_selectors();
    stack_selectors();
    addresses();
    in_syscall();
    registers();
}
