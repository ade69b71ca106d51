/* SPDX-License-Identifier: MIT */
#include "guest/abi/vcpu.h"
#include "guest/lib/clock.h"
#include "guest/lib/env.h"
#include "guest/lib/events.h"
#include "guest/lib/hypercall.h"
#include "guest/probe/probe.h"

/* Set a timer and see, with upcalls off, when VIRQ_TIMER's bit appears within 200 ms. */
static void ask_deadline(const char *what, evtchn_port_t port, uint64_t deadline)
{
    uint64_t start = clock_now(), end = start + 200 * CLOCK_MS;

    evt_clear(port);
    answer(what, hv_set_timer_op(deadline));
    while (!evt_is_pending(port) && clock_now() < end)
        hv_sched_op(SCHEDOP_yield, NULL);
    if (evt_is_pending(port))
        note("event after %llu us", (unsigned long long)(clock_now() - start) / CLOCK_US);
    else
        note("no event in 200 ms");
    hv_set_timer_op(0);
}

/* The same with the other timer, VCPU_SSHOTTMR_future set. */
static void ask_future(const char *what, evtchn_port_t port, uint64_t deadline)
{
    struct vcpu_set_singleshot_timer t = {.timeout_abs_ns = deadline, .flags = VCPU_SSHOTTMR_future};
    uint64_t start = clock_now(), end = start + 200 * CLOCK_MS;

    evt_clear(port);
    answer(what, hv_vcpu_op(VCPUOP_set_singleshot_timer, 0, &t));
    while (!evt_is_pending(port) && clock_now() < end)
        hv_sched_op(SCHEDOP_yield, NULL);
    note("event: %s", evt_is_pending(port) ? "yes" : "no");
    hv_vcpu_op(VCPUOP_stop_singleshot_timer, 0, NULL);
}

void probe_timer(void)
{
    evtchn_port_t port = (evtchn_port_t)evt_bind_virq(VIRQ_TIMER, 0);

    ask_deadline("set_timer_op(now + 5 ms)", port, clock_now() + 5 * CLOCK_MS);
    ask_deadline("set_timer_op(0)", port, 0);
    ask_deadline("set_timer_op(1)", port, 1);
    ask_deadline("set_timer_op(now - 1 ms)", port, clock_now() - CLOCK_MS);
    ask_deadline("set_timer_op(now + 2^49 ns)", port, clock_now() + (1ULL << 49));
    ask_deadline("set_timer_op(now + 2^51 ns)", port, clock_now() + (1ULL << 51));
    ask_deadline("set_timer_op(2^63 - 1)", port, ~0ULL >> 1);
    ask_deadline("set_timer_op(2^63)", port, 1ULL << 63);
    ask_deadline("set_timer_op(all ones)", port, ~0ULL);
    ask_future("singleshot(future, 1 ns)", port, 1);
    ask_future("singleshot(future, 0)", port, 0);
    ask_future("singleshot(future, now + 5 ms)", port, clock_now() + 5 * CLOCK_MS);
    ask_future("singleshot(future, all ones)", port, ~0ULL);
    evt_close(port);
}
