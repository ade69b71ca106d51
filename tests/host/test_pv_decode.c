/* SPDX-License-Identifier: MIT */
/* Instructions taken to pieces: rows worked out by hand with SDM vol. 2, chapter 2 and appendices A and B. */
// links: arch/x86/pv/decode.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arch/x86/pv/decode.h"

#define ARRAY_SIZE(x) (sizeof(x) / sizeof((x)[0]))
#define BYTES(text) text, sizeof(text) - 1
#define NONE PV_REG_NONE

struct bytes {
    const char *text;
    size_t n;
};

static unsigned decode(struct pv_insn *insn, const char *text, size_t n, bool is64)
{
    uint8_t exact[32];

    memcpy(exact, text, n);
    return pv_decode(insn, exact, (unsigned)n, is64);
}

/* --- Lengths: what follows an opcode. The row is exactly one instruction. */

static const struct bytes in_long_mode[] = {
    {BYTES("\x90")},                                                         /* nop */
    {BYTES("\xf4")},                                                         /* hlt */
    {BYTES("\xcd\x80")},                                                     /* int 0x80 */
    {BYTES("\xcc")},                                                         /* int3 */
    {BYTES("\x04\x7f")},                                                     /* add al, 0x7f */
    {BYTES("\x05\x01\x02\x03\x04")},                                         /* add eax, imm32 */
    {BYTES("\x66\x05\x01\x02")},                                             /* add ax, imm16 */
    {BYTES("\x48\x05\x01\x02\x03\x04")},                                     /* add rax, imm32 */
    {BYTES("\xb8\x01\x02\x03\x04")},                                         /* mov eax, imm32 */
    {BYTES("\x66\xb8\x01\x02")},                                             /* mov ax, imm16 */
    {BYTES("\x48\xb8\x01\x02\x03\x04\x05\x06\x07\x08")},                     /* mov rax, imm64 */
    {BYTES("\x66\x48\xb8\x01\x02\x03\x04\x05\x06\x07\x08")},                 /* REX.W wins over 66 */
    {BYTES("\xb0\x01")},                                                     /* mov al, imm8 */
    {BYTES("\xa0\x01\x02\x03\x04\x05\x06\x07\x08")},                         /* mov al, [moffs64] */
    {BYTES("\x67\xa1\x01\x02\x03\x04")},                                     /* mov eax, [moffs32] */
    {BYTES("\xc6\x00\x12")},                                                 /* mov byte [rax], imm8 */
    {BYTES("\xc7\x00\x01\x02\x03\x04")},                                     /* mov dword [rax], imm32 */
    {BYTES("\x66\xc7\x00\x01\x02")},                                         /* mov word [rax], imm16 */
    {BYTES("\x48\xc7\x00\x01\x02\x03\x04")},                                 /* mov qword [rax], imm32 */
    {BYTES("\x68\x01\x02\x03\x04")},                                         /* push imm32 */
    {BYTES("\x66\x68\x01\x02")},                                             /* push imm16 */
    {BYTES("\x6a\x01")},                                                     /* push imm8 */
    {BYTES("\x69\xc0\x01\x02\x03\x04")},                                     /* imul eax, eax, imm32 */
    {BYTES("\x6b\xc0\x01")},                                                 /* imul eax, eax, imm8 */
    {BYTES("\xc2\x08\x00")},                                                 /* ret 8 */
    {BYTES("\xc8\x10\x00\x00")},                                             /* enter 16, 0 */
    {BYTES("\xf6\x00\x01")},                                                 /* test byte [rax], imm8 */
    {BYTES("\xf6\x08\x01")},                                                 /* its second name, /1 */
    {BYTES("\xf6\x10")},                                                     /* not byte [rax] */
    {BYTES("\xf7\xc0\x01\x02\x03\x04")},                                     /* test eax, imm32 */
    {BYTES("\x48\xf7\xc0\x01\x02\x03\x04")},                                 /* test rax, imm32 */
    {BYTES("\x66\xf7\x00\x01\x02")},                                         /* test word [rax], imm16 */
    {BYTES("\xf7\xd8")},                                                     /* neg eax */
    {BYTES("\xe8\x01\x02\x03\x04")},                                         /* call */
    {BYTES("\xeb\xfe")},                                                     /* jmp short */
    {BYTES("\x0f\x84\x01\x02\x03\x04")},                                     /* jz near */
    {BYTES("\x8f\x00")},                                                     /* pop [rax] */
    {BYTES("\x0f\x05")},                                                     /* syscall */
    {BYTES("\x0f\xa2")},                                                     /* cpuid */
    {BYTES("\x0f\x0b")},                                                     /* ud2 */
    {BYTES("\x0f\xff\xc0")},                                                 /* ud0 has ModRM */
    {BYTES("\x0f\xc8")},                                                     /* bswap */
    {BYTES("\x0f\xba\x28\x05")},                                             /* bts dword [rax], 5 */
    {BYTES("\x0f\xab\x00")},                                                 /* bts [rax], eax */
    {BYTES("\xf0\x0f\xb1\x0f")},                                             /* lock cmpxchg [rdi], ecx */
    {BYTES("\xf0\x48\x0f\xc7\x0f")},                                         /* lock cmpxchg16b [rdi] */
    {BYTES("\x0f\xa4\xc0\x01")},                                             /* shld eax, eax, 1 */
    {BYTES("\x0f\x70\xc0\x01")},                                             /* pshufw */
    {BYTES("\x0f\x6f\x00")},                                                 /* movq mm0, [rax] */
    {BYTES("\x0f\x77")},                                                     /* emms */
    {BYTES("\x0f\xae\xf0")},                                                 /* mfence */
    {BYTES("\x0f\x01\xd1")},                                                 /* xsetbv */
    {BYTES("\x0f\x01\xf8")},                                                 /* swapgs */
    {BYTES("\x0f\x20\xc0")},                                                 /* mov rax, cr0 */
    {BYTES("\x0f\x22\x05")},                                                 /* mov cr0, rbp: `mod` does not count */
    {BYTES("\xd9\x05\x01\x02\x03\x04")},                                     /* fld dword [rip + ..] */
    {BYTES("\x8b\x04\x24")},                                                 /* mov eax, [rsp] */
    {BYTES("\x8b\x44\x24\x08")},                                             /* mov eax, [rsp + 8] */
    {BYTES("\x8b\x84\x24\x01\x02\x03\x04")},                                 /* mov eax, [rsp + disp32] */
    {BYTES("\x8b\x04\x25\x01\x02\x03\x04")},                                 /* mov eax, [disp32] by SIB */
    {BYTES("\x8b\x05\x01\x02\x03\x04")},                                     /* mov eax, [rip + disp32] */
    {BYTES("\x8b\x45\x00")},                                                 /* mov eax, [rbp + 0] */
    {BYTES("\x41\x8b\x45\x00")},                                             /* mov eax, [r13 + 0] */
    {BYTES("\x8b\x80\x01\x02\x03\x04")},                                     /* mov eax, [rax + disp32] */
    {BYTES("\x2e\x2e\x2e\x2e\x2e\x2e\x2e\x2e\x2e\x2e\x2e\x2e\x2e\x2e\x90")}, /* fifteen bytes */
};

