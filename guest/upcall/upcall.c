/* SPDX-License-Identifier: MIT */
/* How the upcall comes: by the level of evtchn_upcall_pending, and by what each container calls "interrupts on". */
#include "guest/upcall/upcall.h"
#include "guest/abi/version.h"
#include "guest/lib/console.h"
#include "guest/lib/env.h"
#include "guest/lib/events.h"
#include "guest/lib/hypercall.h"
#include "guest/lib/verdict.h"

#define TIMES 5U

uint64_t upcalls_after_letting_them_in(void)
{
    uint64_t before = guest_vcpu()->upcalls;

    env_upcalls_on();
    hv_xen_version(XENVER_version, NULL);
    env_upcalls_off();
    return guest_vcpu()->upcalls - before;
}

/* EVT-UP-01: the guest sets the flag by its own hand, and no event comes: an edge would have to be the hypervisor's. */
static void check_level(void)
{
    guest_vcpu_info *info = guest_vcpu()->info;

    for (unsigned i = 0; i < TIMES; i++) {
        __atomic_store_n(&info->evtchn_upcall_pending, 1, __ATOMIC_SEQ_CST);
        CHECK_VALUE(upcalls_after_letting_them_in(), 1);
        CHECK_VALUE(info->evtchn_upcall_pending, 0);
        CHECK_VALUE(upcalls_after_letting_them_in(), 0);
    }
    guest_printf("upcall: %u upcalls by the level of the flag\n", TIMES);
}

void guest_main(void)
{
    check_level();
    check_container();
}
