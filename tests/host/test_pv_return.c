/* SPDX-License-Identifier: MIT */
/* The world switch of the pv container, as far as it is data: SYSRET or not, selectors, the hypercall page. */
// links: arch/x86/descriptors.c arch/x86/pv/hypercall_page.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "arch/x86/descriptors.h"
#include "arch/x86/pv/container.h"
#include "arch/x86/pv/return.h"

static const struct guest_regs behind_a_syscall = {.rip = 0x1000, .rcx = 0x1000, .rflags = 0x202, .r11 = 0x202};

static bool allowed_with(uint64_t rip, uint64_t rflags)
{
    struct guest_regs r = {.rip = rip, .rcx = rip, .rflags = rflags, .r11 = rflags};

    return pv_sysret_allowed(&r, PV_FLAT_CS_SS);
}

/* A continued hypercall, or a handler that was injected, lost rcx or r11: SYSRET takes rip and rflags from there. */
static void sysret_keeps_rcx_and_r11(void **state)
{
    struct guest_regs r = behind_a_syscall;

    (void)state;
    assert_true(pv_sysret_allowed(&r, PV_FLAT_CS_SS));
    r.rip -= 2;
    assert_false(pv_sysret_allowed(&r, PV_FLAT_CS_SS));
    r = behind_a_syscall;
    r.r11 |= RFLAGS_ID;
    assert_false(pv_sysret_allowed(&r, PV_FLAT_CS_SS));
}

/* CVE-2012-0217: a SYSCALL in the last two bytes below the hole, or an iret to there: #GP in ring 0 on the guest's
 * stack. */
static void sysret_never_to_what_is_not_canonical(void **state)
{
    (void)state;
    assert_true(allowed_with(0x00007fffffffffff, 0x202));
    assert_false(allowed_with(0x0000800000000000, 0x202));
    assert_false(allowed_with(0xffff7fffffffffff, 0x202));
    assert_true(allowed_with(0xffff880000000000, 0x202));
}

/* SYSRET gives a guest whatever r11 holds: IOPL 3, or interrupts off for ever. */
static void sysret_never_with_flags_of_the_hypervisor(void **state)
{
    const uint64_t may = 0x1 | 0x4 | 0x10 | 0x40 | 0x80 | 0x400 | 0x800 | 0x4000 | 0x40000 | 0x200000;

    (void)state;
    for (unsigned bit = 0; bit < 64; bit++) {
        uint64_t flag = 1ULL << bit;
        bool fixed = flag == 0x200 || flag == 0x2;
        assert_int_equal(allowed_with(0x1000, 0x202 ^ flag), !fixed && (may & flag));
    }
}

/* An iret hypercall chose other segments: SYSRET loads the flat ones. */
static void sysret_has_flat_segments(void **state)
{
    (void)state;
    assert_false(pv_sysret_allowed(&behind_a_syscall, SEL_GUEST_CODE32 | (uint32_t)SEL_GUEST_DATA << 16));
    assert_false(pv_sysret_allowed(&behind_a_syscall, SEL_GUEST_CODE64 | 0x2bU << 16));
}

static uint64_t entry(const uint64_t *entries, unsigned selector)
{
    return entries[(selector - SEL_FIRST) / 8];
}

/* A guest whose flat selectors led to ring 0; a descriptor that the processor wants to mark as accessed, in a page that
 * is read-only. Bits 46:45 are the privilege level, 40 is "accessed", 53 is "64-bit code". */
static void guests_have_flat_segments_of_ring_3(void **state)
{
    static const uint16_t hypervisor[] = {SEL_CODE64, SEL_DATA, SEL_CODE32};
    static const uint16_t guests[] = {PV_FLAT_CS32, PV_FLAT_DS32, PV_FLAT_CS64};
    uint64_t entries[GDT_ENTRIES] = {0};

    (void)state;
    descriptors_fill(entries);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(entry(entries, hypervisor[i]) >> 45 & 3, 0);
        assert_int_equal(entry(entries, guests[i]) >> 45 & 3, 3);
        assert_int_equal(guests[i] & 3, 3);
        assert_true(entry(entries, hypervisor[i]) >> 40 & 1);
        assert_true(entry(entries, guests[i]) >> 40 & 1);
    }
    assert_true(entry(entries, PV_FLAT_CS64) >> 53 & 1);
    assert_false(entry(entries, PV_FLAT_CS32) >> 53 & 1);
    assert_int_equal(entries[0], 0);
}

/* The first entry of the table is where the guest's 14 pages end; its limit is where ours do. */
static void the_gdt_begins_with_the_guests(void **state)
{
    uint64_t entries[GDT_ENTRIES];
    struct table_pointer p = gdt_pointer(entries);

    (void)state;
    assert_int_equal(p.base + PV_GDT_PAGES * 4096ULL, (uint64_t)entries);
    assert_int_equal(p.limit, PV_GDT_PAGES * 4096ULL + sizeof entries - 1);
}

/* A caller's rcx and r11 are lost to SYSCALL; the wrong number in a slot; one slot that runs into the next. */
static void a_slot_keeps_rcx_and_r11(void **state)
{
    static const uint8_t slot[] = {0x51, 0x41, 0x53, 0xb8, 0, 0, 0, 0, 0x0f, 0x05, 0x41, 0x5b, 0x59, 0xc3};
    static const uint8_t iret[] = {0x51, 0x41, 0x53, 0x50, 0xb8, 23, 0, 0, 0, 0x0f, 0x05};
    uint8_t page[4096];

    (void)state;
    pv_fill_hypercall_page(page);
    for (unsigned n = 0; n < 128; n++) {
        uint8_t expected[sizeof slot];
        memcpy(expected, slot, sizeof slot);
        expected[4] = (uint8_t)n;
        if (n != 23)
            assert_memory_equal(page + n * 32, expected, sizeof expected);
    }
    assert_memory_equal(page + 23 * 32, iret, sizeof iret);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sysret_keeps_rcx_and_r11),
        cmocka_unit_test(sysret_never_to_what_is_not_canonical),
        cmocka_unit_test(sysret_never_with_flags_of_the_hypervisor),
        cmocka_unit_test(sysret_has_flat_segments),
        cmocka_unit_test(guests_have_flat_segments_of_ring_3),
        cmocka_unit_test(the_gdt_begins_with_the_guests),
        cmocka_unit_test(a_slot_keeps_rcx_and_r11),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