static const struct bytes in_32_bits[] = {
    {BYTES("\x40")},                     /* inc eax, not REX */
    {BYTES("\xcd\x80")},                 /* int 0x80 */
    {BYTES("\xce")},                     /* into */
    {BYTES("\x06")},                     /* push es */
    {BYTES("\x60")},                     /* pusha */
    {BYTES("\x27")},                     /* daa */
    {BYTES("\xd4\x0a")},                 /* aam */
    {BYTES("\xa1\x01\x02\x03\x04")},     /* mov eax, [moffs32] */
    {BYTES("\xb8\x01\x02\x03\x04")},     /* mov eax, imm32 */
    {BYTES("\x8b\x05\x01\x02\x03\x04")}, /* mov eax, [disp32] */
    {BYTES("\x82\x00\x01")},             /* add byte [eax], 1, by its second name */
    {BYTES("\x66\x68\x01\x02")},         /* push imm16 */
    {BYTES("\x0f\x20\xc0")},             /* mov eax, cr0 */
};

/* Each is as long as it is, bytes behind it do not count, and with one byte less it is not one. */
static void assert_lengths(const struct bytes *row, size_t rows, bool is64)
{
    struct pv_insn insn;

    for (; rows > 0; rows--, row++) {
        char more[32] = {0};
        memcpy(more, row->text, row->n);
        assert_int_equal(decode(&insn, more, 16, is64), row->n);
        assert_int_equal(insn.length, row->n);
        assert_int_equal(insn.is64, is64);
        for (size_t n = 0; n <= row->n; n++)
            assert_int_equal(decode(&insn, row->text, n, is64), n == row->n ? row->n : 0);
    }
}

static void lengths_are_those_of_the_manual(void **state)
{
    (void)state;
    assert_lengths(in_long_mode, ARRAY_SIZE(in_long_mode), true);
    assert_lengths(in_32_bits, ARRAY_SIZE(in_32_bits), false);
}

/* --- What is refused */

