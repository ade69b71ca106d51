/* SPDX-License-Identifier: MIT */
/*
 * What only a domain without privileges can ask (EVT-OP-06, EVT-OBJ-08), and what only a domain that has a device model
 * (EVT-OBJ-06): domain 2, which is this program too, with few ports. Under Xenolith it stands in the scenario; on the
 * real Xen the initial domain makes it (copy.h).
 *
 * The two take turns. Domain 0 prepares its own ports, opens a port in domain 2 as the sign to begin, and waits until
 * port DONE of domain 2 is an ipi, which it never is in a cell. On the real Xen only the initial domain may print:
 * domain 2 writes its lines into its memory, where domain 0 finds them.
 */
#include "guest/conformance/step.h"

#include "guest/abi/errno.h"
#include "guest/conformance/copy.h"
#include "guest/conformance/domctl.h"
#include "guest/lib/args.h"
#include "guest/lib/clock.h"
#include "guest/lib/console.h"
#include "guest/lib/hypercall.h"
#include "guest/lib/verdict.h"

#define UNPRIVILEGED 2U
#define LAST_PORT 127U /* that it may have; scenarios/conformance.cfg says the same */
#define BEGIN 5U       /* behind the ports that a device model needs */
#define DONE 20U
#define MATRIX_TURNS (2U * NR_ABIS)

static char report[256 * GUEST_PAGE_SIZE] __attribute__((aligned(GUEST_PAGE_SIZE)));

static bool is_kind(domid_t domain, evtchn_port_t port, unsigned kind)
{
    struct evtchn_status s = {.dom = domain, .port = port};

    return !hv_event_channel_op(EVTCHNOP_status, &s) && s.status == kind;
}

static void nap(void)
{
    clock_sleep_until(clock_now() + CLOCK_MS);
}

/* --- Domain 2 --- */

/* A port whose end the hypervisor consumes: it shows itself to nobody. */
static void ask_attached(enum abi abi, evtchn_port_t port)
{
    guest_sched_poll poll = {.ports = guest_address(&port), .nr_ports = 1, .timeout = 1};

    if (!cell_begin(abi, "attached/own/%u", port))
        return;
    port_clear(port, PORT_MASKED);
    port_set(port, PORT_PENDING);
    cell_start();
    step_status(DOMID_SELF, port);
    step_port(EVTCHNOP_send, port);
    step_port(EVTCHNOP_close, port);
    step_port(EVTCHNOP_unmask, port);
    step_bind_vcpu(port, 1);
    step_set_priority(port, 3);
    step_set_priority(port, 16);
    step_bind_interdomain(DOMID_SELF, port);
    cell_result("poll", hv_sched_op(SCHEDOP_poll, &poll));
    step_reset(EVTCHNOP_reset, DOMID_SELF);
    step_status(DOMID_SELF, port);
    cell_end();
}

static void take_turn(unsigned turn)
{
    unsigned before = cell_count();

    if (turn < MATRIX_TURNS)
        matrix_unprivileged(turn % NR_ABIS, turn >= NR_ABIS);
    for (unsigned i = 0; turn == MATRIX_TURNS && i < 2 * NR_ABIS; i++)
        ask_attached(i / 2, 1 + i % 2);
    guest_printf("= end: %u cells\n", cell_count() - before);
    domain_clean(ABI_2LEVEL, 0);
    while (must_bind_ipi(0) < DONE)
        ;
}

void conformance_unprivileged(void)
{
    if (args_is("report", "memory"))
        guest_console_to(report, sizeof(report));
    guest_report();
    for (unsigned turn = 0;; turn++) {
        while (!is_kind(DOMID_SELF, BEGIN, EVTCHNSTAT_unbound))
            nap();
        take_turn(turn);
    }
}

/* --- Domain 0 --- */

static bool made; /* by us: it cannot print */

/* It is paused afterwards. */
static void find_or_make(void)
{
    made = !domain_exists(UNPRIVILEGED);
    if (made)
        copy_make(UNPRIVILEGED, LAST_PORT, "role=unprivileged report=memory");
    else
        must_domctl(UNPRIVILEGED, XEN_DOMCTL_pausedomain, NULL);
}

/* What it has written since the last time. */
static void print_report(void)
{
    static size_t at;
    const char *page = NULL;

    for (;; at++) {
        if (!page || at % GUEST_PAGE_SIZE == 0)
            page = copy_page(UNPRIVILEGED, guest_address(&report[at]));
        if (!page[at % GUEST_PAGE_SIZE])
            return;
        guest_printf("%c", page[at % GUEST_PAGE_SIZE]);
    }
}

