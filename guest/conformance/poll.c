/* SPDX-License-Identifier: MIT */
/*
 * SCHEDOP_poll: which ports it takes, when it returns at once, and what ends it before its timeout does.
 *
 *      poll/one/PM/future/2l           one port, pending and masked, and the timeout ahead
 *
 * The transcript says only whether the timeout had passed when it returned ("slept").
 */
#include "guest/conformance/conformance.h"
#include "guest/lib/clock.h"
#include "guest/lib/hypercall.h"
#include "guest/lib/window.h"

#define AHEAD (60 * CLOCK_MS)
#define TRIES 5U
#define TIMER_AHEAD (2 * CLOCK_MS)
#define MAX_PORTS 128U

static evtchn_port_t list[MAX_PORTS + 1] __attribute__((aligned(GUEST_PAGE_SIZE)));

/* --- The call --- */

static bool slept; /* the last poll went on to its timeout, which was ahead */

static uint64_t just_past(void)
{
    return clock_now() - CLOCK_US;
}

static guest_result poll_op(const evtchn_port_t *ports, unsigned nr, uint64_t timeout)
{
    guest_sched_poll op = {.ports = guest_address(ports), .nr_ports = nr, .timeout = timeout};

    return hv_sched_op(SCHEDOP_poll, &op);
}

/* With no timeout, or one that has passed. */
static void poll(const evtchn_port_t *ports, unsigned nr, uint64_t timeout)
{
    slept = false;
    cell_result("poll", poll_op(ports, nr, timeout));
}

static void poll_ahead(const evtchn_port_t *ports, unsigned nr)
{
    uint64_t timeout = clock_now() + AHEAD;
    guest_result rc = poll_op(ports, nr, timeout);

    slept = clock_now() >= timeout;
    cell_result("poll", rc);
    cell_say(slept ? "; slept" : "; at once");
}

static void fill_list(evtchn_port_t port)
{
    for (unsigned i = 0; i <= MAX_PORTS; i++)
        list[i] = port;
}

/* --- One port in every condition --- */

static void poll_without_timeout(void)
{
    poll(list, 1, 0);
}

static void poll_past(void)
{
    poll(list, 1, 1);
}

static void poll_future(void)
{
    poll_ahead(list, 1);
}

static const struct timeout {
    const char *name;
    void (*poll)(void);
} timeouts[] = {{"none", poll_without_timeout}, {"past", poll_past}, {"future", poll_future}};

static const char *const bit_names[] = {
    [0] = "--",
    [PORT_PENDING] = "P-",
    [PORT_MASKED] = "-M",
    [PORT_PENDING | PORT_MASKED] = "PM",
};

static void set_bits(evtchn_port_t port, unsigned bits)
{
    port_clear(port, PORT_PENDING | PORT_MASKED);
    port_set(port, bits);
}

/* Without a timeout it would sleep for ever. On a busy machine a poll may seem to have slept because it returned late,
 * so "slept" takes all of TRIES. */
static void ask_bits(enum abi abi, unsigned bits, const struct timeout *t)
{
    unsigned tries = 0;

    if (t->poll == poll_without_timeout && !(bits & PORT_PENDING)) {
        cell_absent(abi, "poll/one/%s/%s", bit_names[bits], t->name);
        return;
    }
    do {
        if (!cell_begin(abi, "poll/one/%s/%s", bit_names[bits], t->name))
            return;
        zoo_open();
        set_bits(ZOO_IPI, bits);
        fill_list(ZOO_IPI);
        cell_start();
        t->poll();
    } while (slept && ++tries < TRIES);
    cell_end();
}

static const struct {
    const char *name;
    evtchn_port_t port;
} kinds[] = {
    {"reserved", ZOO_RESERVED},
    {"closed", ZOO_FREE},
    {"unbound", ZOO_UNBOUND},
    {"foreign", ZOO_FOREIGN},
    {"interdomain", ZOO_LOCAL},
    {"virq", ZOO_VIRQ},
    {"vcpu_virq", ZOO_VCPU_VIRQ},
    {"ipi", ZOO_IPI},
    {"ipi1", ZOO_IPI1},
    {"pirq", ZOO_PIRQ},
    {"never", 1000},
    {"limit", 0x20000},
    {"limit2", 4096},
    {"huge", ~0U},
};

