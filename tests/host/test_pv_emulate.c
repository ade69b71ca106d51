/* SPDX-License-Identifier: MIT */
/* Instructions that fault in ring 3, on a vcpu without a processor. Statements: docs/abi/pv-emulation.md. */
// links: arch/x86/pv/emulate.c arch/x86/pv/decode.c arch/x86/pv/play_io.c arch/x86/pv/play_system.c
// links: arch/x86/pv/play_store.c arch/x86/pv/arithmetic.c arch/x86/pv/msr.c
// links: arch/x86/pv/bounce.c arch/x86/pv/debug.c arch/x86/pv/segments.c
// links: arch/x86/pv/descriptor.c arch/x86/pv/frame.c arch/x86/pv/list.c arch/x86/pv/mmu_update.c arch/x86/pv/mmuext.c
// links: arch/x86/pv/table.c arch/x86/pv/update.c arch/x86/pv/va_mapping.c arch/x86/pv/vcpu_set.c arch/x86/pv/audit.c
// links: tests/host/pv_emulate_fake.c tests/host/pv_fake.c tests/host/pv_vcpu_fake.c tests/host/pv_check.c
#include "tests/host/pv_emulate_fake.h"

#include <string.h>

#include "guest/abi/mmu.h"
#include "guest/abi/pv.h"

#define ARRAY_SIZE(x) (sizeof(x) / sizeof((x)[0]))

#define CODE 0x100U
#define DATA 0x400U
#define PAGE_END 4096U /* of the guest's memory, too */

/* --- How it ended */

#define PLAYED (-1)
#define REFUSED (-2)
#define AGAIN (-3)
/* else: the vector of an exception that was injected */

static int ended(bool done, uint64_t at, size_t n)
{
    if (!done)
        return REFUSED;
    if (vcpu.regs.rip == at + n)
        return PLAYED;
    return vcpu.regs.rip == at ? AGAIN : (int)((vcpu.regs.rip - HANDLER(0)) / 16);
}

static void place(uint64_t at, const char *code, size_t n)
{
    memcpy(fake.memory + at, code, n);
    vcpu.regs.rip = at;
    vcpu.regs.rsp = STACK;
}

static int privileged(const char *code, size_t n)
{
    place(CODE, code, n);
    return ended(pv_emulate_privileged(&vcpu, 0), CODE, n);
}
#define GP(code) privileged(code, sizeof(code) - 1)

static int forced_at(uint64_t at, const char *code, size_t n)
{
    place(at, code, n);
    return ended(pv_emulate_forced(&vcpu), at, n);
}
#define FORCED(code) forced_at(CODE, code, sizeof(code) - 1)

#define STORE_FAULT (PAGE_FAULT_PRESENT | PAGE_FAULT_WRITE | PAGE_FAULT_USER)

static int store(uint64_t cr2, const char *code, size_t n)
{
    place(CODE, code, n);
    return ended(pv_emulate_table_write(&vcpu, cr2, STORE_FAULT), CODE, n);
}
#define STORE(cr2, code) store(cr2, code, sizeof(code) - 1)

/* The error code in the frame of the handler. */
static uint64_t pushed_error(void)
{
    return word_at(vcpu.regs.rsp + 16);
}

/* --- Which and for whom */

struct row {
    const char *code;
    size_t n;
    int kernel, user;
};
#define ROW(code, kernel, user)              \
    {                                        \
        code, sizeof(code) - 1, kernel, user \
    }

/* PV-EMU-01, PV-EMU-02, PV-EMU-03, PV-EMU-24 */
static const struct row rows[] = {
    ROW("\xf4", REFUSED, REFUSED),         /* hlt */
    ROW("\x0f\x08", REFUSED, REFUSED),     /* invd */
    ROW("\x0f\x09", PLAYED, REFUSED),      /* wbinvd */
    ROW("\xf3\x0f\x09", PLAYED, REFUSED),  /* wbnoinvd */
    ROW("\x0f\x01\x3f", REFUSED, REFUSED), /* invlpg */
    ROW("\x0f\x01\x17", REFUSED, REFUSED), /* lgdt */
    ROW("\x0f\x01\x07", REFUSED, REFUSED), /* sgdt, with UMIP */
    ROW("\x0f\x00\xd0", REFUSED, REFUSED), /* lldt */
    ROW("\x0f\x01\xf0", REFUSED, REFUSED), /* lmsw */
    ROW("\x0f\x01\xf8", REFUSED, REFUSED), /* swapgs */
    ROW("\x0f\x01\xf9", PLAYED, REFUSED),  /* rdtscp */
    ROW("\x48\x0f\x07", REFUSED, REFUSED), /* sysretq */
    ROW("\x0f\x33", REFUSED, REFUSED),     /* rdpmc */
    ROW("\x0f\x31", PLAYED, REFUSED),      /* rdtsc, with TSD */
    ROW("\x0f\x06", PLAYED, REFUSED),      /* clts */
    ROW("\x66\x0f\x06", PLAYED, REFUSED),  /* with prefixes */
    ROW("\x67\x2e\x48\x0f\x06", PLAYED, REFUSED),
    ROW("\xf0\x0f\x06", REFUSED, REFUSED),     /* lock */
    ROW("\x0f\x20\xc0", PLAYED, REFUSED),      /* mov rax, cr0 */
    ROW("\x0f\x20\xc8", REFUSED, REFUSED),     /* cr1 */
    ROW("\x0f\x20\xd0", PLAYED, REFUSED),      /* cr2 */
    ROW("\x0f\x20\xd8", PLAYED, REFUSED),      /* cr3 */
    ROW("\x0f\x20\xe0", PLAYED, REFUSED),      /* cr4 */
    ROW("\x44\x0f\x20\xc0", REFUSED, REFUSED), /* cr8 */
    ROW("\x44\x0f\x22\xf8", REFUSED, REFUSED), /* cr15 */
    ROW("\x0f\x20\x05", PLAYED, REFUSED),      /* `mod` of memory */
    ROW("\x0f\x21\xc0", PLAYED, REFUSED),      /* dr0 */
    ROW("\x0f\x21\xe0", PLAYED, REFUSED),      /* dr4 */
    ROW("\x44\x0f\x21\xc0", 6, REFUSED),       /* dr8 */
    ROW("\x90", REFUSED, REFUSED),             /* rewritten meanwhile */
    ROW("\x0f\x0b", REFUSED, REFUSED),
    ROW("\xc5\xf8\x77", REFUSED, REFUSED),
};

