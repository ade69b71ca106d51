/* SPDX-License-Identifier: MIT */
/*
 * Registration of the 3-level ABI in its two phases (docs/abi/event-channels.md, EVT-3L-07 to 17): the bitmaps of the
 * domain, which switch it over, and the L2 selector of each vcpu.
 */
#include "evtchn/bits.h"
#include "evtchn/core.h"

/* The frames of both bitmaps: pending first, then mask. */
struct bitmaps {
    unsigned nr; /* of each */
    uint64_t frame[2 * EVT_3LEVEL_PAGES];
    void *mapped[2 * EVT_3LEVEL_PAGES];
};

/* Read one list of frame numbers, in the width of the caller, once. */
static int read_list(uint64_t *frames, uint64_t list, unsigned nr, bool narrow)
{
    uint32_t narrow_frames[EVT_3LEVEL_PAGES];

    if (!narrow)
        return env_copy_in(frames, list, nr * sizeof(*frames));
    int rc = env_copy_in(narrow_frames, list, nr * sizeof(*narrow_frames));
    for (unsigned i = 0; !rc && i < nr; i++)
        frames[i] = narrow_frames[i];
    return rc;
}

static bool has_twins(const struct bitmaps *b)
{
    for (unsigned i = 1; i < 2 * b->nr; i++) {
        for (unsigned j = 0; j < i; j++) {
            if (b->frame[i] == b->frame[j])
                return true;
        }
    }
    return false;
}

static void unmap_all(struct evt_domain *d, struct bitmaps *b)
{
    for (unsigned i = 0; i < 2 * b->nr && b->mapped[i]; i++)
        env_unmap_frame(d, b->mapped[i]);
}

/* All frames or none. b->mapped must be all NULL. */
static int map_all(struct evt_domain *d, struct bitmaps *b)
{
    for (unsigned i = 0; i < 2 * b->nr; i++) {
        b->mapped[i] = env_map_frame(d, b->frame[i]);
        if (!b->mapped[i]) {
            unmap_all(d, b);
            return xen_error(XEN_EINVAL);
        }
    }
    return 0;
}

/* Everything that can fail, but the wait. d is held by EVT_SWITCHING, which freezes W. */
static int decode(struct evt_domain *d, struct bitmaps *b, uint64_t pending, uint64_t mask, bool narrow)
{
    uint32_t w = d->ops->word_bits;

    if (b->nr != w * w * w / 8 / EVT_PAGE_SIZE)
        return xen_error(XEN_EINVAL);
    int rc = read_list(b->frame, pending, b->nr, narrow);
    if (!rc)
        rc = read_list(b->frame + b->nr, mask, b->nr, narrow);
    if (rc)
        return rc;
    if (has_twins(b))
        return xen_error(XEN_EINVAL);
    return map_all(d, b);
}

/*
 * Take each pending word of 2-level over into the head of the new bitmap, so that no stale bit can come back after a
 * reset, and open in the new mask what was open in the old. The caller's lock keeps ports from closing between the two
 * halves of a word's journey.
 */
static void move_words(struct evt_domain *d, unsigned w)
{
    void *pending = evt_2level_pending(d);
    const void *mask = evt_2level_mask(d, w);

    for (uint32_t i = 0; i < w; i++) {
        bits_or_word(d->pending[0], i, bits_xchg_word(pending, i, 0, w), w);
        bits_and_word(d->mask[0], i, bits_read_word(mask, i, w), w);
    }
}

/* The switch (EVT-3L-10). Cannot fail; env_quiesce_begin has succeeded. */
static void commit(struct evt_domain *d, const struct bitmaps *b)
{
    const struct evt_ops *old = d->ops;
    bool wide = old->word_bits == 64;

    for (unsigned i = 0; i < b->nr; i++) {
        d->pending[i] = b->mapped[i];
        d->mask[i] = b->mapped[b->nr + i];
    }
    env_lock(&d->lock);
    d->moving_from = old;
    evt_publish_ops(d, wide ? &evt_3level_ops64 : &evt_3level_ops32);
    env_unlock(&d->lock);

    env_quiesce_wait();

    env_lock(&d->lock);
    if (d->shared_info)
        move_words(d, old->word_bits);
    d->moving_from = NULL;
    env_unlock(&d->lock);
    env_wake_all_pollers(d);
}

int evt_register_bitmaps(struct evt_domain *d, uint32_t nr_pages, uint64_t pending, uint64_t mask, bool narrow)
{
    struct bitmaps b = {.nr = nr_pages};

    env_lock(&d->lock);
    bool may = d->ops->levels == 2 && d->busy == EVT_IDLE;
    if (may)
        d->busy = EVT_SWITCHING;
    env_unlock(&d->lock);
    if (!may)
        return xen_error(XEN_EBUSY);

    int rc = decode(d, &b, pending, mask, narrow);
    if (!rc && !env_quiesce_begin()) {
        unmap_all(d, &b);
        rc = -XEN_ERESTART;
    }
    if (!rc) {
        commit(d, &b);
        env_quiesce_end();
    }
    evt_end_busy(d, EVT_IDLE);
    return rc;
}

/* In the order of EVT-3L-14. A domain that is still switching is not on 3-level yet. */
static int check_l2(const struct evt_domain *d, uint32_t vcpu, uint64_t offset, const void *frame)
{
    uint32_t w = d->ops->word_bits;

    if (d->ops->levels != 3 || d->busy == EVT_SWITCHING)
        return xen_error(XEN_EINVAL);
    if (vcpu >= d->nr_vcpus)
        return xen_error(XEN_ENOENT);
    if (evt_vcpu_of(d, vcpu)->l2)
        return xen_error(XEN_EEXIST);
    if (offset % (w / 8) || offset > EVT_PAGE_SIZE - w * w / 8)
        return xen_error(XEN_EINVAL);
    return frame ? 0 : xen_error(XEN_EINVAL);
}

/* Frames cannot be mapped under a lock, so the frame comes first and its verdict last. */
int evt_register_l2(struct evt_domain *d, uint32_t vcpu, uint64_t frame, uint64_t offset)
{
    uint8_t *mapped = env_map_frame(d, frame);

    env_lock(&d->lock);
    int rc = check_l2(d, vcpu, offset, mapped);
    if (!rc) {
        __atomic_store_n(&evt_vcpu_of(d, vcpu)->l2, mapped + offset, __ATOMIC_RELEASE);
        shm_barrier(); /* against set_pending: L3 bit, then this pointer */
        d->ops->select_all(d, vcpu);
    }
    env_unlock(&d->lock);
    if (rc && mapped)
        env_unmap_frame(d, mapped);
    return rc;
}
