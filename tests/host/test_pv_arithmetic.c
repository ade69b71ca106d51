/* SPDX-License-Identifier: MIT */
/* What an instruction makes of memory, registers and flags: computed, and by the processor that runs this test. */
// links: arch/x86/pv/arithmetic.c arch/x86/pv/decode.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "arch/x86/pv/emulate.h"

#define ARRAY_SIZE(x) (sizeof(x) / sizeof((x)[0]))

#define CF 0x001U
#define PF 0x004U
#define AF 0x010U
#define ZF 0x040U
#define SF 0x080U
#define DF 0x400U
#define OF 0x800U
#define FLAGS (CF | PF | AF | ZF | SF | OF)

/* --- The processor */

/* Call code with the registers and flags of *r, and put there what it leaves; rsp, rbp, r12 to r15 are not the code's.
 */
void run_native(struct guest_regs *r, const void *code);

__asm__(".text\n"
        ".globl run_native\n"
        "run_native:\n"
        "push %rbx; push %r15; push %r14; push %rbp\n"
        "mov %rdi, %r15; mov %rsi, %r14\n"
        "mov 8(%r15), %rcx; mov 16(%r15), %rdx; mov 24(%r15), %rbx\n"
        "mov 48(%r15), %rsi; mov 56(%r15), %rdi; mov 64(%r15), %r8; mov 72(%r15), %r9\n"
        "push 136(%r15); mov (%r15), %rax; popfq\n"
        "call *%r14\n"
        "pushfq; cld; pop 136(%r15)\n"
        "mov %rax, (%r15); mov %rcx, 8(%r15); mov %rdx, 16(%r15); mov %rbx, 24(%r15)\n"
        "mov %rsi, 48(%r15); mov %rdi, 56(%r15); mov %r8, 64(%r15); mov %r9, 72(%r15)\n"
        "pop %rbp; pop %r14; pop %r15; pop %rbx\n"
        "ret\n");

static uint8_t *code_page;
static _Alignas(64) uint8_t memory[64], source[64];

static int make_page(void **state)
{
    (void)state;
    code_page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return code_page == MAP_FAILED;
}

/* --- Numbers that are worth a try, and others */

static uint32_t seed = 1;

static uint64_t draw(void)
{
    static const uint64_t edges[] = {0,         1,          0x7f,       0x80,       0xff,
                                     0x7fff,    0x8000,     0x7fffffff, 0x80000000, 0xffffffff,
                                     INT64_MAX, 1ULL << 63, UINT64_MAX, 0x0f,       0x10};
    uint64_t value = 0;

    seed = seed * 1664525 + 1013904223;
    if (seed >> 30 == 0)
        return edges[(seed >> 8) % ARRAY_SIZE(edges)];
    for (unsigned i = 0; i < 8; i++) {
        seed = seed * 1664525 + 1013904223;
        value = value << 8 | seed >> 24;
    }
    return value;
}

static uint64_t load(const uint8_t *at, unsigned size)
{
    uint64_t value = 0;

    memcpy(&value, at, size);
    return value;
}

/* --- One instruction, on [rdi] */

struct row {
    const char *code;
    size_t n;
    uint64_t defined; /* flags that it changes, or leaves, as the manual says; others are anything */
};

static struct guest_regs draw_registers(void)
{
    struct guest_regs r = {.rax = draw(), .rcx = draw(), .rdx = draw(), .rbx = draw(), .r8 = draw(), .r9 = draw()};

    r.rdi = (uint64_t)memory + 24;
    r.rsi = (uint64_t)source + 24;
    r.rflags = (draw() & FLAGS) | 0x202;
    return r;
}

static void compare(const struct row *row, struct guest_regs r)
{
    struct pv_insn insn;
    struct pv_store s = {.after = r};

    assert_int_equal(pv_decode(&insn, (const uint8_t *)row->code, (unsigned)row->n, true), row->n);
    int64_t displacement = pv_bit_displacement(&insn, &r);
    uint8_t *at = memory + 24 + displacement;
    s.size = insn.opcode == 0x0fc7 ? 8 : insn.operand_size;
    s.old = load(at, s.size);
    s.source = load(source + 24, s.size);
    assert_true(pv_compute(&insn, &s));

    memcpy(code_page, row->code, row->n);
    code_page[row->n] = 0xc3;
    run_native(&r, code_page);
    assert_int_equal(load(at, s.size), s.writes ? s.new : s.old);
    assert_int_equal(r.rflags & row->defined, s.after.rflags & row->defined);
    s.after.rflags = r.rflags;
    assert_memory_equal(&r, &s.after, sizeof r);
}

static void compare_all(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (unsigned j = 0; j < 400; j++) {
            for (unsigned k = 0; k < sizeof memory; k += 8) {
                uint64_t value = draw();
                memcpy(memory + k, &value, 8);
                memcpy(source + k, &value, 8);
            }
            compare(&rows[i], draw_registers());
        }
}