static void each_instruction_is_for_whom_it_is(void **state)
{
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        fake_emulate_reset(state);
        assert_int_equal(privileged(rows[i].code, rows[i].n), rows[i].kernel);
        fake_emulate_reset(state);
        fake_user_mode();
        assert_int_equal(privileged(rows[i].code, rows[i].n), rows[i].user);
        assert_false(P->kernel_mode);
    }
}

/* Whoever crosses a page that is not there is not read any further. */
static void an_instruction_ends_where_memory_does(void **state)
{
    (void)state;
    place(PAGE_END - 2, "\x0f\x06", 2);
    assert_int_equal(ended(pv_emulate_privileged(&vcpu, 0), PAGE_END - 2, 2), PLAYED);
    place(PAGE_END - 1, "\x0f", 1);
    assert_false(pv_emulate_privileged(&vcpu, 0));
    vcpu.regs.rip = PAGE_END;
    assert_false(pv_emulate_privileged(&vcpu, 0));
    vcpu.regs.rip = NOT_CANONICAL;
    assert_false(pv_emulate_privileged(&vcpu, 0));
    vcpu.regs.rip = HYPERVISOR;
    assert_false(pv_emulate_privileged(&vcpu, 0));
}

static void a_selector_error_is_the_guests(void **state)
{
    (void)state;
    place(CODE, "\x0f\x06", 2);
    assert_false(pv_emulate_privileged(&vcpu, 0x1230)); /* a selector */
    assert_false(pv_emulate_privileged(&vcpu, 0x83));   /* a gate, but not by an instruction */
    assert_false(pv_emulate_privileged(&vcpu, 4));
}

/* PV-EMU-05 */
static void a_single_step_ends_behind_it(void **state)
{
    (void)state;
    vcpu.regs.rflags |= RFLAGS_TF | RFLAGS_RF;
    assert_int_equal(GP("\x0f\x06"), 1);
    assert_int_equal(word_at(vcpu.regs.rsp + 16), CODE + 2); /* rip: there is no error code */
    assert_int_equal(word_at(vcpu.regs.rsp + 32) & (RFLAGS_TF | RFLAGS_RF), RFLAGS_TF);
    assert_int_equal(P->dr[6] & 0x4000, 0x4000);
}

/* --- Ports */

/* PV-EMU-06, PV-EMU-07, PV-EMU-09 */
static void ports_need_iopl(void **state)
{
    static const char *const codes[] = {"\xec", "\xee", "\x6c", "\x6e", "\xfa", "\xfb"};

    for (unsigned iopl = 0; iopl < 4; iopl++)
        for (unsigned how = 0; how < 4; how++)
            for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
                fake_emulate_reset(state);
                P->iopl = (uint8_t)iopl;
                if (how & 1)
                    pv_container(vcpu.dom)->vm_assist = 1ULL << VMASST_TYPE_architectural_iopl;
                if (how & 2)
                    fake_user_mode();
                vcpu.regs.rdi = vcpu.regs.rsi = DATA;
                bool may = how & 2 ? iopl == 3 : iopl > 0 || how & 1;
                assert_int_equal(privileged(codes[i], 1), may ? PLAYED : REFUSED);
                assert_int_equal(ports.reads + ports.writes, may && i < 4);
            }
}

/* PV-EMU-08 */
static void in_and_out_have_their_sizes(void **state)
{
    (void)state;
    P->iopl = 1;
    vcpu.regs.rdx = 0xfffffffffff0e9;
    vcpu.regs.rax = 0xaabbccddeeff0011;
    assert_int_equal(GP("\xec"), PLAYED);
    assert_int_equal(vcpu.regs.rax, 0xaabbccddeeff0044);
    assert_true(ports.port == 0xf0e9 && ports.size == 1);
    assert_int_equal(GP("\x66\xed"), PLAYED);
    assert_int_equal(vcpu.regs.rax, 0xaabbccddeeff3344);
    assert_int_equal(GP("\x48\xed"), PLAYED);
    assert_int_equal(vcpu.regs.rax, 0x11223344);
    assert_int_equal(ports.size, 4);
    vcpu.regs.rax = 0xaabbccddeeff0011;
    assert_int_equal(GP("\xe6\x80"), PLAYED);
    assert_true(ports.port == 0x80 && ports.size == 1 && ports.written == 0x11);
    assert_int_equal(GP("\xe7\x84"), PLAYED);
    assert_true(ports.port == 0x84 && ports.size == 4 && ports.written == 0xeeff0011);
    assert_int_equal(GP("\x66\xef"), PLAYED);
    assert_true(ports.size == 2 && ports.written == 0x0011);
}