static const struct bytes unknown_in_both[] = {
    {BYTES("\x9a\x01\x02\x03\x04\x05\x06\x90\x90")}, /* call far */
    {BYTES("\xc5\xf8\x77\x90\x90\x90\x90\x90")},     /* VEX */
    {BYTES("\xc4\xe2\x78\x00\x00\x90\x90\x90")},     /* VEX */
    {BYTES("\x62\xf1\x7c\x48\x28\x00\x90\x90")},     /* EVEX */
    {BYTES("\x8f\xe8\x78\xc0\x00\x90\x90\x90")},     /* XOP */
    {BYTES("\x0f\x0f\xc0\x0d\x90\x90\x90\x90")},     /* 3DNow! */
    {BYTES("\x0f\x38\x00\x00\x90\x90\x90\x90")},     /* three bytes */
    {BYTES("\x0f\x3a\x0f\x00\x01\x90\x90\x90")},     /* three bytes */
    {BYTES("\x0f\x04\x90\x90\x90\x90\x90\x90")},     /* nothing */
    {BYTES("\x0f\x24\xc0\x90\x90\x90\x90\x90")},     /* mov from a test register */
    {BYTES("\xd6\x90\x90\x90\x90\x90\x90\x90")},     /* nothing */
    {BYTES("\x66\xeb\xfe\x90\x90\x90\x90\x90")},     /* Intel: rip; AMD: ip */
    {BYTES("\x66\xe8\x01\x02\x03\x04\x90\x90")},
    {BYTES("\x66\x0f\x84\x01\x02\x03\x04\x90")},
    {BYTES("\x66\xc3\x90\x90\x90\x90\x90\x90")},
    /* sixteen bytes */
    {BYTES("\x2e\x2e\x2e\x2e\x2e\x2e\x2e\x2e\x2e\x2e\x2e\x2e\x2e\x2e\x2e\x90")},
    {BYTES("\x2e\x2e\x2e\x2e\x2e\x2e\x2e\x2e\x2e\x2e\xc7\x00\x01\x02\x03\x04")},
};

static const struct bytes unknown_in_long_mode[] = {
    {BYTES("\x06\x90\x90\x90\x90\x90\x90\x90")}, /* push es */
    {BYTES("\xce\x90\x90\x90\x90\x90\x90\x90")}, /* into */
    {BYTES("\x60\x90\x90\x90\x90\x90\x90\x90")}, /* pusha */
    {BYTES("\x27\x90\x90\x90\x90\x90\x90\x90")}, /* daa */
    {BYTES("\xd4\x0a\x90\x90\x90\x90\x90\x90")}, /* aam */
    {BYTES("\x82\x00\x01\x90\x90\x90\x90\x90")},
    {BYTES("\x48\x66\x90\x90\x90\x90\x90\x90")}, /* REX that is not just before the opcode */
    {BYTES("\x48\x48\x90\x90\x90\x90\x90\x90")},
};

static void what_is_not_known_is_refused(void **state)
{
    struct pv_insn insn;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(unknown_in_both); i++) {
        assert_int_equal(decode(&insn, unknown_in_both[i].text, unknown_in_both[i].n, true), 0);
        assert_int_equal(decode(&insn, unknown_in_both[i].text, unknown_in_both[i].n, false), 0);
    }
    for (size_t i = 0; i < ARRAY_SIZE(unknown_in_long_mode); i++)
        assert_int_equal(decode(&insn, unknown_in_long_mode[i].text, unknown_in_long_mode[i].n, true), 0);
    assert_int_equal(decode(&insn, BYTES("\x67\x8b\x04\x90\x90\x90"), false), 0); /* 16-bit addresses */
}

/* --- Prefixes and sizes */

struct size_row {
    struct bytes bytes;
    bool is64;
    uint16_t opcode;
    uint8_t operand, address;
};

