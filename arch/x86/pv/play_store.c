/* SPDX-License-Identifier: MIT */
/*
 * A guest that writes to its own page tables (docs/design/pv.md): the instruction is played on the entry as it is now,
 * and the entry becomes the result if it still is what was read. If not, the guest makes the store again.
 */
#include "arch/x86/pv/emulate.h"

#include "arch/x86/layout.h"
#include "arch/x86/pv/env.h"
#include "arch/x86/pv/update.h"
#include "guest/abi/errno.h"

#define ENTRY_SIZE 8U

static bool is_string(const struct pv_insn *insn)
{
    return insn->opcode == 0xa4 || insn->opcode == 0xa5 || insn->opcode == 0xaa || insn->opcode == 0xab;
}

static uint64_t destination(struct arch_vcpu *v, const struct pv_insn *insn)
{
    if (is_string(insn))
        return pv_narrow(insn, v->regs.rdi);
    return pv_operand_address(v, insn) + (uint64_t)pv_bit_displacement(insn, &v->regs);
}

/* CMPXCHG8B has eight bytes whatever the operand size is. */
static unsigned store_size(const struct pv_insn *insn)
{
    return insn->opcode == 0x0fc7 ? 8 : insn->operand_size;
}

/* Does it write to cr2 with the bytes that it has now, within one entry? */
static bool hits(struct arch_vcpu *v, const struct pv_insn *insn, uint64_t cr2)
{
    return (insn->is_memory || is_string(insn)) && cr2 % store_size(insn) == 0 && destination(v, insn) == cr2;
}

static enum pv_outcome load_source(struct arch_vcpu *v, const struct pv_insn *insn, struct pv_store *s)
{
    if (insn->opcode != 0xa4 && insn->opcode != 0xa5)
        return PV_PLAYED;
    uint64_t from = pv_narrow(insn, v->regs.rsi) + pv_segment_base(v, insn->operand.segment);
    return pv_load_operand(v, from, &s->source, s->size);
}

/* The entry with the bytes of the store in it. */
static uint64_t merged(uint64_t entry, const struct pv_store *s, unsigned shift)
{
    uint64_t mask = s->size == 8 ? UINT64_MAX : ((1ULL << 8 * s->size) - 1) << shift;

    return (entry & ~mask) | (s->new << shift &mask);
}

static int exchange(struct arch_vcpu *v, uint64_t mfn, unsigned index, uint64_t old, uint64_t new)
{
    struct pv_domain *d = pv_guest(v)->mmu.dom;
    struct pv_update u = {
        .mfn = mfn,
        .index = index,
        .value = new,
        .table_owner = d->domid,
        .data_owner = d->domid,
        .conditional = true,
        .expected = old,
    };

    return pv_update_table(d, &u, 1);
}

/* A repeated instruction is played element by element: each has its own fault. */
static enum pv_outcome commit(struct arch_vcpu *v, const struct pv_insn *insn, const struct pv_store *s)
{
    uint64_t rip = v->regs.rip;

    v->regs = s->after;
    v->regs.rip = rip;
    return is_string(insn) && insn->repeat && pv_narrow(insn, v->regs.rcx) ? PV_AGAIN : PV_PLAYED;
}

enum pv_outcome pv_play_store(struct arch_vcpu *v, const struct pv_insn *insn, uint64_t cr2, uint64_t mfn)
{
    unsigned index = (unsigned)(cr2 % PAGE_SIZE / ENTRY_SIZE), shift = (unsigned)(cr2 % ENTRY_SIZE) * 8;
    uint64_t entry = __atomic_load_n(&pv_env_map(mfn)[index], __ATOMIC_RELAXED);
    struct pv_store s = {.size = store_size(insn), .after = v->regs};

    if (!hits(v, insn, cr2))
        return PV_REFUSED;
    s.old = merged(0, &(struct pv_store){.new = entry >> shift, .size = s.size}, 0);
    enum pv_outcome outcome = load_source(v, insn, &s);
    if (outcome != PV_PLAYED)
        return outcome;
    if (!pv_compute(insn, &s))
        return PV_REFUSED;
    int rc = s.writes ? exchange(v, mfn, index, entry, merged(entry, &s, shift)) : 0;
    if (rc)
        return rc == -XEN_ERESTART ? PV_AGAIN : PV_REFUSED;
    return commit(v, insn, &s);
}
