/* SPDX-License-Identifier: MIT */
/*
 * Time: the clock in shared_info never runs backwards and agrees with the TSC; the three timers of a vcpu
 * (set_timer_op, which VCPUOP_set_singleshot_timer shares, and the periodic one) raise VIRQ_TIMER, never early; and
 * wake who sleeps.
 *
 * How late an event comes depends on the machine that emulates us, so lateness is printed and not judged.
 */
#include "guest/abi/errno.h"
#include "guest/abi/vcpu.h"
#include "guest/lib/clock.h"
#include "guest/lib/console.h"
#include "guest/lib/cpu.h"
#include "guest/lib/env.h"
#include "guest/lib/events.h"
#include "guest/lib/hypercall.h"
#include "guest/lib/verdict.h"

static unsigned ticks;
static bool rearm; /* each tick sets the timer again */
static uint64_t first_tick, last_tick;

static void on_tick(evtchn_port_t port, void *arg)
{
    (void)port;
    (void)arg;
    last_tick = clock_now();
    if (!ticks++)
        first_tick = last_tick;
    if (rearm)
        hv_set_timer_op(last_tick + 10 * CLOCK_MS);
}

static void wait_ticks(unsigned count)
{
    env_upcalls_off();
    while (ticks < count)
        env_wait();
    env_upcalls_on();
}

static void check_monotonic(void)
{
    uint64_t last = clock_now(), backwards = 0;

    for (unsigned i = 0; i < 20000; i++) {
        uint64_t now = clock_now();

        backwards += now < last;
        last = now;
    }
    CHECK_VALUE(backwards, 0);
}

struct instant {
    uint64_t ns, tsc;
};

/* One moment by both clocks: of many looks the one that was interrupted least. */
static struct instant look(void)
{
    struct instant best = {0};
    uint64_t shortest = UINT64_MAX;

    for (unsigned i = 0; i < 100; i++) {
        uint64_t before = cpu_tsc(), ns = clock_now(), took = cpu_tsc() - before;

        if (took < shortest) {
            shortest = took;
            best = (struct instant){ns, before + took / 2};
        }
    }
    return best;
}

/* A stretch of the TSC, converted by the clock's own factor, is as long as the clock says: within 1 %. */
static void check_rate(void)
{
    struct instant start = look(), end;
    uint64_t ns, converted, difference;

    clock_spin_until(start.ns + 50 * CLOCK_MS);
    end = look();
    ns = end.ns - start.ns;
    converted = clock_ticks_to_ns(end.tsc - start.tsc);
    difference = converted > ns ? converted - ns : ns - converted;
    guest_printf("timer: the clock ran %llu us, the TSC %llu us\n", (unsigned long long)(ns / CLOCK_US),
                 (unsigned long long)(converted / CLOCK_US));
    CHECK(difference < ns / 100);
}

/* One event per deadline, and not before it. */
static void check_once(const char *what, uint64_t deadline)
{
    wait_ticks(1);
    CHECK(first_tick >= deadline);
    guest_printf("timer: %s: %llu us late\n", what, (unsigned long long)((first_tick - deadline) / CLOCK_US));
    clock_spin_until(clock_now() + 2 * CLOCK_MS);
    CHECK_VALUE(ticks, 1);
    ticks = 0;
}

static void check_set_timer(void)
{
    uint64_t deadline = clock_now() + 5 * CLOCK_MS;

    CHECK_VALUE(hv_set_timer_op(deadline), 0);
    check_once("set_timer_op", deadline);
    deadline = clock_now();
    CHECK_VALUE(hv_set_timer_op(1), 0); /* long ago: at once */
    check_once("set_timer_op in the past", deadline);
}

static void check_stopped(void)
{
    CHECK_VALUE(hv_set_timer_op(clock_now() + 20 * CLOCK_MS), 0);
    CHECK_VALUE(hv_set_timer_op(0), 0);
    clock_spin_until(clock_now() + 40 * CLOCK_MS);
    CHECK_VALUE(ticks, 0);
}

