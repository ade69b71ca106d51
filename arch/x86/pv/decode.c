/* SPDX-License-Identifier: MIT */
#include "arch/x86/pv/decode.h"

#include <stddef.h>

/* --- The opcode maps: what follows an opcode */

#define M 0x01         /* ModRM, with SIB and displacement */
#define I8 0x02        /* immediate of one byte */
#define I16 0x04       /* of two; with I8: of three (ENTER) */
#define IZ 0x08        /* of the operand size, but of four bytes when that is eight */
#define IV 0x10        /* of the operand size */
#define B 0x20         /* the operand size is one byte */
#define D64 0x40       /* in 64-bit code the operand size is eight without REX.W, and never four */
#define N64 0x80       /* not in 64-bit code */
#define MO 0x100       /* an absolute address, of the address size */
#define BR 0x200       /* a near branch: with prefix 66 each maker has its own reading */
#define NO 0x400       /* not known here */
#define REGISTER 0x800 /* ModRM names registers, whatever `mod` is (moves of control and debug registers) */

/* Six arithmetic forms: Eb,Gb Ev,Gv Gb,Eb Gv,Ev AL,Ib eAX,Iz; and two of old segments, or prefixes. */
#define ARITHMETIC M | B, M, M | B, M, I8 | B, IZ
#define TIMES4(x) x, x, x, x
#define TIMES8(x) TIMES4(x), TIMES4(x)
#define TIMES16(x) TIMES8(x), TIMES8(x)

/* clang-format off */
/* SDM vol. 2, table A-2, eight opcodes a line. Prefixes and the escape 0f don't get here. */
static const uint16_t one_byte[256] = {
    /* 00 */ ARITHMETIC, N64, N64,
    /* 08 */ ARITHMETIC, N64, NO,
    /* 10 */ ARITHMETIC, N64, N64,
    /* 18 */ ARITHMETIC, N64, N64,
    /* 20 */ ARITHMETIC, NO, N64,
    /* 28 */ ARITHMETIC, NO, N64,
    /* 30 */ ARITHMETIC, NO, N64,
    /* 38 */ ARITHMETIC, NO, N64,
    /* 40 INC, DEC; or REX */ TIMES16(N64),
    /* 50 PUSH, POP */ TIMES16(D64),
    /* 60 */ N64, N64, NO, M, NO, NO, NO, NO,
    /* 68 */ IZ | D64, M | IZ, I8 | D64, M | I8, B, 0, B, 0,
    /* 70 Jcc */ TIMES16(I8 | BR),
    /* 80 */ M | I8 | B, M | IZ, M | I8 | B | N64, M | I8, M | B, M, M | B, M,
    /* 88 */ M | B, M, M | B, M, M, M, M, M | D64,
    /* 90 */ TIMES8(0),
    /* 98 */ 0, 0, NO, 0, D64, D64, 0, 0,
    /* a0 */ MO | B, MO, MO | B, MO, B, 0, B, 0,
    /* a8 */ I8 | B, IZ, B, 0, B, 0, B, 0,
    /* b0 */ TIMES8(I8 | B),
    /* b8 */ TIMES8(IV),
    /* c0 */ M | I8 | B, M | I8, I16 | BR, BR, NO, NO, M | I8 | B, M | IZ,
    /* c8 */ I16 | I8 | D64, D64, I16, 0, 0, I8, N64, 0,
    /* d0 */ M | B, M, M | B, M, I8 | N64, I8 | N64, NO, B,
    /* d8 */ TIMES8(M),
    /* e0 */ TIMES4(I8 | BR), I8 | B, I8, I8 | B, I8,
    /* e8 */ IZ | BR, IZ | BR, NO, I8 | BR, B, 0, B, 0,
    /* f0 */ NO, 0, NO, NO, 0, 0, M | B, M,
    /* f8 */ 0, 0, 0, 0, 0, 0, M | B, M,
};