/* PV-EMU-10 */
static void strings_repeat_in_parts(void **state)
{
    unsigned parts = 1;

    (void)state;
    P->iopl = 1;
    vcpu.regs.rdi = DATA;
    vcpu.regs.rcx = 200;
    while (GP("\xf3\x6c") == AGAIN)
        parts++;
    assert_int_equal(vcpu.regs.rip, CODE + 2);
    assert_true(parts > 2 && ports.reads == 200);
    assert_int_equal(vcpu.regs.rcx, 0);
    assert_int_equal(vcpu.regs.rdi, DATA + 200);
    assert_true(fake.memory[DATA + 199] == 0x44 && fake.memory[DATA + 200] == 0);
    assert_int_equal(GP("\xf3\x6c"), PLAYED); /* nothing to do */
    assert_int_equal(ports.reads, 200);
}

static void strings_take_direction_and_segment(void **state)
{
    (void)state;
    P->iopl = 1;
    vcpu.regs.rflags |= 0x400;
    vcpu.regs.rsi = 0x20;
    vcpu.regs.rcx = 2;
    processor.fs_base = DATA;
    memcpy(fake.memory + DATA + 0x1c, "\1\2\3\4\5\6\7\x08", 8);
    assert_int_equal(GP("\x64\xf3\x6f"), PLAYED);
    assert_int_equal(ports.written, 0x04030201);
    assert_int_equal(vcpu.regs.rsi, 0x18);
    vcpu.regs.rcx = 0x500000001; /* with 32-bit addresses the count is 1 */
    vcpu.regs.rsi = 0x900000020;
    assert_int_equal(GP("\x67\x64\xf3\x6f"), PLAYED);
    assert_int_equal(vcpu.regs.rcx, 0);
    assert_int_equal(vcpu.regs.rsi, 0x1c);
}

/* PV-EMU-11 */
static void bad_memory_of_strings_is_a_page_fault(void **state)
{
    (void)state;
    P->iopl = 3;
    vcpu.regs.rdi = vcpu.regs.rsi = NOWHERE;
    assert_int_equal(GP("\x6c"), 14);
    assert_int_equal(pushed_error(), 2);
    assert_int_equal(vcpu_info()->arch_cr2, NOWHERE);
    assert_int_equal(GP("\x6f"), 14);
    assert_int_equal(pushed_error(), 0);
    vcpu.regs.rdi = PAGE_END - 2;
    assert_int_equal(GP("\x6d"), 14);
    assert_int_equal(vcpu_info()->arch_cr2, PAGE_END);
    vcpu.regs.rdi = vcpu.regs.rsi = HYPERVISOR;
    assert_int_equal(GP("\x6c"), REFUSED);
    assert_int_equal(GP("\x6e"), REFUSED);
    vcpu.regs.rdi = NOT_CANONICAL - 2;
    assert_int_equal(GP("\x6d"), 14); /* its first half is not there */
    vcpu.regs.rdi = NOWHERE;
    fake_user_mode();
    assert_int_equal(GP("\x6c"), 14);
    assert_int_equal(pushed_error(), 6);
    assert_true(P->kernel_mode);
}

/* An element that faults leaves the registers of those before it. */
static void a_repeated_string_stops_at_the_fault(void **state)
{
    (void)state;
    P->iopl = 1;
    vcpu.regs.rdi = PAGE_END - 8;
    vcpu.regs.rcx = 5;
    assert_int_equal(GP("\xf3\x6d"), 14);
    assert_int_equal(vcpu.regs.rcx, 3);
    assert_int_equal(vcpu.regs.rdi, PAGE_END);
    assert_int_equal(word_at(vcpu.regs.rsp + 24), CODE);
}

/* --- Control registers */

#define CR0_VALUE 0x80050033ULL
#define CR4_VALUE 0x660ULL

/* PV-EMU-12 */
static void of_cr0_only_ts_changes(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 64; bit++) {
        vcpu.regs.rax = CR0_VALUE ^ 1ULL << bit;
        assert_int_equal(GP("\x0f\x22\xc0"), bit == 3 ? PLAYED : REFUSED);
        assert_int_equal(processor.task_switched, bit >= 3);
    }
    assert_int_equal(GP("\x0f\x20\xc1"), PLAYED);
    assert_int_equal(vcpu.regs.rcx, CR0_VALUE | CR0_TS);
    assert_int_equal(GP("\x0f\x06"), PLAYED); /* clts */
    assert_false(processor.task_switched);
    assert_int_equal(GP("\x41\x0f\x20\xc7"), PLAYED); /* r15 */
    assert_int_equal(vcpu.regs.r15, CR0_VALUE);
}

/* PV-EMU-13 */
static void cr2_is_a_word_of_vcpu_info(void **state)
{
    (void)state;
    vcpu.regs.rax = 0x1122334455667788;
    assert_int_equal(GP("\x0f\x22\xd0"), PLAYED);
    assert_int_equal(vcpu_info()->arch_cr2, 0x1122334455667788);
    assert_int_equal(GP("\x0f\x20\xd1"), PLAYED);
    assert_int_equal(vcpu.regs.rcx, 0x1122334455667788);
}

/* PV-EMU-14 */
static void cr3_is_the_root(void **state)
{
    (void)state;
    assert_int_equal(GP("\x0f\x20\xd8"), PLAYED);
    assert_int_equal(vcpu.regs.rax, L4 << 12);
    vcpu.regs.rax = OTHER_L4 << 12 | 0x18;
    assert_int_equal(GP("\x0f\x22\xd8"), PLAYED);
    assert_int_equal(P->mmu.kernel_root, OTHER_L4);
    assert_true(fake_is_live(OTHER_L4, PV_L4, 1));
    vcpu.regs.rax = 40 << 12; /* domain 2's */
    assert_int_equal(GP("\x0f\x22\xd8"), REFUSED);
    vcpu.regs.rax = 1ULL << 63 | OTHER_L4 << 12;
    assert_int_equal(GP("\x0f\x22\xd8"), REFUSED);
    vcpu.regs.rax = 0;
    assert_int_equal(GP("\x0f\x22\xd8"), REFUSED);
    assert_int_equal(P->mmu.kernel_root, OTHER_L4);
}

