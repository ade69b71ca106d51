/* SPDX-License-Identifier: MIT */
/* The invariants of the fake machine, from scratch. */
#include <string.h>

#include "tests/host/pv_fake.h"

static const uint16_t *used_slots;
static unsigned nr_used_slots;

void fake_check_slots(const uint16_t *slots, unsigned n)
{
    used_slots = slots;
    nr_used_slots = n;
}

struct tally {
    uint32_t refs, types;
    enum pv_type needed;
};

static struct tally tallies[FAKE_FRAMES];

static void needs(uint64_t mfn, enum pv_type type)
{
    struct tally *t = &tallies[mfn];

    t->refs++;
    if (type == PV_NONE)
        return;
    if (t->types++ && t->needed != type)
        fake_fail("frame %lu is used as type %d and as type %d", (unsigned long)mfn, t->needed, type);
    t->needed = type;
}

static void count_entry(uint64_t table, unsigned level, unsigned index)
{
    uint64_t entry = fake.frame[table].content[index], mfn = (entry & PTE_ADDRESS) >> 12;

    if (pv_slot_is_reserved(level, index) || !(entry & PTE_PRESENT))
        return;
    if (!fake_exists(mfn) || (fake.frame[mfn].owner != fake.frame[table].owner && !fake.may_name))
        fake_fail("entry %u of table %lu leads to frame %lu, which is not its owner's", index, (unsigned long)table,
                  (unsigned long)mfn);
    if (pv_entry_check(level, entry) || pv_entry_adjust(level, entry) != entry)
        fake_fail("entry %u of table %lu is %#lx", index, (unsigned long)table, (unsigned long)entry);
    needs(mfn, level > 1 ? (enum pv_type)(level - 1) : entry & PTE_WRITE ? PV_WRITABLE : PV_NONE);
}

static void count_table(uint64_t mfn, unsigned level, unsigned n)
{
    needs(mfn, PV_NONE); /* itself */
    for (unsigned i = 0; i < (used_slots ? nr_used_slots : PV_ENTRIES); i++)
        if ((used_slots ? used_slots[i] : i) < n)
            count_entry(mfn, level, used_slots ? used_slots[i] : i);
    for (unsigned i = PV_RESERVED_FIRST; level == 4 && n == PV_ENTRIES && i < PV_RESERVED_END; i++)
        if (fake.frame[mfn].content[i] != fake.slots[i - PV_RESERVED_FIRST])
            fake_fail("slot %u of L4 table %lu is not the hypervisor's", i, (unsigned long)mfn);
}

static void count_frame(uint64_t mfn)
{
    const struct fake_frame *f = &fake.frame[mfn];
    enum pv_phase phase = pv_word_phase(f->word);
    enum pv_type type = pv_word_type(f->word);

    tallies[mfn].refs += f->allocated;
    for (unsigned i = 0; i < f->held; i++)
        needs(mfn, PV_DESCRIPTORS);
    if (f->word & PV_WORD_PINNED)
        needs(mfn, type);
    if (phase == PV_LIVE && pv_type_is_table(type))
        count_table(mfn, (unsigned)type, PV_ENTRIES);
    if (phase == PV_PARTIAL || phase == PV_DOOMED)
        count_table(mfn, (unsigned)type, pv_word_index(f->word));
}

static void compare(uint64_t mfn, bool exact)
{
    const struct fake_frame *f = &fake.frame[mfn];
    const struct tally *t = &tallies[mfn];
    bool live = pv_word_phase(f->word) == PV_LIVE;
    uint32_t types = live ? (uint32_t)f->word : 0;

    if (exact && pv_word_is_busy(f->word))
        fake_fail("frame %lu was left busy", (unsigned long)mfn);
    if (t->types && (!live || pv_word_type(f->word) != t->needed))
        fake_fail("frame %lu is needed as type %d, but its word is %#lx", (unsigned long)mfn, t->needed,
                  (unsigned long)f->word);
    if (t->refs > f->refs || t->types > types || (exact && (t->refs != f->refs || t->types != types)))
        fake_fail("frame %lu has %u references and %u of type; there are %u and %u (word %#lx)", (unsigned long)mfn,
                  f->refs, types, t->refs, t->types, (unsigned long)f->word);
    if (f->refs > 0 && f->owner == FAKE_NOBODY)
        fake_fail("frame %lu is referenced, and nobody's", (unsigned long)mfn);
}

void fake_check(bool exact)
{
    memset(tallies, 0, sizeof(tallies));
    for (unsigned i = 0; i <= FAKE_VCPUS; i++) {
        const struct pv_vcpu *v = &fake.cpu[i].v;
        if (v->kernel_root)
            needs(v->kernel_root, PV_L4);
        if (v->user_root)
            needs(v->user_root, PV_L4);
    }
    for (uint64_t mfn = 1; mfn < FAKE_FRAMES; mfn++)
        count_frame(mfn);
    for (uint64_t mfn = 1; mfn < FAKE_FRAMES; mfn++)
        compare(mfn, exact);
    fake_check_cpus(0);
}
