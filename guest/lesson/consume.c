/* SPDX-License-Identifier: MIT */
#include "guest/lesson/consume.h"

#include "guest/lesson/steps.h"
#include "guest/lib/events.h"
#include "guest/lib/fifo.h"

#define W GUEST_WORD_BITS

/* Take the lowest bit out of a word that is not 0. */
static unsigned take_lowest(guest_word *word)
{
    unsigned bit = (unsigned)__builtin_ctzl(*word);

    *word &= *word - 1;
    return bit;
}

/* --- Bitmaps: from the top down, and everything that was taken is followed to its end --- */

static void scan_events(unsigned index)
{
    guest_word events = step_read(&evt.pending[index]);

    events &= ~step_read(&evt.mask[index]);
    while (events)
        step_clear_bit(&evt.pending[index], take_lowest(&events)); /* and here its handler runs */
}

static void scan_l2(unsigned index)
{
    guest_word selected = step_take(&guest_vcpu()->l2[index]);

    while (selected)
        scan_events(index * W + take_lowest(&selected));
}

static void scan_selector(void (*scan_below)(unsigned index))
{
    guest_vcpu_info *info = guest_vcpu()->info;

    while (step_take_upcall(&info->evtchn_upcall_pending)) {
        guest_word selected = step_take((guest_word *)&info->evtchn_pending_sel);

        while (selected)
            scan_below(take_lowest(&selected));
    }
}

void consume_2level(void)
{
    scan_selector(scan_events);
}

void consume_3level(void)
{
    scan_selector(scan_l2);
}

/* --- Queues --- */

/* The port leaves its queue before its event is looked at: from then on the hypervisor may link it anew. */
static evtchn_port_t consume_port(evtchn_port_t port)
{
    const uint32_t linked = 1U << EVTCHN_FIFO_LINKED, pending = 1U << EVTCHN_FIFO_PENDING;
    uint32_t *word = fifo_word(port);
    evtchn_port_t next =
        step_replace32(word, linked | EVTCHN_FIFO_LINK_MASK, EVTCHN_FIFO_LINKED) & EVTCHN_FIFO_LINK_MASK;

    if ((step_read32(word) & (pending | 1U << EVTCHN_FIFO_MASKED)) == pending)
        step_clear_bit32(word, EVTCHN_FIFO_PENDING); /* and here its handler runs */
    return next;
}

void consume_fifo(void)
{
    struct guest_vcpu *v = guest_vcpu();

    while (step_take_upcall(&v->info->evtchn_upcall_pending)) {
        guest_word ready = step_take32(&v->control->ready);

        while (ready) {
            evtchn_port_t port = step_read32(&v->control->head[take_lowest(&ready)]);

            while (port)
                port = consume_port(port);
        }
    }
}
