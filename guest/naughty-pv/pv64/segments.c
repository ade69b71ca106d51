/* SPDX-License-Identifier: MIT */
/* Descriptors that would lead out of ring 3, and selectors of those that the hypervisor has for itself. */
#include "guest/lib/memory.h"
#include "guest/naughty-pv/pv64/naughty.h"

#define PAGE_DESCRIPTORS 512U
#define DESCRIPTOR_PRESENT (1ULL << 47)
#define DESCRIPTOR_SEGMENT (1ULL << 44)
#define DESCRIPTOR_DPL(n) ((uint64_t)(n) << 45)
#define LDT_SELECTOR 7U /* the first of the LDT, RPL 3 */

#define DATA3 0x00CFF3000000FFFFULL
#define CODE3 0x00AFFB000000FFFFULL

/* A segment of rings 0 to 2; an LDT or TSS; a gate that ring 3 may use. Types 0, 8, 10 and 13 are nothing. */
static bool is_harmful(uint64_t d)
{
    static const uint16_t tables = 1U << 2 | 1U << 9 | 1U << 11, gates = 1U << 12 | 1U << 14 | 1U << 15;
    unsigned type = d >> 40 & 15;
    bool is_ring3 = (d & DESCRIPTOR_DPL(3)) == DESCRIPTOR_DPL(3);

    if (!(d & DESCRIPTOR_PRESENT))
        return false;
    if (d & DESCRIPTOR_SEGMENT)
        return !is_ring3;
    return (tables >> type & 1) || (is_ring3 && (gates >> type & 1));
}

/* The nth descriptor to try: all types, segment or system, of all rings; present. */
static uint64_t nth(unsigned n)
{
    return 0x00A000000000FFFFULL | DESCRIPTOR_PRESENT | (uint64_t)(n & 15) << 40 | (uint64_t)(n >> 4 & 1) << 44 |
           DESCRIPTOR_DPL(n >> 5 & 3);
}

/* A table with this descriptor in it is refused, or the hypervisor has changed it. */
static void in_a_new_table(uint64_t *gdt, uint64_t descriptor)
{
    uint64_t frame = env_frame(gdt);

    gdt[3] = descriptor;
    make_read_only(gdt);
    if (hv_set_gdt(&frame, PAGE_DESCRIPTORS) == 0 && is_harmful(gdt[3]))
        verdict(VERDICT_FAILURE, "set_gdt takes 0x%llx", (unsigned long long)gdt[3]);
    CHECK_VALUE(hv_set_gdt(NULL, 0), 0);
    CHECK_VALUE(make_writable(gdt), 0);
    gdt[3] = 0;
}

static void in_a_live_table(const uint64_t *gdt, uint64_t descriptor)
{
    hv_update_descriptor(pv_machine(&gdt[3]), descriptor);
    if (is_harmful(gdt[3]))
        verdict(VERDICT_FAILURE, "update_descriptor takes 0x%llx", (unsigned long long)gdt[3]);
}

void attack_descriptors(void)
{
    uint64_t *gdt = memory_pages(1), frame = env_frame(gdt);

    for (unsigned n = 0; n < 128; n++)
        in_a_new_table(gdt, nth(n));
    make_read_only(gdt);
    CHECK_VALUE(hv_set_gdt(&frame, PAGE_DESCRIPTORS), 0);
    for (unsigned n = 0; n < 128; n++)
        in_a_live_table(gdt, nth(n));
    CHECK(hv_update_descriptor(pv_machine(&gdt[3]) + 4, DATA3) < 0); /* not aligned */
    CHECK(hv_set_gdt(&frame, 14 * PAGE_DESCRIPTORS + 1) < 0);
    CHECK(hv_set_gdt(&frame, ~0U) < 0);
    CHECK_VALUE(hv_set_gdt(NULL, 0), 0);
    CHECK_VALUE(make_writable(gdt), 0);
}

/* --- The LDT */

static int set_ldt(const void *base, unsigned entries)
{
    return mmuext(MMUEXT_SET_LDT, guest_address(base), entries);
}

static void load_fs(void *arg)
{
    __asm__ volatile("mov %w0, %%fs; mov %w1, %%fs" ::"r"(arg), "r"(0));
}

bool loads_fs(unsigned selector)
{
    return trap_try(load_fs, (void *)(guest_word)selector) == TRAP_NONE;
}

