/* SPDX-License-Identifier: MIT */
/* The word size and the 3-level ABI, which the real Xen has not. */
#include "common/string.h"
#include "guest/abi/errno.h"
#include "guest/lib/console.h"
#include "guest/lib/env.h"
#include "guest/lib/events.h"
#include "guest/lib/hypercall.h"
#include "guest/lib/memory.h"
#include "guest/lib/three_level.h"
#include "guest/lib/verdict.h"
#include "guest/mode/pvh/mode.h"

#define PAGES (GUEST_PORTS_3LEVEL / 8 / GUEST_PAGE_SIZE)

/* A port that 2-level has not; its event is seen in the library's bitmap and selectors. */
static void check_event(void)
{
    int port;

    do
        port = evt_bind_ipi(0);
    while (port > 0 && port < (int)GUEST_PORTS_2LEVEL);
    CHECK_VALUE(evt_unmask((evtchn_port_t)port), 0);
    memset(guest_vcpu()->l2, 0, EVT_L2_BYTES);
    guest_vcpu()->info->evtchn_pending_sel = 0;
    CHECK_VALUE(evt_send((evtchn_port_t)port), 0);
    CHECK(evt_is_pending((evtchn_port_t)port));
    CHECK_VALUE(guest_vcpu()->l2[port / (int)GUEST_PORTS_2LEVEL], 1); /* its first word: the first port of the level */
    CHECK_VALUE(guest_vcpu()->info->evtchn_pending_sel, 2);
}

/* WS-12: frozen from the registration to the reset. */
static void check_frozen(void)
{
    CHECK_VALUE(evt_register_3level(), 0);
    latch_other();
    check_event();
    CHECK_VALUE(evt_reset(), 0);
    CHECK_VALUE(evt_bind_ipi(0), 1);
    latch_native();
    CHECK_VALUE(evt_reset(), 0);
}

/* WS-13: the arguments are in the layout of the caller, the size of the bitmaps follows the word size. */
static void check_arguments(void)
{
    static other_word frame[2][PAGES];
    uint8_t *bitmap = memory_pages((size_t)2 * PAGES);
    other_register_3level op = {.cmd = REGISTER_BITMAPS};

    for (unsigned i = 0; i < 2 * PAGES; i++)
        frame[i / PAGES][i % PAGES] = (other_word)(env_frame(bitmap) + i);
    op.u.bitmaps.evtchn_pending = other_address(frame[0]);
    op.u.bitmaps.evtchn_mask = other_address(frame[1]);
    op.u.bitmaps.nr_pages = PAGES + 1;
    CHECK_VALUE(other_hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_register_3level, other_address(&op), 0),
                -XEN_EINVAL);
    op.u.bitmaps.nr_pages = PAGES;
    CHECK_VALUE(other_hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_register_3level, other_address(&op), 0), 0);
    op = (other_register_3level){.cmd = REGISTER_L2_SELECTOR};
    op.u.l2_selector.frame = (other_word)env_frame(memory_pages(1));
    CHECK_VALUE(other_hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_register_3level, other_address(&op), 0), 0);
    CHECK_VALUE(evt_reset(), 0);
}

void mode_3level(void)
{
    uint64_t abis;

    if (evt_query_extended(&abis) || !(abis & EVTCHN_EXTENDED_3LEVEL)) {
        guest_printf("mode: no 3-level ABI here\n");
        return;
    }
    CHECK_VALUE(evt_reset(), 0);
    check_frozen();
    check_arguments();
}
