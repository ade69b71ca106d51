/* SPDX-License-Identifier: MIT */
#include "kernel/deferred.h"

#include <stdbool.h>

#include "arch/x86/cpu.h"
#include "kernel/reaper.h"

static bool requested; /* atomic */

void deferred_request(void)
{
    __atomic_store_n(&requested, true, __ATOMIC_SEQ_CST);
    cpu_request_work(0, CPU_WORK_RESCHED);
}

void deferred_run(void)
{
    if (!__atomic_load_n(&requested, __ATOMIC_RELAXED))
        return;
    __atomic_store_n(&requested, false, __ATOMIC_SEQ_CST);
    if (domains_reap())
        deferred_request();
}
