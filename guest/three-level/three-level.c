/* SPDX-License-Identifier: MIT */
/*
 * The 3-level ABI from end to end: switch, bind 200,000 channels (ports=N), raise each and see each exactly once, mask
 * and unmask, move ports between vcpus, go back to 2-level, switch again.
 *
 * The channels are pairs: port and peer are both ours, and sending on one raises the other.
 */
#include "common/string.h"
#include "guest/abi/errno.h"
#include "guest/abi/vcpu.h"
#include "guest/lib/args.h"
#include "guest/lib/batch.h"
#include "guest/lib/clock.h"
#include "guest/lib/console.h"
#include "guest/lib/env.h"
#include "guest/lib/events.h"
#include "guest/lib/hypercall.h"
#include "guest/lib/memory.h"
#include "guest/lib/three_level.h"
#include "guest/lib/verdict.h"

#define MOVED_PORTS 1000U

static evtchn_port_t *peer;     /* [port]: the other end; 0 = not one of ours */
static uint8_t *seen;           /* [port]: events handled */
static uint8_t *seen_by;        /* [port]: the vcpu that handled the last one */
static unsigned total, stray;   /* events handled, all together; and those of ports that are not ours */
static evtchn_port_t highest;   /* the highest of our ports */
static unsigned channels;       /* how many there are */
static evtchn_port_t stop_port; /* an event here ends vcpu 1 */

static void on_event(evtchn_port_t port, void *arg)
{
    (void)arg;
    if (!peer[port])
        __atomic_fetch_add(&stray, 1, __ATOMIC_SEQ_CST);
    seen[port]++;
    seen_by[port] = (uint8_t)guest_vcpu()->id;
    __atomic_fetch_add(&total, 1, __ATOMIC_SEQ_CST);
}

static void forget_events(void)
{
    memset(seen, 0, GUEST_PORTS_3LEVEL);
    memset(seen_by, 0xFF, GUEST_PORTS_3LEVEL);
    total = 0;
}

/* --- Binding --- */

static void own(evtchn_port_t port, evtchn_port_t other)
{
    peer[port] = other;
    evt_clear(port); /* binding raised one end */
    evt_set_handler(port, on_event, NULL);
    channels++;
    if (port > highest)
        highest = port;
}

/* Two channels more; false if the hypervisor has no more. */
static bool bind_pair(void)
{
    int a = evt_alloc_unbound(DOMID_SELF), b;

    if (a < 0)
        return false;
    b = evt_bind_interdomain(DOMID_SELF, (evtchn_port_t)a);
    if (b < 0) {
        evt_close((evtchn_port_t)a);
        return false;
    }
    own((evtchn_port_t)a, (evtchn_port_t)b);
    own((evtchn_port_t)b, (evtchn_port_t)a);
    return true;
}

static void bind_until(unsigned wanted)
{
    while (channels < wanted && bind_pair())
        if (channels % 50000 == 0)
            guest_printf("three-level: %u channels bound so far\n", channels);
    CHECK(channels >= wanted);
}

static void unmask_all(void)
{
    for (evtchn_port_t p = 1; p <= highest; p++)
        if (peer[p])
            batch_add(EVTCHNOP_unmask, p);
    CHECK_VALUE(batch_finish(), 0);
}

/* --- Raising --- */

/* Raise every port once, each by a send on its peer, while no upcall can run. */
static void pile_up(void)
{
    for (evtchn_port_t p = 1; p <= highest; p++)
        if (peer[p])
            batch_add(EVTCHNOP_send, peer[p]);
    CHECK_VALUE(batch_finish(), 0);
}

/* The same one by one: each send is followed by its upcall. */
static void raise_all(void)
{
    unsigned failed = 0;

    for (evtchn_port_t p = 1; p <= highest; p++)
        if (peer[p])
            failed += evt_send(peer[p]) != 0 || !seen[p];
    CHECK_VALUE(failed, 0);
}

static void check_each_seen(unsigned times)
{
    unsigned wrong = 0;

    for (evtchn_port_t p = 1; p <= highest; p++)
        if (peer[p])
            wrong += seen[p] != times;
    CHECK_VALUE(wrong, 0);
    CHECK_VALUE(total, times * channels);
    CHECK_VALUE(stray, 0);
}