/* A long validation: the guest makes the instruction again. */
static void cr3_may_take_its_time(void **state)
{
    (void)state;
    fake.yield_one_in = 1;
    vcpu.regs.rax = OTHER_L4 << 12;
    unsigned times = 1;
    while (GP("\x0f\x22\xd8") == AGAIN)
        times++;
    assert_true(times > 1);
    assert_int_equal(P->mmu.kernel_root, OTHER_L4);
}

/* PV-EMU-15 */
static void of_cr4_some_bits_are_the_guests(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 64; bit++) {
        uint64_t chosen = 1ULL << bit & pv_cr4_choices();
        vcpu.regs.rax = CR4_VALUE ^ 1ULL << bit;
        assert_int_equal(GP("\x0f\x22\xe0"), PLAYED);
        assert_int_equal(P->cr4, chosen);
        assert_int_equal(GP("\x0f\x20\xe0"), PLAYED);
        assert_int_equal(vcpu.regs.rax, CR4_VALUE | chosen);
    }
    assert_int_equal(cr4_loads, 64);
}

/* PV-EMU-17 */
static void debug_registers_have_their_rules(void **state)
{
    (void)state;
    vcpu.regs.rax = 0x1234;
    assert_int_equal(GP("\x0f\x23\xc0"), PLAYED);
    assert_int_equal(P->dr[0], 0x1234);
    assert_int_equal(GP("\x0f\x21\xc1"), PLAYED);
    assert_int_equal(vcpu.regs.rcx, 0x1234);
    vcpu.regs.rax = HYPERVISOR;
    assert_int_equal(GP("\x0f\x23\xc0"), REFUSED);
    assert_int_equal(P->dr[0], 0x1234);
    vcpu.regs.rax = 1ULL << 32;
    assert_int_equal(GP("\x0f\x23\xf0"), REFUSED); /* DR6 */
    assert_int_equal(GP("\x0f\x23\xf8"), REFUSED); /* DR7 */
    vcpu.regs.rax = 1;
    assert_int_equal(GP("\x0f\x23\xf8"), PLAYED);
    assert_true(processor.debug_loaded);
    P->cr4 = CR4_DE;
    assert_int_equal(GP("\x0f\x21\xe0"), 6);
    assert_int_equal(GP("\x0f\x23\xe8"), 6);
    assert_int_equal(GP("\x44\x0f\x23\xc0"), 6);
}

/* PV-EMU-16, PV-EMU-18 */
static void xsetbv_needs_osxsave(void **state)
{
    (void)state;
    vcpu.regs.rcx = 0;
    vcpu.regs.rax = 0xffff000000000007;
    vcpu.regs.rdx = 0xffff000000000000;
    assert_int_equal(GP("\x0f\x01\xd1"), 6);
    assert_int_equal(xsetbvs, 0);
    P->cr4 = CR4_OSXSAVE;
    assert_int_equal(GP("\x0f\x01\xd1"), PLAYED);
    vcpu.regs.rdx = 1;
    assert_int_equal(GP("\x0f\x01\xd1"), REFUSED);
    assert_int_equal(GP("\x0f\x01\x11"), REFUSED); /* lgdt [rcx] */
    assert_int_equal(GP("\x0f\x31"), PLAYED);
    assert_true(vcpu.regs.rax >> 32 == 0 && vcpu.regs.rdx >> 32 == 0);
}

/* --- Model-specific registers */

static int rdmsr(uint32_t msr, uint64_t *value)
{
    vcpu.regs.rcx = 0xdead000000000000 | msr;
    int how = GP("\x0f\x32");
    *value = vcpu.regs.rdx << 32 | vcpu.regs.rax;
    return how;
}

static int wrmsr(uint32_t msr, uint64_t value)
{
    vcpu.regs.rcx = 0xdead000000000000 | msr;
    vcpu.regs.rax = 0xbeef000000000000 | (uint32_t)value;
    vcpu.regs.rdx = 0xbeef000000000000 | value >> 32;
    return GP("\x0f\x30");
}

/* PV-EMU-19, PV-EMU-20 */
static void registers_read_as_they_should(void **state)
{
    static const struct {
        uint32_t msr;
        uint64_t value;
        int same, other; /* writing it back; another one */
    } msrs[] = {
        {0x1b, 0xfee00900, REFUSED, REFUSED}, {0x8b, 0, REFUSED, REFUSED},
        {0xce, 0, REFUSED, REFUSED},          {0x140, 0, PLAYED, REFUSED},
        {0x1a0, 0x1801, PLAYED, PLAYED},      {0x277, 0x0007040600070406, REFUSED, REFUSED},
        {0xc0000080, 0xd01, PLAYED, REFUSED}, {0x40000000, 0, REFUSED, REFUSED},
    };
    uint64_t value;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(msrs); i++) {
        assert_int_equal(rdmsr(msrs[i].msr, &value), PLAYED);
        assert_int_equal(value, msrs[i].value);
        assert_int_equal(wrmsr(msrs[i].msr, value), msrs[i].same);
        assert_int_equal(wrmsr(msrs[i].msr, value ^ 1), msrs[i].other);
        assert_int_equal(rdmsr(msrs[i].msr, &value), PLAYED);
        assert_int_equal(value, msrs[i].value);
    }
    assert_int_equal(rdmsr(0x10, &value), PLAYED);
    assert_int_equal(wrmsr(0x10, value), REFUSED);
    vcpu.id = 1;
    assert_int_equal(rdmsr(0x1b, &value), PLAYED);
    assert_int_equal(value, 0xfee00800);
}

