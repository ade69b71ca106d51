/* SPDX-License-Identifier: MIT */
/*
 * What instructions that write to memory make of what is there, and of registers and flags (SDM vol. 2; flags: vol. 1,
 * 3.4.3.1). Numbers are of s->size bytes, in 64 bits with zeros above.
 */
#include "arch/x86/pv/emulate.h"

#include "arch/x86/regs.h"

#define CF (1U << 0)
#define PF (1U << 2)
#define AF (1U << 4)
#define ZF (1U << 6)
#define SF (1U << 7)
#define DF (1U << 10)
#define OF (1U << 11)
#define ARITHMETIC_FLAGS ((uint64_t)(CF | PF | AF | ZF | SF | OF))

void pv_write_reg(uint64_t *reg, unsigned size, uint64_t value)
{
    uint64_t mask = size == 8 ? UINT64_MAX : (1ULL << 8 * size) - 1;

    *reg = size == 4 ? (uint32_t)value : (*reg & ~mask) | (value & mask);
}

uint64_t pv_narrow(const struct pv_insn *insn, uint64_t value)
{
    return insn->address_size == 4 ? (uint32_t)value : value;
}

void pv_advance(const struct pv_insn *insn, uint64_t *reg, int64_t by)
{
    *reg = pv_narrow(insn, *reg + (uint64_t)by);
}

static unsigned bits(const struct pv_store *s)
{
    return s->size * 8;
}

static uint64_t cut(const struct pv_store *s, uint64_t value)
{
    return s->size == 8 ? value : value & ((1ULL << bits(s)) - 1);
}

static bool top_bit(const struct pv_store *s, uint64_t value)
{
    return value >> (bits(s) - 1) & 1;
}

static bool even_parity(uint64_t value)
{
    return !(__builtin_popcount((unsigned)value & 0xff) & 1);
}

static void set_flags(struct pv_store *s, uint64_t mask, uint64_t flags)
{
    s->after.rflags = (s->after.rflags & ~mask) | (flags & mask);
}

static uint64_t sign_flags(const struct pv_store *s, uint64_t result)
{
    return (even_parity(result) ? PF : 0U) | (result == 0 ? ZF : 0U) | (top_bit(s, result) ? SF : 0U);
}

/* a + b + carry; which flags change. */
static uint64_t add(struct pv_store *s, uint64_t a, uint64_t b, bool carry, uint64_t mask)
{
    uint64_t r = cut(s, a + b + carry);
    uint64_t carries = (a & b) | ((a | b) & ~r);
    uint64_t flags = sign_flags(s, r) | ((a ^ b ^ r) & AF);

    flags |= (top_bit(s, carries) ? CF : 0U) | (top_bit(s, (a ^ r) & (b ^ r)) ? OF : 0U);
    set_flags(s, mask, flags);
    return r;
}

/* a - b - borrow */
static uint64_t subtract(struct pv_store *s, uint64_t a, uint64_t b, bool borrow, uint64_t mask)
{
    uint64_t r = cut(s, a - b - borrow);
    uint64_t borrows = (~a & b) | ((~a | b) & r);
    uint64_t flags = sign_flags(s, r) | ((a ^ b ^ r) & AF);

    flags |= (top_bit(s, borrows) ? CF : 0U) | (top_bit(s, (a ^ b) & (a ^ r)) ? OF : 0U);
    set_flags(s, mask, flags);
    return r;
}

static uint64_t logic(struct pv_store *s, uint64_t result)
{
    set_flags(s, ARITHMETIC_FLAGS, sign_flags(s, result));
    return result;
}

/* --- Operands */

/* A byte register without REX may be the second byte of one of the first four. */
static bool is_high_byte(const struct pv_insn *insn, const struct pv_store *s, unsigned n)
{
    return s->size == 1 && !insn->rex && n >= 4;
}

static uint64_t read_reg(const struct pv_insn *insn, const struct pv_store *s, unsigned n)
{
    const uint64_t *regs = &s->after.rax;

    return cut(s, is_high_byte(insn, s, n) ? regs[n - 4] >> 8 : regs[n]);
}

