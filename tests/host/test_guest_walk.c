/* SPDX-License-Identifier: MIT */
/* Page walks and instruction lengths on a guest of a few frames, as hostile as we like. */
// links: arch/x86/guest_walk.c arch/x86/hvm_insn.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arch/x86/hvm.h"
#include "arch/x86/regs.h"
#include "guest/abi/errno.h"
#include "kernel/door.h"

#define FRAMES 16
static _Alignas(4096) uint8_t memory[FRAMES][4096];
static const struct arch_vcpu vcpu;

void *door_guest_frame(const struct arch_vcpu *v, uint64_t gfn)
{
    (void)v;
    return gfn < FRAMES ? memory[gfn] : NULL;
}

static int clear(void **state)
{
    (void)state;
    memset(memory, 0, sizeof(memory));
    return 0;
}

static void put64(unsigned frame, unsigned index, uint64_t entry)
{
    memcpy(&memory[frame][index * 8], &entry, 8);
}

static void put32(unsigned frame, unsigned index, uint32_t entry)
{
    memcpy(&memory[frame][index * 4], &entry, 4);
}

static const struct guest_paging long_mode = {CR0_PE | CR0_PG | CR0_WP, 0x1000, CR4_PAE, EFER_LME | EFER_LMA};
static const struct guest_paging pae_mode = {CR0_PE | CR0_PG | CR0_WP, 0x1020, CR4_PAE, 0};
static const struct guest_paging legacy_mode = {CR0_PE | CR0_PG | CR0_WP, 0x1000, CR4_PSE, 0};
static const struct guest_paging flat = {CR0_PE, 0, 0, 0};

static void assert_walk(const struct guest_paging *paging, uint64_t va, bool write, uint64_t expected)
{
    uint64_t gpa = 0;
    assert_int_equal(guest_walk(&vcpu, paging, va, write, &gpa), 0);
    assert_int_equal(gpa, expected);
}

static void assert_fault(const struct guest_paging *paging, uint64_t va, bool write)
{
    uint64_t gpa;
    assert_int_equal(guest_walk(&vcpu, paging, va, write, &gpa), -XEN_EFAULT);
}

/* L4 in frame 1, L3 in 2, L2 in 3, L1 in 4. */
static void build_long_mode(void)
{
    put64(1, 0, 0x2003);
    put64(2, 0, 0x3003);
    put64(2, 1, 0x40000000 | 0x83); /* 1 GiB at 1 GiB */
    put64(3, 0, 0x4003);
    put64(3, 1, 0x00600000 | 0x83); /* 2 MiB */
    put64(4, 5, 0x7001);            /* read-only */
    put64(4, 6, 0x8003 | PTE_NX);
}

static void four_levels(void **state)
{
    (void)state;
    build_long_mode();
    assert_walk(&long_mode, 0x5123, false, 0x7123);
    assert_walk(&long_mode, 0x6fff, true, 0x8fff);
    assert_walk(&long_mode, 0x200000 + 0x12345, true, 0x612345);
    assert_walk(&long_mode, 0x40000000 + 0x7654321, true, 0x47654321);
    assert_fault(&long_mode, 0x7000, false);
}

/* A supervisor may write a read-only page only while CR0.WP is clear. */
static void write_protection(void **state)
{
    struct guest_paging no_wp = long_mode;

    (void)state;
    build_long_mode();
    no_wp.cr0 &= ~(uint64_t)CR0_WP;
    assert_fault(&long_mode, 0x5000, true);
    assert_walk(&no_wp, 0x5000, true, 0x7000);
}

static void non_canonical_addresses_fault(void **state)
{
    (void)state;
    build_long_mode();
    assert_fault(&long_mode, 0x0000800000005000, false);
    assert_fault(&long_mode, 0xffff000000005000, false);
    assert_fault(&pae_mode, 0x100000000, false);
}

/* A table outside the guest's memory must end the walk, not reach other memory. */
static void a_table_out_of_memory_faults(void **state)
{
    struct guest_paging wild = long_mode;

    (void)state;
    build_long_mode();
    put64(2, 0, 0xfffffffff003);
    assert_fault(&long_mode, 0x5000, false);
    wild.cr3 = 0x7ffffff000;
    assert_fault(&wild, 0x5000, false);
}

static void pae(void **state)
{
    (void)state;
    memcpy(&memory[1][0x20 + 8], &(uint64_t){0x2001}, 8); /* PDPTE 1, root at 0x1020; it has no writable bit */
    put64(2, 0, 0x3003);
    put64(2, 3, 0x00a00000 | 0x83);
    put64(3, 9, 0x5003);
    assert_walk(&pae_mode, 0x40009abc, true, 0x5abc);
    assert_walk(&pae_mode, 0x40600123, true, 0xa00123);
    assert_fault(&pae_mode, 0x9abc, false);
}

