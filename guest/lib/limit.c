/* SPDX-License-Identifier: MIT */
#include "guest/lib/limit.h"

#include "guest/lib/clock.h"
#include "guest/lib/events.h"
#include "guest/lib/hypercall.h"
#include "guest/lib/verdict.h"

static int port;

static void on_limit(evtchn_port_t p, void *arg)
{
    (void)p;
    (void)arg;
    verdict(VERDICT_FAILURE, "time limit: still waiting for an event");
    guest_exit();
}

void limit_seconds(unsigned seconds)
{
    port = evt_bind_virq(VIRQ_TIMER, 0);
    if (!CHECK(port > 0))
        return;
    evt_set_handler((evtchn_port_t)port, on_limit, NULL);
    evt_unmask((evtchn_port_t)port);
    hv_set_timer_op(clock_now() + seconds * CLOCK_S);
    env_upcalls_on();
}

void limit_cancel(void)
{
    hv_set_timer_op(0);
    evt_close((evtchn_port_t)port);
}