#define ROW(text, flags)              \
    {                                 \
        text, sizeof(text) - 1, flags \
    }
/* An opcode with ModRM: of 8, 32, 16 and 64 bits; low is that of bytes. */
#define SIZES(byte, whole, modrm, flags) \
    ROW(byte modrm, flags), ROW(whole modrm, flags), ROW("\x66" whole modrm, flags), ROW("\x48" whole modrm, flags)

#define LOGIC (FLAGS & ~AF)

static void arithmetic_is_the_processors(void **state)
{
    static const struct row rows[] = {
        SIZES("\x00", "\x01", "\x0f", FLAGS),       /* add [rdi], rcx */
        SIZES("\x08", "\x09", "\x0f", LOGIC),       /* or */
        SIZES("\x10", "\x11", "\x0f", FLAGS),       /* adc */
        SIZES("\x18", "\x19", "\x0f", FLAGS),       /* sbb */
        SIZES("\x20", "\x21", "\x0f", LOGIC),       /* and */
        SIZES("\x28", "\x29", "\x0f", FLAGS),       /* sub */
        SIZES("\x30", "\x31", "\x0f", LOGIC),       /* xor */
        ROW("\x00\x27", FLAGS),                     /* add [rdi], ah */
        ROW("\x28\x3f", FLAGS),                     /* sub [rdi], bh */
        ROW("\x40\x28\x37", FLAGS),                 /* sub [rdi], sil */
        ROW("\x44\x00\x07", FLAGS),                 /* add [rdi], r8b */
        ROW("\x4c\x01\x0f", FLAGS),                 /* add [rdi], r9 */
        ROW("\x80\x07\x85", FLAGS),                 /* add byte [rdi], imm8 */
        ROW("\x83\x2f\x85", FLAGS),                 /* sub dword [rdi], sign-extended imm8 */
        ROW("\x48\x83\x17\xff", FLAGS),             /* adc qword */
        ROW("\x48\x81\x1f\x01\x02\x03\x84", FLAGS), /* sbb qword [rdi], imm32 */
        ROW("\x66\x81\x27\xfe\xf0", LOGIC),         /* and word */
        ROW("\x48\x83\x27\xfd", LOGIC),             /* and qword */
        ROW("\x81\x37\x01\x02\x03\x84", LOGIC),     /* xor dword */
        ROW("\x80\x0f\x02", LOGIC),                 /* or byte */
        SIZES("\xfe", "\xff", "\x07", FLAGS),       /* inc */
        SIZES("\xfe", "\xff", "\x0f", FLAGS),       /* dec */
        SIZES("\xf6", "\xf7", "\x17", FLAGS),       /* not */
        SIZES("\xf6", "\xf7", "\x1f", FLAGS),       /* neg */
        ROW("\xf0\x48\x01\x0f", FLAGS),             /* lock add */
    };

    (void)state;
    compare_all(rows, ARRAY_SIZE(rows));
}

static void moves_and_exchanges_are_the_processors(void **state)
{
    static const struct row rows[] = {
        SIZES("\x88", "\x89", "\x0f", FLAGS), /* mov [rdi], rcx */
        ROW("\x88\x2f", FLAGS),               /* mov [rdi], ch */
        ROW("\xc6\x07\x85", FLAGS),           /* mov byte [rdi], imm8 */
        ROW("\x48\xc7\x07\x01\x02\x03\x84", FLAGS),
        ROW("\xc7\x07\x01\x02\x03\x84", FLAGS),
        ROW("\x66\xc7\x07\x01\x82", FLAGS),
        ROW("\x0f\xc3\x0f", FLAGS), /* movnti */
        ROW("\x48\x0f\xc3\x0f", FLAGS),
        SIZES("\x86", "\x87", "\x0f", FLAGS),         /* xchg */
        ROW("\x86\x27", FLAGS),                       /* xchg [rdi], ah */
        ROW("\x40\x86\x37", FLAGS),                   /* xchg [rdi], sil */
        SIZES("\x0f\xc0", "\x0f\xc1", "\x0f", FLAGS), /* xadd */
        ROW("\x0f\xc0\x37", FLAGS),                   /* xadd [rdi], dh */
        SIZES("\x0f\xb0", "\x0f\xb1", "\x0f", FLAGS), /* cmpxchg, nearly always another value */
        ROW("\x0f\xc7\x0f", FLAGS),                   /* cmpxchg8b */
        ROW("\xaa", FLAGS),
        ROW("\xab", FLAGS),
        ROW("\x66\xab", FLAGS),
        ROW("\x48\xab", FLAGS), /* stos */
        ROW("\xa4", FLAGS),
        ROW("\xa5", FLAGS),
        ROW("\x66\xa5", FLAGS),
        ROW("\x48\xa5", FLAGS), /* movs */
    };

    (void)state;
    compare_all(rows, ARRAY_SIZE(rows));
}