static void bad_ldts(void)
{
    uint64_t *table = pv_table_at(spare_address(), 1);

    CHECK(set_ldt((void *)HYPERVISOR_VIRT_START, 16) < 0 || !loads_fs(LDT_SELECTOR));
    CHECK(set_ldt((void *)(HYPERVISOR_VIRT_START - 4096), PAGE_DESCRIPTORS * 2) < 0 || !loads_fs(LDT_SELECTOR));
    CHECK(set_ldt((void *)NON_CANONICAL, 16) < 0 || !loads_fs(LDT_SELECTOR));
    CHECK(set_ldt((void *)(guest_word)-4096, 8192) < 0 || !loads_fs(LDT_SELECTOR));
    CHECK(set_ldt(spare_address(), 8193) < 0);
    CHECK(set_ldt(spare_address() + 8, 16) < 0);
    if (set_ldt(table, PAGE_DESCRIPTORS) == 0) /* a page table is no page of descriptors */
        for (unsigned i = 0; i < PAGE_DESCRIPTORS; i += 31)
            CHECK(!loads_fs(LDT_SELECTOR + 8 * i));
    if (set_ldt((void *)GUEST_UNMAPPED, 16) == 0)
        CHECK(!loads_fs(LDT_SELECTOR));
    CHECK_VALUE(set_ldt(NULL, 0), 0);
    CHECK(!loads_fs(LDT_SELECTOR));
}

void attack_ldt(void)
{
    uint64_t *ldt = memory_pages(2);

    bad_ldts();
    ldt[0] = DATA3;
    CHECK_VALUE(set_ldt(ldt, PAGE_DESCRIPTORS), 0);
    CHECK(!loads_fs(LDT_SELECTOR)); /* still mapped writable */
    make_read_only(ldt);
    CHECK(loads_fs(LDT_SELECTOR));
    CHECK(!loads_fs(LDT_SELECTOR + 8 * PAGE_DESCRIPTORS)); /* beyond the limit */
    refused(1, pv_machine(ldt) | PTE_ALL, "a writable alias of the LDT");
    for (unsigned level = 1; level <= 4; level++)
        CHECK(pin(level, ldt) < 0);
    for (unsigned n = 0; n < 128; n++)
        in_a_live_table(ldt, nth(n));
    hv_update_va_mapping(guest_address(ldt), 0, UVMF_NONE); /* the processor has it, and the hypervisor holds it */
    CHECK(pv_set_mapping(spare_address(), pv_machine(ldt) | PTE_ALL) < 0 || !loads_fs(LDT_SELECTOR));
    CHECK_VALUE(set_ldt(NULL, 0), 0);
    CHECK(!loads_fs(LDT_SELECTOR));
    CHECK_VALUE(make_writable(ldt), 0);
    CHECK_VALUE(make_writable(spare_address()), 0);
    for (unsigned n = 0; n < 128; n++) {
        ldt[1] = nth(n);
        make_read_only(ldt);
        CHECK_VALUE(set_ldt(ldt, PAGE_DESCRIPTORS), 0);
        if (loads_fs(LDT_SELECTOR + 8) && is_harmful(ldt[1]))
            verdict(VERDICT_FAILURE, "an LDT with 0x%llx is used", (unsigned long long)nth(n));
        CHECK_VALUE(set_ldt(NULL, 0), 0);
        CHECK_VALUE(make_writable(ldt), 0);
    }
}

/* --- Selectors of the hypervisor's part of the GDT, and of nothing */

static const struct load {
    const char *name;
    uint8_t code[16];
    uint8_t length;
} loads_of[] = {
    {"ds", {0x8C, 0xD9, 0x8E, 0xD8, 0x8E, 0xD9}, 6}, /* mov ds,ecx; mov eax,ds; mov ecx,ds */
    {"es", {0x8C, 0xC1, 0x8E, 0xC0, 0x8E, 0xC1}, 6},
    {"fs", {0x8C, 0xE1, 0x8E, 0xE0, 0x8E, 0xE1}, 6},
    {"gs", {0x8C, 0xE9, 0x8E, 0xE8, 0x8E, 0xE9}, 6},
    {"ss", {0x8C, 0xD1, 0x8E, 0xD0, 0x8E, 0xD1}, 6},
    {"tr", {0x0F, 0x00, 0xD8}, 3},   /* ltr */
    {"ldtr", {0x0F, 0x00, 0xD0}, 3}, /* lldt */
    {"cs", {0x50, 0x48, 0x8D, 0x0D, 4, 0, 0, 0, 0x51, 0x48, 0xCB, 0x90, 0x8C, 0xC8, 0x0F, 0x0B}, 16},
    /* push rax; lea 4(rip),rcx; push rcx; lretq; nop; mov cs,eax; ud2 */
};

static void load_selector(unsigned selector)
{
    for (unsigned i = 0; i < LENGTH(loads_of); i++) {
        uint64_t a = selector;
        int vector = run_code(loads_of[i].code, loads_of[i].length, &a);

        if (loads_of[i].length == 3 && vector == TRAP_NONE)
            verdict(VERDICT_FAILURE, "%s can be loaded with 0x%x", loads_of[i].name, selector);
        if (loads_of[i].length == 16 && vector == TRAP_UD && (a & 3) != 3)
            verdict(VERDICT_FAILURE, "code runs with the selector 0x%llx", (unsigned long long)a);
    }
}

void attack_selectors(void)
{
    for (unsigned selector = 0xE000; selector < 0xE100; selector++)
        load_selector(selector);
    for (unsigned selector = 0; selector < 0x10000; selector += 0x3FD)
        load_selector(selector);
    load_selector(0xFFFF);
    load_selector(0xFFF8);
}
