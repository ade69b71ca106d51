/* SPDX-License-Identifier: MIT */
/*
 * The 3-level ABI (EVT-3L in docs/abi/event-channels.md): flat pending and mask bitmaps in the guest's own pages (L3),
 * a selector of W words per vcpu in the guest's memory (L2), and the old selector word of vcpu_info on top (L1).
 * Registration is in register.c. Each function is written once for a width w, and instantiated for both.
 *
 * A vcpu without an L2 selector or a vcpu_info is parked: its events set the L3 bit and wake pollers, nothing else.
 * Whoever gives it the missing part sets all selector bits afterwards. The L3 bit is set before the pointers are read,
 * so one of the two sees the other.
 */
#include "evtchn/bits.h"
#include "evtchn/core.h"

#define PAGE_BITS_SHIFT 15 /* ports a page of a bitmap */

BITS_INLINE bool has_bits(uint32_t port, unsigned w)
{
    return port < w * w * w;
}

BITS_INLINE uint32_t in_page(uint32_t port)
{
    return port & ((1U << PAGE_BITS_SHIFT) - 1);
}

BITS_INLINE void *pending_page(const struct evt_domain *d, uint32_t port)
{
    return d->pending[port >> PAGE_BITS_SHIFT];
}

BITS_INLINE void *mask_page(const struct evt_domain *d, uint32_t port)
{
    return d->mask[port >> PAGE_BITS_SHIFT];
}

/* L1: the selector in a struct vcpu_info. */
BITS_INLINE void *l1_of(uint8_t *info, unsigned w)
{
    return info + (w == 64 ? 8 : 4);
}

/* Bottom up, and stop at the first bit that is set already: the guest consumes top down and finishes what it took. */
BITS_INLINE void raise(struct evt_domain *d, uint32_t port, struct evt_port *p, unsigned w)
{
    unsigned vcpu = evt_port_vcpu(p);
    struct evt_vcpu *v = evt_vcpu_of(d, vcpu);
    void *l2 = __atomic_load_n(&v->l2, __ATOMIC_ACQUIRE);
    uint8_t *info = __atomic_load_n(&v->info, __ATOMIC_ACQUIRE);

    if (!l2 || !info)
        return;
    if (bits_test_and_set(l2, port >> bits_shift(w), w))
        return;
    if (bits_test_and_set(l1_of(info, w), port >> (2 * bits_shift(w)), w))
        return;
    evt_mark_upcall(d, vcpu, info);
}

BITS_INLINE void set_pending(struct evt_domain *d, uint32_t port, struct evt_port *p, unsigned w)
{
    if (!has_bits(port, w) || bits_test_and_set(pending_page(d, port), in_page(port), w))
        return;
    evt_count(d);
    if (!bits_test(mask_page(d, port), in_page(port), w))
        raise(d, port, p, w);
    env_wake_pollers(d, port);
}

BITS_INLINE void clear_pending(struct evt_domain *d, uint32_t port, unsigned w)
{
    if (has_bits(port, w))
        (void)bits_test_and_clear(pending_page(d, port), in_page(port), w);
}

BITS_INLINE bool is_pending(struct evt_domain *d, uint32_t port, unsigned w)
{
    return has_bits(port, w) && bits_test(pending_page(d, port), in_page(port), w);
}

BITS_INLINE bool is_masked(struct evt_domain *d, uint32_t port, unsigned w)
{
    return has_bits(port, w) && bits_test(mask_page(d, port), in_page(port), w);
}

BITS_INLINE void unmask(struct evt_domain *d, uint32_t port, struct evt_port *p, unsigned w)
{
    if (!has_bits(port, w) || !bits_test_and_clear(mask_page(d, port), in_page(port), w))
        return;
    if (is_pending(d, port, w))
        raise(d, port, p, w);
}

/*
 * A sender sets the L3 bit and then reads the vcpu; here the vcpu was written and then the bit is read. So one of the
 * two raises the new vcpu; if both do, the second event is spurious and harmless.
 */
BITS_INLINE void moved(struct evt_domain *d, uint32_t port, struct evt_port *p, unsigned w)
{
    shm_barrier();
    if (is_pending(d, port, w) && !is_masked(d, port, w))
        raise(d, port, p, w);
}

