/* SPDX-License-Identifier: MIT */
/*
 * What well-behaved guests do to the memory that they share: take events as each ABI wants it, mask and unmask, prepare
 * pages. Done to both memories, which are equal when a step begins.
 */
#include <string.h>

#include "tests/fuzz/reference/world.h"

/* What the guest keeps of its FIFO queues between two visits. */
static struct {
    uint32_t ready, head[16];
} queues[REF_DOMAINS][REF_VCPUS];

void guest_forget(unsigned domain)
{
    memset(queues[domain], 0, sizeof(queues[domain]));
}

static uint32_t get32(unsigned domain, unsigned page, unsigned offset)
{
    uint32_t v;
    memcpy(&v, world_memory(domain, page) + offset, 4);
    return v;
}

static void put32(unsigned domain, unsigned page, unsigned offset, uint32_t v)
{
    world_poke(domain, page, offset, &v, 4);
}

static void write_bit(unsigned domain, unsigned page, unsigned offset, uint32_t bit, bool value)
{
    uint8_t byte = world_memory(domain, page)[offset + bit / 8];
    byte = (uint8_t)((byte & ~(1 << (bit % 8))) | value << (bit % 8));
    world_poke(domain, page, offset + bit / 8, &byte, 1);
}

/* Exchange n words with 0. */
static void take(unsigned domain, struct ref_place at, unsigned n, uint8_t *taken)
{
    static const uint8_t zero[512];
    memcpy(taken, world_memory(domain, at.page) + at.offset, n);
    world_poke(domain, at.page, at.offset, zero, n);
}

static bool is_set(const uint8_t *map, uint32_t bit)
{
    return map[bit / 8] >> (bit % 8) & 1;
}

/* Take every event that is pending and not masked in word number i of the bitmaps. */
static void handle_word(unsigned domain, struct ref_place pending, struct ref_place mask, unsigned w, uint32_t i)
{
    const uint8_t *p = world_memory(domain, pending.page) + pending.offset + i * w / 8;
    const uint8_t *m = world_memory(domain, mask.page) + mask.offset + i * w / 8;
    for (uint32_t bit = 0; bit < w; bit++) {
        if (is_set(p, bit) && !is_set(m, bit))
            write_bit(domain, pending.page, pending.offset + i * w / 8, bit, false);
    }
}

static void scan_2level(unsigned domain, const struct ref_domain *d, const uint8_t *selector)
{
    struct ref_place pending = {true, REF_SHARED_INFO, 2048};
    struct ref_place mask = {true, REF_SHARED_INFO, (uint16_t)(2048 + d->w * d->w / 8)};
    for (uint32_t i = 0; i < d->w; i++) {
        if (is_set(selector, i))
            handle_word(domain, pending, mask, d->w, i);
    }
}

static void scan_3level(unsigned domain, const struct ref_domain *d, struct ref_place l2, const uint8_t *l1)
{
    for (uint32_t i = 0; i < d->w; i++) {
        uint8_t word[8];
        if (!is_set(l1, i))
            continue;
        struct ref_place at = {true, l2.page, (uint16_t)(l2.offset + i * d->w / 8)};
        take(domain, at, d->w / 8, word);
        for (uint32_t j = 0; j < d->w; j++) {
            uint32_t port = (i * d->w + j) * d->w;
            struct ref_place pending = {true, d->pending[port / 32768], (uint16_t)(port % 32768 / 8)};
            struct ref_place mask = {true, d->mask[port / 32768], (uint16_t)(port % 32768 / 8)};
            if (is_set(word, j))
                handle_word(domain, pending, mask, d->w, 0);
        }
    }
}

