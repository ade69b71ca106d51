/* SPDX-License-Identifier: MIT */
/*
 * One domain in the middle of many: what the 3-level ABI was invented for.
 *
 *      role=leaf hub=DOMID channels=N rounds=N               offers N ports to the hub
 *      role=hub leaves=N first=DOMID channels=N rounds=N     binds to the ports of N leaves, DOMID and up
 *
 * Binding raises the hub's port; the hub answers each event; a leaf raises each channel `rounds` times, and waits for
 * each answer. At the end both sides know exactly how many events every channel had.
 */
#include "guest/lib/args.h"
#include "guest/lib/clock.h"
#include "guest/lib/console.h"
#include "guest/lib/env.h"
#include "guest/lib/events.h"
#include "guest/lib/limit.h"
#include "guest/lib/memory.h"
#include "guest/lib/three_level.h"
#include "guest/lib/verdict.h"

#define TIME_LIMIT_S 170U

static unsigned channels, rounds;
static unsigned finished; /* channels that have had all their events */

/* Sleep until all of `count` channels have finished. */
static void wait_finished(unsigned count)
{
    env_upcalls_off();
    while (finished < count)
        env_wait();
    env_upcalls_on();
}

static evtchn_port_t checked(int port)
{
    if (port < 0) {
        verdict(VERDICT_FAILURE, "no port: %d", port);
        guest_exit();
    }
    return (evtchn_port_t)port;
}

/* --- A leaf */

/* The first event says that the hub is there; each other one answers what we raised. */
static void on_answer(evtchn_port_t port, void *arg)
{
    unsigned *answers = arg;

    if ((*answers)++ < rounds)
        CHECK_VALUE(evt_send(port), 0);
    else
        finished++;
}

static void leaf_main(domid_t hub)
{
    unsigned *answers = memory_alloc(channels * sizeof(*answers));
    evtchn_port_t first = 0;

    for (unsigned i = 0; i < channels; i++) {
        evtchn_port_t port = checked(evt_alloc_unbound(hub));

        first = i ? first : port;
        evt_set_handler(port, on_answer, &answers[i]);
        evt_unmask(port);
    }
    CHECK_VALUE(first, 1); /* the hub counts on it */
    limit_seconds(TIME_LIMIT_S);
    wait_finished(channels);
    for (unsigned i = 0; i < channels; i++) {
        CHECK_VALUE(answers[i], rounds + 1);
        CHECK_VALUE(evt_close(first + i), 0);
    }
}

/* --- The hub */

static void on_event(evtchn_port_t port, void *arg)
{
    unsigned *events = arg;

    CHECK_VALUE(evt_send(port), 0);
    if (++*events == rounds + 1)
        finished++;
}

/* The leaf may not be there yet. */
static evtchn_port_t bind(domid_t leaf, evtchn_port_t remote)
{
    uint64_t end = clock_now() + TIME_LIMIT_S * CLOCK_S;
    int port;

    while ((port = evt_bind_interdomain(leaf, remote)) < 0 && clock_now() < end)
        clock_sleep_until(clock_now() + CLOCK_MS);
    return checked(port);
}

static evtchn_port_t bind_all(unsigned leaves, domid_t first, unsigned *events)
{
    evtchn_port_t highest = 0;

    for (unsigned i = 0; i < leaves * channels; i++) {
        evtchn_port_t port = bind((domid_t)(first + i / channels), 1 + i % channels);

        evt_set_handler(port, on_event, &events[i]);
        evt_unmask(port);
        highest = port > highest ? port : highest;
    }
    return highest;
}

static void check_counts(const unsigned *events, unsigned count)
{
    unsigned wrong = 0;

    for (unsigned i = 0; i < count; i++)
        wrong += events[i] != rounds + 1;
    CHECK_VALUE(wrong, 0);
}

/* All our ports can be closed once, and then the lowest is free again. */
static void check_close(evtchn_port_t lowest, evtchn_port_t highest)
{
    unsigned failed = 0;

    for (evtchn_port_t port = lowest; port <= highest; port++)
        failed += evt_close(port) != 0;
    CHECK_VALUE(failed, 0);
    CHECK_VALUE(evt_alloc_unbound(DOMID_SELF), lowest);
    CHECK_VALUE(evt_close(lowest), 0);
}

static void hub_main(unsigned leaves, domid_t first)
{
    unsigned count = leaves * channels;
    unsigned *events = memory_alloc(count * sizeof(*events));
    evtchn_port_t lowest, highest;
    uint64_t start;

    if (!CHECK_VALUE(evt_register_3level(), 0))
        return;
    limit_seconds(TIME_LIMIT_S);
    lowest = checked(evt_alloc_unbound(DOMID_SELF));
    CHECK_VALUE(evt_close(lowest), 0);
    start = clock_now();
    highest = bind_all(leaves, first, events);
    CHECK_VALUE(highest, lowest + count - 1);
    wait_finished(count);
    check_counts(events, count);
    guest_printf("hub: %u leaves, %u channels up to port %u, %u events answered, %llu ms\n", leaves, count, highest,
                 count * (rounds + 1), (unsigned long long)((clock_now() - start) / CLOCK_MS));
    check_close(lowest, highest);
    CHECK_VALUE(evt_reset(), 0);
}

void guest_main(void)
{
    channels = (unsigned)args_number("channels", 50);
    rounds = (unsigned)args_number("rounds", 20);
    if (args_is("role", "hub"))
        hub_main((unsigned)args_number("leaves", 100), (domid_t)args_number("first", 2));
    else
        leaf_main((domid_t)args_number("hub", 1));
}