static void check_raise(void)
{
    uint64_t start = clock_now();

    forget_events();
    raise_all();
    check_each_seen(1);
    guest_printf("three-level: %u events raised, each seen once, %llu ns each\n", total,
                 (unsigned long long)((clock_now() - start) / channels));
}

/* All at once: with upcalls off the events pile up, and one upcall brings them all. */
static void check_pile(void)
{
    uint64_t before = guest_vcpu()->upcalls;

    forget_events();
    env_upcalls_off();
    pile_up();
    CHECK_VALUE(total, 0);
    env_upcalls_on();
    check_each_seen(1);
    guest_printf("three-level: %u events at once, %llu upcalls\n", total,
                 (unsigned long long)(guest_vcpu()->upcalls - before));
}

/* A masked port keeps its event, and tells of it when it is unmasked. Two events that meet are one. */
static void check_mask(void)
{
    unsigned not_pending = 0;

    forget_events();
    for (evtchn_port_t p = 1; p <= highest; p++)
        if (peer[p])
            evt_mask(p);
    pile_up();
    pile_up();
    CHECK_VALUE(total, 0);
    for (evtchn_port_t p = 1; p <= highest; p++)
        if (peer[p])
            not_pending += !evt_is_pending(p);
    CHECK_VALUE(not_pending, 0);
    unmask_all();
    check_each_seen(1);
    guest_printf("three-level: masked events kept, and seen when unmasked\n");
}

/* --- Moving ports to vcpu 1 and back --- */

static void on_stop(evtchn_port_t port, void *arg)
{
    (void)port;
    __atomic_store_n((unsigned *)arg, 1, __ATOMIC_SEQ_CST);
}

static unsigned second_stopped, second_up, second_gone;

static void second_vcpu(void *arg)
{
    (void)arg;
    __atomic_store_n(&second_up, 1, __ATOMIC_SEQ_CST);
    while (!__atomic_load_n(&second_stopped, __ATOMIC_SEQ_CST))
        env_wait(); /* upcalls are off here, on within */
    __atomic_store_n(&second_gone, 1, __ATOMIC_SEQ_CST);
}

/* MOVED_PORTS of our ports, spread over all. */
static evtchn_port_t moved_port(unsigned i)
{
    evtchn_port_t p = 1 + i * (highest / MOVED_PORTS);

    while (!peer[p])
        p++;
    return p;
}

static bool wait_total(unsigned count)
{
    uint64_t end = clock_now() + 20 * CLOCK_S;

    while (__atomic_load_n(&total, __ATOMIC_SEQ_CST) < count && clock_now() < end)
        hv_sched_op(SCHEDOP_yield, NULL);
    return total >= count;
}

static void check_seen_by(unsigned vcpu)
{
    unsigned wrong = 0;

    CHECK(wait_total(MOVED_PORTS));
    CHECK_VALUE(total, MOVED_PORTS);
    for (unsigned i = 0; i < MOVED_PORTS; i++)
        wrong += seen[moved_port(i)] != 1 || seen_by[moved_port(i)] != vcpu;
    CHECK_VALUE(wrong, 0);
}

static void move_all(unsigned vcpu)
{
    for (unsigned i = 0; i < MOVED_PORTS; i++)
        CHECK_VALUE(evt_move(moved_port(i), vcpu), 0);
}

static void raise_moved(void)
{
    for (unsigned i = 0; i < MOVED_PORTS; i++)
        CHECK_VALUE(evt_send(peer[moved_port(i)]), 0);
}

/* An event that is pending while its port moves must reach the new vcpu. */
static void check_move_pending(void)
{
    forget_events();
    for (unsigned i = 0; i < MOVED_PORTS; i++)
        evt_mask(moved_port(i));
    raise_moved();
    CHECK_VALUE(total, 0);
    move_all(0);
    for (unsigned i = 0; i < MOVED_PORTS; i++)
        evt_unmask(moved_port(i));
    check_seen_by(0);
}

static void start_second(void)
{
    int port = evt_bind_ipi(1);

    CHECK(port > 0);
    stop_port = (evtchn_port_t)port;
    evt_set_handler(stop_port, on_stop, &second_stopped);
    evt_unmask(stop_port);
    CHECK_VALUE(evt_vcpu_start(1, second_vcpu, NULL), 0);
    while (!__atomic_load_n(&second_up, __ATOMIC_SEQ_CST))
        hv_sched_op(SCHEDOP_yield, NULL);
}

