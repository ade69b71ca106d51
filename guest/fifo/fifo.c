/* SPDX-License-Identifier: MIT */
/*
 * The FIFO ABI from end to end: switch, bind channels (ports=N), raise each and see each exactly once, priorities in
 * their order, mask and unmask, move ports between vcpus, go back to 2-level, switch again. It runs on the real Xen as
 * well.
 *
 * The channels are pairs: port and peer are both ours, and sending on one raises the other.
 */
#include "guest/lib/fifo.h"
#include "common/string.h"
#include "guest/abi/errno.h"
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

#define MOVED_PORTS 200U
#define SORTED_PORTS 64U
#define LINKED (1U << EVTCHN_FIFO_LINKED)

static evtchn_port_t *peer;               /* [port]: the other end; 0 = not one of ours */
static uint8_t *seen;                     /* [port]: events handled */
static uint8_t *seen_by;                  /* [port]: the vcpu that handled the last one */
static unsigned total;                    /* events handled, all together */
static evtchn_port_t order[SORTED_PORTS]; /* the first ports handled */
static evtchn_port_t highest;             /* the highest of our ports */
static unsigned channels;                 /* how many there are */

static void on_event(evtchn_port_t port, void *arg)
{
    unsigned n = __atomic_fetch_add(&total, 1, __ATOMIC_SEQ_CST);

    (void)arg;
    if (n < SORTED_PORTS)
        order[n] = port;
    seen[port]++;
    seen_by[port] = (uint8_t)guest_vcpu()->id;
}

static void forget_events(void)
{
    memset(seen, 0, EVTCHN_FIFO_NR_CHANNELS);
    memset(seen_by, 0xFF, EVTCHN_FIFO_NR_CHANNELS);
    total = 0;
}

/* --- Binding --- */

static void own(evtchn_port_t port, evtchn_port_t other)
{
    if (evt.fifo)
        CHECK_VALUE(evt_fifo_expand(port), 0);
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
        ;
    CHECK(channels >= wanted);
}

/* Send on the peer of each port, or unmask each: 128 a hypercall. */
static void all(unsigned cmd)
{
    for (evtchn_port_t p = 1; p <= highest; p++)
        if (peer[p])
            batch_add(cmd, cmd == EVTCHNOP_send ? peer[p] : p);
    CHECK_VALUE(batch_finish(), 0);
}

static void check_each_seen_once(void)
{
    unsigned wrong = 0;

    for (evtchn_port_t p = 1; p <= highest; p++)
        if (peer[p])
            wrong += seen[p] != 1;
    CHECK_VALUE(wrong, 0);
    CHECK_VALUE(total, channels);
}

/* --- What is checked on FIFO --- */

/* An event that was pending before the switch is there when its word is. */
static void check_switch(void)
{
    evtchn_port_t kept;

    bind_until(20);
    kept = highest;
    CHECK_VALUE(evt_send(peer[kept]), 0);
    CHECK(evt_is_pending(kept));
    CHECK_VALUE(evt_register_fifo(), 0);
    CHECK(!evt_is_pending(kept));
    CHECK_VALUE(evt_fifo_expand(kept), 0);
    CHECK(evt_is_pending(kept));
    CHECK(evt_is_masked(kept));
    CHECK_VALUE(evt_unmask(kept), 0);
    CHECK_VALUE(total, 1);
    CHECK_VALUE(seen[kept], 1);
    CHECK_VALUE(evt_register_fifo(), -XEN_EINVAL);
    CHECK_VALUE(evt_set_priority(kept, 16), -XEN_EINVAL);
}

static void check_raise(void)
{
    uint64_t start = clock_now();

    forget_events();
    all(EVTCHNOP_send);
    check_each_seen_once();
    guest_printf("fifo: %u events raised, each seen once, %llu ns each\n", total,
                 (unsigned long long)((clock_now() - start) / channels));
}

