/* SPDX-License-Identifier: MIT */
/*
 * The life of a port in several steps: which number it gets, what is left of the one before, what its peer becomes.
 * EVT-OBJ-03, EVT-OBJ-08, EVT-OP-11, EVT-OP-15, EVT-OP-16, EVT-OP-20.
 */
#include "guest/conformance/conformance.h"
#include "guest/lib/hypercall.h"

/* --- Steps --- */

static void step_alloc(void)
{
    struct evtchn_alloc_unbound op = {.dom = DOMID_SELF, .remote_dom = DOMID_SELF, .port = CELL_POISON};

    cell_op(EVTCHNOP_alloc_unbound, &op, sizeof(op));
}

static void step_bind(evtchn_port_t remote)
{
    struct evtchn_bind_interdomain op = {.remote_dom = DOMID_SELF, .remote_port = remote, .local_port = CELL_POISON};

    cell_op(EVTCHNOP_bind_interdomain, &op, sizeof(op));
}

static void step_ipi(unsigned vcpu)
{
    struct evtchn_bind_ipi op = {.vcpu = vcpu, .port = CELL_POISON};

    cell_op(EVTCHNOP_bind_ipi, &op, sizeof(op));
}

static void step_virq(unsigned virq, unsigned vcpu)
{
    struct evtchn_bind_virq op = {.virq = virq, .vcpu = vcpu, .port = CELL_POISON};

    cell_op(EVTCHNOP_bind_virq, &op, sizeof(op));
}

static void step_pirq(unsigned pirq)
{
    struct evtchn_bind_pirq op = {.pirq = pirq, .flags = BIND_PIRQ__WILL_SHARE, .port = CELL_POISON};

    cell_op(EVTCHNOP_bind_pirq, &op, sizeof(op));
}

/* close, send and unmask have the port as their only argument. */
static void step_port(unsigned cmd, evtchn_port_t port)
{
    cell_op(cmd, &port, sizeof(port));
}

static void step_move(evtchn_port_t port, unsigned vcpu)
{
    struct evtchn_bind_vcpu op = {.port = port, .vcpu = vcpu};

    cell_op(EVTCHNOP_bind_vcpu, &op, sizeof(op));
}

static void step_priority(evtchn_port_t port, unsigned priority)
{
    struct evtchn_set_priority op = {.port = port, .priority = priority};

    cell_op(EVTCHNOP_set_priority, &op, sizeof(op));
}

/* --- Numbers --- */

/* The lowest free port, whatever was freed last and whichever operation asks. */
static void lowest_free(void)
{
    for (unsigned i = 0; i < 6; i++)
        must_alloc_unbound(DOMID_SELF);
    cell_start();
    step_port(EVTCHNOP_close, 4);
    step_port(EVTCHNOP_close, 2);
    step_port(EVTCHNOP_close, 5);
    step_ipi(0);
    step_virq(VIRQ_CONSOLE, 0);
    step_bind(1);
    step_alloc();
}

/* All of them, and then one more. */
static void last_port(void)
{
    struct evtchn_status s = {.dom = DOMID_SELF, .port = domain_limit() - 1, .status = CELL_POISON};

    domain_fill();
    cell_start();
    step_alloc();
    cell_op(EVTCHNOP_status, &s, sizeof(s));
    step_port(EVTCHNOP_close, domain_limit() - 1);
    step_alloc();
}

/* --- What is left of the life before --- */

/* The guest has set the bit of a port that is free. */
static void stale_bit(void)
{
    cell_start();
    port_set(1, PORT_PENDING);
    port_clear(1, PORT_MASKED);
    cell_forget();
    step_ipi(0);
    step_port(EVTCHNOP_send, 1);
    step_port(EVTCHNOP_close, 1);
    step_ipi(0);
    step_port(EVTCHNOP_send, 1);
}

/* A port that was raised is closed, and its number has another life. */
static void second_life(void)
{
    cell_start();
    port_clear(1, PORT_MASKED);
    cell_forget();
    step_ipi(0);
    step_port(EVTCHNOP_send, 1);
    step_port(EVTCHNOP_close, 1);
    step_ipi(1);
    step_port(EVTCHNOP_send, 1);
}

static void second_vcpu(void)
{
    cell_start();
    step_virq(VIRQ_CONSOLE, 0);
    step_move(1, 1);
    step_port(EVTCHNOP_close, 1);
    step_virq(VIRQ_CONSOLE, 0);
    step_port(EVTCHNOP_close, 1);
    step_alloc();
}

/* On 2-level the second step is refused, and all else is the same. */
static void second_priority(void)
{
    cell_start();
    step_ipi(0);
    step_priority(1, 3);
    step_port(EVTCHNOP_close, 1);
    step_ipi(0);
    port_clear(1, PORT_MASKED);
    cell_forget();
    step_port(EVTCHNOP_send, 1);
}