/* PV-EMU-21 */
static void bases_are_those_of_the_hypercall(void **state)
{
    uint64_t value;

    (void)state;
    assert_int_equal(wrmsr(MSR_FS_BASE, 0x1000), PLAYED);
    assert_int_equal(wrmsr(MSR_GS_BASE, 0x2000), PLAYED);
    assert_int_equal(wrmsr(MSR_KERNEL_GS_BASE, 0xffff800000000000), PLAYED);
    assert_int_equal(processor.fs_base, 0x1000);
    assert_int_equal(processor.gs_base, 0x2000);
    assert_int_equal(P->gs_base_user, 0xffff800000000000);
    assert_int_equal(rdmsr(MSR_FS_BASE, &value), PLAYED);
    assert_int_equal(value, 0x1000);
    assert_int_equal(rdmsr(MSR_GS_BASE, &value), PLAYED);
    assert_int_equal(value, 0x2000);
    assert_int_equal(rdmsr(MSR_KERNEL_GS_BASE, &value), PLAYED);
    assert_int_equal(value, 0xffff800000000000);
    assert_int_equal(wrmsr(MSR_FS_BASE, NOT_CANONICAL), REFUSED);
    assert_int_equal(wrmsr(MSR_GS_BASE, NOT_CANONICAL), REFUSED);
    assert_int_equal(wrmsr(MSR_KERNEL_GS_BASE, NOT_CANONICAL), REFUSED);
}

/* PV-EMU-22 */
static void a_hypercall_page_is_memory_of_the_guests(void **state)
{
    (void)state;
    assert_int_equal(wrmsr(0x40000000, PAGE << 12), PLAYED);
    assert_int_equal(fake.frame[PAGE].content[0], 0xcccccccccccccccc);
    assert_int_equal(wrmsr(0x40000000, PAGE << 12 | 1), REFUSED);
    assert_int_equal(wrmsr(0x40000000, L1 << 12), REFUSED);
    assert_int_equal(wrmsr(0x40000000, 40 << 12), REFUSED);
    assert_int_equal(wrmsr(0x40000000, UINT64_MAX << 12), REFUSED);
}

/* PV-EMU-23 */
static void other_registers_are_not_there(void **state)
{
    static const uint32_t msrs[] = {0, 0x2, 0x179, 0x200, 0x280, 0x400, 0x800, 0xc0000081, 0xc0000103, 0xc0010015};
    uint64_t value;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(msrs); i++) {
        assert_int_equal(rdmsr(msrs[i], &value), REFUSED);
        assert_int_equal(wrmsr(msrs[i], 0), REFUSED);
    }
}

/* --- Software interrupts */

static bool interrupt(const char *code, size_t n, uint32_t error)
{
    place(CODE, code, n);
    return pv_emulate_privileged(&vcpu, error);
}

/* PV-EMU-25, PV-EMU-28: the error code may be wrong. */
static void int_n_goes_by_the_instruction(void **state)
{
    static const uint32_t errors[] = {0x80 * 8 + 2, 0x80 * 16 + 2, 0x0e * 8 + 2};

    for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
        fake_emulate_reset(state);
        assert_true(interrupt("\xcd\x0e", 2, errors[i]));
        assert_int_equal(vcpu.regs.rip, HANDLER(0x0e));
        assert_int_equal(word_at(vcpu.regs.rsp + 16), CODE + 2); /* rip: there is no error code */
        assert_true(interrupt("\x66\xcd\x80", 3, errors[i]));
        assert_int_equal(vcpu.regs.rip, HANDLER(0x80));
        assert_false(interrupt("\xcc", 1, errors[i]));
        assert_false(interrupt("\x90", 1, errors[i]));
    }
}

/* PV-EMU-25 */
static void int_n_needs_a_gate_that_is_open(void **state)
{
    for (unsigned dpl = 0; dpl < 4; dpl++)
        for (unsigned user = 0; user < 2; user++) {
            fake_emulate_reset(state);
            P->trap[0x21].dpl = (uint8_t)dpl;
            if (user)
                fake_user_mode();
            assert_true(interrupt("\xcd\x21", 2, 0x212));
            bool may = dpl >= (user ? 3 : 1);
            assert_int_equal(vcpu.regs.rip, HANDLER(may ? 0x21 : 13));
            if (may)
                assert_int_equal(word_at(vcpu.regs.rsp + 16), CODE + 2);
            else
                assert_int_equal(pushed_error(), 0x21 * 8 + 2);
            assert_int_equal(word_at(vcpu.regs.rsp + (may ? 16 : 24)), may ? CODE + 2 : CODE);
        }
}

static void int_n_needs_a_handler(void **state)
{
    (void)state;
    P->trap[0x21].address = 0;
    assert_true(interrupt("\xcd\x21", 2, 0x10a));
    assert_int_equal(vcpu.regs.rip, HANDLER(13));
    assert_int_equal(pushed_error(), 0x10a);
}

/* --- Kinds of code */

#define CODE64 0x0020fa0000000000ULL
#define CODE32 0x00cffa000000ffffULL
#define CODE16 0x008ffa000000ffffULL
#define WITH_BASE(descriptor, base) ((descriptor) | ((base)&0xffffffULL) << 16 | ((base) >> 24 & 0xffULL) << 56)

static void give_gdt(uint64_t mfn, unsigned entries)
{
    P->gdt[0] = mfn;
    P->gdt_entries = entries;
}

