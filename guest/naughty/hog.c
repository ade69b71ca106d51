/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls that take long: lists as long as a guest likes. The processor must stay everybody's: an event of this vcpu
 * that comes due in the middle is delivered in the middle, and not when the whole list is done.
 */
#include "guest/abi/vcpu.h"
#include "guest/lib/clock.h"
#include "guest/lib/env.h"
#include "guest/lib/events.h"
#include "guest/lib/hypercall.h"
#include "guest/lib/verdict.h"
#include "guest/naughty/naughty.h"

#define THINGS 60000U  /* things to do in one list */
#define ENTRIES 18000U /* of one multicall */
#define SOON CLOCK_MS  /* the event comes due so long after the start */

static volatile uint64_t handled_at;

/* ns that this vcpu has run: others may have the processor in the middle of a list, for as long as they like. */
static uint64_t run_time(void)
{
    guest_runstate_info info = {.state = 0};

    CHECK_VALUE(hv_vcpu_op(VCPUOP_get_runstate_info, 0, &info), 0);
    return info.time[RUNSTATE_running];
}

static void note_time(evtchn_port_t port, void *arg)
{
    (void)port;
    (void)arg;
    handled_at = run_time();
}

static void long_list(void)
{
    container_list(THINGS);
}

static void long_multicall(void)
{
    container_multicall(ENTRIES);
}

static void check_interrupted(const char *what, void (*hypercall)(void))
{
    uint64_t start = run_time(), end;

    handled_at = 0;
    CHECK_VALUE(hv_set_timer_op(clock_now() + SOON), 0);
    hypercall();
    end = run_time();
    if (end - start < 5 * SOON)
        verdict(VERDICT_ERROR, "%s took only %llu us", what, (unsigned long long)((end - start) / CLOCK_US));
    else if (handled_at == 0 || end - handled_at < (end - start) / 2)
        verdict(VERDICT_FAILURE, "%s took %llu us and let no event in", what,
                (unsigned long long)((end - start) / CLOCK_US));
}

void abuse_hog(void)
{
    evtchn_port_t port = (evtchn_port_t)evt_bind_virq(VIRQ_TIMER, 0);

    evt_set_handler(port, note_time, NULL);
    env_upcalls_on();
    CHECK_VALUE(evt_unmask(port), 0);
    check_interrupted("a list", long_list);
    CHECK_VALUE(evt_unmask(port), 0);
    check_interrupted("a multicall", long_multicall);
    env_upcalls_off();
}