static const struct size_row sizes[] = {
    {{BYTES("\x89\x08")}, true, 0x89, 4, 8},
    {{BYTES("\x88\x08")}, true, 0x88, 1, 8},
    {{BYTES("\x48\x88\x08")}, true, 0x88, 1, 8},
    {{BYTES("\x66\x89\x08")}, true, 0x89, 2, 8},
    {{BYTES("\x48\x89\x08")}, true, 0x89, 8, 8},
    {{BYTES("\x66\x48\x89\x08")}, true, 0x89, 8, 8},
    {{BYTES("\x67\x89\x08")}, true, 0x89, 4, 4},
    {{BYTES("\x50")}, true, 0x50, 8, 8},
    {{BYTES("\x66\x50")}, true, 0x50, 2, 8},
    {{BYTES("\x0f\x22\xd8")}, true, 0x0f22, 8, 8},
    {{BYTES("\x66\x0f\x22\xd8")}, true, 0x0f22, 8, 8},
    {{BYTES("\x0f\x22\xd8")}, false, 0x0f22, 4, 4},
    {{BYTES("\x89\x08")}, false, 0x89, 4, 4},
    {{BYTES("\x66\x89\x08")}, false, 0x89, 2, 4},
    {{BYTES("\x50")}, false, 0x50, 4, 4},
    {{BYTES("\xe4\x60")}, true, 0xe4, 1, 8},
    {{BYTES("\xed")}, true, 0xed, 4, 8},
    {{BYTES("\x66\xed")}, true, 0xed, 2, 8},
    {{BYTES("\x0f\xb0\x08")}, true, 0x0fb0, 1, 8},
    {{BYTES("\x48\x0f\xb1\x08")}, true, 0x0fb1, 8, 8},
};

static void sizes_follow_mode_and_prefixes(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        const struct size_row *row = &sizes[i];
        struct pv_insn insn;
        assert_int_equal(decode(&insn, row->bytes.text, row->bytes.n, row->is64), row->bytes.n);
        assert_int_equal(insn.opcode, row->opcode);
        assert_int_equal(insn.operand_size, row->operand);
        assert_int_equal(insn.address_size, row->address);
    }
}

static void prefixes_are_noted(void **state)
{
    struct pv_insn insn;

    (void)state;
    assert_int_equal(decode(&insn, BYTES("\xf0\x48\x0f\xb1\x0f"), true), 5);
    assert_true(insn.lock && insn.rex == 0x48 && insn.repeat == 0);
    assert_int_equal(decode(&insn, BYTES("\xf3\x66\x6d"), true), 3);
    assert_true(!insn.lock && insn.repeat == 0xf3 && insn.operand_prefix && insn.operand_size == 2);
    assert_int_equal(decode(&insn, BYTES("\xf3\xf2\x6d"), true), 3);
    assert_int_equal(insn.repeat, 0xf2);
}

/* --- Operands */

struct operand_row {
    struct bytes bytes;
    bool is64;
    uint8_t reg, base, index, shift;
    enum pv_segment segment;
    int64_t displacement;
};

static const struct operand_row operands[] = {
    {{BYTES("\x89\x08")}, true, 1, 0, NONE, 0, PV_SEG_DS, 0},                             /* [rax], ecx */
    {{BYTES("\x45\x89\x08")}, true, 9, 8, NONE, 0, PV_SEG_DS, 0},                         /* [r8], r9d */
    {{BYTES("\x89\x45\xfc")}, true, 0, 5, NONE, 0, PV_SEG_SS, -4},                        /* [rbp - 4] */
    {{BYTES("\x41\x89\x45\xfc")}, true, 0, 13, NONE, 0, PV_SEG_DS, -4},                   /* [r13 - 4] */
    {{BYTES("\x89\x04\x24")}, true, 0, 4, NONE, 0, PV_SEG_SS, 0},                         /* [rsp] */
    {{BYTES("\x41\x89\x04\x24")}, true, 0, 12, NONE, 0, PV_SEG_DS, 0},                    /* [r12] */
    {{BYTES("\x89\x04\xcb")}, true, 0, 3, 1, 3, PV_SEG_DS, 0},                            /* [rbx + rcx*8] */
    {{BYTES("\x42\x89\x04\x63")}, true, 0, 3, 12, 1, PV_SEG_DS, 0},                       /* [rbx + r12*2] */
    {{BYTES("\x89\x04\x8d\x00\x00\x00\x80")}, true, 0, NONE, 1, 2, PV_SEG_DS, INT32_MIN}, /* [rcx*4 - 2^31] */
    {{BYTES("\x89\x44\x8d\x10")}, true, 0, 5, 1, 2, PV_SEG_SS, 16},                       /* [rbp + rcx*4 + 16] */
    {{BYTES("\x89\x04\x25\x10\x00\x00\x00")}, true, 0, NONE, NONE, 0, PV_SEG_DS, 16},     /* [16] */
    {{BYTES("\x89\x05\x10\x00\x00\x00")}, true, 0, PV_REG_RIP, NONE, 0, PV_SEG_DS, 16},
    {{BYTES("\x41\x89\x05\x10\x00\x00\x00")}, true, 0, PV_REG_RIP, NONE, 0, PV_SEG_DS, 16}, /* REX.B or not */
    {{BYTES("\x64\x89\x08")}, true, 1, 0, NONE, 0, PV_SEG_FS, 0},
    {{BYTES("\x65\x89\x45\x00")}, true, 0, 5, NONE, 0, PV_SEG_GS, 0},
    {{BYTES("\x64\x3e\x89\x08")}, true, 1, 0, NONE, 0, PV_SEG_FS, 0}, /* 3e is nothing in 64-bit code */
    {{BYTES("\x3e\x89\x45\x00")}, true, 0, 5, NONE, 0, PV_SEG_SS, 0},
    {{BYTES("\x3e\x89\x45\x00")}, false, 0, 5, NONE, 0, PV_SEG_DS, 0},
    {{BYTES("\x26\x89\x08")}, false, 1, 0, NONE, 0, PV_SEG_ES, 0},
    {{BYTES("\x2e\x89\x08")}, false, 1, 0, NONE, 0, PV_SEG_CS, 0},
    {{BYTES("\x89\x05\xff\xff\xff\xff")}, false, 0, NONE, NONE, 0, PV_SEG_DS, -1},
    {{BYTES("\xa3\x88\x77\x66\x55\x44\x33\x22\x11")}, true, 0, NONE, NONE, 0, PV_SEG_DS, 0x1122334455667788},
    {{BYTES("\x67\xa3\xff\xff\xff\xff")}, true, 0, NONE, NONE, 0, PV_SEG_DS, 0xffffffff},
};

