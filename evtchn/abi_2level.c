/* SPDX-License-Identifier: MIT */
/*
 * The 2-level ABI (EVT-2L in docs/abi/event-channels.md): a pending and a mask bit per port in shared_info, and one
 * selector word per vcpu, whose bit n stands for word n of the pending bits. Each function is written once for a width
 * w, 64 or 32, and instantiated for both at the end.
 *
 * To raise a port is to climb: pending bit, selector bit, upcall flag; each by one atomic instruction, and no further
 * than to the first that is set already. The guest descends from the flag and finishes what it takes. So whoever finds
 * something set knows that the guest has not looked below it yet, and will.
 */
#include "evtchn/bits.h"
#include "evtchn/core.h"

BITS_INLINE uint32_t limit(unsigned w)
{
    return w * w;
}

/* A port that is beyond the limit (it was opened before W or the ABI changed) has no bits. */
BITS_INLINE bool has_bits(const struct evt_domain *d, uint32_t port, unsigned w)
{
    return port < limit(w) && d->shared_info;
}

/* The selector in a struct vcpu_info. */
BITS_INLINE void *selector(uint8_t *info, unsigned w)
{
    return info + (w == 64 ? 8 : 4);
}

void evt_mark_upcall(struct evt_domain *d, unsigned vcpu, uint8_t *info)
{
    if (!shm_xchg8(info, 1))
        env_kick(d, vcpu);
}

/* The way up from a pending bit that is set and not masked. A vcpu without a vcpu_info is parked (EVT-2L-11). */
BITS_INLINE void raise(struct evt_domain *d, uint32_t port, struct evt_port *p, unsigned w)
{
    unsigned vcpu = evt_port_vcpu(p);
    uint8_t *info = __atomic_load_n(&evt_vcpu_of(d, vcpu)->info, __ATOMIC_ACQUIRE);

    if (info && !bits_test_and_set(selector(info, w), port >> bits_shift(w), w))
        evt_mark_upcall(d, vcpu, info);
}

/* First pending, then a look at the mask; unmask does it the other way round, so one of the two sees the other. */
BITS_INLINE void set_pending(struct evt_domain *d, uint32_t port, struct evt_port *p, unsigned w)
{
    if (!has_bits(d, port, w) || bits_test_and_set(evt_2level_pending(d), port, w))
        return;
    evt_count(d);
    if (!bits_test(evt_2level_mask(d, w), port, w))
        raise(d, port, p, w);
    env_wake_pollers(d, port);
}

BITS_INLINE void clear_pending(struct evt_domain *d, uint32_t port, unsigned w)
{
    if (has_bits(d, port, w))
        (void)bits_test_and_clear(evt_2level_pending(d), port, w);
}

/* Only who clears the mask bit answers for the event behind it: a guest that cleared it itself gets nothing here. */
BITS_INLINE void unmask(struct evt_domain *d, uint32_t port, struct evt_port *p, unsigned w)
{
    if (!has_bits(d, port, w) || !bits_test_and_clear(evt_2level_mask(d, w), port, w))
        return;
    if (bits_test(evt_2level_pending(d), port, w))
        raise(d, port, p, w);
}

BITS_INLINE bool is_pending(struct evt_domain *d, uint32_t port, unsigned w)
{
    return has_bits(d, port, w) && bits_test(evt_2level_pending(d), port, w);
}

BITS_INLINE bool is_masked(struct evt_domain *d, uint32_t port, unsigned w)
{
    return has_bits(d, port, w) && bits_test(evt_2level_mask(d, w), port, w);
}

BITS_INLINE void select_all(struct evt_domain *d, unsigned vcpu, unsigned w)
{
    uint8_t *info = evt_vcpu_of(d, vcpu)->info;

    if (!info)
        return;
    bits_or_word(selector(info, w), 0, UINT64_MAX, w);
    evt_mark_upcall(d, vcpu, info);
}

BITS_INLINE bool is_selected(struct evt_domain *d, uint32_t port, unsigned vcpu, unsigned level, unsigned w)
{
    uint8_t *info = __atomic_load_n(&evt_vcpu_of(d, vcpu)->info, __ATOMIC_ACQUIRE);

    return level == 1 && info && port < limit(w) && bits_test(selector(info, w), port >> bits_shift(w), w);
}

/* The event stays with the vcpu that was notified. */
static void moved(struct evt_domain *d, uint32_t port, struct evt_port *p)
{
    (void)d;
    (void)port;
    (void)p;
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
    static void select_all##w(struct evt_domain *d, unsigned vcpu)                                 \
    {                                                                                              \
        select_all(d, vcpu, w);                                                                    \
    }                                                                                              \
    static bool is_selected##w(struct evt_domain *d, uint32_t port, unsigned vcpu, unsigned level) \
    {                                                                                              \
        return is_selected(d, port, vcpu, level, w);                                               \
    }                                                                                              \
    const struct evt_ops evt_2level_ops##w = {                                                     \
        .name = "2-level",                                                                         \
        .limit = w * w,                                                                            \
        .word_bits = w,                                                                            \
        .levels = 2,                                                                               \
        .set_pending = set_pending##w,                                                             \
        .clear_pending = clear_pending##w,                                                         \
        .unmask = unmask##w,                                                                       \
        .is_pending = is_pending##w,                                                               \
        .is_masked = is_masked##w,                                                                 \
        .moved = moved,                                                                            \
        .select_all = select_all##w,                                                               \
        .is_selected = is_selected##w,                                                             \
    }

INSTANCE(64);
INSTANCE(32);
