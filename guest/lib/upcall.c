/* SPDX-License-Identifier: MIT */
/*
 * The scan. The hypervisor sets bits from the bottom up (event, selectors, upcall_pending) and stops at the first that
 * was set already. So the guest consumes from the top down, each word by one atomic exchange, and finishes all that it
 * took: a bit that is consumed and not followed would leave its event stuck.
 *
 *      upcall_pending -> L1 (evtchn_pending_sel) -> [L2, with three levels] -> pending & ~mask & affinity -> handler
 *
 * It is fair: each scan begins behind the port at which the one before ended, so that no busy port starves a higher
 * one.
 */
#include "guest/lib/events.h"
#include "guest/lib/fifo.h"

#define W GUEST_WORD_BITS

static guest_word take(guest_word *word)
{
    return __atomic_exchange_n(word, 0, __ATOMIC_SEQ_CST);
}

/* The lowest bit set at or after `start`, else the lowest of all. word is not 0. */
static unsigned next_bit(guest_word word, unsigned start)
{
    guest_word high = word & (~(guest_word)0 << start);

    return (unsigned)__builtin_ctzl(high ? high : word);
}

static void handle_port(struct guest_vcpu *v, evtchn_port_t port)
{
    const struct evt_binding *b = &evt.binding[port];

    v->next_port = port + 1;
    if (evt_clear(port) && b->fn)
        b->fn(port, b->arg);
}

/* The events in word `index` of the bitmaps. */
static void scan_events(struct guest_vcpu *v, unsigned index, unsigned start)
{
    guest_word ready = __atomic_load_n(&evt.pending[index], __ATOMIC_SEQ_CST) &
                       ~__atomic_load_n(&evt.mask[index], __ATOMIC_SEQ_CST) & v->affinity[index];

    while (ready) {
        unsigned bit = next_bit(ready, start);

        ready &= ~((guest_word)1 << bit);
        handle_port(v, index * W + bit);
    }
}

/* The words of events that one L2 word names. */
static void scan_l2(struct guest_vcpu *v, unsigned index, evtchn_port_t from)
{
    guest_word selected = take(&v->l2[index]);
    unsigned first = from / W % W;

    while (selected) {
        unsigned bit = next_bit(selected, first);

        selected &= ~((guest_word)1 << bit);
        scan_events(v, index * W + bit, bit == first ? from % W : 0);
    }
}

static void scan_l1(struct guest_vcpu *v, guest_word selected)
{
    evtchn_port_t from = (evtchn_port_t)v->next_port % evt.limit;
    unsigned first = v->l2 ? from / (W * W) : from / W % W;

    while (selected) {
        unsigned bit = next_bit(selected, first);

        selected &= ~((guest_word)1 << bit);
        if (v->l2)
            scan_l2(v, bit, bit == first ? from : 0);
        else
            scan_events(v, bit, bit == first ? from % W : 0);
    }
}

static void (*upcall_hook)(void);

void evt_set_upcall_hook(void (*fn)(void))
{
    upcall_hook = fn;
}

void evt_upcall(void)
{
    struct guest_vcpu *v = guest_vcpu();

    v->upcalls++;
    if (upcall_hook) {
        upcall_hook();
        return;
    }
    while (__atomic_exchange_n(&v->info->evtchn_upcall_pending, 0, __ATOMIC_SEQ_CST)) {
        guest_word selected;

        if (v->control)
            fifo_consume(v);
        while (!v->control && (selected = take((guest_word *)&v->info->evtchn_pending_sel)))
            scan_l1(v, selected);
    }
}
