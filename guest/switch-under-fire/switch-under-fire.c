/* SPDX-License-Identifier: MIT */
/*
 * The switch between ABIs while others send. Two senders, one on another vcpu (on the same one if there is no other)
 * and one in another domain, each with 64 ports, wait for each answer before they send again: an event that is lost at
 * a switch is a sender that stands still.
 *
 *      role=sender peer=DOMID limit=S    answers the domain DOMID; fails after S seconds (default 600)
 *      role=target peer=DOMID rounds=N   makes N rounds (default 1000) of 2-level -> 3-level -> reset
 *                  fifo=yes              every other round goes to FIFO instead
 *
 * A third of the rounds moves ports between vcpus meanwhile (bind_vcpu), and masks and unmasks them.
 */
#include "guest/lib/args.h"
#include "guest/lib/clock.h"
#include "guest/lib/console.h"
#include "guest/lib/env.h"
#include "guest/lib/events.h"
#include "guest/lib/fifo.h"
#include "guest/lib/hypercall.h"
#include "guest/lib/three_level.h"
#include "guest/lib/verdict.h"
#include "guest/switch-under-fire/fire.h"

static domid_t sender;

static void on_answer(evtchn_port_t port, void *arg)
{
    (void)port;
    __atomic_store_n((unsigned *)arg, 1, __ATOMIC_SEQ_CST);
}

/* A port to one of the sender's control ports; waits until the sender is there. */
static evtchn_port_t control_port(evtchn_port_t remote)
{
    uint64_t end = clock_now() + PATIENCE_S * CLOCK_S;
    int port;

    while ((port = evt_bind_interdomain(sender, remote)) < 0 && clock_now() < end)
        clock_sleep_until(clock_now() + CLOCK_MS);
    if (port < 0) {
        verdict(VERDICT_FAILURE, "binding to port %u of domain %u: %d", remote, sender, port);
        guest_exit();
    }
    evt_clear((evtchn_port_t)port);
    return (evtchn_port_t)port;
}

/* All our ports are closed. When the sender answers, it has handled all that we sent before, and no event of an old
 * round is left that could make two of a new chain's one. */
static void barrier(void)
{
    static unsigned answered;
    evtchn_port_t port = control_port(PORT_BARRIER);
    uint64_t end = clock_now() + PATIENCE_S * CLOCK_S;

    answered = 0;
    evt_set_handler(port, on_answer, &answered);
    CHECK_VALUE(evt_unmask(port), 0);
    CHECK_VALUE(evt_send(port), 0);
    while (!__atomic_load_n(&answered, __ATOMIC_SEQ_CST) && clock_now() < end)
        clock_sleep_until(clock_now() + 100 * CLOCK_US);
    CHECK_VALUE(answered, 1);
}

static void to_3level(void)
{
    CHECK_VALUE(evt_register_3level(), 0);
    workers_order(ORDER_REGISTER);
}

/*
 * While there are no event words, events are remembered. With a word, an event for a vcpu without a control block would
 * be dropped: so the words come last. They begin masked.
 */
static void to_fifo(void)
{
    CHECK_VALUE(evt_register_fifo(), 0);
    workers_order(ORDER_REGISTER);
    CHECK_VALUE(evt_fifo_expand(chains_highest_port()), 0);
    chains_unmask_all();
}

static void reset(void)
{
    bool on = env_upcalls_off();

    chains_may_fail(true);
    CHECK_VALUE(evt_reset_op(), 0);
    evt_leave_3level_vcpu();
    workers_order(ORDER_LEAVE);
    evt_back_to_2level();
    chains_forget();
    chains_may_fail(false);
    workers_order(ORDER_GO);
    if (on)
        env_upcalls_on();
}

/* A little time, another one each round, so that the switch meets the senders in every state. */
static void linger(unsigned round)
{
    uint64_t end = clock_now() + round * 7919 % 300 * CLOCK_US;

    chains_answer();
    while (clock_now() < end)
        ;
}

static void play(unsigned round, bool fifo)
{
    bool moving = round % 3 == 2;

    barrier();
    chains_open(sender);
    chains_await(1, "on 2-level");
    if (moving)
        chains_move(round);
    linger(round);
    if (fifo && round % 2 == 0)
        to_fifo();
    else
        to_3level();
    chains_await(2, "after the switch");
    if (moving) {
        chains_move(round + 1);
        chains_unmask(round);
        chains_await(2, "after moving ports");
    }
    linger(round / 2);
    reset();
}

static void target_main(void)
{
    unsigned rounds = (unsigned)args_number("rounds", 1000), done = 0;
    bool fifo = args_is("fifo", "yes");

    /* The tables grow to their full size before anybody uses them. */
    CHECK_VALUE(evt_register_3level(), 0);
    CHECK_VALUE(evt_reset(), 0);
    if (fifo) {
        CHECK_VALUE(evt_register_fifo(), 0);
        CHECK_VALUE(evt_reset(), 0);
    }
    env_upcalls_on();
    workers_start(!args_is("unmask", "no"));
    while (done < rounds && verdict_worst() == VERDICT_SUCCESS) {
        play(done, fifo);
        if (++done % 100 == 0)
            guest_printf("switch-under-fire: %u rounds\n", done);
    }
    guest_printf("switch-under-fire: %u rounds of 2-level, %s3-level and reset, %llu events answered meanwhile\n", done,
                 fifo ? "FIFO or " : "", (unsigned long long)chains_total());
    CHECK_VALUE(evt_send(control_port(PORT_STOP)), 0);
}

void guest_main(void)
{
    bool target = args_is("role", "target");
    domid_t peer = (domid_t)args_number("peer", 0);

    sender = peer;
    if (!target)
        sender_main(peer);
    else if (guest_env.nr_vcpus > MAX_VCPUS)
        verdict(VERDICT_ERROR, "there is work for %u vcpus at most", MAX_VCPUS);
    else
        target_main();
}
