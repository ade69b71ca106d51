/* SPDX-License-Identifier: MIT */
#include "kernel/deferred.h"

#include "arch/x86/cpu.h"
#include "arch/x86/time.h"
#include "kernel/reaper.h"
#include "kernel/timers.h"

static bool requested; /* atomic */

void deferred_request(void)
{
    __atomic_store_n(&requested, true, __ATOMIC_SEQ_CST);
    cpu_request_work(0, CPU_WORK_RESCHED);
}

static void request_again(struct timer *t, uint64_t now)
{
    (void)t;
    (void)now;
    deferred_request();
}

/* After a step that took `took` ns the guests of this CPU have it for a multiple of that. */
#define GUESTS_SHARE 4U

void deferred_run(bool idle)
{
    static struct timer again = {.fire = request_again};

    if (!__atomic_load_n(&requested, __ATOMIC_RELAXED))
        return;
    __atomic_store_n(&requested, false, __ATOMIC_SEQ_CST);
    uint64_t start = time_now();
    if (!domains_reap())
        return;
    uint64_t now = time_now();
    if (idle)
        deferred_request();
    else
        timer_set(&again, 0, now + GUESTS_SHARE * (now - start));
}