static void two_levels_of_32_bits(void **state)
{
    struct guest_paging no_pse = legacy_mode;

    (void)state;
    no_pse.cr4 = 0;
    put32(1, 0, 0x2003);
    put32(2, 7, 0x9003);
    put32(1, 1, 0x00800000 | 1 << 13 | 0x83); /* 4 MiB; bit 13 is address bit 32 (PSE-36) */
    assert_walk(&legacy_mode, 0x7004, true, 0x9004);
    assert_walk(&legacy_mode, 0x400000 + 0x3210, true, 0x100803210);
    assert_fault(&no_pse, 0x400000, false); /* then it names a table at 0x802000, where nothing is */
}

static void without_paging_addresses_are_physical(void **state)
{
    (void)state;
    assert_walk(&flat, 0x12345678, true, 0x12345678);
}

static unsigned match(const char *bytes, size_t n, const char *opcode, size_t opcode_n, bool is64)
{
    struct hvm_insn insn;

    memcpy(memory[2], bytes, n);
    assert_true(hvm_insn_fetch(&vcpu, &flat, 0x2000, is64, &insn));
    return hvm_insn_match(&insn, (const uint8_t *)opcode, (unsigned)opcode_n);
}

static void lengths_count_prefixes(void **state)
{
    (void)state;
    assert_int_equal(match("\x0f\xa2", 2, "\x0f\xa2", 2, true), 2);
    assert_int_equal(match("\x66\xf3\x0f\xa2", 4, "\x0f\xa2", 2, true), 4);
    assert_int_equal(match("\x48\x0f\xa2", 3, "\x0f\xa2", 2, true), 3);
    assert_int_equal(match("\x48\x0f\xa2", 3, "\x0f\xa2", 2, false), 0); /* 0x48 is dec %eax there */
    assert_int_equal(match("\x0f\x01\xd9", 3, "\x0f\x01\xd9", 3, true), 3);
    assert_int_equal(match("\x0f\x01\xd8", 3, "\x0f\x01\xd9", 3, true), 0);
}

/* Nothing but prefixes to the end: the instruction is not there, and nothing behind the buffer is read. */
static void endless_prefixes_match_nothing(void **state)
{
    char bytes[HVM_INSN_MAX];

    (void)state;
    memset(bytes, 0x66, sizeof(bytes));
    assert_int_equal(match(bytes, sizeof(bytes), "\x0f\xa2", 2, true), 0);
}

/* The last bytes of memory: what can't be read is not part of the instruction. */
static void fetch_stops_at_the_end_of_memory(void **state)
{
    struct hvm_insn insn;

    (void)state;
    memory[FRAMES - 1][4095] = 0x0f;
    assert_true(hvm_insn_fetch(&vcpu, &flat, FRAMES * 4096 - 1, true, &insn));
    assert_int_equal(insn.fetched, 1);
    assert_int_equal(hvm_insn_match(&insn, (const uint8_t *)"\x0f\xa2", 2), 0);
    assert_false(hvm_insn_fetch(&vcpu, &flat, FRAMES * 4096, true, &insn));
}

static void mov_to_cr4_names_its_register(void **state)
{
    struct hvm_insn insn;
    unsigned length = 0;

    (void)state;
    memcpy(memory[2], "\x0f\x22\xe0", 3); /* mov %rax, %cr4 */
    hvm_insn_fetch(&vcpu, &flat, 0x2000, true, &insn);
    assert_int_equal(hvm_insn_mov_to_cr(&insn, 4, &length), 0);
    assert_int_equal(length, 3);
    assert_int_equal(hvm_insn_mov_to_cr(&insn, 3, &length), -1);

    memcpy(memory[2], "\x41\x0f\x22\xe7", 4); /* mov %r15, %cr4 */
    hvm_insn_fetch(&vcpu, &flat, 0x2000, true, &insn);
    assert_int_equal(hvm_insn_mov_to_cr(&insn, 4, &length), 15);
    assert_int_equal(length, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(four_levels, clear),
        cmocka_unit_test_setup(write_protection, clear),
        cmocka_unit_test_setup(non_canonical_addresses_fault, clear),
        cmocka_unit_test_setup(a_table_out_of_memory_faults, clear),
        cmocka_unit_test_setup(pae, clear),
        cmocka_unit_test_setup(two_levels_of_32_bits, clear),
        cmocka_unit_test_setup(without_paging_addresses_are_physical, clear),
        cmocka_unit_test_setup(lengths_count_prefixes, clear),
        cmocka_unit_test_setup(endless_prefixes_match_nothing, clear),
        cmocka_unit_test_setup(fetch_stops_at_the_end_of_memory, clear),
        cmocka_unit_test_setup(mov_to_cr4_names_its_register, clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
