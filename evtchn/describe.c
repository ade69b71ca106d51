/* SPDX-License-Identifier: MIT */
/* Which of the shared words lies at an address: for those who watch the seam (evtchn/shm.h). */
#include "evtchn/core.h"

/* Is address one of the n bytes from base on? Then *offset says which. base may be NULL. */
static bool lies_in(const void *address, const void *base, size_t n, uint32_t *offset)
{
    uintptr_t at = (uintptr_t)address - (uintptr_t)base;

    if (!base || at >= n)
        return false;
    *offset = (uint32_t)at;
    return true;
}

static bool found(struct evt_word *word, enum evt_word_kind kind, uint32_t index)
{
    word->kind = kind;
    word->index = index;
    return true;
}

static bool is_2level_bitmap(const struct evt_domain *d, const void *address, unsigned w, struct evt_word *word)
{
    uint32_t size = w * w / 8, at;

    if (!d->shared_info)
        return false;
    if (lies_in(address, evt_2level_pending(d), size, &at))
        return found(word, EVT_WORD_PENDING, at / (w / 8));
    return lies_in(address, evt_2level_mask(d, w), size, &at) && found(word, EVT_WORD_MASK, at / (w / 8));
}

static bool is_3level_bitmap(const struct evt_domain *d, const void *address, unsigned w, struct evt_word *word)
{
    uint32_t words = EVT_PAGE_SIZE / (w / 8), at;

    for (uint32_t i = 0; i < EVT_3LEVEL_PAGES; i++) {
        if (lies_in(address, d->pending[i], EVT_PAGE_SIZE, &at))
            return found(word, EVT_WORD_PENDING, i * words + at / (w / 8));
        if (lies_in(address, d->mask[i], EVT_PAGE_SIZE, &at))
            return found(word, EVT_WORD_MASK, i * words + at / (w / 8));
    }
    return false;
}

static bool is_event_word(const struct evt_domain *d, const void *address, struct evt_word *word)
{
    uint32_t pages = __atomic_load_n(&d->nr_words, __ATOMIC_ACQUIRE), at;

    for (uint32_t i = 0; i < pages; i++)
        if (lies_in(address, d->words[i], EVT_PAGE_SIZE, &at))
            return found(word, EVT_WORD_EVENT, (i << EVT_WORDS_SHIFT) + at / 4);
    return false;
}

static bool is_control_word(const uint8_t *control, const void *address, struct evt_word *word)
{
    uint32_t at;

    if (!lies_in(address, control, sizeof(struct evtchn_fifo_control_block), &at))
        return false;
    if (at < offsetof(struct evtchn_fifo_control_block, head))
        return found(word, EVT_WORD_READY, 0);
    return found(word, EVT_WORD_HEAD, (at - (uint32_t)offsetof(struct evtchn_fifo_control_block, head)) / 4);
}

static bool is_word_of_vcpu(const struct evt_domain *d, const void *address, unsigned w, struct evt_word *word)
{
    const struct evt_vcpu *v = evt_vcpu_of(d, word->vcpu);
    const uint8_t *info = __atomic_load_n(&v->info, __ATOMIC_ACQUIRE);
    uint32_t at;

    if (lies_in(address, info, 1, &at))
        return found(word, EVT_WORD_UPCALL, 0);
    if (info && lies_in(address, info + (w == 64 ? 8 : 4), w / 8, &at))
        return found(word, evt_ops_of(d)->levels == 3 ? EVT_WORD_L1 : EVT_WORD_SELECTOR, 0);
    if (lies_in(address, __atomic_load_n(&v->l2, __ATOMIC_ACQUIRE), w * w / 8, &at))
        return found(word, EVT_WORD_L2, at / (w / 8));
    return is_control_word(__atomic_load_n(&v->control, __ATOMIC_ACQUIRE), address, word);
}

bool evt_describe_word(const struct evt_domain *d, const void *address, struct evt_word *word)
{
    unsigned w = evt_word_size(d);

    *word = (struct evt_word){0};
    if (is_2level_bitmap(d, address, w, word) || is_3level_bitmap(d, address, w, word) ||
        is_event_word(d, address, word))
        return true;
    for (; word->vcpu < d->nr_vcpus; word->vcpu++)
        if (is_word_of_vcpu(d, address, w, word))
            return true;
    return false;
}
