/* SPDX-License-Identifier: MIT */
/*
 * A chain is a pair of ports with exactly one event under way: whoever gets it sends it back. So no event is ever
 * merged with another, and a single one that is lost stops its chain for ever.
 *
 *      remote chains   a port here, the other in the sender domain
 *      local chains    both ports here: one answered by workers_answers(), the other by workers_sends()
 */
#include "guest/lib/clock.h"
#include "guest/lib/console.h"
#include "guest/lib/env.h"
#include "guest/lib/hypercall.h"
#include "guest/lib/verdict.h"
#include "guest/switch-under-fire/fire.h"

#define NR_CHAINS (2 * NR_FIRE) /* remote ones first */

static struct chain {
    evtchn_port_t port; /* where it is answered; 0: not open */
    evtchn_port_t back; /* of a local chain: where it is sent from */
    unsigned vcpu;      /* that answers */
    unsigned count;     /* answers */
    bool owed;          /* the next one is chains_answer()'s */
} chain[NR_CHAINS];

static bool may_fail;

void chains_may_fail(bool may)
{
    __atomic_store_n(&may_fail, may, __ATOMIC_SEQ_CST);
}

uint64_t chains_total(void)
{
    uint64_t total = 0;

    for (unsigned i = 0; i < NR_CHAINS; i++)
        total += __atomic_load_n(&chain[i].count, __ATOMIC_RELAXED);
    return total;
}

static void send_back(evtchn_port_t port)
{
    int rc = evt_send(port);

    if (rc && !__atomic_load_n(&may_fail, __ATOMIC_SEQ_CST))
        CHECK_VALUE(rc, 0);
}

static void on_fire(evtchn_port_t port, void *arg)
{
    struct chain *c = arg;

    __atomic_fetch_add(&c->count, 1, __ATOMIC_SEQ_CST);
    if (guest_env.nr_vcpus > 1)
        send_back(port);
    else
        c->owed = true;
}

static void on_answer(evtchn_port_t port, void *arg)
{
    (void)arg;
    send_back(port);
}

/* --- Opening: binding raises the local port, and that is the chain's one event. */

static evtchn_port_t checked(int port)
{
    if (port <= 0) {
        verdict(VERDICT_FAILURE, "no port: %d", port);
        guest_exit();
    }
    return (evtchn_port_t)port;
}

static void open_port(evtchn_port_t port, unsigned vcpu, evt_handler *fn, struct chain *c)
{
    evt_set_handler(port, fn, c);
    CHECK_VALUE(evt_move(port, vcpu), 0); /* it stays masked */
}

/* A port is in the table only when it is complete: chains_unmask() may run on another vcpu. */
static void publish(struct chain *c, evtchn_port_t port)
{
    __atomic_store_n(&c->port, port, __ATOMIC_SEQ_CST);
    CHECK_VALUE(evt_unmask(port), 0);
}

static void open_remote(struct chain *c, domid_t sender, evtchn_port_t remote)
{
    evtchn_port_t port = checked(evt_bind_interdomain(sender, remote));

    open_port(port, c->vcpu, on_fire, c);
    publish(c, port);
}

static void open_local(struct chain *c)
{
    evtchn_port_t port = checked(evt_alloc_unbound(DOMID_SELF));

    c->back = checked(evt_bind_interdomain(DOMID_SELF, port));
    open_port(port, c->vcpu, on_fire, c);
    open_port(c->back, workers_sends(), on_answer, c);
    publish(c, port);
    CHECK_VALUE(evt_unmask(c->back), 0);
}

/*
 * None is answered by vcpu 0, which must get on: where each answer brings the next event at once, as on one CPU with a
 * scheduler that prefers who was woken, a vcpu does nothing but handle events. The others must get on only when they
 * are parked or all ports are closed. Where vcpu 0 is alone it answers between its steps, chains_answer().
 */
void chains_open(domid_t sender)
{
    for (unsigned i = 0; i < NR_CHAINS; i++) {
        chain[i].vcpu = workers_answers(i);
        if (i < NR_FIRE)
            open_remote(&chain[i], sender, PORT_FIRE + i);
        else
            open_local(&chain[i]);
    }
}

void chains_forget(void)
{
    for (unsigned i = 0; i < NR_CHAINS; i++) {
        chain[i].port = chain[i].back = 0;
        chain[i].owed = false;
    }
}

/* --- Under fire */

void chains_answer(void)
{
    for (unsigned i = 0; i < NR_CHAINS; i++)
        if (__atomic_exchange_n(&chain[i].owed, false, __ATOMIC_SEQ_CST))
            send_back(chain[i].port);
}

static void describe(evtchn_port_t port)
{
    struct evtchn_status s;

    if (port && !evt_status(port, &s))
        guest_printf("switch-under-fire: port %u: status %u, vcpu %u%s%s\n", port, s.status, s.vcpu,
                     evt_is_pending(port) ? ", pending" : "", evt_is_masked(port) ? ", masked" : "");
}

static void fail(unsigned i, const char *phase)
{
    verdict(VERDICT_FAILURE, "%s: %s chain %u stands still after %u answers", phase, i < NR_FIRE ? "remote" : "local",
            i % NR_FIRE, chain[i].count);
    describe(chain[i].port);
    describe(chain[i].back);
    guest_exit();
}

void chains_await(unsigned n, const char *phase)
{
    unsigned before[NR_CHAINS];
    uint64_t end = clock_now() + PATIENCE_S * CLOCK_S;

    for (unsigned i = 0; i < NR_CHAINS; i++)
        before[i] = __atomic_load_n(&chain[i].count, __ATOMIC_SEQ_CST);
    for (unsigned i = 0; i < NR_CHAINS; i++)
        while (__atomic_load_n(&chain[i].count, __ATOMIC_SEQ_CST) - before[i] < n) {
            if (clock_now() > end)
                fail(i, phase);
            chains_answer();
            clock_sleep_until(clock_now() + 100 * CLOCK_US);
        }
}

void chains_move(unsigned seed)
{
    for (unsigned i = seed % 5; i < NR_CHAINS; i += 5) {
        struct chain *c = &chain[i];

        c->vcpu = c->vcpu == workers_sends() ? workers_answers(i) : workers_sends();
        CHECK_VALUE(evt_move(c->port, c->vcpu), 0);
    }
}

void chains_unmask(unsigned seed)
{
    for (unsigned i = seed % 7; i < NR_CHAINS; i += 7) {
        evtchn_port_t port = __atomic_load_n(&chain[i].port, __ATOMIC_SEQ_CST);

        if (!port)
            continue;
        /* Not between the two: where one vcpu answers itself, an upcall may go on for ever, and the port stay masked.
         */
        bool on = env_upcalls_off();
        evt_mask(port);
        evt_unmask(port); /* may fail: a reset may have closed it */
        if (on)
            env_upcalls_on();
    }
}

void chains_unmask_all(void)
{
    for (unsigned i = 0; i < NR_CHAINS; i++) {
        CHECK_VALUE(evt_unmask(chain[i].port), 0);
        if (chain[i].back)
            CHECK_VALUE(evt_unmask(chain[i].back), 0);
    }
}

evtchn_port_t chains_highest_port(void)
{
    evtchn_port_t highest = 0;

    for (unsigned i = 0; i < NR_CHAINS; i++) {
        highest = chain[i].port > highest ? chain[i].port : highest;
        highest = chain[i].back > highest ? chain[i].back : highest;
    }
    return highest;
}
