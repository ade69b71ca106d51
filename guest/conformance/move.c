/* SPDX-License-Identifier: MIT */
/*
 * bind_vcpu of a port with an event: where does it go, and where the next one?
 *
 *      move/interdomain/PM/0to1/2l     pending and masked; from vcpu 0 to vcpu 1
 */
#include "guest/conformance/conformance.h"

struct kind {
    const char *name;
    evtchn_port_t port;
    evtchn_port_t sender; /* 0: nobody sends to it */
};

static const struct kind kinds[] = {
    {"interdomain", ZOO_REMOTE, ZOO_LOCAL},
    {"virq", ZOO_VIRQ, 0},
    {"unbound", ZOO_UNBOUND, 0},
    {"pirq", ZOO_PIRQ, 0},
};

struct way {
    const char *name;
    unsigned from, to;
};

static const struct way ways[] = {{"0to1", 0, 1}, {"1to0", 1, 0}, {"0to0", 0, 0}};

static const char *const bit_names[] = {
    [0] = "--",
    [PORT_PENDING] = "P-",
    [PORT_MASKED] = "-M",
    [PORT_PENDING | PORT_MASKED] = "PM",
};

static void bind(evtchn_port_t port, unsigned vcpu)
{
    struct evtchn_bind_vcpu op = {.port = port, .vcpu = vcpu};

    cell_op(EVTCHNOP_bind_vcpu, &op, sizeof(op));
}

static void send(const struct kind *k)
{
    struct evtchn_send op = {.port = k->sender};

    if (k->sender)
        cell_op(EVTCHNOP_send, &op, sizeof(op));
}

static void unmask(evtchn_port_t port)
{
    struct evtchn_unmask op = {.port = port};

    cell_op(EVTCHNOP_unmask, &op, sizeof(op));
}

/* The event as the hypervisor makes it, where that is possible: on FIFO it is linked. */
static void raise(const struct kind *k, const struct way *w, unsigned bits)
{
    struct evtchn_bind_vcpu bind_op = {.port = k->port, .vcpu = w->from};
    struct evtchn_send send_op = {.port = k->sender};

    must_op(EVTCHNOP_bind_vcpu, &bind_op);
    if (!(bits & PORT_MASKED))
        port_clear(k->port, PORT_MASKED);
    if (bits & PORT_PENDING && k->sender)
        must_op(EVTCHNOP_send, &send_op);
    else if (bits & PORT_PENDING)
        port_set(k->port, PORT_PENDING);
}

static void ask(enum abi abi, const struct kind *k, const struct way *w, unsigned bits)
{
    if (!cell_begin(abi, "move/%s/%s/%s", k->name, bit_names[bits], w->name))
        return;
    zoo_open();
    raise(k, w, bits);
    cell_start();
    bind(k->port, w->to);
    unmask(k->port);
    send(k);
    port_clear(k->port, PORT_PENDING);
    cell_forget();
    send(k);
    port_set(k->port, PORT_MASKED);
    cell_forget();
    unmask(k->port);
    cell_end();
}

/* Back and forth between two events: the second stands with the last. */
static void ask_round_trip(enum abi abi)
{
    const struct kind *k = &kinds[0];

    if (!cell_begin(abi, "move/round-trip"))
        return;
    zoo_open();
    raise(k, &ways[0], 0);
    cell_start();
    send(k);
    bind(k->port, 1);
    port_clear(k->port, PORT_PENDING);
    cell_forget();
    send(k);
    bind(k->port, 0);
    port_clear(k->port, PORT_PENDING);
    cell_forget();
    send(k);
    cell_end();
}

void conformance_move(void)
{
    for (enum abi abi = 0; abi < NR_ABIS; abi++) {
        for (unsigned k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
            for (unsigned w = 0; w < sizeof(ways) / sizeof(ways[0]); w++)
                for (unsigned bits = 0; bits < sizeof(bit_names) / sizeof(bit_names[0]); bits++)
                    ask(abi, &kinds[k], &ways[w], bits);
        ask_round_trip(abi);
    }
}