/* Events that came while the vcpu was parked left no trace in L2, so all of it is set, and before L1. */
BITS_INLINE void select_all(struct evt_domain *d, unsigned vcpu, unsigned w)
{
    struct evt_vcpu *v = evt_vcpu_of(d, vcpu);

    if (!v->info || !v->l2)
        return;
    for (uint32_t i = 0; i < w; i++)
        bits_or_word(v->l2, i, UINT64_MAX, w);
    bits_or_word(l1_of(v->info, w), 0, UINT64_MAX, w);
    evt_mark_upcall(d, vcpu, v->info);
}

BITS_INLINE bool is_selected(struct evt_domain *d, uint32_t port, unsigned vcpu, unsigned level, unsigned w)
{
    struct evt_vcpu *v = evt_vcpu_of(d, vcpu);
    void *l2 = __atomic_load_n(&v->l2, __ATOMIC_ACQUIRE);
    uint8_t *info = __atomic_load_n(&v->info, __ATOMIC_ACQUIRE);

    if (!has_bits(port, w))
        return false;
    if (level == 2)
        return l2 && bits_test(l2, port >> bits_shift(w), w);
    return info && bits_test(l1_of(info, w), port >> (2 * bits_shift(w)), w);
}

/* Mapped frames start a page, so the frame of an L2 selector is found from its address. */
static void release(struct evt_domain *d)
{
    for (unsigned i = 0; i < d->nr_vcpus; i++) {
        struct evt_vcpu *v = evt_vcpu_of(d, i);
        if (v->l2)
            env_unmap_frame(d, (uint8_t *)v->l2 - ((uintptr_t)v->l2 & (EVT_PAGE_SIZE - 1)));
        v->l2 = NULL;
    }
    for (unsigned i = 0; i < EVT_3LEVEL_PAGES; i++) {
        if (d->pending[i])
            env_unmap_frame(d, d->pending[i]);
        if (d->mask[i])
            env_unmap_frame(d, d->mask[i]);
        d->pending[i] = d->mask[i] = NULL;
    }
}

/* The two instances. */
#define INSTANCE(w)                                                                                \
    static void set_pending##w(struct evt_domain *d, uint32_t port, struct evt_port *p)            \
    {                                                                                              \
        set_pending(d, port, p, w);                                                                \
    }                                                                                              \
    static void clear_pending##w(struct evt_domain *d, uint32_t port, struct evt_port *p)          \
    {                                                                                              \
        (void)p;                                                                                   \
        clear_pending(d, port, w);                                                                 \
    }                                                                                              \
    static void unmask##w(struct evt_domain *d, uint32_t port, struct evt_port *p)                 \
    {                                                                                              \
        unmask(d, port, p, w);                                                                     \
    }                                                                                              \
    static bool is_pending##w(struct evt_domain *d, uint32_t port)                                 \
    {                                                                                              \
        return is_pending(d, port, w);                                                             \
    }                                                                                              \
    static bool is_masked##w(struct evt_domain *d, uint32_t port)                                  \
    {                                                                                              \
        return is_masked(d, port, w);                                                              \
    }                                                                                              \
    static void moved##w(struct evt_domain *d, uint32_t port, struct evt_port *p)                  \
    {                                                                                              \
        moved(d, port, p, w);                                                                      \
    }                                                                                              \
    static void select_all##w(struct evt_domain *d, unsigned vcpu)                                 \
    {                                                                                              \
        select_all(d, vcpu, w);                                                                    \
    }                                                                                              \
    static bool is_selected##w(struct evt_domain *d, uint32_t port, unsigned vcpu, unsigned level) \
    {                                                                                              \
        return is_selected(d, port, vcpu, level, w);                                               \
    }                                                                                              \
    const struct evt_ops evt_3level_ops##w = {                                                     \
        .name = "3-level",                                                                         \
        .limit = w * w * w,                                                                        \
        .word_bits = w,                                                                            \
        .levels = 3,                                                                               \
        .set_pending = set_pending##w,                                                             \
        .clear_pending = clear_pending##w,                                                         \
        .unmask = unmask##w,                                                                       \
        .is_pending = is_pending##w,                                                               \
        .is_masked = is_masked##w,                                                                 \
        .moved = moved##w,                                                                         \
        .select_all = select_all##w,                                                               \
        .is_selected = is_selected##w,                                                             \
        .release = release,                                                                        \
    }

INSTANCE(64);
INSTANCE(32);
