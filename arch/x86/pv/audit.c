/* SPDX-License-Identifier: MIT */
#include "arch/x86/pv/audit.h"

#include "arch/x86/pv/env.h"
#include "arch/x86/pv/table.h"
#include "arch/x86/regs.h"
#include "common/string.h"

#define COMPLAIN(a, ...) ((a)->complaints++, (a)->complain(__VA_ARGS__))

static unsigned long long number(uint64_t n)
{
    return n;
}

void pv_audit_begin(struct pv_audit *a)
{
    memset(a->tally, 0, (a->end - a->first) * sizeof(*a->tally));
    a->complaints = 0;
}

void pv_audit_needs(struct pv_audit *a, uint64_t mfn, enum pv_type type)
{
    if (mfn < a->first || mfn >= a->end) {
        COMPLAIN(a, "frame 0x%llx is nobody's, and is used as type %u", number(mfn), (unsigned)type);
        return;
    }
    struct pv_tally *t = &a->tally[mfn - a->first];
    t->refs++;
    if (type == PV_NONE)
        return;
    if (t->types++ && t->type != type)
        COMPLAIN(a, "frame 0x%llx is used as type %u and as type %u", number(mfn), (unsigned)t->type, (unsigned)type);
    t->type = type;
}

/* --- What stands in tables */

static bool may_be_mapped(const struct pv_audit *a, uint64_t mfn, uint16_t owner)
{
    struct pv_audited frame;
    return mfn >= a->first && mfn < a->end && (a->foreign || (a->look(mfn, &frame) && frame.owner == owner));
}

static void count_entry(struct pv_audit *a, uint64_t table, uint16_t owner, unsigned level, unsigned index)
{
    uint64_t entry = pv_env_map(table)[index], mfn = (entry & PTE_ADDRESS) >> 12;

    if (pv_slot_is_reserved(level, index) || !(entry & PTE_PRESENT))
        return;
    if (!may_be_mapped(a, mfn, owner))
        COMPLAIN(a, "entry %u of the L%u table 0x%llx leads to frame 0x%llx, which is not its owner's", index, level,
                 number(table), number(mfn));
    if (pv_entry_check(level, entry) || pv_entry_adjust(level, entry) != entry)
        COMPLAIN(a, "entry %u of the L%u table 0x%llx is 0x%llx", index, level, number(table), number(entry));
    pv_audit_needs(a, mfn, level > 1 ? (enum pv_type)(level - 1) : entry & PTE_WRITE ? PV_WRITABLE : PV_NONE);
}

static void check_reserved_slots(struct pv_audit *a, uint64_t table)
{
    for (unsigned i = PV_RESERVED_FIRST; i < PV_RESERVED_END; i++)
        if ((pv_env_map(table)[i] ^ pv_env_reserved_slots()[i - PV_RESERVED_FIRST]) & ~(uint64_t)PTE_ACCESSED)
            COMPLAIN(a, "slot %u of the L4 table 0x%llx is not the hypervisor's", i, number(table));
}

/* The entries below n hold references; and the table one to itself. */
static void count_table(struct pv_audit *a, uint64_t mfn, uint16_t owner, unsigned level, unsigned n)
{
    unsigned looked_at = a->slots ? a->nr_slots : PV_ENTRIES;

    pv_audit_needs(a, mfn, PV_NONE);
    for (unsigned i = 0; i < looked_at; i++) {
        unsigned index = a->slots ? a->slots[i] : i;
        if (index < n)
            count_entry(a, mfn, owner, level, index);
    }
    if (level == 4 && n == PV_ENTRIES)
        check_reserved_slots(a, mfn);
}

static void count_frame(struct pv_audit *a, uint64_t mfn, const struct pv_audited *f)
{
    enum pv_phase phase = pv_word_phase(f->word);
    enum pv_type type = pv_word_type(f->word);

    if (f->is_allocated)
        pv_audit_needs(a, mfn, PV_NONE);
    if (f->word & PV_WORD_PINNED)
        pv_audit_needs(a, mfn, type);
    if (phase == PV_LIVE && pv_type_is_table(type))
        count_table(a, mfn, f->owner, (unsigned)type, PV_ENTRIES);
    if (phase == PV_PARTIAL || phase == PV_DOOMED)
        count_table(a, mfn, f->owner, (unsigned)type, pv_word_index(f->word));
}

/* --- And what is counted */

/* What is more than was counted may be what the caller holds: as many references as types, and these are "writable". */
static bool takes_from_held(struct pv_audit *a, const struct pv_tally *t, uint32_t refs, uint32_t types,
                            enum pv_type type)
{
    uint32_t more = types - t->types;

    if (more == 0 || more > a->held || type != PV_WRITABLE || refs - t->refs != more)
        return false;
    a->held -= more;
    return true;
}

static void compare_counts(struct pv_audit *a, uint64_t mfn, const struct pv_audited *f)
{
    const struct pv_tally *t = &a->tally[mfn - a->first];
    uint32_t types = pv_word_phase(f->word) == PV_LIVE ? (uint32_t)f->word : 0;
    bool are_less = f->refs < t->refs || types < t->types, are_equal = f->refs == t->refs && types == t->types;

    if (are_less || (a->exact && !are_equal && !takes_from_held(a, t, f->refs, types, pv_word_type(f->word))))
        COMPLAIN(a, "frame 0x%llx counts %u references and %u of type; there are %u and %u (word 0x%llx)", number(mfn),
                 f->refs, types, t->refs, t->types, number(f->word));
}

static void compare(struct pv_audit *a, uint64_t mfn, const struct pv_audited *f)
{
    const struct pv_tally *t = &a->tally[mfn - a->first];

    if (a->exact && pv_word_is_busy(f->word))
        COMPLAIN(a, "frame 0x%llx was left busy", number(mfn));
    if (t->types && (pv_word_phase(f->word) != PV_LIVE || pv_word_type(f->word) != t->type))
        COMPLAIN(a, "frame 0x%llx is needed as type %u, but its word is 0x%llx", number(mfn), (unsigned)t->type,
                 number(f->word));
    compare_counts(a, mfn, f);
}

static void each_frame(struct pv_audit *a, void (*fn)(struct pv_audit *, uint64_t mfn, const struct pv_audited *))
{
    struct pv_audited frame;

    for (uint64_t mfn = a->first; mfn < a->end; mfn++)
        if (a->look(mfn, &frame))
            fn(a, mfn, &frame);
}

bool pv_audit_compare(struct pv_audit *a)
{
    each_frame(a, count_frame);
    each_frame(a, compare);
    if (a->exact && a->held)
        COMPLAIN(a, "%u references that are held were not found", a->held);
    return a->complaints == 0;
}
