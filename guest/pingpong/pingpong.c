/* SPDX-License-Identifier: MIT */
/*
 * Two domains play ping-pong with events and count the round trips.
 *
 *      role=server peer=DOMID rounds=N           offers a port to the peer and answers each event with one
 *      role=client peer=DOMID port=P rounds=N    binds to it, begins, and waits for each answer
 *      role=self rounds=N                        both ends in one domain
 *
 * An event carries no data and does not count: a second one before the first was consumed is the same one. The two
 * therefore take turns, and each side's number of events must come out exactly.
 */
#include "guest/lib/args.h"
#include "guest/lib/clock.h"
#include "guest/lib/console.h"
#include "guest/lib/env.h"
#include "guest/lib/events.h"
#include "guest/lib/limit.h"
#include "guest/lib/verdict.h"

#define TIME_LIMIT_S 60U

static unsigned received;

static void on_event(evtchn_port_t port, void *arg)
{
    (void)port;
    (void)arg;
    received++;
}

static void open_port(int port, evt_handler *fn, void *arg)
{
    if (port < 0) {
        verdict(VERDICT_FAILURE, "no port: %d", port);
        guest_exit();
    }
    evt_set_handler((evtchn_port_t)port, fn, arg);
    evt_unmask((evtchn_port_t)port);
}

/*
 * The same for the port of the side that binds: binding raised it once, and that is no answer. The side that offers the
 * port must not clear it: its peer may have bound and sent already.
 */
static void open_bound_port(int port, evt_handler *fn, void *arg)
{
    if (port > 0)
        evt_clear((evtchn_port_t)port);
    open_port(port, fn, arg);
}

/* Sleep until `count` events have come. The test and the sleep are one step: upcalls are off in between. */
static void wait_for(unsigned count)
{
    env_upcalls_off();
    while (received < count)
        env_wait();
    env_upcalls_on();
}

static void report(const char *role, unsigned rounds, uint64_t ns)
{
    CHECK_VALUE(received, rounds);
    guest_printf("pingpong: %s: %u round trips, %llu ns each, %llu upcalls\n", role, rounds,
                 (unsigned long long)(rounds ? ns / rounds : 0), (unsigned long long)guest_vcpu()->upcalls);
    if (guest_vcpu()->early_upcalls)
        guest_printf("pingpong: %s: %llu upcalls came between STI and HLT\n", role,
                     (unsigned long long)guest_vcpu()->early_upcalls);
}

static void serve(domid_t peer, unsigned rounds)
{
    int port = evt_alloc_unbound(peer);
    uint64_t start;

    open_port(port, on_event, NULL);
    guest_printf("pingpong: server: port %d is for domain %u\n", port, peer);
    limit_seconds(TIME_LIMIT_S);
    wait_for(1);
    start = clock_now();
    for (unsigned i = 1; i <= rounds; i++) {
        wait_for(i);
        CHECK_VALUE(evt_send((evtchn_port_t)port), 0);
    }
    report("server", rounds, clock_now() - start);
}

/* The server may not have started yet, or not be there yet: ask again until it is. */
static int find_server(domid_t peer, evtchn_port_t remote)
{
    uint64_t end = clock_now() + TIME_LIMIT_S * CLOCK_S;
    int port;

    while ((port = evt_bind_interdomain(peer, remote)) < 0 && clock_now() < end)
        clock_sleep_until(clock_now() + CLOCK_MS);
    return port;
}

static void play(domid_t peer, evtchn_port_t remote, unsigned rounds)
{
    int port = find_server(peer, remote);
    uint64_t start;

    open_bound_port(port, on_event, NULL);
    limit_seconds(TIME_LIMIT_S);
    start = clock_now();
    for (unsigned i = 1; i <= rounds; i++) {
        CHECK_VALUE(evt_send((evtchn_port_t)port), 0);
        wait_for(i);
    }
    report("client", rounds, clock_now() - start);
}

static void answer(evtchn_port_t port, void *arg)
{
    (void)arg;
    evt_send(port);
}

static void play_alone(unsigned rounds)
{
    int server = evt_alloc_unbound(DOMID_SELF), client = evt_bind_interdomain(DOMID_SELF, (evtchn_port_t)server);
    uint64_t start;

    open_port(server, answer, NULL);
    open_bound_port(client, on_event, NULL);
    limit_seconds(TIME_LIMIT_S);
    start = clock_now();
    for (unsigned i = 1; i <= rounds; i++) {
        CHECK_VALUE(evt_send((evtchn_port_t)client), 0);
        wait_for(i);
    }
    report("self", rounds, clock_now() - start);
}

void guest_main(void)
{
    domid_t peer = (domid_t)args_number("peer", DOMID_SELF);
    unsigned rounds = (unsigned)args_number("rounds", 10000);

    if (args_is("role", "server"))
        serve(peer, rounds);
    else if (args_is("role", "client"))
        play(peer, (evtchn_port_t)args_number("port", 1), rounds);
    else
        play_alone(rounds);
}
