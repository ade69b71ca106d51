/* SPDX-License-Identifier: MIT */
#include "guest/lib/clock.h"
#include "guest/lib/cpu.h"
#include "guest/lib/events.h"
#include "guest/lib/hypercall.h"
#include "guest/probe/probe.h"

static void ask_poll(const char *what, evtchn_port_t *ports, unsigned nr, uint64_t timeout)
{
    guest_sched_poll poll = {.ports = guest_address(ports), .nr_ports = nr, .timeout = timeout};
    uint64_t start = clock_now(), end;

    answer(what, hv_sched_op(SCHEDOP_poll, &poll));
    end = clock_now();
    note("after %llu us", (unsigned long long)(end - start) / CLOCK_US);
}

static void ask_polls(void)
{
    evtchn_port_t port[2] = {(evtchn_port_t)evt_alloc_unbound(DOMID_SELF), 4095};
    evtchn_port_t bad = 4096, zero = 0;
    uint64_t soon = 2 * CLOCK_MS;

    ask_poll("poll(unmapped list, nr 1)", UNMAPPED, 1, 0);
    ask_poll("poll(NULL list, nr 0, 2 ms)", NULL, 0, clock_now() + soon);
    ask_poll("poll(unmapped list, nr 0, 2 ms)", UNMAPPED, 0, clock_now() + soon);
    ask_poll("poll(nr 129)", port, 129, clock_now() + soon);
    ask_poll("poll(unmapped list, nr 129)", UNMAPPED, 129, clock_now() + soon);
    ask_poll("poll(unmapped list, nr 128)", UNMAPPED, 128, clock_now() + soon);
    ask_poll("poll(non-canonical list)", NON_CANONICAL, 1, clock_now() + soon);
    ask_poll("poll(port 4096)", &bad, 1, clock_now() + soon);
    ask_poll("poll(port 0)", &zero, 1, clock_now() + soon);
    ask_poll("poll(a closed port, 2 ms)", port + 1, 1, clock_now() + soon);
    ask_poll("poll(an idle port, 2 ms)", port, 1, clock_now() + soon);
    ask_poll("poll(an idle port, deadline 1 ns)", port, 1, 1);
    ASK(hv_sched_op(SCHEDOP_poll, UNMAPPED));
    evt_close(port[0]);
}

void probe_sched(void)
{
    struct sched_shutdown bad_reason = {.reason = 6};
    struct sched_remote_shutdown remote = {.domain_id = 5};
    struct sched_watchdog watchdog = {.id = 0, .timeout = 30};

    ASK(hv_sched_op(SCHEDOP_yield, NULL));
    ASK(hv_sched_op(SCHEDOP_shutdown, UNMAPPED));
    ASK(hv_sched_op(SCHEDOP_shutdown_code, UNMAPPED));
    ASK(hv_sched_op(SCHEDOP_shutdown_code, &bad_reason));
    ask_polls();
    ASK(hv_sched_op(SCHEDOP_remote_shutdown, UNMAPPED));
    ASK(hv_sched_op(SCHEDOP_remote_shutdown, &remote));
    remote.domain_id = DOMID_SELF;
    ASK(hv_sched_op(SCHEDOP_remote_shutdown, &remote));
    ASK(hv_sched_op(SCHEDOP_watchdog, UNMAPPED));
    ASK(hv_sched_op(SCHEDOP_watchdog, &watchdog));
    note("the same twice more (id 0), id 3, then id 1 timeout 0:");
    ASK(hv_sched_op(SCHEDOP_watchdog, &watchdog));
    ASK(hv_sched_op(SCHEDOP_watchdog, &watchdog));
    watchdog.id = 3;
    ASK(hv_sched_op(SCHEDOP_watchdog, &watchdog));
    watchdog = (struct sched_watchdog){.id = 1, .timeout = 0};
    ASK(hv_sched_op(SCHEDOP_watchdog, &watchdog));
    watchdog = (struct sched_watchdog){.id = 2, .timeout = 0};
    ASK(hv_sched_op(SCHEDOP_watchdog, &watchdog));
    ASK(hv_sched_op(SCHEDOP_pin_override, UNMAPPED));
    ASK(hv_sched_op(8, NULL));
    ASK(hv_sched_op(99, UNMAPPED));
    ASK(hv_sched_op(0xFFFFFFFF, NULL));
}

/* --- Sleeping with interrupts off --- */

static unsigned fired;

static void on_timer(evtchn_port_t port, void *arg)
{
    (void)port;
    (void)arg;
    fired++;
}

static void ask_block(const char *what, uint64_t delay, bool interrupts)
{
    uint64_t start = clock_now(), end;

    fired = 0;
    hv_set_timer_op(start + delay);
    if (interrupts)
        env_upcalls_on();
    answer(what, hv_sched_op(SCHEDOP_block, NULL));
    end = clock_now();
    note("after %llu us; upcalls seen %u, upcall_pending %u, upcall_mask %u",
         (unsigned long long)(end - start) / CLOCK_US, fired, guest_vcpu()->info->evtchn_upcall_pending,
         guest_vcpu()->info->evtchn_upcall_mask);
    env_upcalls_on();
    clock_spin_until(clock_now() + 10 * CLOCK_MS);
    env_upcalls_off();
    hv_set_timer_op(0);
}

void probe_block(void)
{
    int port = evt_bind_virq(VIRQ_TIMER, 0);

    evt_set_handler((evtchn_port_t)port, on_timer, NULL);
    evt_unmask((evtchn_port_t)port);
    ask_block("block, IF=1, timer in 5 ms", 5 * CLOCK_MS, true);
    guest_vcpu()->info->evtchn_upcall_mask = 1;
    ask_block("block, IF=1, upcall_mask=1, timer in 5 ms", 5 * CLOCK_MS, true);
    ask_block("block, IF=0, timer in 5 ms", 5 * CLOCK_MS, false);
    evt_close((evtchn_port_t)port);
}

/* The real Xen does not return from this. */
void probe_sleep(void)
{
    int port = evt_bind_virq(VIRQ_TIMER, 0);

    evt_unmask((evtchn_port_t)port);
    hv_set_timer_op(clock_now() + CLOCK_MS);
    clock_spin_until(clock_now() + 5 * CLOCK_MS);
    note("now upcall_pending is %u and IF=0", guest_vcpu()->info->evtchn_upcall_pending);
    ask_block("block, IF=0, upcall pending already", 5 * CLOCK_MS, false);
    evt_close((evtchn_port_t)port);
}
