/* SPDX-License-Identifier: MIT */
/*
 * The life of a port in several steps: which number it gets, what is left of the one before, what its peer becomes.
 * EVT-OBJ-03, EVT-OBJ-08, EVT-OP-11, EVT-OP-15, EVT-OP-16, EVT-OP-20, EVT-OP-26, HC-MULTI-01.
 */
#include "guest/conformance/step.h"
#include "guest/lib/hypercall.h"

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
    step_bind_ipi(0);
    step_bind_virq(VIRQ_CONSOLE, 0);
    step_bind_interdomain(DOMID_SELF, 1);
    step_alloc_unbound(DOMID_SELF, DOMID_SELF);
}

/* All of them, and then one more. */
static void last_port(void)
{
    domain_fill();
    cell_start();
    step_alloc_unbound(DOMID_SELF, DOMID_SELF);
    step_status(DOMID_SELF, domain_limit() - 1);
    step_port(EVTCHNOP_close, domain_limit() - 1);
    step_alloc_unbound(DOMID_SELF, DOMID_SELF);
}

/* --- What is left of the life before --- */

/* The guest has set the bit of a port that is free. */
static void stale_bit(void)
{
    cell_start();
    port_set(1, PORT_PENDING);
    port_clear(1, PORT_MASKED);
    cell_forget();
    step_bind_ipi(0);
    step_port(EVTCHNOP_send, 1);
    step_port(EVTCHNOP_close, 1);
    step_bind_ipi(0);
    step_port(EVTCHNOP_send, 1);
}

/* A port that was raised is closed, and its number has another life. */
static void second_life(void)
{
    cell_start();
    port_clear(1, PORT_MASKED);
    cell_forget();
    step_bind_ipi(0);
    step_port(EVTCHNOP_send, 1);
    step_port(EVTCHNOP_close, 1);
    step_bind_ipi(1);
    step_port(EVTCHNOP_send, 1);
}

static void second_vcpu(void)
{
    cell_start();
    step_bind_virq(VIRQ_CONSOLE, 0);
    step_bind_vcpu(1, 1);
    step_port(EVTCHNOP_close, 1);
    step_bind_virq(VIRQ_CONSOLE, 0);
    step_port(EVTCHNOP_close, 1);
    step_alloc_unbound(DOMID_SELF, DOMID_SELF);
}

/* On 2-level the second step is refused, and all else is the same. */
static void second_priority(void)
{
    cell_start();
    step_bind_ipi(0);
    step_set_priority(1, 3);
    step_port(EVTCHNOP_close, 1);
    step_bind_ipi(0);
    port_clear(1, PORT_MASKED);
    cell_forget();
    step_port(EVTCHNOP_send, 1);
}

static void virq_again(void)
{
    cell_start();
    step_bind_virq(VIRQ_DEBUG, 1);
    step_bind_virq(VIRQ_DEBUG, 1);
    step_bind_virq(VIRQ_DEBUG, 0);
    step_port(EVTCHNOP_close, 1);
    step_bind_virq(VIRQ_DEBUG, 1);
}

/* A global one is bound on vcpu 0 for ever, wherever it notifies. */
static void virq_moved(void)
{
    cell_start();
    step_bind_virq(VIRQ_CONSOLE, 0);
    step_bind_vcpu(1, 1);
    step_bind_virq(VIRQ_CONSOLE, 0);
    step_bind_virq(VIRQ_CONSOLE, 1);
}

static void pirq_again(void)
{
    cell_start();
    step_bind_pirq(ZOO_PIRQ_NUMBER);
    step_bind_pirq(ZOO_PIRQ_NUMBER);
    step_bind_vcpu(1, 1);
    step_port(EVTCHNOP_close, 1);
    step_bind_pirq(ZOO_PIRQ_NUMBER);
}

/* --- Pairs --- */

static void pair_closed_here(void)
{
    must_alloc_unbound(DOMID_SELF);
    cell_start();
    step_bind_interdomain(DOMID_SELF, 1);
    step_port(EVTCHNOP_close, 2);
    step_bind_interdomain(DOMID_SELF, 1);
    step_port(EVTCHNOP_close, 1);
    step_bind_interdomain(DOMID_SELF, 2);
}

/* Both ends notify vcpu 1; what becomes of that. */
static void pair_moved(void)
{
    must_bind_interdomain(DOMID_SELF, must_alloc_unbound(DOMID_SELF));
    cell_start();
    step_bind_vcpu(1, 1);
    step_bind_vcpu(2, 1);
    step_port(EVTCHNOP_close, 2);
    step_bind_interdomain(DOMID_SELF, 1);
}

