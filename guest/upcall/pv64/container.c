/* SPDX-License-Identifier: MIT */
#include "guest/lib/console.h"
#include "guest/lib/env.h"
#include "guest/lib/events.h"
#include "guest/lib/verdict.h"
#include "guest/upcall/upcall.h"

static uint8_t seen_mask;

static void look(void)
{
    seen_mask = guest_vcpu()->info->evtchn_upcall_mask;
    guest_vcpu()->info->evtchn_upcall_pending = 0;
}

/* The mask keeps the upcall out; it is set while the upcall runs, and afterwards as before. */
void check_container(void)
{
    guest_vcpu_info *info = guest_vcpu()->info;
    uint64_t before = guest_vcpu()->upcalls;
    int port = evt_bind_ipi(0);

    if (!CHECK(port > 0))
        return;
    CHECK_VALUE(evt_unmask((evtchn_port_t)port), 0);
    CHECK_VALUE(info->evtchn_upcall_mask, 1);
    CHECK_VALUE(evt_send((evtchn_port_t)port), 0);
    CHECK_VALUE(info->evtchn_upcall_pending, 1);
    CHECK_VALUE(guest_vcpu()->upcalls, before);
    evt_set_upcall_hook(look);
    env_upcalls_on();
    CHECK_VALUE(guest_vcpu()->upcalls, before + 1);
    CHECK_VALUE(seen_mask, 1);
    CHECK_VALUE(info->evtchn_upcall_mask, 0);
    evt_set_upcall_hook(NULL);
    guest_printf("upcall: evtchn_upcall_mask keeps the upcall out, and is set while it runs\n");
}
