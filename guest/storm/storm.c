/* SPDX-License-Identifier: MIT */
/*
 * All vcpus send to all ports, at random, a bounded number of times.
 *
 *      ports=N     ports, spread over the vcpus (default 500; 5000 with abi=3level)
 *      sends=N     events that each vcpu sends (default 20000)
 *      abi=3level  on three levels
 *
 * Events merge: a port that is pending is not raised again. So a sender cannot count on an event of its own, but on one
 * that begins after its send: it counts the port's `sent` up first, and the handler, after it has cleared the pending
 * bit, notes how far `sent` was. An event that is lost leaves a port whose last sends nobody has seen: its pending bit,
 * if it is set and not announced, keeps every later send from being announced as well.
 *
 * The program prints how many events it handled. The hypervisor counts how often a pending bit went from 0 to 1, and
 * the two must be the same (tests/vm/storm compares them).
 */
#include "guest/lib/args.h"
#include "guest/lib/clock.h"
#include "guest/lib/console.h"
#include "guest/lib/events.h"
#include "guest/lib/hypercall.h"
#include "guest/lib/memory.h"
#include "guest/lib/random.h"
#include "guest/lib/three_level.h"
#include "guest/lib/verdict.h"

#define PATIENCE_S 120U

static struct target {
    evtchn_port_t port;
    unsigned sent;    /* by all */
    unsigned seen;    /* what `sent` was at the last event */
    unsigned handled; /* events */
} * target;

static unsigned nr_targets, nr_sends;
static unsigned done; /* vcpus that have sent all */
static unsigned over;

static void on_event(evtchn_port_t port, void *arg)
{
    struct target *t = arg;

    (void)port;
    t->handled++;
    __atomic_store_n(&t->seen, __atomic_load_n(&t->sent, __ATOMIC_SEQ_CST), __ATOMIC_SEQ_CST);
}

static void send_all(void)
{
    uint32_t state = 0x9E3779B9U * (guest_vcpu()->id + 1);
    unsigned failed = 0;

    for (unsigned i = 0; i < nr_sends; i++) {
        struct target *t = &target[random_next(&state) % nr_targets];

        __atomic_fetch_add(&t->sent, 1, __ATOMIC_SEQ_CST);
        failed += evt_send(t->port) != 0;
    }
    CHECK_VALUE(failed, 0);
    __atomic_fetch_add(&done, 1, __ATOMIC_SEQ_CST);
}

/* Another vcpu: sends, then handles what the others send, until the end. */
static void storm(void *arg)
{
    (void)arg;
    env_upcalls_on();
    send_all();
    while (!__atomic_load_n(&over, __ATOMIC_SEQ_CST))
        clock_sleep_until(clock_now() + CLOCK_MS);
}

static void open_targets(void)
{
    target = memory_alloc(nr_targets * sizeof(*target));
    for (unsigned i = 0; i < nr_targets; i++) {
        int port = evt_bind_ipi(i % guest_env.nr_vcpus);

        if (port < 0) {
            verdict(VERDICT_FAILURE, "port %u of %u: %d", i, nr_targets, port);
            guest_exit();
        }
        target[i].port = (evtchn_port_t)port;
        evt_set_handler(target[i].port, on_event, &target[i]);
        CHECK_VALUE(evt_unmask(target[i].port), 0);
    }
}

/* How many ports have sends that no event has followed. */
static unsigned count_unseen(void)
{
    unsigned unseen = 0;

    for (unsigned i = 0; i < nr_targets; i++)
        unseen += __atomic_load_n(&target[i].seen, __ATOMIC_SEQ_CST) != target[i].sent;
    return unseen;
}

static void await_end(void)
{
    uint64_t end = clock_now() + PATIENCE_S * CLOCK_S;

    while ((__atomic_load_n(&done, __ATOMIC_SEQ_CST) < guest_env.nr_vcpus || count_unseen()) && clock_now() < end)
        clock_sleep_until(clock_now() + CLOCK_MS);
    CHECK_VALUE(done, guest_env.nr_vcpus);
    CHECK_VALUE(count_unseen(), 0);
}

static void report(uint64_t start)
{
    unsigned sent = 0, handled = 0, silent = 0;

    for (unsigned i = 0; i < nr_targets; i++) {
        sent += target[i].sent;
        handled += target[i].handled;
        silent += target[i].handled > target[i].sent;
    }
    CHECK_VALUE(sent, nr_sends * guest_env.nr_vcpus);
    CHECK_VALUE(silent, 0); /* no event without a send */
    guest_printf("storm: %u vcpus, %u ports up to %u, %u sends, %u events handled, %llu ms\n", guest_env.nr_vcpus,
                 nr_targets, target[nr_targets - 1].port, sent, handled,
                 (unsigned long long)((clock_now() - start) / CLOCK_MS));
}

void guest_main(void)
{
    bool three = args_is("abi", "3level");
    uint64_t start = clock_now();

    nr_targets = (unsigned)args_number("ports", three ? 5000 : 500);
    nr_sends = (unsigned)args_number("sends", 20000);
    if (three && !CHECK_VALUE(evt_register_3level(), 0))
        return;
    open_targets();
    env_upcalls_on();
    for (unsigned id = 1; id < guest_env.nr_vcpus; id++)
        CHECK_VALUE(evt_vcpu_start(id, storm, NULL), 0);
    send_all();
    await_end();
    __atomic_store_n(&over, 1, __ATOMIC_SEQ_CST);
    report(start);
}
