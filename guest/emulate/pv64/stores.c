/* SPDX-License-Identifier: MIT */
/* Stores into the guest's own page tables. */
#include "common/string.h"
#include "guest/emulate/pv64/run.h"
#include "guest/lib/env.h"
#include "guest/lib/pv64/hypercalls.h"
#include "guest/lib/pv64/pv.h"
#include "guest/lib/verdict.h"

/* What the entry of `page` is, and might become. */
static uint8_t page[8192] __attribute__((aligned(4096)));
static uint8_t other[4096] __attribute__((aligned(4096)));

/* The entry for p in the table of a level; mapped read-only. */
static volatile uint64_t *entry_of(const void *p, unsigned level)
{
    uint64_t va = (uint64_t)p;
    const uint64_t *table = (const uint64_t *)pv_start_info->pt_base;

    for (unsigned l = 4; l > level; l--)
        table = pv_page(table[va >> (12 + 9 * (l - 1)) & 511]);
    return (volatile uint64_t *)&table[va >> (12 + 9 * (level - 1)) & 511];
}

static volatile uint64_t *entry;
static uint64_t before; /* as the hypervisor has it */
static uint64_t mfn;    /* address part of it */

static void set(uint64_t value)
{
    CHECK_VALUE(pv_set_mapping(page, value), 0);
}

/* The entry maps its page again, writable, at the next run; rdi is its address. */
static void fresh(void)
{
    run_fresh();
    set(pv_machine(page) | PTE_ALL);
    before = *entry;
    mfn = before & 0x000ffffffffff000;
    run_in.rdi = (uint64_t)entry;
}

/* Run it, and see that the entry has become this: bits that the hypervisor chooses (global, 63:52) are left out. */
#define BITS 0x000ffffffffff67eUL
static void expect(const char *code, size_t n, uint64_t value)
{
    CHECK_VALUE(run_bytes(false, code, n), PLAYED);
    CHECK_VALUE(*entry & BITS, value & BITS);
}
#define EXPECT(code, value) expect(code, sizeof(code) - 1, value)

/* PV-EMU-37, PV-EMU-38 */
static void moves(void)
{
    uint64_t new = pv_machine(other) | PTE_ALL;

    fresh();
    run_in.rax = new;
    EXPECT("\x48\x89\x07", new); /* mov [rdi], rax */
    fresh();
    run_in.rax = new;
    EXPECT("\x89\x07", new); /* eax */
    fresh();
    run_in.rax = PTE_READ_ONLY;
    EXPECT("\x88\x07", mfn | PTE_READ_ONLY); /* al */
    fresh();
    EXPECT("\x48\xc7\x07\x00\x00\x00\x00", 0); /* mov qword [rdi], 0 */
    fresh();
    run_in.rax = new;
    EXPECT("\x48\x87\x07", new); /* xchg */
    CHECK_VALUE(run_out.rax, before);
    fresh();
    run_in.rax = new;
    EXPECT("\x48\x0f\xc3\x07", new); /* movnti */
    fresh();
    run_in.rdi -= 64;
    run_in.rbx = 8;
    run_in.rax = new;
    EXPECT("\x48\x89\x04\xdf", new); /* mov [rdi + rbx*8], rax */
}

static void compare(void)
{
    uint64_t new = pv_machine(other) | PTE_ALL;

    fresh();
    run_in.rax = before;
    run_in.rcx = new;
    EXPECT("\xf0\x48\x0f\xb1\x0f", new); /* lock cmpxchg [rdi], rcx */
    CHECK(run_frame.rflags & 0x40);
    fresh();
    run_in.rax = 5;
    run_in.rcx = new;
    EXPECT("\xf0\x48\x0f\xb1\x0f", before);
    CHECK(!(run_frame.rflags & 0x40));
    CHECK_VALUE(run_out.rax, before);
    fresh();
    run_in.rax = (uint32_t)before;
    run_in.rdx = before >> 32;
    run_in.rbx = (uint32_t) new;
    run_in.rcx = new >> 32;
    EXPECT("\xf0\x0f\xc7\x0f", new); /* lock cmpxchg8b */
    CHECK(run_frame.rflags & 0x40);
    /* PV-EMU-41 */
    fresh();
    run_in.rax = 5;
    run_in.rcx = env_frame(other) << 12 | PTE_ALL | 1UL << 51;
    EXPECT("\x48\x0f\xb1\x0f", before);
}