/* ZF is left, the other flags but CF are anything (SDM vol. 2, BTS). */
#define BITS (CF | ZF)

static void bits_are_the_processors(void **state)
{
    static const struct row rows[] = {
        ROW("\x0f\xba\x2f\x09", BITS), ROW("\x48\x0f\xba\x2f\x29", BITS), ROW("\x66\x0f\xba\x2f\x09", BITS), /* bts */
        ROW("\x0f\xba\x37\x21", BITS), ROW("\x48\x0f\xba\x37\x3f", BITS),                                    /* btr */
        ROW("\x0f\xba\x3f\x09", BITS), ROW("\x48\x0f\xba\x3f\x7f", BITS),                                    /* btc */
    };

    (void)state;
    compare_all(rows, ARRAY_SIZE(rows));
}

/* A bit number in a register counts from the operand on, in both directions. */
static void a_bit_in_a_register_reaches_beyond(void **state)
{
    static const struct row rows[] = {
        ROW("\x0f\xab\x0f", BITS), ROW("\x48\x0f\xab\x0f", BITS), ROW("\x66\x0f\xab\x0f", BITS),
        ROW("\x0f\xb3\x0f", BITS), ROW("\x48\x0f\xb3\x0f", BITS), ROW("\x48\x0f\xbb\x0f", BITS),
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        for (int bit = -160; bit < 256; bit++) {
            struct guest_regs r = draw_registers();
            r.rcx = (uint64_t)(int64_t)bit;
            compare(&rows[i], r);
        }
}

static void a_comparison_that_holds_stores(void **state)
{
    static const struct row rows[] = {SIZES("\x0f\xb0", "\x0f\xb1", "\x0f", FLAGS), ROW("\x0f\xc7\x0f", FLAGS)};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        for (unsigned j = 0; j < 100; j++) {
            struct guest_regs r = draw_registers();
            uint64_t value = draw();
            memcpy(memory + 24, &value, 8);
            r.rax = value;
            r.rdx = value >> 32;
            compare(&rows[i], r);
        }
}

static void strings_go_both_ways_and_count(void **state)
{
    static const struct row rows[] = {ROW("\xf3\x48\xab", FLAGS), ROW("\xf3\xaa", FLAGS), ROW("\xf3\x48\xa5", FLAGS),
                                      ROW("\xf2\xa5", FLAGS)};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        for (unsigned down = 0; down < 2; down++) {
            struct guest_regs r = draw_registers();
            r.rcx = 1;
            r.rflags |= down ? DF : 0;
            compare(&rows[i], r);
        }
}

static void what_is_not_played_is_refused(void **state)
{
    static const struct row rows[] = {
        ROW("\x39\x0f", 0),                 /* cmp: does not write */
        ROW("\x83\x3f\x05", 0),             /* cmp */
        ROW("\xc6\x4f\x00\x01", 0),         /* c6 /1 */
        ROW("\xf7\x27", 0),                 /* mul */
        ROW("\xf7\x07\x01\x02\x03\x04", 0), /* test */
        ROW("\xff\x27", 0),                 /* jmp */
        ROW("\xff\x37", 0),                 /* push */
        ROW("\x8f\x07", 0),                 /* pop */
        ROW("\x0f\xba\x27\x05", 0),         /* bt */
        ROW("\x0f\x11\x07", 0),             /* movups */
        ROW("\x48\x0f\xc7\x0f", 0),         /* cmpxchg16b */
        ROW("\x0f\xc7\x37", 0),             /* rdrand's group, with memory */
        ROW("\xd1\x27", 0),                 /* shl */
        ROW("\x03\x0f", 0),                 /* add ecx, [rdi] */
        ROW("\x8b\x0f", 0),                 /* mov ecx, [rdi] */
        ROW("\x8c\x0f", 0),                 /* mov [rdi], cs */
        ROW("\xdd\x17", 0),                 /* fst */
        ROW("\x90", 0),
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct pv_insn insn;
        struct pv_store s = {.size = 4, .after = draw_registers()};
        assert_int_equal(pv_decode(&insn, (const uint8_t *)rows[i].code, (unsigned)rows[i].n, true), rows[i].n);
        assert_false(pv_compute(&insn, &s));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arithmetic_is_the_processors),   cmocka_unit_test(moves_and_exchanges_are_the_processors),
        cmocka_unit_test(bits_are_the_processors),        cmocka_unit_test(a_bit_in_a_register_reaches_beyond),
        cmocka_unit_test(a_comparison_that_holds_stores), cmocka_unit_test(strings_go_both_ways_and_count),
        cmocka_unit_test(what_is_not_played_is_refused),
    };
    return cmocka_run_group_tests(tests, make_page, NULL);
}