/* Consume the head of a queue. false: the queue is done. */
static bool consume(unsigned domain, unsigned vcpu, unsigned q, struct ref_place control)
{
    struct ref_domain *d = &ref.domain[domain];
    uint32_t *head = &queues[domain][vcpu].head[q];
    if (!*head)
        *head = get32(domain, control.page, control.offset + 8 + 4 * q);
    uint32_t port = *head;
    if (!ref_guest_unlinks(d, vcpu, q, port))
        world_fail("domain %u vcpu %u: queue %u gives port %u, which is not its first", domain, vcpu, q, port);
    unsigned page = d->array[port / 1024], offset = 4 * (port % 1024);
    uint32_t word = get32(domain, page, offset);
    *head = word & EVTCHN_FIFO_LINK_MASK;
    word &= ~(EVTCHN_FIFO_LINK_MASK | 1U << EVTCHN_FIFO_LINKED);
    if ((word >> EVTCHN_FIFO_PENDING & 1) && !(word >> EVTCHN_FIFO_MASKED & 1))
        word &= ~(1U << EVTCHN_FIFO_PENDING);
    put32(domain, page, offset, word);
    return *head != 0;
}

static void drain_fifo(unsigned domain, unsigned vcpu, uint64_t most)
{
    struct ref_place control = ref.domain[domain].vcpu[vcpu].control;
    if (!control.set)
        return;
    uint32_t *ready = &queues[domain][vcpu].ready;
    *ready |= get32(domain, control.page, control.offset);
    put32(domain, control.page, control.offset, 0);
    while (*ready && most--) {
        unsigned q = (unsigned)__builtin_ctz(*ready);
        if (!consume(domain, vcpu, q, control))
            *ready &= ~(1U << q);
    }
}

static void scan(unsigned domain, unsigned vcpu, uint64_t most)
{
    const struct ref_domain *d = &ref.domain[domain];
    const struct ref_vcpu *v = &d->vcpu[vcpu];
    uint8_t flag, selector[8];
    if (!v->info.set)
        return;
    take(domain, v->info, 1, &flag);
    if (d->abi == REF_FIFO) {
        drain_fifo(domain, vcpu, most);
        return;
    }
    struct ref_place at = {true, v->info.page, (uint16_t)(v->info.offset + d->w / 8)};
    if (d->abi == REF_3LEVEL && !v->l2.set)
        return;
    take(domain, at, d->w / 8, selector);
    if (d->abi == REF_3LEVEL)
        scan_3level(domain, d, v->l2, selector);
    else
        scan_2level(domain, d, selector);
}

static void write_mask(unsigned domain, uint32_t port, bool value)
{
    const struct ref_domain *d = &ref.domain[domain];
    if (!ref_valid(d, port))
        return;
    if (d->abi == REF_2LEVEL)
        write_bit(domain, REF_SHARED_INFO, 2048 + d->w * d->w / 8, port, value);
    else if (d->abi == REF_3LEVEL)
        write_bit(domain, d->mask[port / 32768], 0, port % 32768, value);
    else if (port / 1024 < d->nr_array)
        write_bit(domain, d->array[port / 1024], 4 * (port % 1024), EVTCHN_FIFO_MASKED, value);
}

void guest_act(unsigned domain, const uint64_t arg[4])
{
    uint32_t words[1024];
    static const uint8_t zero[72];
    switch (arg[0]) {
    case GUEST_SCAN:
        if (arg[1] < ref.domain[domain].config.nr_vcpus)
            scan(domain, (unsigned)arg[1], arg[2]);
        break;
    case GUEST_MASK:
        write_mask(domain, (uint32_t)arg[1], arg[2]);
        break;
    case GUEST_WRITE:
        world_poke(domain, (unsigned)arg[1], (unsigned)arg[2], &arg[3], 8);
        break;
    case GUEST_PREPARE:
        for (unsigned i = 0; i < 1024; i++)
            words[i] = (uint32_t)arg[2];
        world_poke(domain, (unsigned)arg[1], 0, words, 4096);
        break;
    default:
        world_poke(domain, (unsigned)arg[1], (unsigned)arg[2], zero, 72);
    }
}
