/* SPDX-License-Identifier: MIT */
/*
 * Page tables and pages of descriptors that the guest may write to by another name: a second mapping, made before or
 * after the frame became what it is, or remembered by the processor.
 */
#include "common/string.h"
#include "guest/lib/memory.h"
#include "guest/naughty-pv/pv64/naughty.h"

#define PAGE_DESCRIPTORS 512U

/* Each table on the way to our own code, at each level. */
static void live_tables(void)
{
    for (unsigned level = 1; level <= 4; level++) {
        uint64_t *table = pv_table_at(spare_address(), level);

        refused(1, pv_machine(table) | PTE_ALL, "a writable alias of a live table");
        CHECK(make_writable(table) < 0);
        CHECK(mmuext(MMUEXT_CLEAR_PAGE, env_frame(table), 0) < 0);
        CHECK(mmuext(MMUEXT_COPY_PAGE, env_frame(table), env_frame(spare_address())) < 0);
        CHECK(hv_set_gdt(&(uint64_t){env_frame(table)}, PAGE_DESCRIPTORS) < 0);
        CHECK(hv_update_descriptor(pv_machine(table), 0) < 0);
    }
}

/* What is mapped writable anywhere does not become a table. */
static void mapped_before(void)
{
    uint64_t *table = memory_pages(1);
    uint8_t *alias = spare_address();

    for (unsigned level = 1; level <= 4; level++)
        CHECK(pin(level, table) < 0);
    CHECK_VALUE(pv_set_mapping(alias, pv_machine(table) | PTE_ALL), 0);
    make_read_only(table);
    for (unsigned level = 1; level <= 4; level++)
        CHECK(pin(level, table) < 0);
    CHECK(mmuext(MMUEXT_NEW_BASEPTR, env_frame(table), 0) < 0);
    CHECK(mmuext(MMUEXT_NEW_USER_BASEPTR, env_frame(table), 0) < 0);
    CHECK(hv_set_gdt(&(uint64_t){env_frame(table)}, PAGE_DESCRIPTORS) < 0);
    CHECK_VALUE(pv_set_mapping(alias, pv_machine(table) | PTE_READ_ONLY), 0);
    CHECK_VALUE(pin(1, table), 0);
    CHECK(pv_set_mapping(alias, pv_machine(table) | PTE_ALL) < 0);
    CHECK_VALUE(unpin(table), 0);
    CHECK_VALUE(make_writable(alias), 0);
    CHECK_VALUE(make_writable(table), 0);
}

static void poke(void *arg)
{
    *(volatile uint64_t *)arg = 0x0123456789ABCDEF;
}

/*
 * The mapping is taken away without a flush, so the processor may go on writing to the page. When the page has become a
 * table it must have forgotten.
 */
static void remembered(void)
{
    uint64_t *table = memory_pages(1);
    volatile uint64_t *alias = (volatile uint64_t *)spare_address();

    for (unsigned i = 0; i < 16; i++) {
        CHECK_VALUE(pv_set_mapping(alias, pv_machine(table) | PTE_ALL), 0);
        alias[5] = 0;
        CHECK_VALUE(hv_update_va_mapping(guest_address(table), pv_machine(table) | PTE_READ_ONLY, UVMF_NONE), 0);
        CHECK_VALUE(hv_update_va_mapping(guest_address(alias), pv_machine(table) | PTE_READ_ONLY, UVMF_NONE), 0);
        CHECK_VALUE(pin(1 + i % 4, table), 0);
        trap_try(poke, (void *)&alias[5]);
        trap_try(poke, &table[5]);
        CHECK_VALUE(table[5], 0);
        CHECK_VALUE(unpin(table), 0);
        CHECK_VALUE(make_writable(table), 0);
        memset(table, 0, GUEST_PAGE_SIZE); /* as an L4 table it had the hypervisor's slots */
    }
    CHECK_VALUE(make_writable((void *)alias), 0);
}

/* The same by mappings whose table is taken away above them. */
static void remembered_table(void)
{
    uint64_t *l1 = memory_pages(1), *page = memory_pages(1);
    volatile uint64_t *address = (volatile uint64_t *)((1UL << 30) - 4096);
    uint64_t *l2 = pv_table_at((const void *)address, 2);
    unsigned at = pv_index_at((const void *)address, 2);

    l1[pv_index_at((const void *)address, 1)] = pv_machine(page) | PTE_ALL;
    make_read_only(l1);
    CHECK_VALUE(pv_set_entry(l2, at, pv_machine(l1) | PTE_ALL), 0);
    address[3] = 1;
    CHECK(make_writable(l1) < 0);
    CHECK_VALUE(pv_set_entry(l2, at, 0), 0);
    CHECK_VALUE(hv_update_va_mapping(guest_address(page), pv_machine(page) | PTE_READ_ONLY, UVMF_NONE), 0);
    page = memory_pages(1); /* the one before is forgotten, and read-only from here on */
    CHECK_VALUE(make_writable(l1), 0);
    l1[pv_index_at((const void *)address, 1)] = pv_machine(pv_table_at(page, 1)) | PTE_ALL;
    trap_try(poke, (void *)&address[pv_index_at(page, 1)]);
    CHECK((pv_table_at(page, 1)[pv_index_at(page, 1)] & PTE_ADDRESS) == pv_machine(page));
}

/* A page of descriptors in use: no alias, no table, no writing, whatever it was mapped as. */
static void descriptor_pages(void)
{
    uint64_t *gdt = memory_pages(1), frame = env_frame(gdt);

    CHECK(hv_set_gdt(&frame, PAGE_DESCRIPTORS) < 0); /* mapped writable */
    make_read_only(gdt);
    CHECK_VALUE(hv_set_gdt(&frame, PAGE_DESCRIPTORS), 0);
    refused(1, pv_machine(gdt) | PTE_ALL, "a writable alias of the GDT");
    for (unsigned level = 1; level <= 4; level++)
        CHECK(pin(level, gdt) < 0);
    for (unsigned level = 2; level <= 4; level++)
        refused(level, pv_machine(gdt) | PTE_ALL, "the GDT as a table");
    trap_try(poke, &gdt[7]);
    CHECK_VALUE(gdt[7], 0);
    CHECK(pv_set_entry(gdt, 7, 0x00CFFB000000FFFF) < 0);
    CHECK(mmuext(MMUEXT_CLEAR_PAGE, frame, 0) < 0);
    CHECK_VALUE(hv_set_gdt(NULL, 0), 0);
    CHECK_VALUE(make_writable(gdt), 0);
}

void attack_aliases(void)
{
    live_tables();
    mapped_before();
    remembered();
    remembered_table();
    descriptor_pages();
    CHECK_VALUE(make_writable(spare_address()), 0);
}
