/* SPDX-License-Identifier: MIT */
/*
 * PAE paging keeps the four entries that CR3 points to in the processor, and loads them when a control register is
 * written. One that is present and has a reserved bit is the guest's mistake: #GP(0), and nothing changes (SDM Vol. 3A,
 * section 4.4.1). With nested paging AMD's processors look at an entry only when they use it (APM Vol. 2, section
 * 15.25.10), so the wrong ones here are those for addresses from 2 GiB on, which this program does not use.
 */
#include "guest/lib/env.h"
#include "guest/lib/trap.h"
#include "guest/lib/verdict.h"
#include "guest/naughty/naughty.h"
#include "guest/naughty/pvh/control.h"

#define ENTRIES 512
#define PDPTE_PRESENT 1
#define PDE_2MIB 0xE7 /* present, writable, user, accessed, dirty, large */

static uint64_t pointers[4] __attribute__((aligned(32)));
static uint64_t directories[4][ENTRIES] __attribute__((aligned(GUEST_PAGE_SIZE)));

/* Every address one to one, as before. */
static void fill_tables(void)
{
    for (unsigned i = 0; i < 4 * ENTRIES; i++)
        directories[i / ENTRIES][i % ENTRIES] = (uint64_t)i << 21 | PDE_2MIB;
    for (unsigned i = 0; i < 4; i++)
        pointers[i] = guest_address(directories[i]) | PDPTE_PRESENT;
}

static void toggle_cr0(void *bits)
{
    write_cr0(read_cr0() ^ *(const guest_word *)bits);
}

static void toggle_cr4(void *bits)
{
    write_cr4(read_cr4() ^ *(const guest_word *)bits);
}

/* Writes to CR0 that load the entries. Those with CD or NE are Xenolith's to complete, the others the processor's. */
static guest_word loading[] = {CR0_PG, CR0_PG | CR0_NE, CR0_CD, CR0_CD | CR0_NE};

static void check_cr0(unsigned i, uint64_t good, uint64_t wrong, guest_word *bits)
{
    guest_word on = read_cr0(), off = on & ~(*bits & CR0_PG);

    write_cr0(off);
    pointers[i] = good | wrong;
    CHECK_VALUE(trap_try(toggle_cr0, bits), TRAP_GP);
    CHECK(read_cr0() == off);
    pointers[i] = good;
    CHECK_VALUE(trap_try(toggle_cr0, bits), TRAP_NONE);
    write_cr0(on);
}

/* And one to CR4 that does, and one that does not. */
static void check_cr4(unsigned i, uint64_t good, uint64_t wrong)
{
    guest_word cr4 = read_cr4(), pge = CR4_PGE, de = CR4_DE;

    pointers[i] = good | wrong;
    CHECK_VALUE(trap_try(toggle_cr4, &pge), TRAP_GP);
    CHECK(read_cr4() == cr4);
    CHECK_VALUE(trap_try(toggle_cr4, &de), TRAP_NONE);
    pointers[i] = good;
    write_cr4(cr4);
}

static void check_entry(unsigned i, uint64_t wrong)
{
    uint64_t good = pointers[i];

    for (unsigned n = 0; n < sizeof(loading) / sizeof(loading[0]); n++)
        check_cr0(i, good, wrong, &loading[n]);
    check_cr4(i, good, wrong);
}

static void check_reserved_bits(void)
{
    uint64_t good = pointers[3];

    for (unsigned bit = 0; bit < 64; bit++)
        if ((0x80000000000001E6 >> bit & 1) && is_intel())
            check_entry(bit % 2 ? 3 : 2, 1ULL << bit);
    pointers[3] = ~(uint64_t)PDPTE_PRESENT; /* not present: the rest does not matter */
    CHECK_VALUE(trap_try(toggle_cr0, &loading[2]), TRAP_NONE);
    pointers[3] = good;
    CHECK_VALUE(trap_try(toggle_cr0, &loading[2]), TRAP_NONE);
}

void abuse_paging(void)
{
    guest_word cr0 = read_cr0(), cr3 = read_cr3(), cr4 = read_cr4();

    fill_tables();
    (void)env_upcalls_off();
    write_cr0(cr0 & ~CR0_PG);
    write_cr3(guest_address(pointers));
    write_cr4(cr4 | CR4_PAE);
    write_cr0(cr0);
    check_reserved_bits();
    write_cr0(cr0 & ~CR0_PG);
    write_cr4(cr4);
    write_cr3(cr3);
    write_cr0(cr0);
    env_upcalls_on();
}
