/* SPDX-License-Identifier: MIT */
#include "guest/lib/three_level.h"

#include "common/string.h"
#include "guest/lib/args.h"
#include "guest/lib/events.h"
#include "guest/lib/hypercall.h"
#include "guest/lib/memory.h"
#include "guest/lib/verdict.h"

#define BITMAP_BYTES (GUEST_PORTS_3LEVEL / 8)
#define BITMAP_PAGES (BITMAP_BYTES / GUEST_PAGE_SIZE)

static bool rfc_numbering(void)
{
    return args_is("numbering", "rfc");
}

int evt_query_extended(uint64_t *abis)
{
    struct evtchn_query_extended_abis op = {0};
    unsigned cmd = rfc_numbering() ? EVTCHNOP_rfc_query_extended_abis : EVTCHNOP_query_extended_abis;
    int rc = (int)hv_event_channel_op(cmd, &op);

    *abis = op.abis;
    return rc;
}

int evt_register_op(void *op)
{
    return (int)hv_event_channel_op(rfc_numbering() ? EVTCHNOP_rfc_register_3level : EVTCHNOP_register_3level, op);
}

bool evt_is_3level(void)
{
    return evt.limit > GUEST_PORTS_2LEVEL && !evt.fifo;
}

static void list_frames(guest_word *frame, const uint8_t *pages)
{
    for (unsigned i = 0; i < BITMAP_PAGES; i++)
        frame[i] = (guest_word)env_frame(pages + i * GUEST_PAGE_SIZE);
}

/* Phase 1: the bitmaps, for the whole domain. The mask begins all ones: the hypervisor then clears what is unmasked. */
static int register_bitmaps(uint8_t *pending, uint8_t *mask)
{
    guest_word pending_frames[BITMAP_PAGES], mask_frames[BITMAP_PAGES];
    guest_register_3level op = {.cmd = REGISTER_BITMAPS};

    memset(mask, 0xFF, BITMAP_BYTES);
    list_frames(pending_frames, pending);
    list_frames(mask_frames, mask);
    op.u.bitmaps.nr_pages = BITMAP_PAGES;
    op.u.bitmaps.evtchn_pending = guest_address(pending_frames);
    op.u.bitmaps.evtchn_mask = guest_address(mask_frames);
    return evt_register_op(&op);
}

/* Phase 2, with upcalls off: from the registration on this vcpu must scan three levels. */
static int register_l2(void)
{
    struct guest_vcpu *v = guest_vcpu();
    guest_register_3level op = {.cmd = REGISTER_L2_SELECTOR};
    int rc;

    if (!v->l2_memory)
        v->l2_memory = memory_alloc(EVT_L2_BYTES);
    op.u.l2_selector.vcpu = v->id;
    op.u.l2_selector.frame = (guest_word)env_frame(v->l2_memory);
    op.u.l2_selector.offset = guest_address(v->l2_memory) % GUEST_PAGE_SIZE;
    rc = evt_register_op(&op);
    if (!rc) {
        v->l2 = v->l2_memory;
        v->era = evt.era;
        v->affinity = evt.affinity[v->id];
    }
    return rc;
}

int evt_register_3level_vcpu(void)
{
    bool on = env_upcalls_off();
    int rc = register_l2();

    if (on)
        env_upcalls_on();
    return rc;
}

static uint8_t *bitmaps; /* pending and mask, from the first switch on */

int evt_register_3level(void)
{
    bool on = env_upcalls_off();
    int rc;

    if (!bitmaps)
        bitmaps = memory_pages(2 * BITMAP_PAGES);
    rc = register_bitmaps(bitmaps, bitmaps + BITMAP_BYTES);
    if (!rc) {
        evt.pending = (guest_word *)bitmaps;
        evt.mask = (guest_word *)(bitmaps + BITMAP_BYTES);
        evt_resize(GUEST_PORTS_3LEVEL);
        rc = register_l2();
    }
    if (on)
        env_upcalls_on();
    return rc;
}

void evt_leave_3level_vcpu(void)
{
    guest_vcpu()->l2 = NULL;
    guest_vcpu()->control = NULL;
}

/* The tables keep their size: only what the ABI in use can reach is cleared. */
void evt_back_to_2level(void)
{
    evt.pending = (guest_word *)guest_env.shared->evtchn_pending;
    evt.mask = (guest_word *)guest_env.shared->evtchn_mask;
    if (evt.fifo) /* the switch left them there */
        memset(evt.pending, 0, GUEST_PORTS_2LEVEL / 8);
    evt.fifo = false;
    evt.limit = GUEST_PORTS_2LEVEL;
    evt.era++;
    memset(evt.mask, 0xFF, GUEST_PORTS_2LEVEL / 8);
    memset(evt.binding, 0, evt.limit * sizeof(*evt.binding));
    memset(evt.affinity[0], 0xFF, evt.limit / 8);
    for (unsigned v = 1; v < guest_env.nr_vcpus; v++)
        memset(evt.affinity[v], 0, evt.limit / 8);
}

int evt_reset_op(void)
{
    struct evtchn_reset op = {.dom = DOMID_SELF};

    return (int)hv_event_channel_op(EVTCHNOP_reset, &op);
}

int evt_reset(void)
{
    bool on = env_upcalls_off();
    int rc = evt_reset_op();

    if (!rc) {
        evt_leave_3level_vcpu();
        evt_back_to_2level();
    }
    if (on)
        env_upcalls_on();
    return rc;
}
