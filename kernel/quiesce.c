/* SPDX-License-Identifier: MIT */
#include "kernel/quiesce.h"

#include "arch/x86/cpu.h"

static bool token_taken;

bool quiesce_begin(void)
{
    return !__atomic_exchange_n(&token_taken, true, __ATOMIC_ACQUIRE);
}

void quiesce_wait(void)
{
    cpu_sync_others(false);
}

void quiesce_end(void)
{
    __atomic_store_n(&token_taken, false, __ATOMIC_RELEASE);
}
