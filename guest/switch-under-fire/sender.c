/* SPDX-License-Identifier: MIT */
/* The sender in another domain: each answer makes it send again. The target tells it when to report, and the end. */
#include "guest/lib/args.h"
#include "guest/lib/console.h"
#include "guest/lib/limit.h"
#include "guest/lib/verdict.h"
#include "guest/switch-under-fire/fire.h"

static unsigned barrier, stop, answers;

/* Send on the port until the target has closed its end: then the event is dropped, and the port waits for a new one. */
static void on_answer(evtchn_port_t port, void *arg)
{
    (void)arg;
    answers++;
    CHECK_VALUE(evt_send(port), 0);
}

static void on_word(evtchn_port_t port, void *arg)
{
    (void)port;
    *(volatile unsigned *)arg = 1;
}

static void offer(domid_t target, evtchn_port_t expected, evt_handler *fn, void *arg)
{
    CHECK_VALUE(evt_alloc_unbound(target), expected);
    evt_set_handler(expected, fn, arg);
    evt_unmask(expected);
}

void sender_main(domid_t target)
{
    offer(target, PORT_BARRIER, on_word, &barrier);
    offer(target, PORT_STOP, on_word, &stop);
    for (unsigned i = 0; i < NR_FIRE; i++)
        offer(target, PORT_FIRE + i, on_answer, NULL);
    limit_seconds((unsigned)args_number("limit", 600));
    env_upcalls_off();
    while (!stop) {
        if (!barrier)
            env_wait();
        /* All that was pending before the barrier has been handled by the upcall that brought it. */
        if (barrier)
            CHECK_VALUE(evt_send(PORT_BARRIER), 0);
        barrier = 0;
    }
    guest_printf("switch-under-fire: sender: %u answers\n", answers);
}