/* SDM vol. 2, table A-3. */
static const uint16_t two_bytes[256] = {
    /* 00 */ M, M, M, M, NO, 0, 0, 0,
    /* 08 */ 0, 0, NO, 0, NO, M, 0, NO,
    /* 10 */ TIMES16(M),
    /* 20 */ TIMES4(M | REGISTER), TIMES4(NO),
    /* 28 */ TIMES8(M),
    /* 30 */ 0, 0, 0, 0, 0, 0, NO, 0,
    /* 38 */ TIMES8(NO),
    /* 40 */ TIMES16(M),
    /* 50 */ TIMES16(M),
    /* 60 */ TIMES16(M),
    /* 70 */ TIMES4(M | I8), M, M, M, 0,
    /* 78 */ NO, M, NO, NO, M, M, M, M,
    /* 80 */ TIMES16(IZ | BR),
    /* 90 */ TIMES16(M | B),
    /* a0 */ D64, D64, 0, M, M | I8, M, NO, NO,
    /* a8 */ D64, D64, 0, M, M | I8, M, M, M,
    /* b0 */ M | B, TIMES8(M),
    /* b9 */ M, M | I8, M, TIMES4(M),
    /* c0 */ M | B, M, M | I8, M, M | I8, M | I8, M | I8, M,
    /* c8 */ TIMES8(0),
    /* d0 */ TIMES16(M),
    /* e0 */ TIMES16(M),
    /* f0 */ TIMES16(M),
};
/* clang-format on */

/* --- Bytes */

/* What is left of the instruction. `short_of` once more was wanted than there is. */
struct cursor {
    const uint8_t *bytes;
    unsigned at, end;
    bool short_of;
};

static uint8_t peek(const struct cursor *c)
{
    return c->at < c->end ? c->bytes[c->at] : 0;
}

static uint8_t take(struct cursor *c)
{
    if (c->at < c->end)
        return c->bytes[c->at++];
    c->short_of = true;
    return 0;
}

/* A number of 1, 2, 4 or 8 bytes, sign-extended; 0 for size 0. */
static int64_t take_signed(struct cursor *c, unsigned size)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < size; i++)
        value |= (uint64_t)take(c) << 8 * i;
    unsigned unused = 64 - 8 * size;
    return size ? (int64_t)(value << unused) >> unused : 0;
}

/* --- Prefixes */

struct prefixes {
    enum pv_segment segment;
    bool address;
};

/* One legacy prefix; false: the byte is none. */
static bool legacy_prefix(struct pv_insn *insn, struct prefixes *p, uint8_t byte)
{
    switch (byte) {
    case 0x26: /* ES, CS, SS, DS */
    case 0x2e:
    case 0x36:
    case 0x3e:
        if (!insn->is64) /* 64-bit code has no such overrides (SDM vol. 1, 3.4.4); nor do they undo FS and GS */
            p->segment = (enum pv_segment)(byte >> 3 & 3);
        return true;
    case 0x64:
    case 0x65:
        p->segment = byte == 0x64 ? PV_SEG_FS : PV_SEG_GS;
        return true;
    case 0x66:
        insn->operand_prefix = true;
        return true;
    case 0x67:
        p->address = true;
        return true;
    case 0xf0:
        insn->lock = true;
        return true;
    case 0xf2:
    case 0xf3:
        insn->repeat = byte;
        return true;
    default:
        return false;
    }
}

/* REX counts only just before the opcode. */
static void take_prefixes(struct pv_insn *insn, struct prefixes *p, struct cursor *c)
{
    while (c->at < c->end && legacy_prefix(insn, p, peek(c)))
        c->at++;
    if (insn->is64 && (peek(c) & 0xf0) == 0x40)
        insn->rex = take(c);
}

/* --- Opcode, operand size */

static unsigned take_opcode(struct pv_insn *insn, struct cursor *c)
{
    uint8_t byte = take(c);

    if (byte != 0x0f) {
        insn->opcode = byte;
        return one_byte[byte];
    }
    byte = take(c);
    insn->opcode = (uint16_t)(PV_OPCODE_0F | byte);
    return two_bytes[byte];
}

static bool is_known(const struct pv_insn *insn, unsigned what)
{
    if (what & NO || (insn->is64 && what & N64))
        return false;
    return !(what & BR) || !insn->operand_prefix;
}

static uint8_t operand_size(const struct pv_insn *insn, unsigned what)
{
    if (what & B)
        return 1;
    if (what & REGISTER)
        return insn->is64 ? 8 : 4;
    if (insn->rex & 8)
        return 8;
    if (insn->operand_prefix)
        return 2;
    return insn->is64 && what & (D64 | BR) ? 8 : 4;
}

/* --- Operands */

/* A register number of three bits, with its bit of REX. */
static uint8_t extended(const struct pv_insn *insn, unsigned three, unsigned rex_bit)
{
    return (uint8_t)(three | (insn->rex & rex_bit ? 8 : 0));
}