static void check_singleshot(void)
{
    struct vcpu_set_singleshot_timer t = {.timeout_abs_ns = clock_now() + 5 * CLOCK_MS};

    CHECK_VALUE(hv_vcpu_op(VCPUOP_set_singleshot_timer, 0, &t), 0);
    check_once("set_singleshot_timer", t.timeout_abs_ns);
    t.timeout_abs_ns = clock_now() + 20 * CLOCK_MS;
    CHECK_VALUE(hv_vcpu_op(VCPUOP_set_singleshot_timer, 0, &t), 0);
    CHECK_VALUE(hv_vcpu_op(VCPUOP_stop_singleshot_timer, 0, NULL), 0);
    clock_spin_until(clock_now() + 40 * CLOCK_MS);
    CHECK_VALUE(ticks, 0);
}

static void check_periodic(void)
{
    struct vcpu_set_periodic_timer t = {.period_ns = 4 * CLOCK_MS};
    uint64_t start = clock_now();
    unsigned seen;

    CHECK_VALUE(hv_vcpu_op(VCPUOP_set_periodic_timer, 0, &t), 0);
    while (__atomic_load_n(&ticks, __ATOMIC_RELAXED) < 10) /* stay awake: on the real Xen it wakes no sleeper */
        cpu_relax();
    CHECK_VALUE(hv_vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL), 0);
    guest_printf("timer: periodic: 10 ticks of 4 ms in %llu us\n",
                 (unsigned long long)((last_tick - start) / CLOCK_US));
    seen = ticks;
    clock_spin_until(clock_now() + 12 * CLOCK_MS);
    CHECK(ticks <= seen + 1); /* one may have been on its way */
    ticks = 0;
}

/* Periods that are refused leave the timer as it is, and those that are not last beyond this run (HC-VCPU-07). */
static void check_periods(void)
{
    static const struct {
        uint64_t period;
        int result;
    } periods[] = {
        {0, -XEN_EINVAL},          {CLOCK_MS - 1, -XEN_EINVAL}, {1ULL << 62, -XEN_EINVAL},
        {1ULL << 63, -XEN_EINVAL}, {~0ULL, -XEN_EINVAL},        {(1ULL << 62) - 1, 0},
    };

    for (unsigned vcpu = 0; vcpu < guest_env.nr_vcpus; vcpu++) {
        for (unsigned i = 0; i < sizeof(periods) / sizeof(periods[0]); i++) {
            struct vcpu_set_periodic_timer t = {.period_ns = periods[i].period};

            CHECK_VALUE(hv_vcpu_op(VCPUOP_set_periodic_timer, vcpu, &t), periods[i].result);
        }
        CHECK_VALUE(hv_vcpu_op(VCPUOP_set_periodic_timer, vcpu, (void *)GUEST_UNMAPPED), -XEN_EFAULT);
        CHECK_VALUE(hv_vcpu_op(VCPUOP_stop_periodic_timer, vcpu, NULL), 0);
    }
    clock_spin_until(clock_now() + 5 * CLOCK_MS);
    CHECK_VALUE(ticks, 0);
}

/* Whether a tick that is due already comes at once: the period is a little shorter than the time since the last one. */
static bool is_due_at_once(void)
{
    struct vcpu_set_periodic_timer t;
    uint64_t start;

    clock_spin_until(last_tick + 40 * CLOCK_MS);
    start = clock_now();
    t.period_ns = (start - last_tick) / 8 * 7;
    CHECK_VALUE(hv_vcpu_op(VCPUOP_set_periodic_timer, 0, &t), 0);
    while (!__atomic_load_n(&ticks, __ATOMIC_RELAXED))
        cpu_relax();
    CHECK_VALUE(hv_vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL), 0);
    ticks = 0;
    return first_tick - start < t.period_ns / 2;
}

