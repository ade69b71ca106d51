/* SPDX-License-Identifier: MIT */
/*
 * Fairness under a storm, on each ABI. Every port is raised again by its own handler, so that all are pending all the
 * time, and a second vcpu sends to all of them at random as well. No port may be served twice while another waits too
 * long: between two services of a port lie at most twice as many services of others as there are ports. (A scan of a
 * bitmap that began behind a port comes to it last; the one before may have come to it first.)
 *
 *      ports=N     busy ports, spread over the ABI's numbers (default 250)
 *      services=N  on each ABI (default 10000)
 */
#include "guest/lib/args.h"
#include "guest/lib/clock.h"
#include "guest/lib/console.h"
#include "guest/lib/events.h"
#include "guest/lib/fifo.h"
#include "guest/lib/hypercall.h"
#include "guest/lib/limit.h"
#include "guest/lib/memory.h"
#include "guest/lib/random.h"
#include "guest/lib/three_level.h"
#include "guest/lib/verdict.h"

#define SECONDS 120

static struct busy {
    evtchn_port_t port;
    unsigned services;
    unsigned last;             /* the number of its last service */
    unsigned gap_min, gap_max; /* services of others between two of its own */
} * busy;

static unsigned nr_busy, nr_services, end; /* end: the storm is over after so many services */
static bool calm;                          /* the second vcpu has stopped */

static void on_event(evtchn_port_t port, void *arg)
{
    struct busy *b = arg;
    unsigned gap = nr_services++ - b->last; /* the first time: since the storm began */

    if (b->services++)
        b->gap_min = gap < b->gap_min ? gap : b->gap_min;
    b->gap_max = gap > b->gap_max ? gap : b->gap_max;
    b->last = nr_services;
    if (nr_services < end)
        evt_send(port);
}

/* Open ports up to `highest`; those that are busy lie as far apart as they can. */
static void open_ports(evtchn_port_t highest)
{
    unsigned opened = 0;

    for (evtchn_port_t i = 1; i <= highest; i++) {
        int port = evt_bind_ipi(0);

        if (!CHECK(port > 0))
            guest_exit();
        if (opened * (highest / nr_busy) + 1 != i || opened == nr_busy)
            continue;
        busy[opened] = (struct busy){.port = (evtchn_port_t)port, .gap_min = ~0U};
        evt_set_handler(busy[opened].port, on_event, &busy[opened]);
        opened++;
    }
    CHECK_VALUE(opened, nr_busy);
}

static void send_at_random(void *arg)
{
    uint32_t state = 88675123U;

    (void)arg;
    while (__atomic_load_n(&nr_services, __ATOMIC_RELAXED) < end)
        evt_send(busy[random_next(&state) % nr_busy].port);
    __atomic_store_n(&calm, true, __ATOMIC_SEQ_CST);
}

static void storm(unsigned services)
{
    nr_services = 0;
    end = services;
    calm = guest_env.nr_vcpus < 2;
    env_upcalls_off();
    for (unsigned i = 0; i < nr_busy; i++) {
        CHECK_VALUE(evt_unmask(busy[i].port), 0);
        CHECK_VALUE(evt_send(busy[i].port), 0);
    }
    if (!calm)
        CHECK_VALUE(evt_vcpu_start(1, send_at_random, NULL), 0);
    env_upcalls_on(); /* all of it happens here, in one upcall or several */
    while (nr_services < end || !__atomic_load_n(&calm, __ATOMIC_SEQ_CST))
        hv_sched_op(SCHEDOP_yield, NULL);
    while (guest_env.nr_vcpus > 1 && evt_vcpu_is_up(1))
        hv_sched_op(SCHEDOP_yield, NULL);
}

static void report(const char *abi)
{
    struct busy all = {.gap_min = ~0U};
    unsigned fewest = ~0U, most = 0;

    for (unsigned i = 0; i < nr_busy; i++) {
        const struct busy *b = &busy[i];

        fewest = b->services < fewest ? b->services : fewest;
        most = b->services > most ? b->services : most;
        all.gap_min = b->gap_min < all.gap_min ? b->gap_min : all.gap_min;
        all.gap_max = b->gap_max > all.gap_max ? b->gap_max : all.gap_max;
    }
    guest_printf("fairness: %-8s %5u %7u %8u  %6u %4u  %7u %8u %6u\n", abi, nr_busy, busy[nr_busy - 1].port,
                 nr_services, fewest, most, all.gap_min, all.gap_max, 2 * nr_busy);
    CHECK(all.gap_max <= 2 * nr_busy);
}

struct abi {
    const char *name;
    int (*enter)(void);    /* NULL: nothing to do */
    evtchn_port_t highest; /* port that is opened; 0: what 2-level has room for, and a little for others */
};

static int enter_fifo(void)
{
    int rc = evt_register_fifo();

    return rc ? rc : evt_fifo_expand(6000);
}

static const struct abi abis[] = {
    {"2-level", NULL, 0},
    {"3-level", evt_register_3level, 6000},
    {"FIFO", enter_fifo, 6000},
};

void guest_main(void)
{
    unsigned services = (unsigned)args_number("services", 10000);

    nr_busy = (unsigned)args_number("ports", 250);
    busy = memory_alloc(nr_busy * sizeof(*busy));
    guest_printf("fairness: services in all, and of one port; services of others between two of a port\n");
    guest_printf("fairness: %-8s %5s %7s %8s  %6s %4s  %7s %8s %6s\n", "ABI", "ports", "up to", "services", "fewest",
                 "most", "nearest", "farthest", "bound");
    for (unsigned i = 0; i < sizeof(abis) / sizeof(abis[0]); i++) {
        if (i && !CHECK_VALUE(evt_reset(), 0))
            return;
        if (abis[i].enter && !CHECK_VALUE(abis[i].enter(), 0))
            return;
        open_ports(abis[i].highest ? abis[i].highest : GUEST_PORTS_2LEVEL - 2);
        limit_seconds(SECONDS);
        storm(services);
        limit_cancel();
        report(abis[i].name);
    }
}
