/* SPDX-License-Identifier: MIT */
/* A privileged domain maps a page of another one, which ends: the page stays what it is until it is unmapped. */
#include "guest/abi/errno.h"
#include "guest/abi/memory.h"
#include "guest/frames/frames.h"
#include "guest/lib/clock.h"
#include "guest/lib/console.h"
#include "guest/lib/hypercall.h"
#include "guest/lib/memory.h"
#include "guest/lib/pv64/hypercalls.h"
#include "guest/lib/pv64/pv.h"
#include "guest/lib/verdict.h"

#define PATIENCE (60 * CLOCK_S)

static int map_foreign(const volatile uint64_t *window, uint64_t mfn, uint16_t domid)
{
    return hv_update_va_mapping_otherdomain(guest_address(window), mfn << GUEST_PAGE_SHIFT | PTE_ALL,
                                            UVMF_INVLPG | UVMF_LOCAL, domid);
}

/* Any frame of the domain that may be mapped writable; 0: there is none. */
static uint64_t find(const volatile uint64_t *window, uint16_t domid)
{
    uint64_t end = (uint64_t)hv_memory_op(XENMEM_maximum_ram_page, NULL);

    for (uint64_t mfn = end - 1; mfn > 0; mfn--)
        if (map_foreign(window, mfn, domid) == 0)
            return mfn;
    return 0;
}

static bool is_gone(uint16_t domid)
{
    return hv_memory_op(XENMEM_current_reservation, &domid) == -XEN_ESRCH;
}

static bool await_end(uint16_t domid)
{
    uint64_t end = clock_now() + PATIENCE;

    while (!is_gone(domid))
        if (clock_now() > end)
            return false;
    return true;
}

void frames_foreign(uint16_t domid)
{
    volatile uint64_t *window = memory_pages(1);
    uint64_t own = env_frame((const void *)window) << GUEST_PAGE_SHIFT | PTE_ALL, word;
    uint64_t mfn = find(window, domid);

    if (!CHECK(mfn != 0))
        return;
    if (!CHECK(await_end(domid)))
        return;
    word = *window;
    *window = ~word;
    CHECK_VALUE(*window, ~word);
    CHECK_VALUE(pv_set_mapping(window, own), 0);
    CHECK(map_foreign(window, mfn, domid) < 0);
    CHECK(map_foreign(window, mfn, DOMID_SELF) < 0);
    guest_printf("frames: a frame of domain %u outlived it\n", domid);
}