/* All at once: with upcalls off the events pile up in one queue, and come in the order in which they were raised. */
static void check_pile(void)
{
    uint64_t before = guest_vcpu()->upcalls;
    unsigned n = 0, wrong = 0;

    forget_events();
    env_upcalls_off();
    all(EVTCHNOP_send);
    CHECK_VALUE(total, 0);
    env_upcalls_on();
    check_each_seen_once();
    for (evtchn_port_t p = 1; n < SORTED_PORTS && n < channels; p++)
        if (peer[p])
            wrong += order[n++] != p;
    CHECK_VALUE(wrong, 0);
    guest_printf("fifo: %u events at once, in order, %llu upcalls\n", total,
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
    all(EVTCHNOP_send);
    all(EVTCHNOP_send);
    CHECK_VALUE(total, 0);
    for (evtchn_port_t p = 1; p <= highest; p++)
        if (peer[p])
            not_pending += !evt_is_pending(p);
    CHECK_VALUE(not_pending, 0);
    for (evtchn_port_t p = 1; p <= highest && p <= 1000; p++)
        if (peer[p])
            CHECK_VALUE(evt_unmask(p), 0);
    all(EVTCHNOP_unmask);
    check_each_seen_once();
    guest_printf("fifo: masked events kept, and seen when unmasked\n");
}

/* --- Ports spread over all --- */

static evtchn_port_t spread(unsigned i, unsigned of)
{
    evtchn_port_t p = 1 + i * (highest / of);

    while (!peer[p])
        p++;
    return p;
}

static unsigned priority_of(unsigned i)
{
    return i * 7 % EVTCHN_FIFO_MAX_QUEUES;
}

/* Raised in any order, they come by priority; within one priority in the order in which they were raised. */
static void check_priorities(void)
{
    unsigned n = 0, wrong = 0;

    forget_events();
    for (unsigned i = 0; i < SORTED_PORTS; i++)
        CHECK_VALUE(evt_set_priority(spread(i, SORTED_PORTS), priority_of(i)), 0);
    env_upcalls_off();
    for (unsigned i = 0; i < SORTED_PORTS; i++)
        CHECK_VALUE(evt_send(peer[spread(i, SORTED_PORTS)]), 0);
    env_upcalls_on();
    CHECK_VALUE(total, SORTED_PORTS);
    for (unsigned priority = 0; priority < EVTCHN_FIFO_MAX_QUEUES; priority++)
        for (unsigned i = 0; i < SORTED_PORTS; i++)
            if (priority_of(i) == priority)
                wrong += order[n++] != spread(i, SORTED_PORTS);
    CHECK_VALUE(wrong, 0);
    for (unsigned i = 0; i < SORTED_PORTS; i++)
        CHECK_VALUE(evt_set_priority(spread(i, SORTED_PORTS), EVTCHN_FIFO_PRIORITY_DEFAULT), 0);
    guest_printf("fifo: %u events in the order of their priorities\n", total);
}

/* A port that is linked keeps its place; its new priority counts from the next time on. */
static void check_linked_priority(void)
{
    evtchn_port_t first = spread(0, 4), second = spread(1, 4);

    for (unsigned round = 0; round < 2; round++) {
        forget_events();
        env_upcalls_off();
        CHECK_VALUE(evt_send(peer[second]), 0);
        CHECK_VALUE(evt_send(peer[first]), 0);
        CHECK(evt_fifo_word(first) & LINKED);
        CHECK_VALUE(evt_set_priority(first, 1), 0);
        env_upcalls_on();
        CHECK_VALUE(total, 2);
        CHECK_VALUE(order[round == 0], first); /* the second time it comes before */
        CHECK_VALUE(order[round != 0], second);
        CHECK(!(evt_fifo_word(first) & LINKED));
    }
    CHECK_VALUE(evt_set_priority(first, EVTCHN_FIFO_PRIORITY_DEFAULT), 0);
}

/* --- Moving ports to vcpu 1 and back --- */

static unsigned second_stopped, second_up;

static void on_stop(evtchn_port_t port, void *arg)
{
    (void)port;
    __atomic_store_n((unsigned *)arg, 1, __ATOMIC_SEQ_CST);
}

static void second_vcpu(void *arg)
{
    (void)arg;
    __atomic_store_n(&second_up, 1, __ATOMIC_SEQ_CST);
    while (!__atomic_load_n(&second_stopped, __ATOMIC_SEQ_CST))
        env_wait(); /* upcalls are off here, on within */
}

static void check_seen_by(unsigned vcpu)
{
    uint64_t end = clock_now() + 20 * CLOCK_S;
    unsigned wrong = 0;

    while (__atomic_load_n(&total, __ATOMIC_SEQ_CST) < MOVED_PORTS && clock_now() < end)
        hv_sched_op(SCHEDOP_yield, NULL);
    CHECK_VALUE(total, MOVED_PORTS);
    for (unsigned i = 0; i < MOVED_PORTS; i++)
        wrong += seen[spread(i, MOVED_PORTS)] != 1 || seen_by[spread(i, MOVED_PORTS)] != vcpu;
    CHECK_VALUE(wrong, 0);
}

static void move_all(unsigned vcpu)
{
    for (unsigned i = 0; i < MOVED_PORTS; i++)
        CHECK_VALUE(evt_move(spread(i, MOVED_PORTS), vcpu), 0);
}

static void raise_moved(void)
{
    for (unsigned i = 0; i < MOVED_PORTS; i++)
        CHECK_VALUE(evt_send(peer[spread(i, MOVED_PORTS)]), 0);
}

static evtchn_port_t start_second(void)
{
    int port = evt_bind_ipi(1);

    CHECK(port > 0);
    CHECK_VALUE(evt_fifo_expand((evtchn_port_t)port), 0);
    evt_set_handler((evtchn_port_t)port, on_stop, &second_stopped);
    CHECK_VALUE(evt_vcpu_start(1, second_vcpu, NULL), 0);
    while (!__atomic_load_n(&second_up, __ATOMIC_SEQ_CST))
        hv_sched_op(SCHEDOP_yield, NULL);
    CHECK_VALUE(evt_unmask((evtchn_port_t)port), 0);
    return (evtchn_port_t)port;
}

static void check_move(void)
{
    if (guest_env.nr_vcpus < 2) {
        guest_printf("fifo: one vcpu only: moving ports is left out\n");
        return;
    }
    evtchn_port_t stop = start_second();
    forget_events();
    move_all(1);
    raise_moved();
    check_seen_by(1);
    forget_events(); /* an event that is pending while its port moves reaches the new vcpu */
    for (unsigned i = 0; i < MOVED_PORTS; i++)
        evt_mask(spread(i, MOVED_PORTS));
    raise_moved();
    CHECK_VALUE(total, 0);
    move_all(0);
    for (unsigned i = 0; i < MOVED_PORTS; i++)
        CHECK_VALUE(evt_unmask(spread(i, MOVED_PORTS)), 0);
    check_seen_by(0);
    CHECK_VALUE(evt_send(stop), 0);
    while (evt_vcpu_is_up(1))
        hv_sched_op(SCHEDOP_yield, NULL);
    evt_close(stop);
    guest_printf("fifo: %u ports moved to vcpu 1 and back\n", MOVED_PORTS);
}

/* --- The way back --- */

static void back_to_2level(void)
{
    CHECK_VALUE(evt_reset(), 0);
    memset(peer, 0, EVTCHN_FIFO_NR_CHANNELS * sizeof(*peer));
    channels = 0;
    highest = 0;
    forget_events();
}

static void check_reset(void)
{
    back_to_2level();
    CHECK_VALUE(evt_set_priority(1, 0), -XEN_ENOSYS);
    bind_until(200);
    all(EVTCHNOP_unmask);
    check_raise();
    back_to_2level();
    CHECK_VALUE(evt_register_fifo(), 0);
    bind_until(3000);
    all(EVTCHNOP_unmask);
    check_raise();
    back_to_2level();
    guest_printf("fifo: reset, 2-level, and FIFO once more\n");
}

void guest_main(void)
{
    peer = memory_alloc(EVTCHN_FIFO_NR_CHANNELS * sizeof(*peer));
    seen = memory_alloc(EVTCHN_FIFO_NR_CHANNELS);
    seen_by = memory_alloc(EVTCHN_FIFO_NR_CHANNELS);
    env_upcalls_on();
    check_switch();
    if (verdict_worst() != VERDICT_SUCCESS)
        return;
    bind_until((unsigned)args_number("ports", 3000));
    all(EVTCHNOP_unmask);
    guest_printf("fifo: %u channels bound, highest port %u\n", channels, highest);
    check_raise();
    check_pile();
    check_mask();
    check_priorities();
    check_linked_priority();
    check_move();
    check_reset();
}