static void write_reg(const struct pv_insn *insn, struct pv_store *s, unsigned n, uint64_t value)
{
    uint64_t *regs = &s->after.rax;

    if (is_high_byte(insn, s, n))
        regs[n - 4] = (regs[n - 4] & ~0xff00ULL) | (value & 0xff) << 8;
    else
        pv_write_reg(&regs[n], s->size, value);
}

static uint64_t immediate(const struct pv_insn *insn, const struct pv_store *s)
{
    return cut(s, (uint64_t)insn->immediate);
}

/* --- Instructions */

typedef bool (*compute_fn)(const struct pv_insn *insn, struct pv_store *s);

/* ADD OR ADC SBB AND SUB XOR, as opcodes and group 1 number them; CMP does not write. */
static bool arithmetic(struct pv_store *s, unsigned operation, uint64_t b)
{
    uint64_t a = s->old;
    bool carry = s->after.rflags & CF;

    switch (operation) {
    case 0:
        s->new = add(s, a, b, false, ARITHMETIC_FLAGS);
        return true;
    case 1:
        s->new = logic(s, a | b);
        return true;
    case 2:
        s->new = add(s, a, b, carry, ARITHMETIC_FLAGS);
        return true;
    case 3:
        s->new = subtract(s, a, b, carry, ARITHMETIC_FLAGS);
        return true;
    case 4:
        s->new = logic(s, a & b);
        return true;
    case 5:
        s->new = subtract(s, a, b, false, ARITHMETIC_FLAGS);
        return true;
    case 6:
        s->new = logic(s, a ^ b);
        return true;
    default:
        return false;
    }
}

static bool with_register(const struct pv_insn *insn, struct pv_store *s)
{
    return arithmetic(s, insn->opcode >> 3, read_reg(insn, s, insn->reg));
}

static bool with_immediate(const struct pv_insn *insn, struct pv_store *s)
{
    return arithmetic(s, insn->reg & 7, immediate(insn, s));
}

static bool mov_register(const struct pv_insn *insn, struct pv_store *s)
{
    s->new = read_reg(insn, s, insn->reg);
    return true;
}

static bool mov_accumulator(const struct pv_insn *insn, struct pv_store *s)
{
    (void)insn;
    s->new = cut(s, s->after.rax);
    return true;
}

static bool mov_immediate(const struct pv_insn *insn, struct pv_store *s)
{
    s->new = immediate(insn, s);
    return (insn->reg & 7) == 0;
}

static bool exchange(const struct pv_insn *insn, struct pv_store *s)
{
    s->new = read_reg(insn, s, insn->reg);
    write_reg(insn, s, insn->reg, s->old);
    return true;
}

static bool exchange_add(const struct pv_insn *insn, struct pv_store *s)
{
    s->new = add(s, s->old, read_reg(insn, s, insn->reg), false, ARITHMETIC_FLAGS);
    write_reg(insn, s, insn->reg, s->old);
    return true;
}

static bool compare_exchange(const struct pv_insn *insn, struct pv_store *s)
{
    uint64_t expected = cut(s, s->after.rax);

    (void)subtract(s, expected, s->old, false, ARITHMETIC_FLAGS);
    s->writes = expected == s->old;
    s->new = read_reg(insn, s, insn->reg);
    if (!s->writes)
        pv_write_reg(&s->after.rax, s->size, s->old);
    return true;
}

/* CMPXCHG8B: EDX:EAX and ECX:EBX; ZF is the only flag. */
static bool compare_exchange_pair(const struct pv_insn *insn, struct pv_store *s)
{
    struct guest_regs *r = &s->after;
    uint64_t expected = r->rdx << 32 | (uint32_t)r->rax;

    if ((insn->reg & 7) != 1 || (insn->rex & 8))
        return false;
    s->writes = expected == s->old;
    s->new = r->rcx << 32 | (uint32_t)r->rbx;
    set_flags(s, ZF, s->writes ? ZF : 0);
    if (!s->writes) {
        r->rax = (uint32_t)s->old;
        r->rdx = s->old >> 32;
    }
    return true;
}

/* Groups 4 and 5: INC and DEC leave CF alone. */
static bool increment(const struct pv_insn *insn, struct pv_store *s)
{
    uint64_t mask = ARITHMETIC_FLAGS & ~(uint64_t)CF;

    if ((insn->reg & 7) > 1)
        return false;
    s->new = insn->reg & 1 ? subtract(s, s->old, 1, false, mask) : add(s, s->old, 1, false, mask);
    return true;
}

