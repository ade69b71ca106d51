/* SPDX-License-Identifier: MIT */
/*
 * The 3-level registration with each argument wrong in turn, in the order in which the specification says that they
 * are checked; after each failure the domain must still be on 2-level, and work.
 */
#include "common/string.h"
#include "guest/abi/errno.h"
#include "guest/lib/env.h"
#include "guest/lib/events.h"
#include "guest/lib/hypercall.h"
#include "guest/lib/memory.h"
#include "guest/lib/three_level.h"
#include "guest/lib/verdict.h"
#include "guest/naughty/naughty.h"

#define PAGES (GUEST_PORTS_3LEVEL / 8 / GUEST_PAGE_SIZE)

static uint8_t *bitmap;            /* PAGES of pending, then PAGES of mask */
static guest_word frame[2][PAGES]; /* their lists */

static void fill_lists(void)
{
    for (unsigned i = 0; i < PAGES; i++) {
        frame[0][i] = (guest_word)env_frame(bitmap + i * GUEST_PAGE_SIZE);
        frame[1][i] = (guest_word)env_frame(bitmap + (PAGES + i) * GUEST_PAGE_SIZE);
    }
}

static guest_register_3level good_bitmaps(void)
{
    guest_register_3level op = {.cmd = REGISTER_BITMAPS};

    fill_lists();
    op.u.bitmaps.nr_pages = PAGES;
    op.u.bitmaps.evtchn_pending = guest_address(frame[0]);
    op.u.bitmaps.evtchn_mask = guest_address(frame[1]);
    return op;
}

static guest_register_3level good_l2(void *l2)
{
    guest_register_3level op = {.cmd = REGISTER_L2_SELECTOR};

    op.u.l2_selector.frame = (guest_word)env_frame(l2);
    op.u.l2_selector.offset = guest_address(l2) % GUEST_PAGE_SIZE;
    return op;
}

/* A send still arrives in the 2-level bitmap. */
static void check_2level(void)
{
    int port = evt_bind_ipi(0);

    CHECK(port > 0 && port < (int)GUEST_PORTS_2LEVEL);
    CHECK_VALUE(evt_send((evtchn_port_t)port), 0);
    CHECK(evt_is_pending((evtchn_port_t)port));
    CHECK(evt_clear((evtchn_port_t)port));
    CHECK_VALUE(evt_close((evtchn_port_t)port), 0);
}

static void check_sizes(void)
{
    static const uint32_t wrong[] = {0, 1, PAGES - 1, PAGES + 1, 0x10000, 0xFFFFFFFF};

    for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        guest_register_3level op = good_bitmaps();

        op.u.bitmaps.nr_pages = wrong[i];
        if (wrong[i] != PAGES)
            CHECK_VALUE(evt_register_op(&op), -XEN_EINVAL);
        check_2level();
    }
}

static void check_lists(void)
{
    guest_register_3level op = good_bitmaps();

    op.u.bitmaps.evtchn_pending = guest_address(UNMAPPED);
    CHECK_VALUE(evt_register_op(&op), -XEN_EFAULT);
    op = good_bitmaps();
    op.u.bitmaps.evtchn_mask = guest_address(NON_CANONICAL);
    CHECK_VALUE(evt_register_op(&op), -XEN_EFAULT);
    op = good_bitmaps();
    op.u.bitmaps.evtchn_mask = guest_address(NO_MEMORY);
    CHECK_VALUE(evt_register_op(&op), -XEN_EFAULT);
    check_2level();
}

static void check_frame(unsigned list, guest_word bad)
{
    guest_register_3level op = good_bitmaps();

    frame[list][PAGES - 1] = bad;
    CHECK_VALUE(evt_register_op(&op), -XEN_EINVAL);
    check_2level();
}

static void check_frames(void)
{
    guest_word no_ram = guest_address(NO_MEMORY) >> GUEST_PAGE_SHIFT;

    for (unsigned list = 0; list < 2; list++) {
        check_frame(list, no_ram);
        check_frame(list, ~(guest_word)0);
        check_frame(list, (guest_word)1 << (GUEST_WORD_BITS - 13));
        check_frame(list, (guest_word)env_frame(bitmap + (1 - list) * PAGES * GUEST_PAGE_SIZE)); /* the other list's */
        if (PAGES > 1)
            check_frame(list, frame[list][0]);                      /* its own list's */
        check_frame(list, (guest_word)env_frame(guest_env.shared)); /* not ordinary RAM */
    }
}

static void check_l2(void)
{
    guest_word *l2 = memory_pages(1);
    guest_register_3level op = good_l2(l2);

    op.cmd = 3;
    CHECK_VALUE(evt_register_op(&op), -XEN_EINVAL);
    op = good_l2(l2);
    op.u.l2_selector.vcpu = 4096;
    CHECK_VALUE(evt_register_op(&op), -XEN_ENOENT);
    op = good_l2(l2);
    op.u.l2_selector.offset = 1;
    CHECK_VALUE(evt_register_op(&op), -XEN_EINVAL);
    op.u.l2_selector.offset = GUEST_PAGE_SIZE - EVT_L2_BYTES + sizeof(guest_word);
    CHECK_VALUE(evt_register_op(&op), -XEN_EINVAL);
    op.u.l2_selector.offset = ~(guest_word)7;
    CHECK_VALUE(evt_register_op(&op), -XEN_EINVAL);
    op = good_l2(l2);
    op.u.l2_selector.frame = guest_address(NO_MEMORY) >> GUEST_PAGE_SHIFT;
    CHECK_VALUE(evt_register_op(&op), -XEN_EINVAL);
    op = good_l2(l2);
    op.u.l2_selector.offset = GUEST_PAGE_SIZE - EVT_L2_BYTES;
    CHECK_VALUE(evt_register_op(&op), 0);
    CHECK_VALUE(evt_register_op(&op), -XEN_EEXIST);
}

void abuse_registration(void)
{
    uint64_t abis;
    guest_register_3level op;

    if (evt_query_extended(&abis) || !(abis & EVTCHN_EXTENDED_3LEVEL)) {
        verdict(VERDICT_SKIP, "this domain may not use the 3-level ABI");
        return;
    }
    bitmap = memory_pages((size_t)2 * PAGES);
    memset(bitmap + PAGES * GUEST_PAGE_SIZE, 0xFF, PAGES * GUEST_PAGE_SIZE);
    CHECK_VALUE(evt_register_op(UNMAPPED), -XEN_EFAULT);
    op = good_bitmaps();
    op.cmd = 0;
    CHECK_VALUE(evt_register_op(&op), -XEN_EINVAL);
    op = good_l2(bitmap);
    CHECK_VALUE(evt_register_op(&op), -XEN_EINVAL); /* not on 3-level yet */
    check_sizes();
    check_lists();
    check_frames();
    op = good_bitmaps();
    CHECK_VALUE(evt_register_op(&op), 0);
    CHECK_VALUE(evt_register_op(&op), -XEN_EBUSY);
    check_l2();
    CHECK_VALUE(evt_reset(), 0);
    check_2level();
}