/* PV-EMU-29 */
static void users_may_be_in_32_bit_code(void **state)
{
    (void)state;
    P->iopl = 3;
    fake_user_mode();
    P->cs = PV_FLAT_CS32;
    assert_int_equal(GP("\xec"), PLAYED);
    assert_int_equal(GP("\x40"), REFUSED);     /* inc eax */
    assert_int_equal(GP("\x48\xec"), REFUSED); /* dec eax, not REX */
    vcpu.regs.rdi = DATA;
    assert_int_equal(GP("\x6c"), REFUSED);
    assert_int_equal(FORCED("\x0f\x0bxen\x0f\xa2"), PLAYED);
}

static void code_segments_of_the_guests_own_count(void **state)
{
    static const struct {
        uint64_t descriptor;
        uint16_t selector;
        bool rex_is_known, played;
    } segments[] = {
        {CODE64, 5 << 3 | 3, true, true},   {CODE32, 5 << 3 | 3, false, true},
        {CODE16, 5 << 3 | 3, false, false}, {CODE64, 9 << 3 | 3, false, false}, /* outside of the table */
        {CODE64, 5 << 3 | 7, false, false},                                     /* there is no LDT */
    };

    for (size_t i = 0; i < ARRAY_SIZE(segments); i++) {
        fake_emulate_reset(state);
        P->iopl = 3;
        give_gdt(20, 8);
        fake.frame[20].content[5] = segments[i].descriptor;
        fake_user_mode();
        P->cs = segments[i].selector;
        assert_int_equal(GP("\xec"), segments[i].played ? PLAYED : REFUSED);
        assert_int_equal(GP("\x48\xed"), segments[i].rex_is_known ? PLAYED : REFUSED);
    }
}

static void a_segment_of_the_ldt_has_a_base(void **state)
{
    (void)state;
    P->iopl = 3;
    P->mmu.ldt_entries = 1024;
    P->ldt[1] = 21;
    fake.frame[21].content[3] = WITH_BASE(CODE32, 0xff000000ULL);
    fake_user_mode();
    P->cs = (512 + 3) << 3 | 7;
    place(CODE, "\xec", 1);
    vcpu.regs.rip = 0x1000000 + CODE; /* wraps */
    assert_true(pv_emulate_privileged(&vcpu, 0));
    assert_int_equal(vcpu.regs.rip, 0x1000000 + CODE + 1);
    P->cs = 3 << 3 | 7; /* on a page that is not mapped */
    assert_int_equal(GP("\xec"), REFUSED);
}

/* --- The forced-emulation prefix */

#define XEN "\x0f\x0bxen"

/* PV-EMU-30 */
static void the_prefix_is_for_cpuid_alone(void **state)
{
    (void)state;
    assert_int_equal(FORCED(XEN "\x0f\xa2"), PLAYED);
    assert_int_equal(FORCED(XEN "\x66\x0f\xa2"), REFUSED);
    assert_int_equal(FORCED(XEN "\x0f\x31"), REFUSED);
    assert_int_equal(FORCED(XEN "\xf4"), REFUSED);
    assert_int_equal(FORCED("\x66" XEN "\x0f\xa2"), REFUSED);
    assert_int_equal(FORCED("\x0f\x0b\x90\x90\x90\x90\x90"), REFUSED);
    assert_int_equal(FORCED("\x0f\xff\xc0\x90\x90\x90\x90"), REFUSED);
    fake_user_mode();
    assert_int_equal(FORCED(XEN "\x0f\xa2"), PLAYED);
    assert_int_equal(cpuids, 2);
}

/* PV-EMU-31 */
static void a_prefix_that_is_cut_off_is_a_page_fault(void **state)
{
    static const char whole[] = XEN "\x0f\xa2";

    for (unsigned n = 1; n < sizeof whole; n++)
        for (unsigned user = 0; user < 2; user++) {
            fake_emulate_reset(state);
            if (user)
                fake_user_mode();
            int how = forced_at(PAGE_END - n, whole, n);
            assert_int_equal(how, n == 1 ? REFUSED : n == sizeof whole - 1 ? PLAYED : 14);
            if (how != 14)
                continue;
            assert_int_equal(vcpu_info()->arch_cr2, PAGE_END);
            assert_int_equal(pushed_error(), user ? 4 : 0);
        }
}

static void a_forced_cpuid_is_stepped_over(void **state)
{
    (void)state;
    vcpu.regs.rflags |= RFLAGS_TF;
    assert_int_equal(FORCED(XEN "\x0f\xa2"), 1);
    assert_int_equal(word_at(vcpu.regs.rsp + 16), CODE + 7);
}

/* --- Stores into page tables */

#define RW (PTE_USER | PTE_WRITE)

/* PV-EMU-37 */
static void a_store_updates_the_entry(void **state)
{
    (void)state;
    vcpu.regs.rdi = ENTRY_VA + 8 * 5;
    vcpu.regs.rax = fake_entry(PAGE2, RW);
    assert_int_equal(STORE(ENTRY_VA + 40, "\x48\x89\x07"), PLAYED);
    assert_int_equal(*entry(5), fake_entry(PAGE2, RW));
    assert_true(fake_is_live(PAGE2, PV_WRITABLE, 1));
    assert_int_equal(STORE(ENTRY_VA + 40, "\x48\xc7\x07\x00\x00\x00\x00"), PLAYED);
    assert_int_equal(*entry(5), 0);
    assert_int_equal(fake_phase(PAGE2), PV_IDLE);
    fake_check(false);
}

