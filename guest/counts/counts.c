/* SPDX-License-Identifier: MIT */
/*
 * How many instructions do a hypercall and an event cost? Meant for QEMU with -icount shift=0, where the TSC counts the
 * instructions of guest and hypervisor together, and two runs agree. Elsewhere the numbers are ticks.
 *
 * Each line "count: name: n" is the least of many tries, less what reading the TSC twice costs; tools/counts.py makes
 * the table of them. The floor for everything is the null hypercall.
 */
#include "guest/counts/counts.h"
#include "common/format.h"
#include "guest/abi/version.h"
#include "guest/lib/args.h"
#include "guest/lib/console.h"
#include "guest/lib/cpu.h"
#include "guest/lib/env.h"
#include "guest/lib/events.h"
#include "guest/lib/fifo.h"
#include "guest/lib/hypercall.h"
#include "guest/lib/three_level.h"
#include "guest/lib/verdict.h"

#define TRIES 50
#define UNKNOWN_HYPERCALL 63

static evtchn_port_t ipi; /* an event to ourselves: sent and received by this vcpu */
static uint64_t overhead; /* of an empty measurement */

void count_nothing(evtchn_port_t port)
{
    (void)port;
}

/* The least number of ticks that `measured` takes; `prepare` runs before each try and is not counted. */
static uint64_t least(count_step *prepare, count_step *measured, evtchn_port_t port)
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

void count(const char *name, count_step *prepare, count_step *measured)
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

static void bind_and_close_ipi(evtchn_port_t port)
{
    (void)port;
    evt_close((evtchn_port_t)evt_bind_ipi(0));
}

static void bind_vcpu(evtchn_port_t port)
{
    struct evtchn_bind_vcpu op = {.port = port, .vcpu = 0};

    hv_event_channel_op(EVTCHNOP_bind_vcpu, &op);
}

static void set_priority(evtchn_port_t port)
{
    evt_set_priority(port, EVTCHN_FIFO_PRIORITY_DEFAULT);
}

static void poll(evtchn_port_t port)
{
    guest_sched_poll op = {.nr_ports = 1, .ports = guest_address(&port)};

    hv_sched_op(SCHEDOP_poll, &op);
}

static void yield(evtchn_port_t port)
{
    (void)port;
    hv_sched_op(SCHEDOP_yield, NULL);
}

static void set_timer(evtchn_port_t port)
{
    (void)port;
    hv_set_timer_op(~0ULL >> 1); /* in 292 years */
}

static void two_sends_in_a_multicall(evtchn_port_t port)
{
    struct evtchn_send op = {.port = port};
    guest_multicall_entry list[2];

    for (unsigned i = 0; i < 2; i++) {
        list[i].op = __HYPERVISOR_event_channel_op;
        list[i].args[0] = EVTCHNOP_send;
        list[i].args[1] = guest_address(&op);
    }
    hv_multicall(list, 2);
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

/* A measurement of which each try must have ended in one upcall. */
static void count_upcalls(const char *name, count_step *prepare, count_step *measured)
{
    env_upcalls_on();
    received = 0;
    count(name, prepare, measured);
    CHECK_VALUE(received, TRIES);
    env_upcalls_off();
}

/* The port that everything is measured with: a reset closes it. */
static void open_ipi(void)
{
    int port = evt_bind_ipi(0);

    if (!CHECK(port > 0))
        return;
    ipi = (evtchn_port_t)port;
    evt_set_handler(ipi, on_event, NULL);
}

static void count_calls(void)
{
    count("1000 instructions", count_nothing, thousand_instructions);
    count("null hypercall", count_nothing, unknown_hypercall);
    count("xen_version", count_nothing, version);
    count("yield, alone", count_nothing, yield);
    count("set_timer_op", count_nothing, set_timer);
    hv_set_timer_op(0);
}

static void count_2level(void)
{
    count("send, masked and pending", masked_pending, send);
    count("send, masked, not pending", masked_idle, send);
    count("2 sends in a multicall", masked_pending, two_sends_in_a_multicall);
    count_upcalls("send, upcall, back", unmasked_idle, send);
    count("unmask, nothing to do", unmasked_idle, unmask);
    count_upcalls("unmask, masked and pending, upcall, back", masked_pending, unmask);
    count("poll, pending", masked_pending, poll);
    count("status", count_nothing, status);
    count("bind_vcpu", count_nothing, bind_vcpu);
    count("bind_ipi+close", count_nothing, bind_and_close_ipi);
    count("alloc+close, 1 port open", count_nothing, alloc_and_close);
}

static void count_fifo(void)
{
    if (evt_register_fifo() || evt_fifo_expand(ipi)) {
        guest_printf("counts: no FIFO ABI here\n");
        return;
    }
    count("FIFO: send, masked and pending", masked_pending, send);
    count_upcalls("FIFO: send, upcall, back", unmasked_idle, send);
    count_upcalls("FIFO: unmask, masked and pending, upcall, back", masked_pending, unmask);
    count("FIFO: set_priority", count_nothing, set_priority);
    CHECK_VALUE(evt_reset(), 0);
    open_ipi();
}

/* Open ports until `wanted` are; false: there are no more. */
static bool open_ports(unsigned *open, unsigned wanted)
{
    while (*open < wanted && evt_alloc_unbound(DOMID_SELF) > 0)
        ++*open;
    return *open >= wanted;
}

static void count_open(unsigned *open, unsigned wanted)
{
    char name[48];

    if (!CHECK(open_ports(open, wanted)))
        return;
    format(name, sizeof(name), "alloc+close, %u ports open", wanted);
    count(name, count_nothing, alloc_and_close);
}

static void count_3level(unsigned *open)
{
    if (evt_register_3level()) {
        guest_printf("counts: no 3-level ABI here\n");
        return;
    }
    count("3-level: send, masked and pending", masked_pending, send);
    count_upcalls("3-level: send, upcall, back", unmasked_idle, send);
    count_upcalls("3-level: unmask, masked and pending, upcall, back", masked_pending, unmask);
    count_open(open, (unsigned)args_number("ports", GUEST_WORD_BITS == 64 ? 200000 : 30000));
}

void guest_main(void)
{
    unsigned open = 1;

    open_ipi();
    if (!ipi)
        return;
    overhead = least(count_nothing, count_nothing, ipi);
    count_calls();
    count_container();
    count_2level();
    count_fifo();
    count_open(&open, GUEST_PORTS_2LEVEL - 96);
    count_3level(&open);
}
