/* SPDX-License-Identifier: MIT */
/*
 * Priorities of the FIFO ABI. While upcalls are off, events are raised for ports of 16 priorities in random order; then
 * the vcpu takes them all in one upcall. They must come by priority, 0 first, and within one priority in the order in
 * which they were raised. And an event of a higher priority that is raised by a handler goes before all that wait.
 *
 *      rounds=N (default 20)
 */
#include "guest/lib/args.h"
#include "guest/lib/console.h"
#include "guest/lib/events.h"
#include "guest/lib/fifo.h"
#include "guest/lib/random.h"
#include "guest/lib/verdict.h"

#define PRIORITIES EVTCHN_FIFO_MAX_QUEUES
#define PORTS_EACH 8U
#define PORTS (PRIORITIES * PORTS_EACH)

static struct subject {
    evtchn_port_t port;
    unsigned priority;
    unsigned raised; /* how many were raised before it */
} subject[PORTS];

static const struct subject *came[PORTS + 1];
static unsigned nr_came;
static uint32_t seed = 2463534242U;

static void on_event(evtchn_port_t port, void *arg)
{
    (void)port;
    if (nr_came < PORTS + 1)
        came[nr_came] = arg;
    nr_came++;
}

static void open_ports(void)
{
    for (unsigned i = 0; i < PORTS; i++) {
        int port = evt_bind_ipi(0);

        if (!CHECK(port > 0) || !CHECK_VALUE(evt_fifo_expand((evtchn_port_t)port), 0))
            guest_exit();
        subject[i].port = (evtchn_port_t)port;
        evt_set_handler(subject[i].port, on_event, &subject[i]);
        CHECK_VALUE(evt_unmask(subject[i].port), 0);
    }
}

/* Each priority gets the same number of ports, other ones each round. */
static void deal_priorities(void)
{
    unsigned deck[PORTS];

    for (unsigned i = 0; i < PORTS; i++)
        deck[i] = i % PRIORITIES;
    random_shuffle(&seed, deck, PORTS);
    for (unsigned i = 0; i < PORTS; i++) {
        subject[i].priority = deck[i];
        CHECK_VALUE(evt_set_priority(subject[i].port, deck[i]), 0);
    }
}

static void raise_all(void)
{
    unsigned order[PORTS];

    for (unsigned i = 0; i < PORTS; i++)
        order[i] = i;
    random_shuffle(&seed, order, PORTS);
    for (unsigned i = 0; i < PORTS; i++) {
        subject[order[i]].raised = i;
        CHECK_VALUE(evt_send(subject[order[i]].port), 0);
    }
}

static bool is_before(const struct subject *a, const struct subject *b)
{
    return a->priority != b->priority ? a->priority < b->priority : a->raised < b->raised;
}

static void play(bool show)
{
    unsigned wrong = 0;

    deal_priorities();
    nr_came = 0;
    env_upcalls_off();
    raise_all();
    CHECK_VALUE(nr_came, 0);
    env_upcalls_on();
    CHECK_VALUE(nr_came, PORTS);
    for (unsigned i = 1; i < PORTS; i++)
        wrong += !is_before(came[i - 1], came[i]);
    CHECK_VALUE(wrong, 0);
    for (unsigned i = 0; show && i < PORTS; i += PORTS_EACH)
        guest_printf("priority: %2u  events %3u to %3u  raised as %3u %3u %3u %3u %3u %3u %3u %3u\n", came[i]->priority,
                     i + 1, i + PORTS_EACH, came[i]->raised + 1, came[i + 1]->raised + 1, came[i + 2]->raised + 1,
                     came[i + 3]->raised + 1, came[i + 4]->raised + 1, came[i + 5]->raised + 1, came[i + 6]->raised + 1,
                     came[i + 7]->raised + 1);
}

/* --- An urgent event among those that wait */

static struct subject *urgent;

static void on_first(evtchn_port_t port, void *arg)
{
    on_event(port, arg);
    CHECK_VALUE(evt_send(urgent->port), 0);
}

static void check_urgent(void)
{
    urgent = &subject[PORTS - 1];
    for (unsigned i = 0; i < PORTS; i++)
        CHECK_VALUE(evt_set_priority(subject[i].port, &subject[i] == urgent ? 0 : 1 + i % (PRIORITIES - 1)), 0);
    evt_set_handler(subject[0].port, on_first, &subject[0]); /* of priority 1 */
    nr_came = 0;
    env_upcalls_off();
    for (unsigned i = 0; i < PORTS - 1; i++)
        CHECK_VALUE(evt_send(subject[i].port), 0);
    env_upcalls_on();
    CHECK_VALUE(nr_came, PORTS);
    CHECK(came[0] == &subject[0]);
    CHECK(came[1] == urgent);
}

void guest_main(void)
{
    unsigned rounds = (unsigned)args_number("rounds", 20);

    if (!CHECK_VALUE(evt_register_fifo(), 0))
        return;
    env_upcalls_on();
    open_ports();
    for (unsigned i = 0; i < rounds; i++)
        play(i == 0);
    check_urgent();
    guest_printf("priority: %u rounds of %u events on %u priorities came in order\n", rounds, PORTS, PRIORITIES);
}
