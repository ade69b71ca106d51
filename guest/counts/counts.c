/* SPDX-License-Identifier: MIT */
/*
 * How many instructions do a hypercall and an event cost? Meant for QEMU with -icount shift=0, where the TSC counts the
 * instructions of guest and hypervisor together, and two runs agree. Elsewhere the numbers are ticks.
 *
 * Each line "count: name: n" is the least of many tries, less what reading the TSC twice costs; tools/counts.py makes
 * the table of them. The floor for everything is the null hypercall.
 */
#include "common/format.h"
#include "guest/abi/version.h"
#include "guest/lib/args.h"
#include "guest/lib/console.h"
#include "guest/lib/cpu.h"
#include "guest/lib/env.h"
#include "guest/lib/events.h"
#include "guest/lib/hypercall.h"
#include "guest/lib/three_level.h"
#include "guest/lib/verdict.h"

#define TRIES 50
#define UNKNOWN_HYPERCALL 63

typedef void step(evtchn_port_t port);

static evtchn_port_t ipi; /* an event to ourselves: sent and received by this vcpu */
static uint64_t overhead; /* of an empty measurement */

static void nothing(evtchn_port_t port)
{
    (void)port;
}

/* The least number of ticks that `measured` takes; `prepare` runs before each try and is not counted. */
static uint64_t least(step *prepare, step *measured, evtchn_port_t port)
{
    uint64_t best = ~0ULL;

    for (unsigned i = 0; i < TRIES; i++) {
        uint64_t start, ticks;

        prepare(port);
        start = cpu_tsc();
        measured(port);
        ticks = cpu_tsc() - start;
        if (ticks < best)
            best = ticks;
    }
    return best;
}

static void count(const char *name, step *prepare, step *measured)
{
    guest_printf("count: %s: %llu\n", name, (unsigned long long)(least(prepare, measured, ipi) - overhead));
}

/* --- What is measured --- */

/* A check of the clock: 1000 instructions must count as 1000 (and a few around them). */
static void thousand_instructions(evtchn_port_t port)
{
    unsigned rounds = 500;

    (void)port;
    __asm__ volatile("1: dec %0; jnz 1b" : "+r"(rounds)::"cc");
}

static void unknown_hypercall(evtchn_port_t port)
{
    (void)port;
    hypercall2(UNKNOWN_HYPERCALL, 0, 0);
}

static void version(evtchn_port_t port)
{
    (void)port;
    hv_xen_version(XENVER_version, NULL);
}

static void send(evtchn_port_t port)
{
    evt_send(port);
}

static void unmask(evtchn_port_t port)
{
    evt_unmask(port);
}

static void status(evtchn_port_t port)
{
    struct evtchn_status s;

    evt_status(port, &s);
}

static void alloc_and_close(evtchn_port_t port)
{
    struct evtchn_alloc_unbound alloc = {.dom = DOMID_SELF, .remote_dom = DOMID_SELF};
    struct evtchn_close close;

    (void)port;
    hv_event_channel_op(EVTCHNOP_alloc_unbound, &alloc);
    close.port = alloc.port;
    hv_event_channel_op(EVTCHNOP_close, &close);
}

/* --- What must be so before --- */

static void masked_idle(evtchn_port_t port)
{
    evt_mask(port);
    evt_clear(port);
}

static void masked_pending(evtchn_port_t port)
{
    evt_mask(port);
    evt_send(port);
}

static void unmasked_idle(evtchn_port_t port)
{
    evt_clear(port);
    evt_unmask(port);
}

/* --- The program --- */

static unsigned received;

static void on_event(evtchn_port_t port, void *arg)
{
    (void)port;
    (void)arg;
    received++;
}

static void count_all(void)
{
    count("1000 instructions", nothing, thousand_instructions);
    count("null hypercall", nothing, unknown_hypercall);
    count("xen_version", nothing, version);
    count("send, masked and pending", masked_pending, send);
    count("send, masked, not pending", masked_idle, send);
    env_upcalls_on();
    received = 0;
    count("send, upcall, back", unmasked_idle, send);
    CHECK_VALUE(received, TRIES);
    count("unmask, nothing to do", unmasked_idle, unmask);
    received = 0;
    count("unmask, masked and pending, upcall, back", masked_pending, unmask);
    CHECK_VALUE(received, TRIES);
    env_upcalls_off();
    count("status", nothing, status);
    count("alloc+close, 1 port open", nothing, alloc_and_close);
}

/* Open ports until `wanted` are, or no more can be; how many there are then. */
static unsigned open_ports(unsigned open, unsigned wanted)
{
    while (open < wanted && evt_alloc_unbound(DOMID_SELF) > 0)
        open++;
    return open;
}

/* One port less than there can be, so that one more can be opened and closed. */
static void count_many(unsigned wanted)
{
    char name[48];
    unsigned open = open_ports(1, wanted);

    if (open < wanted) {
        guest_printf("counts: this ABI has no more than %u ports\n", open);
        evt_close((evtchn_port_t)open);
        open--;
    }
    format(name, sizeof(name), "alloc+close, %u ports open", open);
    count(name, nothing, alloc_and_close);
}

void guest_main(void)
{
    int port = evt_bind_ipi(0);

    if (!CHECK(port > 0))
        return;
    ipi = (evtchn_port_t)port;
    evt_set_handler(ipi, on_event, NULL);
    overhead = least(nothing, nothing, ipi);
    count_all();
    if (evt_register_3level())
        guest_printf("counts: no 3-level ABI here: as many ports as 2-level has\n");
    count_many((unsigned)args_number("ports", GUEST_WORD_BITS == 64 ? 200000 : 30000));
}