static void operands_in_memory_have_their_parts(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(operands); i++) {
        const struct operand_row *row = &operands[i];
        struct pv_insn insn;
        assert_int_equal(decode(&insn, row->bytes.text, row->bytes.n, row->is64), row->bytes.n);
        assert_true(insn.is_memory);
        assert_int_equal(insn.reg, row->reg);
        assert_int_equal(insn.operand.base, row->base);
        assert_int_equal(insn.operand.index, row->index);
        assert_int_equal(insn.operand.shift, row->shift);
        assert_int_equal(insn.operand.segment, row->segment);
        assert_int_equal(insn.operand.displacement, row->displacement);
        assert_int_equal(insn.operand.narrow, insn.address_size == 4);
    }
}

static void operands_in_registers_have_their_numbers(void **state)
{
    struct pv_insn insn;

    (void)state;
    assert_int_equal(decode(&insn, BYTES("\x45\x89\xc8"), true), 3); /* mov r8d, r9d */
    assert_true(!insn.is_memory && insn.rm == 8 && insn.reg == 9);
    assert_int_equal(decode(&insn, BYTES("\x41\x0f\x22\xdf"), true), 4); /* mov cr3, r15 */
    assert_true(!insn.is_memory && insn.rm == 15 && insn.reg == 3);
    assert_int_equal(decode(&insn, BYTES("\x44\x0f\x20\xc0"), true), 4); /* mov rax, cr8 */
    assert_true(!insn.is_memory && insn.rm == 0 && insn.reg == 8);
    assert_int_equal(decode(&insn, BYTES("\x0f\x23\x3e"), true), 3); /* mov dr7, rsi, with a mod of memory */
    assert_true(!insn.is_memory && insn.rm == 6 && insn.reg == 7);
}

static void immediates_are_sign_extended(void **state)
{
    struct pv_insn insn;

    (void)state;
    assert_int_equal(decode(&insn, BYTES("\x48\xc7\x00\xff\xff\xff\xff"), true), 7);
    assert_int_equal(insn.immediate, -1);
    assert_int_equal(insn.immediate_size, 4);
    assert_int_equal(decode(&insn, BYTES("\xcd\x80"), true), 2);
    assert_int_equal((uint8_t)insn.immediate, 0x80);
    assert_int_equal(decode(&insn, BYTES("\x48\xb8\x88\x77\x66\x55\x44\x33\x22\x11"), true), 10);
    assert_int_equal(insn.immediate, 0x1122334455667788);
    assert_int_equal(insn.immediate_size, 8);
    assert_int_equal(decode(&insn, BYTES("\x66\xc7\x00\xfe\xff"), true), 5);
    assert_int_equal(insn.immediate, -2);
    /* displacement first, then the immediate */
    assert_int_equal(decode(&insn, BYTES("\xc7\x40\x08\x05\x00\x00\x00"), true), 7);
    assert_int_equal(insn.operand.displacement, 8);
    assert_int_equal(insn.immediate, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths_are_those_of_the_manual),
        cmocka_unit_test(what_is_not_known_is_refused),
        cmocka_unit_test(sizes_follow_mode_and_prefixes),
        cmocka_unit_test(prefixes_are_noted),
        cmocka_unit_test(operands_in_memory_have_their_parts),
        cmocka_unit_test(operands_in_registers_have_their_numbers),
        cmocka_unit_test(immediates_are_sign_extended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