/* PV-EMU-37, PV-EMU-38, PV-EMU-39 */
static void a_part_of_an_entry_can_be_stored(void **state)
{
    (void)state;
    *entry(5) = 0x1122334455667788; /* not present */
    vcpu.regs.rdi = ENTRY_VA + 40;
    vcpu.regs.rax = 0xa0b0c0d0e0f0a0b0;
    assert_int_equal(STORE(ENTRY_VA + 40, "\x88\x07"), PLAYED);
    assert_int_equal(*entry(5), 0x11223344556677b0);
    vcpu.regs.rdi = ENTRY_VA + 46;
    assert_int_equal(STORE(ENTRY_VA + 46, "\x66\x89\x07"), PLAYED);
    assert_int_equal(*entry(5), 0xa0b03344556677b0);
    vcpu.regs.rdi = ENTRY_VA + 44;
    assert_int_equal(STORE(ENTRY_VA + 44, "\x89\x07"), PLAYED);
    assert_int_equal(*entry(5), 0xe0f0a0b0556677b0);
    assert_int_equal(STORE(ENTRY_VA + 44, "\xf7\x1f"), PLAYED); /* neg */
    assert_int_equal(*entry(5), 0x1f0f5f50556677b0);
}

static void addresses_are_computed_as_ever(void **state)
{
    static const struct {
        const char *code;
        size_t n;
    } forms[] = {
        {"\x48\x89\x03", 3},         /* [rbx] */
        {"\x48\x89\x44\xcd\xf0", 5}, /* [rbp + rcx*8 - 16] */
        {"\x64\x48\x89\x06", 4},     /* fs:[rsi] */
        {"\x65\x48\x89\x06", 4},     /* gs:[rsi], kernel's */
        {"\x67\x48\x89\x02", 4},     /* [edx] */
        {"\x48\xa3\x28\x00\x50\x00\x00\x00\x00\x00", 10},
        {"\x48\x89\x05\x21\xff\x4f\x00", 7}, /* [rip + ..] */
    };

    for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
        fake_emulate_reset(state);
        processor.fs_base = 0x3000;
        processor.gs_base = 0x3000;
        vcpu.regs.rbx = ENTRY_VA + 40;
        vcpu.regs.rbp = ENTRY_VA + 16;
        vcpu.regs.rcx = 5;
        vcpu.regs.rsi = ENTRY_VA + 40 - 0x3000;
        vcpu.regs.rdx = 0xabcdef0000000000 | (ENTRY_VA + 40);
        vcpu.regs.rax = fake_entry(PAGE2, RW);
        assert_int_equal(store(ENTRY_VA + 40, forms[i].code, forms[i].n), PLAYED);
        assert_int_equal(*entry(5), fake_entry(PAGE2, RW));
    }
}

/* PV-EMU-40 */
static void what_mmu_update_refuses_is_a_page_fault(void **state)
{
    (void)state;
    vcpu.regs.rdi = ENTRY_VA + 40;
    vcpu.regs.rax = fake_entry(L1, RW);
    assert_int_equal(STORE(ENTRY_VA + 40, "\x48\x89\x07"), REFUSED);
    vcpu.regs.rax = fake_entry(40, RW); /* domain 2's */
    assert_int_equal(STORE(ENTRY_VA + 40, "\x48\x87\x07"), REFUSED);
    assert_int_equal(vcpu.regs.rax, fake_entry(40, RW)); /* not exchanged */
    assert_int_equal(*entry(5), 0);
    assert_int_equal(vcpu.regs.rip, CODE);
    fake_check(false);
}

/* PV-EMU-40 */
static void stores_elsewhere_are_page_faults(void **state)
{
    (void)state;
    vcpu.regs.rdi = ENTRY_VA + 40;
    vcpu.regs.rax = 0;
    assert_int_equal(STORE(ENTRY_VA + 48, "\x48\x89\x07"), REFUSED);         /* not the address of the fault */
    assert_int_equal(STORE(ENTRY_VA + 40, "\x48\x8b\x07"), REFUSED);         /* a load */
    assert_int_equal(STORE(ENTRY_VA + 40, "\x48\x89\xc7"), REFUSED);         /* to a register */
    assert_int_equal(STORE(ENTRY_VA + 40, "\x0f\x11\x07"), REFUSED);         /* a vector */
    assert_int_equal(STORE(ENTRY_VA + 40, "\xf0\x48\x0f\xc7\x0f"), REFUSED); /* cmpxchg16b */
    vcpu.regs.rdi = ENTRY_VA + 41;
    assert_int_equal(STORE(ENTRY_VA + 41, "\x48\x89\x07"), REFUSED);
    vcpu.regs.rdi = ENTRY_VA + 40;
    table_at_va = L2;
    assert_int_equal(STORE(ENTRY_VA + 40, "\x48\x89\x07"), REFUSED);
    table_at_va = PAGE;
    assert_int_equal(STORE(ENTRY_VA + 40, "\x48\x89\x07"), REFUSED);
    table_at_va = 0;
    assert_int_equal(STORE(ENTRY_VA + 40, "\x48\x89\x07"), REFUSED);
    table_at_va = L1;
    assert_false(pv_emulate_table_write(&vcpu, ENTRY_VA + 40, STORE_FAULT & ~PAGE_FAULT_WRITE));
    assert_false(pv_emulate_table_write(&vcpu, ENTRY_VA + 40, STORE_FAULT & ~PAGE_FAULT_PRESENT));
    assert_false(pv_emulate_table_write(&vcpu, ENTRY_VA + 40, STORE_FAULT | 8));
    assert_false(pv_emulate_table_write(&vcpu, HYPERVISOR, STORE_FAULT));
    assert_int_equal(STORE(ENTRY_VA + 40, "\x48\x89\x07"), PLAYED);
    fake_user_mode();
    assert_int_equal(STORE(ENTRY_VA + 40, "\x48\x89\x07"), REFUSED);
}

