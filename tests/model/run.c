/* SPDX-License-Identifier: MIT */
#include "tests/model/run.h"

#include <stdio.h>
#include <time.h>

#include "guest/abi/event_channel.h"
#include "tests/model/state.h"

#define PORTS 3U

static const struct scenario *scenario;
static enum abi abi;

const char *run_abi_name(enum abi a)
{
    static const char *const names[] = {"2-level", "3-level", "FIFO"};
    return names[a];
}

/* --- The beginning. Each of these runs on the stack of its actor. */

static void join_abi(void)
{
    int rc = 0;

    if (abi == ABI_3LEVEL)
        rc = world_self() == ACTOR_VCPU0 ? evt_register_3level() : evt_register_3level_vcpu();
    if (abi == ABI_FIFO)
        rc = world_self() == ACTOR_VCPU0 ? evt_register_fifo() : evt_register_fifo_vcpu();
    EXPECT_VALUE(rc, 0);
}

static void peer_binds(void)
{
    for (uint32_t port = 1; port <= PORTS; port++) {
        struct evtchn_bind_interdomain op = {.remote_dom = 1, .remote_port = port};
        EXPECT_VALUE(world_op(EVTCHNOP_bind_interdomain, &op), 0);
        EXPECT_VALUE(op.local_port, port);
    }
}

static void open_ports(void)
{
    for (uint32_t port = 1; port <= PORTS; port++) {
        EXPECT_VALUE(evt_alloc_unbound(2), port);
        evt_set_handler(port, guest_handler, &world_watch[port]);
    }
}

static void open_masks(void)
{
    if (scenario->flags & ON_VCPU1)
        EXPECT_VALUE(evt_move(1, 1), 0);
    if (abi == ABI_FIFO) {
        if (scenario->flags & NO_WORDS)
            return;
        EXPECT_VALUE(evt_fifo_expand(PORTS), 0);
    }
    for (uint32_t port = 1; port <= PORTS; port++)
        if (port != 1 || !(scenario->flags & MASKED))
            EXPECT_VALUE(evt_unmask(port), 0);
}

static void grow(void)
{
    guest_grow(GUEST_PORTS_3LEVEL);
}

static void set_up(void)
{
    explore_reset(-1);
    world_create();
    machine_call(ACTOR_VCPU0, guest_boot);
    machine_call(ACTOR_VCPU1, guest_boot);
    if (scenario->flags & WILL_GROW)
        machine_call(ACTOR_VCPU0, grow);
    machine_call(ACTOR_VCPU0, join_abi);
    if (!(scenario->flags & PARKED))
        machine_call(ACTOR_VCPU1, join_abi);
    machine_call(ACTOR_VCPU0, open_ports);
    machine_call(ACTOR_PEER, peer_binds);
    machine_call(ACTOR_VCPU0, open_masks);
    machine_call(ACTOR_VCPU0, guest_drain);
    machine_call(ACTOR_VCPU1, guest_drain);
    for (unsigned i = 0; i < 2 && scenario->first[i].body; i++)
        machine_call(scenario->first[i].actor, scenario->first[i].body);
    state_keep();
}

/* --- The end */

/* Whatever was sent has been seen, and nothing is left that the guest would have to know of. */
static void check_events(void)
{
    for (uint32_t port = 1; port <= PORTS; port++) {
        const struct world_watch *w = &world_watch[port];
        if (w->forgiven)
            continue;
        if (world_is_pending(port) && !world_is_masked(port))
            machine_fail("port %u is pending and not masked, and no vcpu was told: the event is lost", port);
        else if (w->sent && !(w->handled && w->last_handled >= w->last_sent))
            machine_fail("the last event of port %u was never handled: it is lost", port);
    }
}

static void drain_all(void)
{
    machine_call(ACTOR_VCPU0, guest_drain);
    machine_call(ACTOR_VCPU1, guest_drain);
}

static void check_end(void)
{
    const char *why = world_check();

    if (why)
        machine_fail("an invariant is broken: %s", why);
    if (machine_overflowed())
        machine_fail("a thread's stack is too small for the model");
    if (!machine.failure && scenario->finish)
        machine_call(ACTOR_VCPU0, scenario->finish);
    if (!machine.failure)
        drain_all();
    if (!machine.failure)
        check_events();
    if (!machine.failure && scenario->check)
        machine_call(ACTOR_VCPU0, scenario->check);
}

/* --- Schedules */

static unsigned cast(struct machine_thread *threads)
{
    unsigned n = 0;

    for (; n < MODEL_THREADS && scenario->thread[n].body; n++) {
        threads[n] = (struct machine_thread){scenario->thread[n].actor, scenario->thread[n].body};
        world_cast(n, scenario->thread[n].actor);
    }
    return n;
}

/* false: it is a bad one. */
static bool run_schedule(void)
{
    struct machine_thread threads[MODEL_THREADS];
    unsigned n = cast(threads);

    state_restore();
    machine_run(threads, n);
    if (!machine.failure && !explore_is_redundant())
        check_end();
    return !machine.failure;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Until all are done, or a bad one is found, or too many or too much time. true: all are done, and good. */
static bool search(uint64_t limit, double deadline, unsigned *steps)
{
    do {
        if (!run_schedule())
            return false;
        *steps = explore.depth > *steps ? explore.depth : *steps;
        if (explore.schedules + explore.redundant >= limit || (deadline > 0 && now() > deadline))
            return false;
    } while (explore_next());
    return true;
}

#define SIMPLER 0.7 /* seconds, for each number of preemptions */

/* The bad schedule with the fewest preemptions, and without store buffers, tells the simplest story. */
static void simplify(bool tso)
{
    unsigned steps = 0;

    explore_keep();
    machine.tso = false;
    for (int bound = -1; bound <= 3; bound++) {
        explore_reset(bound);
        if (search(UINT64_MAX, now() + SIMPLER, &steps) || !machine.failure)
            continue;
        explore_keep();
        tso = false;
        if (bound >= 0)
            break;
    }
    machine.tso = tso;
}

static void tell(void)
{
    simplify(machine.tso);
    explore_reset(-1);
    explore_repeat();
    machine.recorded = true;
    story_begin();
    run_schedule();
    machine.recorded = false;
    printf("  A bad schedule of \"%s\" on %s (%u steps; shown are those at words that several threads touch%s):\n",
           scenario->name, run_abi_name(abi), explore.depth, machine.tso ? "; with store buffers" : "");
    story_print();
    printf("    So: %s.\n", machine.failure);
}

struct run_result run_scenario(const struct scenario *s, enum abi a, const struct run_options *options)
{
    struct run_result r = {.complete = true};
    double start = now();

    scenario = s;
    abi = a;
    machine.tso = options->tso;
    set_up();
    if (!search(options->limit, 0, &r.steps) && !machine.failure) {
        r.complete = false;
        explore_reset(options->bound);
        r.cut = !search(options->bounded_limit, 0, &r.steps) && !machine.failure;
    }
    r.schedules = explore.schedules;
    r.redundant = explore.redundant;
    r.failed = machine.failure != NULL;
    if (r.failed)
        tell();
    r.seconds = now() - start;
    return r;
}