/* HC-TIME-06: the period counts from the last tick. A busy machine may be late, but not each time. */
static void check_period_since_tick(void)
{
    struct vcpu_set_periodic_timer t = {.period_ns = 1000 * CLOCK_S};
    unsigned tries = 0;

    while (!is_due_at_once() && tries < 20)
        tries++;
    CHECK(tries < 20);
    CHECK_VALUE(hv_vcpu_op(VCPUOP_set_periodic_timer, 0, &t), 0);
    clock_spin_until(clock_now() + 2 * CLOCK_MS);
    CHECK_VALUE(ticks, 0);
    CHECK_VALUE(hv_vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL), 0);
}

/* A negative deadline is the past, in which the event comes at once, whether or not the caller wants to know
 * (HC-TIME-03, HC-TIME-04); and the timer is the caller's own (HC-VCPU-08). */
static void check_singleshot_limits(void)
{
    static const uint64_t past[] = {0, 1, 1ULL << 63, ~0ULL};
    const void *unmapped = (void *)GUEST_UNMAPPED;

    for (unsigned i = 0; i < 2 * sizeof(past) / sizeof(past[0]); i++) {
        struct vcpu_set_singleshot_timer t = {.timeout_abs_ns = past[i / 2], .flags = i % 2 ? VCPU_SSHOTTMR_future : 0};

        CHECK_VALUE(hv_vcpu_op(VCPUOP_set_singleshot_timer, 0, &t), 0);
        wait_ticks(1);
        ticks = 0;
        CHECK_VALUE(hv_vcpu_op(VCPUOP_set_singleshot_timer, 1, &t), -XEN_EINVAL);
    }
    CHECK_VALUE(hv_vcpu_op(VCPUOP_set_singleshot_timer, 0, unmapped), -XEN_EFAULT);
    CHECK_VALUE(hv_vcpu_op(VCPUOP_set_singleshot_timer, 1, unmapped),
                GUEST_WORD_BITS == 64 ? -XEN_EINVAL : -XEN_EFAULT);
    CHECK_VALUE(hv_vcpu_op(VCPUOP_stop_singleshot_timer, 1, NULL), -XEN_EINVAL);
    clock_spin_until(clock_now() + 2 * CLOCK_MS);
    CHECK_VALUE(ticks, 0);
}

/*
 * SCHEDOP_block sleeps until the event: with the timer as the only event source this returns by it. A tick may come
 * between the test and the block, if the machine is busy; the next one then ends the sleep.
 */
static void check_block(void)
{
    uint64_t deadline = clock_now() + 10 * CLOCK_MS;

    rearm = true;
    CHECK_VALUE(hv_set_timer_op(deadline), 0);
    while (!__atomic_load_n(&ticks, __ATOMIC_RELAXED))
        CHECK_VALUE(hv_sched_op(SCHEDOP_block, NULL), 0);
    rearm = false;
    CHECK_VALUE(hv_set_timer_op(0), 0);
    CHECK(first_tick >= deadline);
    ticks = 0;
}

void guest_main(void)
{
    int port = evt_bind_virq(VIRQ_TIMER, 0);

    if (guest_env.nr_vcpus < 2) {
        verdict(VERDICT_ERROR, "the domain needs two vcpus (vcpus=2)");
        return;
    }
    if (!CHECK(port > 0))
        return;
    CHECK_VALUE(evt_bind_virq(VIRQ_TIMER, 0), -XEN_EEXIST);
    evt_set_handler((evtchn_port_t)port, on_tick, NULL);
    evt_unmask((evtchn_port_t)port);
    env_upcalls_on();
    check_monotonic();
    check_rate();
    check_set_timer();
    check_stopped();
    check_singleshot();
    check_singleshot_limits();
    check_periodic();
    check_periods();
    check_period_since_tick();
    check_block();
}
