/* SPDX-License-Identifier: MIT */
/* Ways in which a guest ends, alone: PV-TRAP-15, -16, PV-IRET-07, -08. */
#include "common/string.h"
#include "guest/lib/env.h"
#include "guest/traps/pv64/traps.h"

static void no_handler(void)
{
    hv_set_trap_table(NULL);
    shoot_only(kernel(code_ud2), 0);
}

static void no_handler_for_a_user(void)
{
    hv_set_trap_table(NULL);
    shoot_only(user(code_ud2), 0);
}

static void no_callback(void)
{
    open_callback(CALLBACKTYPE_event, 0, 0);
    guest_vcpu()->info->evtchn_upcall_pending = 1;
    shoot_only(kernel(code_nops), 0);
}

static void with_stack(uint64_t rsp)
{
    struct iret_context c = kernel(code_ud2);

    c.rsp = rsp;
    shoot_only(c, 0);
}

static void no_stack(void)
{
    with_stack(NOWHERE);
}

static void read_only_stack(void)
{
    with_stack(pv_start_info->pt_base + 2048);
}

static void hypervisors_stack(void)
{
    with_stack(HYPERVISOR + 2048);
}

static void impossible_stack(void)
{
    with_stack(NOT_CANONICAL + 2048);
}

static void no_kernel_stack(void)
{
    hv_stack_switch(FLAT_SS, NOWHERE);
    shoot_only(user(code_ud2), 0);
}

static void no_iret_stack(void)
{
    shot_fire((const struct iret_context *)NOWHERE, 0);
}

static void no_user_root(void)
{
    struct mmuext_op op = {.cmd = MMUEXT_NEW_USER_BASEPTR};

    CHECK_VALUE(hv_mmuext_op(&op, 1, NULL, DOMID_SELF), 0);
    shoot_only(user(code_ud2), 0);
}

bool ends_run(const char *how)
{
    static const struct {
        const char *name;
        void (*fn)(void);
    } ways[] = {
        {"no-handler", no_handler},
        {"no-handler-user", no_handler_for_a_user},
        {"no-callback", no_callback},
        {"no-stack", no_stack},
        {"read-only-stack", read_only_stack},
        {"hypervisors-stack", hypervisors_stack},
        {"impossible-stack", impossible_stack},
        {"no-kernel-stack", no_kernel_stack},
        {"no-iret-stack", no_iret_stack},
        {"no-user-root", no_user_root},
    };

    for (unsigned i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
        if (!strcmp(how, ways[i].name)) {
            ways[i].fn();
            verdict(VERDICT_FAILURE, "%s: the guest is still there", how);
            return true;
        }
    return false;
}