/* SDM vol. 2, table 2-3. Base 5 without displacement by `mod` is: displacement only. */
static void take_sib(struct pv_insn *insn, unsigned mod, struct cursor *c)
{
    struct pv_operand *o = &insn->operand;
    uint8_t sib = take(c);
    uint8_t index = extended(insn, sib >> 3 & 7, 2);

    o->shift = sib >> 6;
    o->index = index == 4 ? PV_REG_NONE : index;
    o->base = (sib & 7) == 5 && mod == 0 ? PV_REG_NONE : extended(insn, sib & 7, 1);
}

/* SDM vol. 2, table 2-2, and 2.2.1.6. */
static void take_memory(struct pv_insn *insn, unsigned mod, unsigned rm, struct cursor *c)
{
    struct pv_operand *o = &insn->operand;
    bool displacement_only = mod == 0 && rm == 5;

    insn->is_memory = true;
    if (rm == 4)
        take_sib(insn, mod, c);
    else if (displacement_only)
        o->base = insn->is64 ? PV_REG_RIP : PV_REG_NONE;
    else
        o->base = extended(insn, rm, 1);
    bool four = mod == 2 || displacement_only || (mod == 0 && o->base == PV_REG_NONE);
    o->displacement = take_signed(c, four ? 4 : mod);
}

static void take_modrm(struct pv_insn *insn, unsigned what, struct cursor *c)
{
    uint8_t modrm = take(c);

    insn->has_modrm = true;
    insn->reg = extended(insn, modrm >> 3 & 7, 4);
    insn->rm = modrm & 7;
    if (modrm >> 6 == 3 || what & REGISTER)
        insn->rm = extended(insn, modrm & 7, 1);
    else
        take_memory(insn, modrm >> 6, modrm & 7, c);
}

/* The stack's, if the address is made from its registers. */
static enum pv_segment default_segment(const struct pv_insn *insn)
{
    return insn->is_memory && (insn->operand.base == 4 || insn->operand.base == 5) ? PV_SEG_SS : PV_SEG_DS;
}

/* Absolute addresses of four bytes are not negative ones. */
static void take_absolute(struct pv_insn *insn, struct cursor *c)
{
    insn->is_memory = true;
    insn->operand.displacement = take_signed(c, insn->address_size);
    if (insn->address_size == 4)
        insn->operand.displacement = (uint32_t)insn->operand.displacement;
}

static uint8_t immediate_size(const struct pv_insn *insn, unsigned what)
{
    uint8_t whole = insn->operand_size == 8 ? 4 : insn->operand_size;

    if (what & IV)
        return insn->operand_size;
    if (what & IZ)
        return whole;
    /* TEST is the one of group 3 that has an immediate (SDM vol. 2, table A-6). */
    if ((insn->opcode == 0xf6 || insn->opcode == 0xf7) && (insn->reg & 7) < 2)
        return whole;
    return what & I16 ? 2 : what & I8 ? 1 : 0;
}

static void take_immediate(struct pv_insn *insn, unsigned what, struct cursor *c)
{
    insn->immediate_size = immediate_size(insn, what);
    insn->immediate = take_signed(c, insn->immediate_size);
    if (what == (I16 | I8 | D64)) /* ENTER: the second one is of no use to anybody */
        take(c);
}

/* What the register field of ModRM makes another encoding: POP becomes XOP (APM vol. 3, 1.2.7). */
static bool is_other_encoding(const struct pv_insn *insn)
{
    return insn->opcode == 0x8f && (insn->reg & 7) != 0;
}

unsigned pv_decode(struct pv_insn *insn, const uint8_t *bytes, unsigned n, bool is64)
{
    struct cursor c = {bytes, 0, n < PV_INSN_MAX ? n : PV_INSN_MAX, false};
    struct prefixes p = {PV_SEG_NONE, false};

    *insn = (struct pv_insn){.is64 = is64, .operand = {.base = PV_REG_NONE, .index = PV_REG_NONE}};
    take_prefixes(insn, &p, &c);
    unsigned what = take_opcode(insn, &c);
    if (c.short_of || !is_known(insn, what) || (p.address && !is64))
        return 0;
    insn->operand_size = operand_size(insn, what);
    insn->address_size = is64 && !p.address ? 8 : 4;
    if (what & M)
        take_modrm(insn, what, &c);
    if (what & MO)
        take_absolute(insn, &c);
    take_immediate(insn, what, &c);
    if (c.short_of || is_other_encoding(insn))
        return 0;
    insn->operand.narrow = insn->address_size == 4;
    insn->operand.segment = p.segment != PV_SEG_NONE ? p.segment : default_segment(insn);
    insn->length = (uint8_t)c.at;
    return insn->length;
}
