/* SPDX-License-Identifier: MIT */
#include "tests/host/pv_reference.h"

#include <string.h>

#include "guest/abi/xen.h"

struct reference reference;

const uint16_t reference_slots[] = {0,   1,   2,   255, 256, 257, 258, 259, 260, 261, 262,
                                    263, 264, 265, 266, 267, 268, 269, 270, 271, 272, 511};
const unsigned reference_nr_slots = sizeof(reference_slots) / sizeof(reference_slots[0]);

static struct use {
    enum pv_type type;
    uint32_t types, refs;
} use[FAKE_FRAMES];

void reference_reset(void)
{
    memset(&reference, 0, sizeof(reference));
}

static bool is_reserved(unsigned level, unsigned slot)
{
    return level == 4 && slot >= 256 && slot <= 271;
}

static bool bits_are_allowed(unsigned level, uint64_t entry)
{
    static const uint64_t never = 0x98; /* bits 7, 4, 3 */
    return !(entry & never) && (level == 1 || !(entry & 1 << 8));
}

static bool add(uint64_t mfn, uint16_t owner, enum pv_type type);

static bool add_entry(uint16_t owner, unsigned level, unsigned slot, uint64_t entry)
{
    uint64_t mfn = entry >> 12 & 0xffffffffffULL;

    if (is_reserved(level, slot) || !(entry & 1))
        return true;
    if (!bits_are_allowed(level, entry))
        return false;
    if (level == 1)
        return add(mfn, owner, entry & 2 ? PV_WRITABLE : PV_NONE);
    return add(mfn, owner, (enum pv_type)(level - 1));
}

static bool add(uint64_t mfn, uint16_t owner, enum pv_type type)
{
    if (mfn == 0 || mfn >= FAKE_FRAMES || fake.frame[mfn].refs == 0 || fake.frame[mfn].owner != owner)
        return false;
    struct use *u = &use[mfn];
    u->refs++;
    if (type == PV_NONE)
        return true;
    if (u->types++)
        return u->type == type;
    u->type = type;
    if (type > PV_L4)
        return true;
    u->refs++;
    for (unsigned i = 0; i < reference_nr_slots; i++)
        if (!add_entry(owner, (unsigned)type, reference_slots[i], fake.frame[mfn].content[reference_slots[i]]))
            return false;
    return true;
}

static bool add_root(unsigned cpu, uint64_t mfn)
{
    return !mfn || add(mfn, fake.cpu[cpu].v.dom->domid, PV_L4);
}

static bool compute(void)
{
    bool good = true;

    memset(use, 0, sizeof(use));
    for (unsigned i = 0; i <= FAKE_VCPUS; i++)
        good = good && add_root(i, reference.kernel_root[i]) && add_root(i, reference.user_root[i]);
    for (uint64_t mfn = 1; mfn < FAKE_FRAMES; mfn++) {
        uint16_t owner = fake.frame[mfn].owner;
        use[mfn].refs += fake.frame[mfn].allocated;
        if (reference.pin[mfn])
            good = good && add(mfn, owner, (enum pv_type)reference.pin[mfn]);
        for (unsigned i = 0; i < fake.frame[mfn].held; i++)
            good = good && add(mfn, owner, PV_DESCRIPTORS);
    }
    return good;
}

void reference_compute(void)
{
    if (!compute())
        fake_fail("the tables in memory contradict each other");
}

enum pv_type reference_type(uint64_t mfn)
{
    return use[mfn].types ? use[mfn].type : PV_NONE;
}

bool reference_allows(uint64_t mfn, uint16_t owner, enum pv_type type)
{
    reference_compute();
    return add(mfn, owner, type);
}

bool reference_allows_entry(uint64_t table, unsigned level, unsigned slot, uint64_t value)
{
    uint64_t old = fake.frame[table].content[slot];
    uint64_t matters = level == 1 ? 0xffffffffff003ULL : 0xffffffffff001ULL;

    if (is_reserved(level, slot) || ((value & 1) && !bits_are_allowed(level, value)))
        return false;
    if ((value & 1) && (old & matters) == (value & matters))
        return true;
    reference_compute();
    return add_entry(fake.frame[table].owner, level, slot, value);
}

void reference_compare(void)
{
    reference_compute();
    for (uint64_t mfn = 1; mfn < FAKE_FRAMES; mfn++) {
        const struct fake_frame *f = &fake.frame[mfn];
        enum pv_phase expected = use[mfn].types ? PV_LIVE : PV_IDLE;
        if (f->refs != use[mfn].refs || pv_word_phase(f->word) != expected)
            fake_fail("frame %lu has %u references and the word %#lx; it should have %u, and %u of type %d",
                      (unsigned long)mfn, f->refs, (unsigned long)f->word, use[mfn].refs, use[mfn].types,
                      use[mfn].type);
        if (use[mfn].types && !fake_is_live(mfn, use[mfn].type, use[mfn].types))
            fake_fail("frame %lu has the word %#lx; it should have %u references of type %d", (unsigned long)mfn,
                      (unsigned long)f->word, use[mfn].types, use[mfn].type);
    }
}