static void ask_kind(enum abi abi, const char *name, evtchn_port_t port, bool pending)
{
    if (!cell_begin(abi, "poll/kind/%s/%s", name, pending ? "P" : "-"))
        return;
    zoo_open();
    if (pending && port < LOOK_PORTS)
        port_set(port, PORT_PENDING);
    fill_list(port);
    cell_start();
    poll(list, 1, just_past());
    poll(list, 3, just_past());
    cell_end();
}

/* --- Several ports: the order of what is found --- */

struct order {
    const char *name;
    evtchn_port_t ports[3];
    unsigned nr;
};

#define P ZOO_IPI /* pending and masked */
#define N ZOO_IPI1
#define X ZOO_FREE

static const struct order orders[] = {
    {"pending-not", {P, N}, 2},
    {"not-pending", {N, P}, 2},
    {"pending-invalid", {P, X}, 2},
    {"invalid-pending", {X, P}, 2},
    {"not-invalid", {N, X}, 2},
    {"not-not-pending", {N, N, P}, 3},
    {"not-pending-invalid", {N, P, X}, 3},
    {"not-invalid-pending", {N, X, P}, 3},
    {"not-not", {N, N}, 2},
};

static void ask_order(enum abi abi, const struct order *o)
{
    if (!cell_begin(abi, "poll/order/%s", o->name))
        return;
    zoo_open();
    port_set(P, PORT_PENDING);
    cell_start();
    poll(o->ports, o->nr, just_past());
    cell_end();
}

/* --- How many ports --- */

static void ask_count(enum abi abi, unsigned nr, bool last_pending)
{
    if (!cell_begin(abi, "poll/count/%u/%s", nr, last_pending ? "last-pending" : "not"))
        return;
    zoo_open();
    fill_list(ZOO_IPI);
    if (last_pending) {
        list[nr ? (nr - 1) % MAX_PORTS : 0] = ZOO_IPI1;
        port_set(ZOO_IPI1, PORT_PENDING);
    }
    cell_start();
    poll(list, nr, just_past());
    cell_end();
}

/* --- Pointers --- */

static void at_end(enum abi abi, const char *name, unsigned readable, unsigned nr, evtchn_port_t first, bool pending)
{
    evtchn_port_t *at;

    if (!cell_begin(abi, "poll/pointer/%s", name))
        return;
    zoo_open();
    if (pending)
        port_set(ZOO_IPI, PORT_PENDING);
    at = (evtchn_port_t *)(window_map(0, list, true) + GUEST_PAGE_SIZE - 4 * readable);
    if (readable)
        at[0] = first;
    cell_start();
    poll(at, nr, just_past());
    cell_end();
}

static void ask_structure(enum abi abi)
{
    uint8_t *page;

    if (!cell_begin(abi, "poll/pointer/structure"))
        return;
    page = window_map(0, list, true);
    cell_start();
    cell_result("unmapped", hv_sched_op(SCHEDOP_poll, (void *)GUEST_UNMAPPED));
    for (unsigned cut = 4; cut < sizeof(guest_sched_poll); cut += 4)
        cell_result("cut", hv_sched_op(SCHEDOP_poll, page + GUEST_PAGE_SIZE - cut));
    cell_end();
}

static void ask_pointers(enum abi abi)
{
    at_end(abi, "nothing", 0, 1, 0, false);
    at_end(abi, "nothing-no-ports", 0, 0, 0, false);
    at_end(abi, "nothing-128-ports", 0, MAX_PORTS, 0, false);
    at_end(abi, "nothing-129-ports", 0, MAX_PORTS + 1, 0, false);
    at_end(abi, "nothing-all-ones", 0, ~0U, 0, false);
    at_end(abi, "cut-behind-one-that-is-not-pending", 1, 2, ZOO_IPI, false);
    at_end(abi, "cut-behind-one-that-is-pending", 1, 2, ZOO_IPI, true);
    at_end(abi, "cut-behind-an-invalid-one", 1, 2, ZOO_FREE, false);
    ask_structure(abi);
}

/* --- Events for this vcpu --- */

