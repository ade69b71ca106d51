/* SPDX-License-Identifier: MIT */
// links: arch/x86/pv/decode.c
/*
 * Any bytes as an instruction: bit 0 of the first byte selects 64-bit code, the rest is the code. An instruction must
 * not be longer than it may be, must not depend on what is behind it, and must be nothing when its last byte is
 * missing.
 */
#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "arch/x86/pv/decode.h"

/* From memory that has these bytes and no more. */
static unsigned decode(struct pv_insn *insn, const uint8_t *data, unsigned n, bool is64)
{
    uint8_t *exact = malloc(n);

    if (n)
        memcpy(exact, data, n);
    unsigned length = pv_decode(insn, exact, n, is64);
    free(exact);
    return length;
}

static void check_fields(const struct pv_insn *insn, bool is64)
{
    const struct pv_operand *o = &insn->operand;

    assert(insn->is64 == is64 && (is64 || !insn->rex));
    assert(insn->operand_size == 1 || insn->operand_size == 2 || insn->operand_size == 4 || insn->operand_size == 8);
    assert(insn->address_size == 4 || (is64 && insn->address_size == 8));
    assert(insn->reg < 16 && insn->rm < 16 && insn->immediate_size <= 8);
    assert(o->segment < PV_SEG_NONE && o->shift < 4);
    assert(o->index == PV_REG_NONE || (o->index < 16 && o->index != 4));
    assert(o->base == PV_REG_NONE || o->base == PV_REG_RIP || o->base < 16);
    assert(insn->is_memory || (o->base == PV_REG_NONE && o->index == PV_REG_NONE));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    bool is64 = data[0] & 1;
    unsigned n = size - 1 < 20 ? (unsigned)size - 1 : 20;
    struct pv_insn insn, again;
    unsigned length = decode(&insn, data + 1, n, is64);

    assert(length <= PV_INSN_MAX && length <= n);
    if (length == 0)
        return 0;
    assert(insn.length == length);
    check_fields(&insn, is64);
    assert(decode(&again, data + 1, length, is64) == length);
    assert(decode(&again, data + 1, length - 1, is64) == 0);
    return 0;
}