static void virq_again(void)
{
    cell_start();
    step_virq(VIRQ_DEBUG, 1);
    step_virq(VIRQ_DEBUG, 1);
    step_virq(VIRQ_DEBUG, 0);
    step_port(EVTCHNOP_close, 1);
    step_virq(VIRQ_DEBUG, 1);
}

/* A global one is bound on vcpu 0 for ever, wherever it notifies. */
static void virq_moved(void)
{
    cell_start();
    step_virq(VIRQ_CONSOLE, 0);
    step_move(1, 1);
    step_virq(VIRQ_CONSOLE, 0);
    step_virq(VIRQ_CONSOLE, 1);
}

static void pirq_again(void)
{
    cell_start();
    step_pirq(ZOO_PIRQ_NUMBER);
    step_pirq(ZOO_PIRQ_NUMBER);
    step_move(1, 1);
    step_port(EVTCHNOP_close, 1);
    step_pirq(ZOO_PIRQ_NUMBER);
}

/* --- Pairs --- */

static void pair_closed_here(void)
{
    must_alloc_unbound(DOMID_SELF);
    cell_start();
    step_bind(1);
    step_port(EVTCHNOP_close, 2);
    step_bind(1);
    step_port(EVTCHNOP_close, 1);
    step_bind(2);
}

/* Both ends notify vcpu 1; what becomes of that. */
static void pair_moved(void)
{
    must_bind_interdomain(DOMID_SELF, must_alloc_unbound(DOMID_SELF));
    cell_start();
    step_move(1, 1);
    step_move(2, 1);
    step_port(EVTCHNOP_close, 2);
    step_bind(1);
}

static void pair_twice(void)
{
    must_bind_interdomain(DOMID_SELF, must_alloc_unbound(DOMID_SELF));
    cell_start();
    step_bind(1);
    step_bind(2);
    step_bind(3);
}

/* The event of the bind comes to an unmasked port of vcpu 0; on the other side nothing is heard. */
static void pair_unmasked(void)
{
    must_alloc_unbound(DOMID_SELF);
    port_clear(1, PORT_MASKED);
    port_clear(2, PORT_MASKED);
    cell_start();
    step_bind(1);
    step_port(EVTCHNOP_send, 1);
    step_port(EVTCHNOP_send, 2);
}

/* A port that notified vcpu 1 before it was bound goes on to do so. */
static void unbound_moved(void)
{
    must_alloc_unbound(DOMID_SELF);
    cell_start();
    step_move(1, 1);
    step_bind(1);
    port_clear(1, PORT_MASKED);
    cell_forget();
    step_port(EVTCHNOP_send, 2);
}

/* --- Reset --- */

static void reset_and_again(void)
{
    struct evtchn_reset op = {.dom = DOMID_SELF};

    must_bind_virq(VIRQ_DEBUG, 1);
    must_bind_interdomain(DOMID_SELF, must_alloc_unbound(DOMID_SELF));
    cell_start();
    cell_op(EVTCHNOP_reset, &op, sizeof(op));
    cell_op(EVTCHNOP_reset, &op, sizeof(op));
    step_virq(VIRQ_DEBUG, 1);
    step_alloc();
}

static const struct {
    const char *name;
    void (*ask)(void);
    bool only_2level;
} lives[] = {
    {"ports/lowest_free", lowest_free, false},     {"ports/last", last_port, true},
    {"ports/stale_bit", stale_bit, false},         {"ports/second_life", second_life, false},
    {"ports/second_vcpu", second_vcpu, false},     {"ports/second_priority", second_priority, false},
    {"ports/virq_again", virq_again, false},       {"ports/virq_moved", virq_moved, false},
    {"ports/pirq_again", pirq_again, false},       {"ports/pair_closed", pair_closed_here, false},
    {"ports/pair_moved", pair_moved, false},       {"ports/pair_twice", pair_twice, false},
    {"ports/pair_unmasked", pair_unmasked, false}, {"ports/unbound_moved", unbound_moved, false},
    {"ports/reset", reset_and_again, false},
};

void conformance_ports(void)
{
    for (enum abi abi = 0; abi < NR_ABIS; abi++) {
        for (unsigned i = 0; i < sizeof(lives) / sizeof(lives[0]); i++) {
            if (lives[i].only_2level && abi != ABI_2LEVEL) {
                cell_absent(abi, "%s", lives[i].name);
                continue;
            }
            if (!cell_begin(abi, "%s", lives[i].name))
                continue;
            lives[i].ask();
            cell_end();
        }
    }
}
