/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls that take long: lists as long as a guest likes. The processor must stay everybody's: an event of this vcpu
 * that comes due in the middle is delivered in the middle, and not when the whole list is done.
 */
#include "guest/abi/errno.h"
#include "guest/abi/memory.h"
#include "guest/lib/clock.h"
#include "guest/lib/env.h"
#include "guest/lib/events.h"
#include "guest/lib/hypercall.h"
#include "guest/lib/memory.h"
#include "guest/lib/verdict.h"
#include "guest/naughty/naughty.h"

#define ORDER 9        /* of an extent: 512 frames, all there already, so that each counts as done */
#define EXTENTS 20000U /* in one list */
#define ENTRIES 6000U  /* of one multicall, an extent each */
#define SOON CLOCK_MS  /* the event comes due so long after the start */

static volatile uint64_t handled_at;

static void note_time(evtchn_port_t port, void *arg)
{
    (void)port;
    (void)arg;
    handled_at = clock_now();
}

static guest_word *zeros(void)
{
    return memory_alloc(EXTENTS * sizeof(guest_word));
}

static guest_memory_reservation reservation(const guest_word *list, unsigned nr)
{
    return (guest_memory_reservation){
        .extent_start = guest_address(list), .nr_extents = nr, .extent_order = ORDER, .domid = DOMID_SELF};
}

static void long_list(void)
{
    guest_memory_reservation op = reservation(zeros(), EXTENTS);

    CHECK_VALUE(hv_memory_op(XENMEM_populate_physmap, &op), (guest_result)EXTENTS);
}

static void long_multicall(void)
{
    guest_multicall_entry *list = memory_alloc(ENTRIES * sizeof(*list));
    guest_memory_reservation op = reservation(zeros(), 1);

    for (unsigned i = 0; i < ENTRIES; i++) {
        list[i].op = __HYPERVISOR_memory_op;
        list[i].args[0] = XENMEM_populate_physmap;
        list[i].args[1] = guest_address(&op);
    }
    CHECK_VALUE(hv_multicall(list, ENTRIES), 0);
    for (unsigned i = 0; i < ENTRIES; i++)
        if (list[i].result != 1)
            verdict(VERDICT_FAILURE, "entry %u: %lld", i, (long long)list[i].result);
}

static void check_interrupted(const char *what, void (*hypercall)(void))
{
    uint64_t start = clock_now(), end;

    handled_at = 0;
    CHECK_VALUE(hv_set_timer_op(start + SOON), 0);
    hypercall();
    end = clock_now();
    if (end - start < 5 * SOON)
        verdict(VERDICT_ERROR, "%s took only %llu us", what, (unsigned long long)((end - start) / CLOCK_US));
    else if (handled_at == 0 || end - handled_at < (end - start) / 2)
        verdict(VERDICT_FAILURE, "%s took %llu us and let no event in", what,
                (unsigned long long)((end - start) / CLOCK_US));
}

void abuse_hog(void)
{
    evtchn_port_t port = (evtchn_port_t)evt_bind_virq(VIRQ_TIMER, 0);

    evt_set_handler(port, note_time, NULL);
    env_upcalls_on();
    CHECK_VALUE(evt_unmask(port), 0);
    check_interrupted("populate_physmap", long_list);
    CHECK_VALUE(evt_unmask(port), 0);
    check_interrupted("multicall", long_multicall);
    env_upcalls_off();
}