static void pair_twice(void)
{
    must_bind_interdomain(DOMID_SELF, must_alloc_unbound(DOMID_SELF));
    cell_start();
    step_bind_interdomain(DOMID_SELF, 1);
    step_bind_interdomain(DOMID_SELF, 2);
    step_bind_interdomain(DOMID_SELF, 3);
}

/* The event of the bind comes to an unmasked port of vcpu 0; on the other side nothing is heard. */
static void pair_unmasked(void)
{
    must_alloc_unbound(DOMID_SELF);
    port_clear(1, PORT_MASKED);
    port_clear(2, PORT_MASKED);
    cell_start();
    step_bind_interdomain(DOMID_SELF, 1);
    step_port(EVTCHNOP_send, 1);
    step_port(EVTCHNOP_send, 2);
}

/* A port that notified vcpu 1 before it was bound goes on to do so. */
static void unbound_moved(void)
{
    must_alloc_unbound(DOMID_SELF);
    cell_start();
    step_bind_vcpu(1, 1);
    step_bind_interdomain(DOMID_SELF, 1);
    port_clear(1, PORT_MASKED);
    cell_forget();
    step_port(EVTCHNOP_send, 2);
}

/* --- Reset --- */

static void reset_and_again(void)
{
    must_bind_virq(VIRQ_DEBUG, 1);
    must_bind_interdomain(DOMID_SELF, must_alloc_unbound(DOMID_SELF));
    cell_start();
    step_reset(EVTCHNOP_reset, DOMID_SELF);
    step_reset(EVTCHNOP_reset, DOMID_SELF);
    step_bind_virq(VIRQ_DEBUG, 1);
    step_alloc_unbound(DOMID_SELF, DOMID_SELF);
}

/* More ports than are closed without a pause. */
static void reset_full(void)
{
    zoo_open();
    domain_fill();
    cell_start();
    step_reset(EVTCHNOP_reset, DOMID_SELF);
    step_status(DOMID_SELF, domain_limit() - 1);
    step_bind_ipi(0);
}

/* The same between other operations of a multicall, which go on when it is over, and in their order. */
static void reset_in_multicall(void)
{
    struct evtchn_bind_ipi before = {.vcpu = 1}, after = {.vcpu = 1};
    struct evtchn_reset reset = {.dom = DOMID_SELF};
    const struct {
        const char *what;
        unsigned cmd;
        const void *arg;
    } list[] = {
        {"bind_ipi(1)", EVTCHNOP_bind_ipi, &before},
        {"reset", EVTCHNOP_reset, &reset},
        {"reset_cont", EVTCHNOP_reset_cont, &reset},
        {"bind_ipi(1)", EVTCHNOP_bind_ipi, &after},
    };
    guest_multicall_entry entry[sizeof(list) / sizeof(list[0])];

    zoo_open();
    domain_fill();
    must_close(ZOO_LAST);
    for (unsigned i = 0; i < sizeof(list) / sizeof(list[0]); i++)
        entry[i] = (guest_multicall_entry){
            .op = __HYPERVISOR_event_channel_op,
            .args = {list[i].cmd, guest_address(list[i].arg)},
        };
    cell_start();
    cell_result("multicall", hv_multicall(entry, sizeof(list) / sizeof(list[0])));
    for (unsigned i = 0; i < sizeof(list) / sizeof(list[0]); i++)
        cell_result(list[i].what, entry[i].result);
    cell_say(" | ports %u, %u", before.port, after.port);
}

static const struct {
    const char *name;
    void (*ask)(void);
    bool only_2level;
} lives[] = {
    {"ports/lowest_free", lowest_free, false},
    {"ports/last", last_port, true},
    {"ports/stale_bit", stale_bit, false},
    {"ports/second_life", second_life, false},
    {"ports/second_vcpu", second_vcpu, false},
    {"ports/second_priority", second_priority, false},
    {"ports/virq_again", virq_again, false},
    {"ports/virq_moved", virq_moved, false},
    {"ports/pirq_again", pirq_again, false},
    {"ports/pair_closed", pair_closed_here, false},
    {"ports/pair_moved", pair_moved, false},
    {"ports/pair_twice", pair_twice, false},
    {"ports/pair_unmasked", pair_unmasked, false},
    {"ports/unbound_moved", unbound_moved, false},
    {"ports/reset", reset_and_again, false},
    {"ports/reset_full", reset_full, true},
    {"ports/reset_in_multicall", reset_in_multicall, true},
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
