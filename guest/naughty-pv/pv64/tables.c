/* SPDX-License-Identifier: MIT */
/* Pins, the hypervisor's slots, tables that lead to themselves, and bits that no entry may have. */
#include "guest/lib/memory.h"
#include "guest/naughty-pv/pv64/naughty.h"

/* --- Pins: twice, at another level, of what is in use, away from under the processor */

static void pin_twice(void)
{
    uint64_t *table = memory_pages(1);

    make_read_only(table);
    CHECK(unpin(table) < 0);
    for (unsigned level = 1; level <= 4; level++) {
        CHECK_VALUE(pin(level, table), 0);
        for (unsigned other = 1; other <= 4; other++)
            CHECK(pin(other, table) < 0);
        CHECK(make_writable(table) < 0);
        CHECK_VALUE(unpin(table), 0);
        CHECK(unpin(table) < 0);
    }
    CHECK_VALUE(make_writable(table), 0);
}

/* The root that the processor uses is pinned by the builder. Without its pin it is still what it is. */
static void unpin_root(void)
{
    uint64_t *root = (uint64_t *)pv_start_info->pt_base;

    for (unsigned i = 0; i < 3; i++) {
        CHECK_VALUE(unpin(root), 0);
        CHECK(unpin(root) < 0);
        CHECK(make_writable(root) < 0);
        CHECK(pin(3, root) < 0);
        CHECK_VALUE(mmuext(MMUEXT_NEW_BASEPTR, env_frame(root), 0), 0);
        CHECK_VALUE(pin(4, root), 0);
    }
    for (unsigned level = 1; level <= 3; level++) {
        CHECK(unpin(pv_table_at(root, level)) < 0);
        CHECK(mmuext(MMUEXT_NEW_BASEPTR, env_frame(pv_table_at(root, level)), 0) < 0);
    }
}

/* A copy of the root that loses its pin while it is the user mode's. */
static void user_root(void)
{
    const uint64_t *root = (uint64_t *)pv_start_info->pt_base;
    uint64_t *copy = memory_pages(1);

    for (unsigned i = 0; i < PV_ENTRIES; i++)
        copy[i] = root[i]; /* the hypervisor's slots, too */
    make_read_only(copy);
    CHECK_VALUE(pin(4, copy), 0);
    CHECK_VALUE(mmuext(MMUEXT_NEW_USER_BASEPTR, env_frame(copy), 0), 0);
    CHECK_VALUE(unpin(copy), 0);
    CHECK(make_writable(copy) < 0);
    CHECK_VALUE(mmuext(MMUEXT_NEW_USER_BASEPTR, 0, 0), 0);
    CHECK_VALUE(make_writable(copy), 0);
    for (unsigned i = HYPERVISOR_FIRST_SLOT; i < HYPERVISOR_END_SLOT; i++)
        copy[i] = 0x4879700000000000ULL + i; /* what a later check would find, if it stayed */
}

void attack_pins(void)
{
    pin_twice();
    unpin_root();
    user_root();
}

/* --- The hypervisor's slots of the L4 table, and what lies behind them */

static void read_byte(void *arg)
{
    *(volatile const uint8_t *)arg;
}

static void write_byte(void *arg)
{
    *(volatile uint8_t *)arg = 0;
}

static void jump(void *arg)
{
    __asm__ volatile("call *%0" ::"r"(arg) : "memory");
}

static void untouchable(guest_word address, bool readable)
{
    void *p = (void *)address;

    if (!readable && trap_try(read_byte, p) == TRAP_NONE)
        verdict(VERDICT_FAILURE, "%p can be read", p);
    if (trap_try(write_byte, p) == TRAP_NONE)
        verdict(VERDICT_FAILURE, "%p can be written", p);
    if (trap_try(jump, p) == TRAP_NONE)
        verdict(VERDICT_FAILURE, "%p can be called", p);
}