static void arithmetic(void)
{
    fresh();
    run_in.rcx = 0x200;
    EXPECT("\x48\x0f\xc1\x0f", before + 0x200); /* xadd */
    CHECK_VALUE(run_out.rcx, before);
    fresh();
    run_in.rcx = 0x200;
    EXPECT("\xf0\x48\x09\x0f", before | 0x200); /* lock or */
    fresh();
    EXPECT("\x80\x0f\x02", before | 2); /* or byte */
    fresh();
    run_in.rcx = ~2UL;
    EXPECT("\xf0\x48\x21\x0f", before & ~2UL); /* lock and */
    fresh();
    run_in.rcx = 0x200;
    EXPECT("\x48\x01\x0f", before + 0x200); /* add */
    fresh();
    run_in.rcx = 2;
    EXPECT("\x48\x29\x0f", before - 2); /* sub */
    fresh();
    run_in.rcx = 0x202;
    EXPECT("\x48\x31\x0f", before ^ 0x202); /* xor */
    fresh();
    EXPECT("\xf0\x48\x0f\xba\x2f\x09", before | 0x200); /* lock bts, 9 */
    CHECK(!(run_frame.rflags & 1));
    fresh();
    EXPECT("\xf0\x48\x0f\xba\x37\x01", before & ~2UL); /* lock btr, 1 */
    CHECK(run_frame.rflags & 1);
    fresh();
    run_in.rcx = 9;
    EXPECT("\x48\x0f\xbb\x0f", before ^ 0x200); /* btc */
    fresh();
    EXPECT("\x48\xff\x0f", before - 1); /* dec: not present */
    fresh();
    EXPECT("\x48\xf7\x17", ~before); /* not: not present */
}

static void strings(void)
{
    uint64_t new = pv_machine(other) | PTE_ALL, next;

    fresh();
    run_in.rax = new;
    EXPECT("\x48\xab", new); /* stosq */
    CHECK_VALUE(run_out.rdi, (uint64_t)(entry + 1));
    fresh();
    memcpy(run_data, &new, 8);
    run_in.rsi = (uint64_t)run_data;
    EXPECT("\x48\xa5", new); /* movsq */
    fresh();
    next = entry[1];
    run_in.rcx = 2;
    run_in.rax = 0;
    EXPECT("\xf3\x48\xab", 0); /* rep stosq, two entries */
    CHECK_VALUE(run_out.rdi, (uint64_t)(entry + 2));
    CHECK_VALUE(run_out.rcx, 0);
    CHECK_VALUE(entry[1], 0);
    CHECK_VALUE(pv_set_mapping(page + 4096, next & ~0x10000000000100UL), 0);
}

/* PV-EMU-40 */
static void refused(void)
{
    uint64_t table = pv_machine((const void *)((uint64_t)entry & ~4095UL));

    fresh();
    run_in.rax = table | PTE_ALL; /* a page table, writable */
    CHECK_VALUE(KERNEL("\x48\x89\x07"), PF(3));
    CHECK_VALUE(guest_vcpu()->info->arch_cr2, run_in.rdi);
    CHECK_VALUE(*entry, before);
    run_in.rax = before | 1UL << 51;
    CHECK_VALUE(KERNEL("\x48\x89\x07"), PF(3));
    run_in.rax = 0;
    CHECK_VALUE(USER("\x48\x89\x07"), PF(7));
    CHECK_VALUE(KERNEL("\x0f\x11\x07"), PF(3)); /* movups */
    for (unsigned at = 1; at < 8; at++) {
        run_in.rdi = (uint64_t)entry + at;
        CHECK_VALUE(KERNEL("\x48\x89\x07"), PF(3));
    }
    run_in.rdi = (uint64_t)entry + 2;
    CHECK_VALUE(KERNEL("\x89\x07"), PF(3));
    CHECK_VALUE(*entry, before);
}

/* PV-EMU-40 */
static void upper_tables(void)
{
    fresh();
    for (unsigned level = 2; level <= 4; level++) {
        volatile uint64_t *upper = entry_of(page, level);
        run_in.rdi = (uint64_t)upper;
        run_in.rax = *upper;
        CHECK_VALUE(KERNEL("\x48\x89\x07"), PF(3));
    }
}

void check_stores(void)
{
    static void (*const checks[])(void) = {moves, compare, arithmetic, strings, refused, upper_tables};

    entry = entry_of(page, 1);
    for (unsigned i = 0; i < sizeof checks / sizeof *checks; i++)
        checks[i]();
    set(pv_machine(page) | PTE_ALL);
}