/* It is paused before and afterwards. */
static void give_turn(void)
{
    struct evtchn_alloc_unbound begin = {.dom = UNPRIVILEGED, .remote_dom = DOMID_SELF};

    do
        must_op(EVTCHNOP_alloc_unbound, &begin);
    while (begin.port < BEGIN);
    must_domctl(UNPRIVILEGED, XEN_DOMCTL_unpausedomain, NULL);
    while (!is_kind(UNPRIVILEGED, DONE, EVTCHNSTAT_ipi))
        nap();
    must_domctl(UNPRIVILEGED, XEN_DOMCTL_pausedomain, NULL);
    if (made)
        print_report();
}

static void clean_unprivileged(void)
{
    struct evtchn_reset reset = {.dom = UNPRIVILEGED};

    must_op(EVTCHNOP_reset, &reset);
}

static void give_matrix_turns(void)
{
    for (enum abi abi = 0; abi < NR_ABIS; abi++) {
        domain_clean(abi, VCPUS);
        zoo_open();
        other_fill();
        clean_unprivileged();
        give_turn();
    }
}

/* --- A device model for domain 2, which is all that it needs to have such ports (public header hvm/dm_op.h) --- */

#define DM_OP 41U /* hypercall: domain, buffers, list of buffers */
#define DMOP_create_ioreq_server 1U

static guest_result create_device_model(void)
{
    struct {
        uint32_t op, pad;
        uint8_t buffered, pad2[3];
        uint16_t id;
        uint8_t room[256];
    } op = {.op = DMOP_create_ioreq_server, .buffered = 1};
    struct {
        guest_word address, size;
    } buffer = {guest_address(&op), sizeof(op)};

    return hypercall3(DM_OP, UNPRIVILEGED, 1, guest_address(&buffer));
}

/* Ours to bind, as it was made for us. */
static void ask_attached_peer(enum abi abi)
{
    if (!cell_begin(abi, "attached/peer"))
        return;
    cell_start();
    step_status(UNPRIVILEGED, 1);
    step_bind_interdomain(UNPRIVILEGED, 1);
    step_status(UNPRIVILEGED, 1);
    step_port(EVTCHNOP_send, 1);
    step_bind_interdomain(UNPRIVILEGED, 1);
    step_port(EVTCHNOP_close, 1);
    step_bind_interdomain(UNPRIVILEGED, 1);
    step_reset(EVTCHNOP_reset, UNPRIVILEGED);
    step_status(UNPRIVILEGED, 1);
    cell_end();
}

static void no_attached(void)
{
    for (enum abi abi = 0; abi < NR_ABIS; abi++) {
        cell_absent(abi, "attached/peer");
        cell_absent(abi, "attached/own/1");
        cell_absent(abi, "attached/own/2");
    }
}

static void give_attached(void)
{
    clean_unprivileged();
    if (!made || create_device_model()) {
        no_attached();
        return;
    }
    for (enum abi abi = 0; abi < NR_ABIS; abi++)
        ask_attached_peer(abi);
    clean_unprivileged();
    give_turn();
}

/* A domain that is destroyed while a page of it is mapped elsewhere is dying, and stays so (EVT-OBJ-08). */
static void ask_dying(void)
{
    if (!made) {
        cell_absent(ABI_2LEVEL, "dying");
        return;
    }
    if (!cell_begin(ABI_2LEVEL, "dying"))
        return;
    clean_unprivileged();
    copy_page(UNPRIVILEGED, guest_address(report));
    cell_start();
    step_alloc_unbound(UNPRIVILEGED, DOMID_SELF);
    while (domctl(UNPRIVILEGED, DOMCTL_destroydomain, NULL) == -XEN_ERESTART)
        ;
    step_status(UNPRIVILEGED, 4);
    step_alloc_unbound(UNPRIVILEGED, DOMID_SELF);
    step_bind_interdomain(UNPRIVILEGED, 4);
    step_reset(EVTCHNOP_reset, UNPRIVILEGED);
    cell_end();
}

/* Rights are no matter of the container, and what copy.h makes is a PVH guest: another environment asks. */
static bool others_ask(void)
{
    if (conformance_pv && domain_exists(UNPRIVILEGED))
        domain_end(UNPRIVILEGED);
    return conformance_pv;
}

void conformance_rights(void)
{
    if (others_ask())
        return;
    find_or_make();
    give_matrix_turns();
}

void conformance_rights_once(void)
{
    if (others_ask())
        return;
    give_matrix_turns();
    give_attached();
    ask_dying();
    if (made)
        copy_release();
    domain_end(UNPRIVILEGED);
}