static void write_slots(void)
{
    uint64_t *root = (uint64_t *)pv_start_info->pt_base;
    uint64_t l3 = root[0] & PTE_ADDRESS;
    uint64_t *table = memory_pages(1);

    for (unsigned i = HYPERVISOR_FIRST_SLOT; i < HYPERVISOR_END_SLOT; i++) {
        uint64_t before = root[i];

        CHECK(pv_set_entry(root, i, l3 | PTE_ALL) < 0);
        CHECK(pv_set_entry(root, i, 0) < 0);
        CHECK(root[i] == before);
        table[i] = l3 | PTE_ALL;
    }
    make_read_only(table);
    if (pin(4, table) == 0) {
        for (unsigned i = HYPERVISOR_FIRST_SLOT; i < HYPERVISOR_END_SLOT; i++)
            if ((table[i] & PTE_ADDRESS) == l3)
                verdict(VERDICT_FAILURE, "slot %u of a new root is the guest's", i);
        CHECK_VALUE(unpin(table), 0);
    }
    CHECK_VALUE(make_writable(table), 0);
}

/* A page in each GiB of the hole, and more in the machine-to-physical table. */
void attack_slots(void)
{
    write_slots();
    for (guest_word a = MACH2PHYS_VIRT_END; a < HYPERVISOR_VIRT_END; a += (1UL << 30) + 0x201000)
        untouchable(a, false);
    for (guest_word a = MACH2PHYS_VIRT_START; a < MACH2PHYS_VIRT_END; a += (1UL << 29) + 0x1000)
        untouchable(a, true);
    untouchable(MACH2PHYS_VIRT_START + env_frame(spare_address()) * 8, true);
    for (unsigned i = 0; i < 16; i++)
        untouchable(HYPERVISOR_VIRT_START + ((guest_word)i << 39), i == 0);
    untouchable(NON_CANONICAL, false);
    untouchable(~NON_CANONICAL & 0xFFFF7FFFFFFFFFFF, false);
}

/* --- Tables at levels that they do not have */

/* A table of each level as what another level leads to. */
void attack_tables(void)
{
    uint64_t *loop = memory_pages(1);

    for (unsigned level = 2; level <= 4; level++)
        for (unsigned of = 1; of <= 4; of++)
            if (of != level - 1)
                refused(level, pv_machine(pv_table_at(spare_address(), of)) | PTE_ALL, "a table of another level");
    for (unsigned level = 1; level <= 4; level++) {
        for (unsigned writable = 0; writable < 2; writable++) {
            loop[9] = pv_machine(loop) | (writable ? PTE_ALL : PTE_READ_ONLY);
            make_read_only(loop);
            int rc = pin(level, loop); /* an L1 table may map itself read-only; others may where linear tables are on */
            CHECK(writable ? rc < 0 : level == 1 ? rc == 0 : rc < 0 || is_initial());
            if (rc == 0)
                CHECK_VALUE(unpin(loop), 0);
            CHECK_VALUE(make_writable(loop), 0);
        }
    }
    /* Two tables of a level that lead to each other. */
    uint64_t *other = memory_pages(1);
    for (unsigned level = 2; level <= 4; level++) {
        loop[9] = pv_machine(other) | PTE_ALL;
        other[9] = pv_machine(loop) | PTE_ALL;
        make_read_only(loop);
        make_read_only(other);
        CHECK(pin(level, loop) < 0);
        CHECK(pin(level, other) < 0);
        CHECK_VALUE(make_writable(loop), 0);
        CHECK_VALUE(make_writable(other), 0);
    }
}

/* --- Bits */

static uint64_t address_bits(void)
{
    unsigned width = env_cpuid(0x80000008, 0).eax & 0xFF;

    return PTE_ADDRESS & ~((1ULL << (width < 52 ? width : 52)) - 1);
}

/* Large pages, and addresses that the processor has no wires for. */
void attack_bits(void)
{
    uint64_t frame = pv_machine(memory_pages_aligned(512, 512 * GUEST_PAGE_SIZE));
    uint64_t table = pv_machine(pv_table_at(spare_address(), 1));

    for (unsigned level = 2; level <= 4; level++) {
        refused(level, (frame & ~0x1FFFFFULL) | PTE_ALL | PTE_LARGE, "a large page");
        refused(level, PTE_ALL | PTE_LARGE, "a large page at 0");
        refused(level, (frame & ~0x1FFFFFULL) | PTE_READ_ONLY | PTE_LARGE, "a large page");
    }
    for (unsigned bit = 12; bit < 52; bit++)
        if (address_bits() >> bit & 1) {
            refused(1, frame | 1ULL << bit | PTE_READ_ONLY, "a reserved bit");
            refused(2, table | 1ULL << bit | PTE_ALL, "a reserved bit");
        }
}