/* Group 3: NOT changes no flag; NEG is 0 - operand. */
static bool negate(const struct pv_insn *insn, struct pv_store *s)
{
    if ((insn->reg & 7) == 2)
        s->new = cut(s, ~s->old);
    else if ((insn->reg & 7) == 3)
        s->new = subtract(s, 0, s->old, false, ARITHMETIC_FLAGS);
    else
        return false;
    return true;
}

/* BTS, BTR, BTC: 1, 2, 3 in group 8 from its fifth on, and in bits 4:3 of the opcodes. CF is the bit's old value. */
static bool change_bit(struct pv_store *s, unsigned operation, uint64_t bit)
{
    uint64_t mask = 1ULL << (bit & (bits(s) - 1));

    if (operation == 0)
        return false;
    s->new = operation == 1 ? s->old | mask : operation == 2 ? s->old & ~mask : s->old ^ mask;
    set_flags(s, CF, s->old & mask ? CF : 0);
    return true;
}

static bool bit_register(const struct pv_insn *insn, struct pv_store *s)
{
    return change_bit(s, insn->opcode >> 3 & 3, read_reg(insn, s, insn->reg));
}

static bool bit_immediate(const struct pv_insn *insn, struct pv_store *s)
{
    return insn->reg & 4 && change_bit(s, insn->reg & 3, (uint64_t)insn->immediate);
}

int64_t pv_bit_displacement(const struct pv_insn *insn, const struct guest_regs *regs)
{
    struct pv_store s = {.size = insn->operand_size, .after = *regs};
    uint64_t bit = read_reg(insn, &s, insn->reg);
    unsigned unused = 64 - bits(&s);
    int64_t offset = (int64_t)(bit << unused) >> unused;
    int64_t width = (int64_t)bits(&s);

    if (insn->opcode != 0x0fab && insn->opcode != 0x0fb3 && insn->opcode != 0x0fbb)
        return 0;
    return (offset - (int64_t)(bit & (uint64_t)(width - 1))) / 8;
}

/* One element of STOS and MOVS. */
static bool string(const struct pv_insn *insn, struct pv_store *s)
{
    int64_t step = s->after.rflags & DF ? -(int64_t)s->size : (int64_t)s->size;
    bool moves = insn->opcode == 0xa4 || insn->opcode == 0xa5;

    s->new = moves ? cut(s, s->source) : cut(s, s->after.rax);
    pv_advance(insn, &s->after.rdi, step);
    if (moves)
        pv_advance(insn, &s->after.rsi, step);
    if (insn->repeat)
        pv_advance(insn, &s->after.rcx, -1);
    return true;
}

static const struct {
    uint16_t opcode, mask; /* bits of the opcode that count */
    compute_fn compute;
} instructions[] = {
    {0x00, 0xffc6, with_register}, /* 00 to 3f: the forms with memory as destination */
    {0x80, 0xfffe, with_immediate},
    {0x83, 0xffff, with_immediate},
    {0x86, 0xfffe, exchange},
    {0x88, 0xfffe, mov_register},
    {0xa2, 0xfffe, mov_accumulator},
    {0xa4, 0xfffe, string},
    {0xaa, 0xfffe, string},
    {0xc6, 0xfffe, mov_immediate},
    {0xf6, 0xfffe, negate},
    {0xfe, 0xfffe, increment},
    {0x0fab, 0xffff, bit_register},
    {0x0fb0, 0xfffe, compare_exchange},
    {0x0fb3, 0xffff, bit_register},
    {0x0fba, 0xffff, bit_immediate},
    {0x0fbb, 0xffff, bit_register},
    {0x0fc0, 0xfffe, exchange_add},
    {0x0fc3, 0xffff, mov_register}, /* MOVNTI */
    {0x0fc7, 0xffff, compare_exchange_pair},
};

bool pv_compute(const struct pv_insn *insn, struct pv_store *s)
{
    s->writes = true;
    for (unsigned i = 0; i < sizeof instructions / sizeof instructions[0]; i++)
        if ((insn->opcode & instructions[i].mask) == instructions[i].opcode)
            return instructions[i].compute(insn, s);
    return false;
}
