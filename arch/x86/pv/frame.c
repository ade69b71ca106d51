/* SPDX-License-Identifier: MIT */
/*
 * Every change of phase is one compare-and-exchange of the frame's word, or a store by the vcpu that has it
 * to itself (VALIDATING, RELEASING). So
 * of several vcpus that want to change a frame's use one wins, and the others look again or come again later.
 */
#include "arch/x86/pv/frame.h"

#include <stddef.h>

#include "arch/x86/pv/descriptor.h"
#include "arch/x86/pv/env.h"
#include "arch/x86/pv/mmu.h"
#include "arch/x86/pv/table.h"
#include "common/error.h"
#include "guest/abi/errno.h"
#include "kernel/printk.h"

#define AGAIN 1 /* the word has changed since it was read */

static uint64_t load(const uint64_t *word)
{
    return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static bool change(uint64_t *word, uint64_t from, uint64_t to)
{
    return __atomic_compare_exchange_n(word, &from, to, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

/* The frame is ours alone: it goes on as this. */
static void hand_over(uint64_t mfn, uint64_t to)
{
    __atomic_store_n(pv_env_type(mfn), to, __ATOMIC_RELEASE);
}

static uint64_t idle(enum pv_type last)
{
    return pv_word(last, PV_IDLE, 0, pv_env_tlb_time());
}

/* --- Tables that nobody uses any more: a list through their words */

/* The frame is ours alone. */
static void doom(struct pv_domain *d, uint64_t mfn, enum pv_type type, unsigned index)
{
    pv_env_lock(&d->lock);
    hand_over(mfn, pv_word(type, PV_DOOMED, index, d->doomed));
    __atomic_store_n(&d->doomed, (uint32_t)mfn, __ATOMIC_RELAXED);
    pv_env_unlock(&d->lock);
}

/* The first of the list, ours alone; 0: it is empty. *word is what it was. */
static uint64_t take_doomed(struct pv_domain *d, uint64_t *word)
{
    uint64_t mfn;

    pv_env_lock(&d->lock);
    mfn = __atomic_load_n(&d->doomed, __ATOMIC_RELAXED);
    if (mfn) {
        *word = load(pv_env_type(mfn));
        hand_over(mfn, pv_word(pv_word_type(*word), PV_RELEASING, 0, 0));
        __atomic_store_n(&d->doomed, (uint32_t)*word, __ATOMIC_RELAXED);
    }
    pv_env_unlock(&d->lock);
    return mfn;
}

/* The self-reference goes last: with it the frame may be gone. */
static int let_go(struct pv_domain *d, uint64_t mfn, uint64_t word)
{
    enum pv_type type = pv_word_type(word);
    unsigned index = pv_word_index(word);
    int rc = pv_table_release(d, mfn, (unsigned)type, &index);

    if (rc) {
        doom(d, mfn, type, index);
        return rc;
    }
    hand_over(mfn, idle(type));
    pv_env_put_page(mfn);
    return 0;
}

int pv_drain(struct pv_domain *d)
{
    uint64_t mfn, word;
    int rc = 0;

    while (!rc && pv_has_doomed(d) && (mfn = take_doomed(d, &word)) != 0)
        rc = let_go(d, mfn, word);
    return rc;
}

/* --- Getting a type, by the phase that the frame is in: 0, -XEN_EINVAL, -XEN_ERESTART or AGAIN */

/* The frame is ours alone: is it fit? Entries below index have been found so, and hold references. */
static int validate_table(struct pv_domain *d, uint64_t mfn, enum pv_type type, unsigned index)
{
    int rc = pv_table_adopt(d, mfn, (unsigned)type, &index);

    if (rc == 0)
        hand_over(mfn, pv_word(type, PV_LIVE, 0, 1));
    else if (rc == -XEN_ERESTART)
        hand_over(mfn, pv_word(type, PV_PARTIAL, index, 0));
    else
        doom(d, mfn, type, index);
    return rc;
}

static int validate_descriptors(uint64_t mfn)
{
    int rc = pv_descriptors_validate(pv_env_map(mfn));

    hand_over(mfn, rc ? idle(PV_DESCRIPTORS) : pv_word(PV_DESCRIPTORS, PV_LIVE, 0, 1));
    return rc;
}

static int validate(struct pv_domain *d, uint64_t mfn, enum pv_type type)
{
    if (pv_type_is_table(type))
        return validate_table(d, mfn, type, 0);
    if (type == PV_DESCRIPTORS)
        return validate_descriptors(mfn);
    hand_over(mfn, pv_word(type, PV_LIVE, 0, 1));
    return 0;
}

/*
 * Nobody uses it, but processors may remember what it was: a writable page that becomes a table could still be
 * written, and a table that becomes a writable page could still be walked. The flush comes before the frame is looked
 * at.
 */
static int get_idle(struct pv_domain *d, uint64_t mfn, uint64_t word, enum pv_type type)
{
    bool remembered = pv_word_type(word) != PV_NONE && pv_word_type(word) != type;
    uint64_t *at = pv_env_type(mfn);

    if (type == PV_WRITABLE && !remembered)
        return change(at, word, pv_word(type, PV_LIVE, 0, 1)) ? 0 : AGAIN;
    if (pv_type_is_table(type) && !pv_env_get_page(mfn, pv_env_owner(mfn)))
        return xen_error(XEN_EINVAL);
    if (!change(at, word, pv_word(type, PV_VALIDATING, 0, 0))) {
        if (pv_type_is_table(type))
            pv_env_put_page(mfn);
        return AGAIN;
    }
    if (remembered)
        pv_env_tlb_flush_since((uint32_t)word);
    return validate(d, mfn, type);
}

/* References can't overflow: each stands on a page reference, of which there are fewer. */
static int get_live(struct pv_domain *d, uint64_t mfn, uint64_t word, enum pv_type type)
{
    (void)d;
    if (pv_word_type(word) != type)
        return xen_error(XEN_EINVAL);
    return change(pv_env_type(mfn), word, word + 1) ? 0 : AGAIN;
}

/*
 * Of two vcpus that want different things, the one that came first has it. And it may be one and the same vcpu: a table
 * that leads to a writable mapping of itself.
 */
static int get_validating(struct pv_domain *d, uint64_t mfn, uint64_t word, enum pv_type type)
{
    (void)d;
    (void)mfn;
    return pv_word_type(word) == type ? -XEN_ERESTART : xen_error(XEN_EINVAL);
}

static int get_releasing(struct pv_domain *d, uint64_t mfn, uint64_t word, enum pv_type type)
{
    (void)d;
    (void)mfn;
    (void)word;
    (void)type;
    return -XEN_ERESTART;
}

/* Nobody relies on what is half done: whoever wants it for something else may have it. */
static int get_partial(struct pv_domain *d, uint64_t mfn, uint64_t word, enum pv_type type)
{
    bool same = pv_word_type(word) == type;

    if (!change(pv_env_type(mfn), word, pv_word(pv_word_type(word), same ? PV_VALIDATING : PV_RELEASING, 0, 0)))
        return AGAIN;
    if (same)
        return validate_table(d, mfn, type, pv_word_index(word));
    doom(d, mfn, pv_word_type(word), pv_word_index(word));
    return AGAIN;
}

/* If it is still doomed afterwards, it is on the list of another domain, which is at it. */
static int get_doomed(struct pv_domain *d, uint64_t mfn, uint64_t word, enum pv_type type)
{
    int rc = pv_drain(d);

    (void)word;
    (void)type;
    if (rc)
        return rc;
    return pv_word_phase(load(pv_env_type(mfn))) == PV_DOOMED ? -XEN_ERESTART : AGAIN;
}

static int (*const get_in_phase[])(struct pv_domain *d, uint64_t mfn, uint64_t word, enum pv_type type) = {
    [PV_IDLE] = get_idle,       [PV_LIVE] = get_live,           [PV_VALIDATING] = get_validating,
    [PV_PARTIAL] = get_partial, [PV_RELEASING] = get_releasing, [PV_DOOMED] = get_doomed,
};

int pv_get_type(struct pv_domain *d, uint64_t mfn, enum pv_type type)
{
    int rc;

    do {
        uint64_t word = load(pv_env_type(mfn));
        rc = get_in_phase[pv_word_phase(word)](d, mfn, word, type);
    } while (rc == AGAIN);
    return rc;
}

unsigned pv_hold_table(uint64_t mfn)
{
    uint64_t *at = pv_env_type(mfn), word = load(at);

    while (pv_word_phase(word) == PV_LIVE && pv_type_is_table(pv_word_type(word))) {
        if (change(at, word, word + 1))
            return (unsigned)pv_word_type(word);
        word = load(at);
    }
    return 0;
}

/* --- And giving it back */

/* The last reference: false if the word has changed. */
static bool put_last(struct pv_domain *d, uint64_t mfn, uint64_t word)
{
    enum pv_type type = pv_word_type(word);

    if (!pv_type_is_table(type))
        return change(pv_env_type(mfn), word, idle(type));
    if (!change(pv_env_type(mfn), word, pv_word(type, PV_RELEASING, 0, 0)))
        return false;
    doom(d, mfn, type, PV_ENTRIES);
    return true;
}

void pv_put_type(struct pv_domain *d, uint64_t mfn)
{
    uint64_t *at = pv_env_type(mfn);
    bool done;

    do {
        uint64_t word = load(at);
        ASSERT(pv_word_phase(word) == PV_LIVE && (uint32_t)word > 0);
        done = (uint32_t)word > 1 ? change(at, word, word - 1) : put_last(d, mfn, word);
    } while (!done);
}

int pv_get_page_and_type(struct pv_domain *d, uint64_t mfn, uint16_t owner, enum pv_type type)
{
    if (!pv_env_get_page(mfn, owner))
        return xen_error(XEN_EINVAL);
    int rc = pv_get_type(d, mfn, type);
    if (rc)
        pv_env_put_page(mfn);
    return rc;
}

void pv_put_page_and_type(struct pv_domain *d, uint64_t mfn)
{
    pv_put_type(d, mfn);
    pv_env_put_page(mfn);
}

/* --- The guest's own reference. Its mark and the count are in one word, so two vcpus can't both set or clear it. */

static bool set_pinned(uint64_t mfn)
{
    uint64_t before = __atomic_fetch_or(pv_env_type(mfn), PV_WORD_PINNED, __ATOMIC_ACQ_REL);
    return !(before & PV_WORD_PINNED);
}

/* Only the word of a LIVE frame has the mark. */
static bool clear_pinned(uint64_t mfn)
{
    uint64_t *at = pv_env_type(mfn), word = load(at);

    while (word & PV_WORD_PINNED) {
        if (change(at, word, word & ~PV_WORD_PINNED))
            return true;
        word = load(at);
    }
    return false;
}

int pv_pin(struct pv_domain *d, uint64_t mfn, uint16_t owner, enum pv_type type)
{
    int rc = pv_get_page_and_type(d, mfn, owner, type);

    if (rc || set_pinned(mfn))
        return rc;
    pv_put_page_and_type(d, mfn);
    return xen_error(XEN_EINVAL);
}

int pv_unpin(struct pv_domain *d, uint64_t mfn, uint16_t owner)
{
    if (!pv_env_get_page(mfn, owner))
        return xen_error(XEN_EINVAL);
    bool was_pinned = clear_pinned(mfn);
    if (was_pinned)
        pv_put_page_and_type(d, mfn);
    pv_env_put_page(mfn);
    return was_pinned ? 0 : xen_error(XEN_EINVAL);
}

void pv_abandon(struct pv_domain *d, uint64_t mfn)
{
    uint64_t word = load(pv_env_type(mfn));

    if (clear_pinned(mfn))
        pv_put_page_and_type(d, mfn);
    if (pv_word_phase(word) == PV_PARTIAL &&
        change(pv_env_type(mfn), word, pv_word(pv_word_type(word), PV_RELEASING, 0, 0)))
        doom(d, mfn, pv_word_type(word), pv_word_index(word));
}
