/* SPDX-License-Identifier: MIT */
#include "guest/abi/errno.h"
#include "guest/abi/hvm.h"
#include "guest/lib/console.h"
#include "guest/lib/env.h"
#include "guest/lib/events.h"
#include "guest/lib/hypercall.h"
#include "guest/lib/verdict.h"
#include "guest/upcall/upcall.h"

/* EVT-UP-02: the interrupt flag keeps the upcall out, evtchn_upcall_mask does not. */
static void check_mask(void)
{
    guest_vcpu_info *info = guest_vcpu()->info;
    uint64_t before = guest_vcpu()->upcalls;
    int port = evt_bind_ipi(0);

    if (!CHECK(port > 0))
        return;
    CHECK_VALUE(evt_unmask((evtchn_port_t)port), 0);
    info->evtchn_upcall_mask = 1;
    CHECK_VALUE(evt_send((evtchn_port_t)port), 0);
    CHECK_VALUE(guest_vcpu()->upcalls, before);
    CHECK_VALUE(upcalls_after_letting_them_in(), 1);
    CHECK(!evt_is_pending((evtchn_port_t)port));
    info->evtchn_upcall_mask = 0;
    guest_printf("upcall: evtchn_upcall_mask keeps nothing out\n");
}

/* EVT-UP-03 */
static void check_vector(void)
{
    struct xen_hvm_evtchn_upcall_vector op = {.vcpu = 0, .vector = 0x40};

    CHECK_VALUE(hv_hvm_op(HVMOP_set_evtchn_upcall_vector, &op), -XEN_ENOSYS);
}

void check_container(void)
{
    check_mask();
    check_vector();
}
