/* SPDX-License-Identifier: MIT */
#include "guest/lib/pvh/traps.h"

#include "guest/lib/events.h"
#include "guest/lib/frame.h"

/*
 * An upcall that comes between STI and HLT would be consumed before the sleep, which then lasts for ever. A processor
 * does not do that, but QEMU's emulation of SVM does once in some thousands, under the real Xen as well. So an upcall
 * that finds the HLT still to be executed steps over it; early_upcalls counts how often, and is 0 on a real machine.
 */
static void skip_wait(struct guest_vcpu *v, struct trap_frame *f)
{
    if (f->ip != guest_address(pvh_wait_hlt))
        return;
    f->ip = guest_address(pvh_wait_end);
    v->early_upcalls++;
}

void trap_dispatch(struct trap_frame *f)
{
    struct guest_vcpu *v = guest_vcpu();

    if (f->vector != VECTOR_UPCALL)
        trap_exception(f);
    skip_wait(v, f);
    evt_upcall();
}

/* An exception from ring 3 arrives below everything that the caller still needs. */
void env_user_call(const void *code)
{
    static uint8_t user_stack[4096] __attribute__((aligned(16)));
    guest_word here = (guest_word)__builtin_frame_address(0);

    pvh_set_kernel_stack(guest_vcpu()->id, (here - 1024) & ~(guest_word)15);
    pvh_enter_user(guest_address(code), guest_address(user_stack + sizeof(user_stack)));
}