/* An upcall that waits, with interrupts off; upcall_mask or not. */
static void ask_upcall(enum abi abi, unsigned pending, unsigned mask, unsigned nr)
{
    if (!cell_begin(abi, "poll/upcall/pending%u/mask%u/ports%u", pending, mask, nr))
        return;
    zoo_open();
    fill_list(ZOO_IPI);
    guest_env.shared->vcpu_info[0].evtchn_upcall_pending = (uint8_t)pending;
    guest_env.shared->vcpu_info[0].evtchn_upcall_mask = (uint8_t)mask;
    cell_start();
    poll_ahead(list, nr);
    cell_end();
}

/* --- What ends a poll: VIRQ_TIMER comes meanwhile --- */

struct wake {
    const char *name;
    unsigned nr;   /* ports polled: the timer's first, if `polled` */
    bool polled;   /* the timer's port is one of them */
    unsigned bits; /* of the timer's port before */
    bool with_timeout;
};

static const struct wake wakes[] = {
    {"its-port", 1, true, 0, true},
    {"its-port-masked", 1, true, PORT_MASKED, true},
    {"its-port-masked-no-timeout", 1, true, PORT_MASKED, false},
    {"another-port", 1, false, 0, true},
    {"another-port-masked", 1, false, PORT_MASKED, true},
    {"another-port-pending-already", 1, false, PORT_PENDING | PORT_MASKED, true},
    {"one-of-two", 2, true, 0, true},
    {"one-of-two-masked", 2, true, PORT_MASKED, true},
    {"none-of-two", 2, false, 0, true},
    {"none-of-two-masked", 2, false, PORT_MASKED, true},
    {"none-of-two-pending-already", 2, false, PORT_PENDING | PORT_MASKED, true},
    {"no-ports", 0, false, 0, true},
    {"no-ports-masked", 0, false, PORT_MASKED, true},
};

static void poll_for_timer(const struct wake *w)
{
    evtchn_port_t timer;

    zoo_open();
    timer = must_bind_virq(VIRQ_TIMER, 0);
    fill_list(ZOO_IPI);
    set_bits(timer, w->bits);
    if (w->polled)
        list[0] = timer;
    cell_start();
    hv_set_timer_op(clock_now() + TIMER_AHEAD);
    if (w->with_timeout)
        poll_ahead(list, w->nr);
    else
        poll(list, w->nr, 0);
    hv_set_timer_op(0);
}

/* Tried as in ask_bits(). */
static void ask_wake(enum abi abi, const struct wake *w)
{
    unsigned tries = 0;

    do {
        if (!cell_begin(abi, "poll/wake/%s", w->name))
            return;
        poll_for_timer(w);
    } while (slept && ++tries < TRIES);
    cell_end();
}

/* --- FIFO: a port whose word is on no page --- */

static void ask_no_word(void)
{
    evtchn_port_t port;

    if (!cell_begin(ABI_FIFO, "poll/no-word"))
        return;
    do
        port = must_bind_ipi(0);
    while (port < FIFO_WORDS_PER_PAGE);
    fill_list(port);
    cell_start();
    poll(list, 1, just_past());
    must_op(EVTCHNOP_send, &(struct evtchn_send){.port = port});
    poll(list, 1, just_past());
    cell_end();
}

void conformance_poll(void)
{
    static const unsigned counts[] = {0, 1, 127, 128, 129};

    for (enum abi abi = 0; abi < NR_ABIS; abi++) {
        for (unsigned bits = 0; bits < sizeof(bit_names) / sizeof(bit_names[0]); bits++)
            for (unsigned t = 0; t < sizeof(timeouts) / sizeof(timeouts[0]); t++)
                ask_bits(abi, bits, &timeouts[t]);
        for (unsigned i = 0; i < 2 * sizeof(kinds) / sizeof(kinds[0]); i++)
            ask_kind(abi, kinds[i / 2].name, kinds[i / 2].port, i % 2);
        for (unsigned i = 0; i < sizeof(orders) / sizeof(orders[0]); i++)
            ask_order(abi, &orders[i]);
        for (unsigned i = 0; i < 2 * sizeof(counts) / sizeof(counts[0]); i++)
            ask_count(abi, counts[i / 2], i % 2);
        ask_pointers(abi);
        for (unsigned i = 0; i < 8; i++)
            ask_upcall(abi, i & 1, i >> 1 & 1, i >> 2 & 1);
        for (unsigned i = 0; i < sizeof(wakes) / sizeof(wakes[0]); i++)
            ask_wake(abi, &wakes[i]);
    }
    ask_no_word();
}
