/* SPDX-License-Identifier: MIT */
/* Writes to control registers that long mode does not allow: #GP(0), and nothing changes (SDM Vol. 2, MOV to CR). */
#include "guest/lib/env.h"
#include "guest/lib/trap.h"
#include "guest/lib/verdict.h"
#include "guest/naughty/naughty.h"
#include "guest/naughty/pvh/control.h"

#define CR0_PE 1ULL
#define CR0_NW (1ULL << 29)
#define CR0_UPPER (1ULL << 32)
#define CR4_VMXE (1ULL << 13)
#define CR4_UPPER (1ULL << 63)

static void cr0(void *arg)
{
    write_cr0(*(const guest_word *)arg);
}

static void cr4(void *arg)
{
    write_cr4(*(const guest_word *)arg);
}

static void cr8(void *arg)
{
    __asm__ volatile("mov %0, %%cr8" : : "r"(*(const guest_word *)arg));
}

static void refused(void (*write)(void *), guest_word value)
{
    guest_word before = read_cr0() ^ read_cr4();

    CHECK_VALUE(trap_try(write, &value), TRAP_GP);
    CHECK((read_cr0() ^ read_cr4()) == before);
}

/* QEMU's emulation checks CR0 and CR8 less than processors do, and no exit lets Xenolith do it. */
void abuse_paging(void)
{
    refused(cr4, read_cr4() & ~CR4_PAE);
    refused(cr4, read_cr4() | CR4_VMXE);
    refused(cr4, read_cr4() | CR4_UPPER);
    if (!is_intel())
        return;
    refused(cr0, read_cr0() & ~CR0_PG);
    refused(cr0, read_cr0() & ~CR0_PE);
    refused(cr0, read_cr0() | CR0_NW); /* without CD */
    refused(cr0, read_cr0() | CR0_UPPER);
    refused(cr8, 16);
}
