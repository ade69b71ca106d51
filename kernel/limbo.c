/* SPDX-License-Identifier: MIT */
#include "kernel/limbo.h"

#include "arch/x86/tlb.h"
#include "kernel/deferred.h"
#include "kernel/memory.h"
#include "kernel/quiesce.h"

#define STEP 4096U /* frames that become free at once */
#define NONE 0U    /* frame 0 is nobody's (kernel/memory.c) */

static bool used;      /* set once, before domains run */
static uint32_t added; /* atomic: the last that came; each leads to the one before it by `next` */

/* CPU 0 */
static uint32_t batch;      /* those that wait together */
static uint32_t batch_time; /* since when */
static bool is_safe;        /* the wait is over */

void limbo_begin(void)
{
    used = true;
}

static void add(uint64_t mfn)
{
    struct page *page = mfn_to_page(mfn);
    uint32_t before = __atomic_load_n(&added, __ATOMIC_RELAXED);

    do
        page->next = before;
    while (!__atomic_compare_exchange_n(&added, &before, (uint32_t)mfn, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED));
    if (before == NONE)
        deferred_request();
}

void limbo_free(uint64_t mfn)
{
    if (used)
        add(mfn);
    else
        pages_free(&memory_pool, mfn, 0);
}

static void take_batch(void)
{
    batch = __atomic_exchange_n(&added, NONE, __ATOMIC_ACQUIRE);
    batch_time = tlb_time();
    is_safe = false;
}

/* Nobody remembers the frames, and nobody is still at them in the hypervisor. */
static bool has_waited(void)
{
    if (!tlb_is_flushed_since(batch_time) || !quiesce_begin())
        return false;
    quiesce_wait();
    quiesce_end();
    return true;
}

static void free_some(void)
{
    for (unsigned i = 0; i < STEP && batch != NONE; i++) {
        uint32_t next = mfn_to_page(batch)->next;
        pages_free(&memory_pool, batch, 0);
        batch = next;
    }
}

bool limbo_step(void)
{
    if (batch == NONE)
        take_batch();
    if (batch == NONE)
        return false;
    is_safe = is_safe || has_waited();
    if (is_safe)
        free_some();
    return !limbo_is_empty();
}

bool limbo_is_empty(void)
{
    return batch == NONE && __atomic_load_n(&added, __ATOMIC_RELAXED) == NONE;
}
