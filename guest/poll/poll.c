/* SPDX-License-Identifier: MIT */
/*
 * SCHEDOP_poll: sleep until one of some ports is pending, without taking an upcall. All is done with upcalls off and
 * the ports masked, which is how a guest waits for one event in the middle of something else.
 */
#include "guest/abi/errno.h"
#include "guest/abi/vcpu.h"
#include "guest/lib/clock.h"
#include "guest/lib/console.h"
#include "guest/lib/env.h"
#include "guest/lib/events.h"
#include "guest/lib/hypercall.h"
#include "guest/lib/verdict.h"

#define MAX_PORTS 128
#define UNMAPPED ((void *)GUEST_UNMAPPED)

static evtchn_port_t ports[MAX_PORTS + 1]; /* masked ipis to ourselves */

static guest_result poll(const evtchn_port_t *list, unsigned nr, uint64_t deadline)
{
    guest_sched_poll op = {.ports = guest_address(list), .nr_ports = nr, .timeout = deadline};

    return hv_sched_op(SCHEDOP_poll, &op);
}

static uint64_t in_ms(unsigned ms)
{
    return clock_now() + ms * CLOCK_MS;
}

/* EVT-POLL-04 */
static void check_pending_already(void)
{
    CHECK_VALUE(evt_send(ports[5]), 0);
    CHECK_VALUE(poll(ports, 10, 0), 0); /* would sleep for ever otherwise */
    CHECK(evt_is_pending(ports[5]));    /* poll looks, it does not consume */
    CHECK(evt_clear(ports[5]));
    CHECK_VALUE(evt_send(ports[MAX_PORTS - 1]), 0);
    CHECK_VALUE(poll(ports, MAX_PORTS, 0), 0);
    CHECK(evt_clear(ports[MAX_PORTS - 1]));
}

/* EVT-POLL-05: the timer's own port is masked, and its event wakes the poller all the same. */
static void check_becomes_pending(void)
{
    evtchn_port_t timer = (evtchn_port_t)evt_bind_virq(VIRQ_TIMER, 0);
    uint64_t deadline = in_ms(5);

    CHECK_VALUE(hv_set_timer_op(deadline), 0);
    CHECK_VALUE(poll(&timer, 1, 0), 0);
    CHECK(evt_is_pending(timer));
    CHECK(clock_now() >= deadline);
    CHECK_VALUE(guest_vcpu()->info->evtchn_upcall_pending, 0);
    hv_set_timer_op(0);
    evt_close(timer);
}

/* EVT-POLL-06 */
static void check_timeout(void)
{
    uint64_t deadline = in_ms(5);

    CHECK_VALUE(poll(ports, 10, deadline), 0);
    CHECK(clock_now() >= deadline);
    deadline = in_ms(5);
    CHECK_VALUE(poll(NULL, 0, deadline), 0);
    CHECK(clock_now() >= deadline);
    CHECK_VALUE(poll(ports, 10, 1), 0); /* long ago */
}

/* A deliverable event of another, unmasked port also ends a poll, at once: the vcpu has something to do. */
static void check_deliverable(void)
{
    CHECK_VALUE(evt_unmask(ports[20]), 0);
    CHECK_VALUE(evt_send(ports[20]), 0);
    env_upcalls_on(); /* the upcall consumes it; nobody handles it */
    env_upcalls_off();
    CHECK(!evt_is_pending(ports[20]));
    evt_mask(ports[20]);
}

/* EVT-POLL-03: with interrupts off nothing is deliverable, and an upcall that waits does not end a poll. */
static void check_undeliverable(void)
{
    uint64_t deadline = in_ms(5);

    guest_vcpu()->info->evtchn_upcall_pending = 1;
    CHECK_VALUE(poll(ports, 10, deadline), 0);
    CHECK(clock_now() >= deadline);
    guest_vcpu()->info->evtchn_upcall_pending = 0;
}

/* EVT-POLL-07: an event of another port, which is masked, does not end a poll for one port, but one for two. */
static void check_another_port(void)
{
    evtchn_port_t timer = (evtchn_port_t)evt_bind_virq(VIRQ_TIMER, 0);
    uint64_t deadline = in_ms(20);

    CHECK_VALUE(hv_set_timer_op(in_ms(5)), 0);
    CHECK_VALUE(poll(ports, 1, deadline), 0);
    CHECK(clock_now() >= deadline);
    CHECK(evt_clear(timer));
    deadline = in_ms(10000);
    CHECK_VALUE(hv_set_timer_op(in_ms(200)), 0); /* time enough to be in the poll by then */
    CHECK_VALUE(poll(ports, 2, deadline), 0);
    CHECK(clock_now() < deadline);
    CHECK(evt_clear(timer));
    evt_close(timer);
}

/* EVT-POLL-01, EVT-POLL-04 */
static void check_errors(void)
{
    evtchn_port_t bad[3] = {0, evt_limit(), 0xFFFFFFFF};

    CHECK_VALUE(poll(ports, MAX_PORTS + 1, in_ms(1000)), -XEN_EINVAL);
    CHECK_VALUE(poll(UNMAPPED, MAX_PORTS + 1, in_ms(1000)), -XEN_EINVAL);
    CHECK_VALUE(poll(ports, 0xFFFFFFFF, in_ms(1000)), -XEN_EINVAL);
    CHECK_VALUE(poll(UNMAPPED, 1, in_ms(1000)), -XEN_EFAULT);
    CHECK_VALUE(hv_sched_op(SCHEDOP_poll, UNMAPPED), -XEN_EFAULT);
    for (unsigned i = 0; i < 3; i++)
        CHECK_VALUE(poll(&bad[i], 1, in_ms(1000)), -XEN_EINVAL);
    bad[0] = ports[3];
    CHECK_VALUE(poll(bad, 2, in_ms(1000)), -XEN_EINVAL); /* the second is bad */
    CHECK_VALUE(evt_send(ports[3]), 0);
    CHECK_VALUE(poll(bad, 2, in_ms(1000)), 0); /* found before the bad one was looked at */
    CHECK(evt_clear(ports[3]));
}

/* --- Woken by another vcpu --- */

static void send_later(void *arg)
{
    clock_spin_until(clock_now() + 5 * CLOCK_MS);
    evt_send(*(const evtchn_port_t *)arg);
}

/* EVT-POLL-02 */
static void check_other_vcpu(void)
{
    if (guest_env.nr_vcpus < 2) {
        guest_printf("poll: one vcpu only: being woken by another is left out\n");
        return;
    }
    CHECK_VALUE(evt_vcpu_start(1, send_later, &ports[7]), 0);
    CHECK_VALUE(poll(ports, 10, 0), 0);
    CHECK(evt_clear(ports[7]));
}

void guest_main(void)
{
    for (unsigned i = 0; i <= MAX_PORTS; i++) {
        int port = evt_bind_ipi(0);

        if (!CHECK(port > 0))
            return;
        ports[i] = (evtchn_port_t)port;
    }
    check_pending_already();
    check_becomes_pending();
    check_timeout();
    check_deliverable();
    check_undeliverable();
    check_another_port();
    check_errors();
    check_other_vcpu();
}
