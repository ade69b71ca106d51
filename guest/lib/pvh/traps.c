/* SPDX-License-Identifier: MIT */
#include "guest/lib/pvh/traps.h"

#include "guest/lib/console.h"
#include "guest/lib/events.h"
#include "guest/lib/pvh/frame.h"
#include "guest/lib/trap.h"
#include "guest/lib/verdict.h"

static const char *const trap_name[32] = {
    [0] = "#DE",  [1] = "#DB",  [2] = "NMI",  [3] = "#BP",  [4] = "#OF",  [5] = "#BR",
    [6] = "#UD",  [7] = "#NM",  [8] = "#DF",  [10] = "#TS", [11] = "#NP", [12] = "#SS",
    [13] = "#GP", [14] = "#PF", [16] = "#MF", [17] = "#AC", [18] = "#MC", [19] = "#XM",
};

/* An exception that nobody expects ends the run. */
static void unexpected(const struct trap_frame *f)
{
    static bool printing;
    const char *name = f->vector < 32 && trap_name[f->vector] ? trap_name[f->vector] : "interrupt";

    if (printing) /* an exception in this very function */
        env_halt();
    printing = true;
    guest_flush();
    pvh_print_registers(f);
    verdict(VERDICT_CRASH, "%s (vector %u, error 0x%x) at 0x%llx", name, (unsigned)f->vector, (unsigned)f->error,
            (unsigned long long)f->ip);
    guest_exit();
}

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

/* Make the interrupted trap_call() return the vector. */
static void divert(struct guest_vcpu *v, const struct trap_frame *f)
{
    v->trap_address = f->ip;
    v->trap_result = f->ax;
    trap_divert(v->catch_sp, f->vector, f->flags & ~(guest_word)RFLAGS_TF);
}

void trap_dispatch(struct trap_frame *f)
{
    struct guest_vcpu *v = guest_vcpu();

    if (f->vector == VECTOR_UPCALL) {
        skip_wait(v, f);
        evt_upcall();
    } else if (v->catch_sp) {
        divert(v, f);
    } else {
        unexpected(f);
    }
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
