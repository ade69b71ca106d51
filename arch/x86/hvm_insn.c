/* SPDX-License-Identifier: MIT */
/*
 * Just enough of the instruction format (SDM Vol. 2, chapter 2) to find the length of the few instructions that a back
 * end completes by itself, where the processor lacks NRIPS. The bytes are the guest's: it may have changed them since
 * the exit, so an instruction that is no longer the intercepted one is reported, not guessed.
 */
#include "arch/x86/hvm.h"

#include "arch/x86/layout.h"
#include "common/string.h"
#include "kernel/door.h"

static bool is_legacy_prefix(uint8_t b)
{
    switch (b) {
    case 0x26: /* segment overrides */
    case 0x2E:
    case 0x36:
    case 0x3E:
    case 0x64:
    case 0x65:
    case 0x66: /* operand size */
    case 0x67: /* address size */
    case 0xF0: /* lock, repeat */
    case 0xF2:
    case 0xF3:
        return true;
    default:
        return false;
    }
}

/* Copies up to n bytes from a linear address; stops where the guest has no page. Returns how many. */
static unsigned fetch(const struct arch_vcpu *v, const struct guest_paging *paging, uint64_t linear, uint8_t *to,
                      unsigned n)
{
    unsigned done = 0;

    while (done < n) {
        uint64_t gpa;
        if (guest_walk(v, paging, linear + done, false, &gpa))
            break;
        const uint8_t *frame = door_guest_frame(v, gpa >> PAGE_SHIFT);
        if (!frame)
            break;
        unsigned at = (unsigned)(gpa & (PAGE_SIZE - 1));
        unsigned part = PAGE_SIZE - at < n - done ? PAGE_SIZE - at : n - done;
        memcpy(to + done, frame + at, part);
        done += part;
    }
    return done;
}

bool hvm_insn_fetch(const struct arch_vcpu *v, const struct guest_paging *paging, uint64_t linear, bool is64,
                    struct hvm_insn *insn)
{
    unsigned at = 0;

    insn->fetched = (uint8_t)fetch(v, paging, linear, insn->bytes, HVM_INSN_MAX);
    insn->rex = 0;
    while (at < insn->fetched && is_legacy_prefix(insn->bytes[at]))
        at++;
    if (is64 && at < insn->fetched && (insn->bytes[at] & 0xF0) == 0x40)
        insn->rex = insn->bytes[at++];
    insn->opcode_at = (uint8_t)at;
    return insn->fetched > 0;
}

unsigned hvm_insn_match(const struct hvm_insn *insn, const uint8_t *opcode, unsigned n)
{
    if (insn->opcode_at + n > insn->fetched || memcmp(insn->bytes + insn->opcode_at, opcode, n) != 0)
        return 0;
    return insn->opcode_at + n;
}

int hvm_insn_mov_to_cr(const struct hvm_insn *insn, unsigned n, unsigned *length)
{
    static const uint8_t opcode[] = {0x0F, 0x22};
    unsigned at = hvm_insn_match(insn, opcode, sizeof(opcode));

    if (at == 0 || at >= insn->fetched)
        return -1;
    uint8_t modrm = insn->bytes[at];
    if (((modrm >> 3) & 7) != n || (insn->rex & 4)) /* REX.R would name CR8-CR15 */
        return -1;
    *length = at + 1;
    return (modrm & 7) | (insn->rex & 1 ? 8 : 0);
}
