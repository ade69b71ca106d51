/* SPDX-License-Identifier: MIT */
#include "guest/lib/pvh/traps.h"

#include "guest/lib/console.h"
#include "guest/lib/events.h"
#include "guest/lib/trap.h"
#include "guest/lib/verdict.h"

static const char *const trap_name[32] = {
    [0] = "#DE",  [1] = "#DB",  [2] = "NMI",  [3] = "#BP",  [4] = "#OF",  [5] = "#BR",
    [6] = "#UD",  [7] = "#NM",  [8] = "#DF",  [10] = "#TS", [11] = "#NP", [12] = "#SS",
    [13] = "#GP", [14] = "#PF", [16] = "#MF", [17] = "#AC", [18] = "#MC", [19] = "#XM",
};

void pvh_unexpected(unsigned vector, guest_word error, guest_word ip, void (*print)(const struct trap_frame *f),
                    const struct trap_frame *f)
{
    static bool printing;
    const char *name = vector < 32 && trap_name[vector] ? trap_name[vector] : "interrupt";

    if (printing) /* an exception in this very function */
        env_halt();
    printing = true;
    guest_flush();
    print(f);
    verdict(VERDICT_CRASH, "%s (vector %u, error 0x%x) at 0x%llx", name, vector, (unsigned)error,
            (unsigned long long)ip);
    guest_exit();
}

/*
 * An upcall that comes between STI and HLT would be consumed before the sleep, which then lasts for ever. A processor
 * does not do that, but QEMU's emulation of SVM does once in some thousands, under the real Xen as well. So an upcall
 * that finds the HLT still to be executed steps over it; early_upcalls counts how often, and is 0 on a real machine.
 */
static void skip_wait(struct guest_vcpu *v, guest_word *ip)
{
    if (*ip != guest_address(pvh_wait_hlt))
        return;
    *ip = guest_address(pvh_wait_end);
    v->early_upcalls++;
}

void pvh_upcall(struct guest_vcpu *v, guest_word *ip)
{
    skip_wait(v, ip);
    evt_upcall();
}

int trap_try(void (*fn)(void *), void *arg)
{
    return trap_call(fn, arg, &guest_vcpu()->catch_sp);
}

/* An exception from ring 3 arrives below everything that the caller still needs. */
void pvh_user_call(const void *code)
{
    static uint8_t user_stack[4096] __attribute__((aligned(16)));
    guest_word here = (guest_word)__builtin_frame_address(0);

    pvh_set_kernel_stack(guest_vcpu()->id, (here - 1024) & ~(guest_word)15);
    pvh_enter_user(guest_address(code), guest_address(user_stack + sizeof(user_stack)));
}
