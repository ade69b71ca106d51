/* SPDX-License-Identifier: MIT */
/*
 * What a processor remembers of a page must be forgotten when the page becomes a page table, or goes: vcpu 1 writes to
 * it all the time, and vcpu 0 takes it away without asking for any flush.
 */
#include "guest/abi/memory.h"
#include "guest/frames/frames.h"
#include "guest/lib/clock.h"
#include "guest/lib/console.h"
#include "guest/lib/hypercall.h"
#include "guest/lib/memory.h"
#include "guest/lib/pv64/hypercalls.h"
#include "guest/lib/pv64/pv.h"
#include "guest/lib/trap.h"
#include "guest/lib/verdict.h"

#define LOOKS 20
#define PATIENCE (20 * CLOCK_S)

static volatile uint64_t *page;
static unsigned writes, faults, over; /* atomic */

/* Entries of a page table that are not present, so the page is fit for one at any time. */
static void write_on(void *unused)
{
    (void)unused;
    for (uint64_t n = 0; !__atomic_load_n(&over, __ATOMIC_RELAXED); n += 2) {
        page[n / 2 % PV_ENTRIES] = n;
        __atomic_fetch_add(&writes, 1, __ATOMIC_RELAXED);
    }
}

static void writer(void *unused)
{
    (void)unused;
    while (!__atomic_load_n(&over, __ATOMIC_RELAXED))
        if (trap_try(write_on, NULL) == TRAP_PF)
            __atomic_fetch_add(&faults, 1, __ATOMIC_RELAXED);
    __atomic_store_n(&over, 2, __ATOMIC_RELAXED);
    env_halt();
}

static bool await_more(const unsigned *word, const char *what)
{
    unsigned before = __atomic_load_n(word, __ATOMIC_RELAXED);
    uint64_t end = clock_now() + PATIENCE;

    while (__atomic_load_n(word, __ATOMIC_RELAXED) == before)
        if (clock_now() > end) {
            verdict(VERDICT_FAILURE, "no more %s", what);
            return false;
        }
    return true;
}

static uint64_t sum_of(const volatile uint64_t *words)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < PV_ENTRIES; i++)
        sum = sum * 31 + words[i];
    return sum;
}

static bool stays_as_it_is(const volatile uint64_t *words, const char *what)
{
    uint64_t sum = sum_of(words);

    for (unsigned i = 0; i < LOOKS; i++)
        if (sum_of(words) != sum) {
            verdict(VERDICT_FAILURE, "%s was written to", what);
            return false;
        }
    return true;
}

static int map_page(uint64_t entry)
{
    return hv_update_va_mapping(guest_address(page), entry, UVMF_NONE);
}

static int pin(unsigned cmd, uint64_t mfn)
{
    struct mmuext_op op = {.cmd = cmd, .arg1.mfn = mfn};
    return hv_mmuext_op(&op, 1, NULL, DOMID_SELF);
}

/* The page becomes a page table: of level 2, because stores to tables of level 1 are played for the guest. */
static bool becomes_a_table(void)
{
    uint64_t mfn = env_frame((const void *)page);
    bool ok = await_more(&writes, "writes") && CHECK_VALUE(map_page(mfn << GUEST_PAGE_SHIFT | PTE_READ_ONLY), 0) &&
              CHECK_VALUE(pin(MMUEXT_PIN_L2_TABLE, mfn), 0) && stays_as_it_is(page, "a page table");

    return ok && CHECK_VALUE(pin(MMUEXT_UNPIN_TABLE, mfn), 0) &&
           CHECK_VALUE(map_page(mfn << GUEST_PAGE_SHIFT | PTE_ALL), 0);
}

static uint64_t new_frame(void)
{
    uint64_t mfn = 0;
    struct xen_memory_reservation64 r = {guest_address(&mfn), 1, 0, 0, DOMID_SELF, {0}};
    return hv_memory_op(XENMEM_increase_reservation, &r) == 1 ? mfn : 0;
}

static bool give(uint64_t mfn)
{
    struct xen_memory_reservation64 r = {guest_address(&mfn), 1, 0, 0, DOMID_SELF, {0}};
    return CHECK_VALUE(hv_memory_op(XENMEM_decrease_reservation, &r), 1);
}

/* The page's frame goes, and whoever has it next (most likely we) finds it left alone. */
static bool goes(const volatile uint64_t *window)
{
    bool ok = await_more(&writes, "writes") && CHECK_VALUE(map_page(0), 0) && give(env_frame((const void *)page));
    uint64_t mfn = ok ? new_frame() : 0;

    ok = ok && CHECK(mfn != 0) && CHECK_VALUE(pv_set_mapping(window, mfn << GUEST_PAGE_SHIFT | PTE_ALL), 0) &&
         stays_as_it_is(window, "a frame that was given back") && CHECK_VALUE(pv_set_mapping(window, 0), 0);
    return ok && CHECK_VALUE(pv_replace_page((const void *)page, mfn << GUEST_PAGE_SHIFT), 0);
}

void frames_remembered(unsigned rounds)
{
    const volatile uint64_t *window = memory_pages(1);
    bool ok = CHECK_VALUE(pv_set_mapping(window, 0), 0);

    page = memory_pages(1);
    if (!ok || !CHECK_VALUE(env_vcpu_initialise(1, writer, NULL), 0) || !CHECK_VALUE(hv_vcpu_op(VCPUOP_up, 1, NULL), 0))
        return;
    for (unsigned i = 0; i < rounds && ok; i++)
        ok = becomes_a_table() && goes(window);
    __atomic_store_n(&over, 1, __ATOMIC_RELAXED);
    guest_printf("frames: %u writes, %u page faults\n", writes, faults);
}