/* PV-EMU-38, PV-EMU-41 */
static void a_comparison_decides(void **state)
{
    (void)state;
    vcpu.regs.rdi = ENTRY_VA;
    vcpu.regs.rax = 5;
    vcpu.regs.rcx = fake_entry(40, RW);
    assert_int_equal(STORE(ENTRY_VA, "\xf0\x48\x0f\xb1\x0f"), PLAYED);
    assert_int_equal(vcpu.regs.rax, fake_entry(PAGE, RW));
    assert_false(vcpu.regs.rflags & 0x40);
    assert_int_equal(STORE(ENTRY_VA, "\xf0\x48\x0f\xb1\x0f"), REFUSED);
    vcpu.regs.rcx = fake_entry(PAGE2, RW);
    assert_int_equal(STORE(ENTRY_VA, "\xf0\x48\x0f\xb1\x0f"), PLAYED);
    assert_true(vcpu.regs.rflags & 0x40);
    assert_int_equal(*entry(0), fake_entry(PAGE2, RW));
    fake_check(false);
}

static unsigned steps_until_write;
static bool wrote;

static void somebody_else_writes(void)
{
    if (wrote || steps_until_write-- > 0)
        return;
    wrote = true;
    *entry(5) |= 0x200;
}

/* PV-EMU-42: another vcpu writes at any moment; nothing that it wrote is lost, nor is the store. */
static void a_store_that_comes_late_is_made_again(void **state)
{
    unsigned again = 0;

    (void)state;
    vcpu.regs.rdi = ENTRY_VA + 40;
    for (unsigned moment = 0; moment < 16; moment++) {
        *entry(5) = 0;
        steps_until_write = moment;
        wrote = false;
        fake.point = somebody_else_writes;
        int how = STORE(ENTRY_VA + 40, "\x48\x83\x0f\x40"); /* or qword [rdi], 0x40 */
        fake.point = NULL;
        if (how == AGAIN) {
            assert_int_equal(*entry(5), 0x200);
            how = STORE(ENTRY_VA + 40, "\x48\x83\x0f\x40");
            again++;
        }
        assert_int_equal(how, PLAYED);
        assert_int_equal(*entry(5), wrote ? 0x240 : 0x40);
    }
    assert_true(again > 0);
}

/* A repeated string goes element by element: each has its own fault. */
static void strings_store_entry_by_entry(void **state)
{
    (void)state;
    vcpu.regs.rdi = ENTRY_VA + 40;
    vcpu.regs.rsi = DATA;
    vcpu.regs.rcx = 2;
    uint64_t value = fake_entry(PAGE2, PTE_USER);
    memcpy(fake.memory + DATA, &value, 8);
    assert_int_equal(STORE(ENTRY_VA + 40, "\xf3\x48\xa5"), AGAIN);
    assert_int_equal(*entry(5), value);
    assert_true(vcpu.regs.rcx == 1 && vcpu.regs.rdi == ENTRY_VA + 48 && vcpu.regs.rsi == DATA + 8);
    assert_int_equal(STORE(ENTRY_VA + 48, "\xf3\x48\xa5"), PLAYED);
    assert_int_equal(vcpu.regs.rcx, 0);
    vcpu.regs.rsi = NOWHERE;
    assert_int_equal(STORE(ENTRY_VA + 56, "\x48\xa5"), 14);
    assert_int_equal(vcpu_info()->arch_cr2, NOWHERE);
    assert_int_equal(pushed_error(), 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, fake_emulate_reset)
    const struct CMUnitTest tests[] = {
        TEST(each_instruction_is_for_whom_it_is),
        TEST(an_instruction_ends_where_memory_does),
        TEST(a_selector_error_is_the_guests),
        TEST(a_single_step_ends_behind_it),
        TEST(ports_need_iopl),
        TEST(in_and_out_have_their_sizes),
        TEST(strings_repeat_in_parts),
        TEST(strings_take_direction_and_segment),
        TEST(bad_memory_of_strings_is_a_page_fault),
        TEST(a_repeated_string_stops_at_the_fault),
        TEST(of_cr0_only_ts_changes),
        TEST(cr2_is_a_word_of_vcpu_info),
        TEST(cr3_is_the_root),
        TEST(cr3_may_take_its_time),
        TEST(of_cr4_some_bits_are_the_guests),
        TEST(debug_registers_have_their_rules),
        TEST(xsetbv_needs_osxsave),
        TEST(registers_read_as_they_should),
        TEST(bases_are_those_of_the_hypercall),
        TEST(a_hypercall_page_is_memory_of_the_guests),
        TEST(other_registers_are_not_there),
        TEST(int_n_goes_by_the_instruction),
        TEST(int_n_needs_a_gate_that_is_open),
        TEST(int_n_needs_a_handler),
        TEST(users_may_be_in_32_bit_code),
        TEST(code_segments_of_the_guests_own_count),
        TEST(a_segment_of_the_ldt_has_a_base),
        TEST(the_prefix_is_for_cpuid_alone),
        TEST(a_prefix_that_is_cut_off_is_a_page_fault),
        TEST(a_forced_cpuid_is_stepped_over),
        TEST(a_store_updates_the_entry),
        TEST(a_part_of_an_entry_can_be_stored),
        TEST(addresses_are_computed_as_ever),
        TEST(what_mmu_update_refuses_is_a_page_fault),
        TEST(stores_elsewhere_are_page_faults),
        TEST(a_comparison_decides),
        TEST(a_store_that_comes_late_is_made_again),
        TEST(strings_store_entry_by_entry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