static void stop_second(void)
{
    CHECK_VALUE(evt_send(stop_port), 0);
    while (!__atomic_load_n(&second_gone, __ATOMIC_SEQ_CST) || hv_vcpu_op(VCPUOP_is_up, 1, NULL) == 1)
        hv_sched_op(SCHEDOP_yield, NULL);
    evt_close(stop_port);
}

static void check_move(void)
{
    if (guest_env.nr_vcpus < 2) {
        guest_printf("three-level: one vcpu only: moving ports is left out\n");
        return;
    }
    start_second();
    forget_events();
    move_all(1);
    raise_moved();
    check_seen_by(1);
    check_move_pending();
    stop_second();
    guest_printf("three-level: %u ports moved to vcpu 1 and back\n", MOVED_PORTS);
}

/* --- The switch itself --- */

/* An event that was masked and pending before the switch is there after it. */
static void check_switch(void)
{
    evtchn_port_t kept;

    bind_until(20);
    kept = highest;
    unmask_all();
    evt_mask(kept);
    CHECK_VALUE(evt_send(peer[kept]), 0);
    CHECK_VALUE(evt_register_3level(), 0);
    CHECK(evt_is_3level());
    CHECK(evt_is_masked(kept));
    CHECK(!evt_is_masked(peer[kept]));
    CHECK(evt_is_pending(kept));
    CHECK_VALUE(evt_unmask(kept), 0);
    CHECK_VALUE(total, 1);
    CHECK_VALUE(seen[kept], 1);
    CHECK_VALUE(evt_register_3level(), -XEN_EBUSY);
    CHECK_VALUE(evt_register_3level_vcpu(), -XEN_EEXIST);
}

static void forget_ports(void)
{
    memset(peer, 0, GUEST_PORTS_3LEVEL * sizeof(*peer));
    channels = 0;
    highest = 0;
    forget_events();
}

/* Reset closes every port; the domain has the ports of 2-level again, and they work. */
static void check_reset(void)
{
    CHECK_VALUE(evt_reset(), 0);
    forget_ports();
    while (bind_pair())
        ;
    guest_printf("three-level: reset; 2-level has %u channels, the highest is port %u\n", channels, highest);
    CHECK(highest < GUEST_PORTS_2LEVEL);
    CHECK(channels >= GUEST_PORTS_2LEVEL - 2);
    unmask_all();
    check_raise();
}

static void check_again(void)
{
    CHECK_VALUE(evt_reset(), 0);
    forget_ports();
    CHECK_VALUE(evt_register_3level(), 0);
    bind_until(2 * GUEST_PORTS_2LEVEL);
    CHECK(highest >= 2 * GUEST_PORTS_2LEVEL);
    unmask_all();
    check_raise();
    CHECK_VALUE(evt_reset(), 0);
}

static bool have_3level(void)
{
    uint64_t abis;
    int rc = evt_query_extended(&abis);

    guest_printf("three-level: query_extended_abis: %d, ABIs 0x%llx\n", rc, (unsigned long long)abis);
    return !rc && (abis & EVTCHN_EXTENDED_3LEVEL);
}

void guest_main(void)
{
    unsigned wanted = (unsigned)args_number("ports", GUEST_WORD_BITS == 64 ? 200000 : 30000);

    if (!have_3level()) {
        verdict(VERDICT_SKIP, "this domain may not use the 3-level ABI");
        return;
    }
    peer = memory_alloc(GUEST_PORTS_3LEVEL * sizeof(*peer));
    seen = memory_alloc(GUEST_PORTS_3LEVEL);
    seen_by = memory_alloc(GUEST_PORTS_3LEVEL);
    env_upcalls_on();
    check_switch();
    if (verdict_worst() != VERDICT_SUCCESS)
        return;
    bind_until(wanted);
    unmask_all();
    guest_printf("three-level: %u channels bound, highest port %u\n", channels, highest);
    check_raise();
    check_pile();
    check_mask();
    check_move();
    check_reset();
    check_again();
}
