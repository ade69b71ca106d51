/* SPDX-License-Identifier: MIT */
/* Results and errors of the hypercalls that set up handlers: PV-CB-01 to -07. */
#include "guest/traps/pv64/traps.h"

static void trap_table(void)
{
    CHECK_VALUE(hv_set_trap_table((const void *)NOWHERE), -XEN_EFAULT);
    CHECK_VALUE(hv_set_trap_table((const void *)HYPERVISOR), -XEN_EFAULT);
    CHECK_VALUE(open_gate(200, 0, 0, NOT_CANONICAL), -XEN_EINVAL);
    CHECK_VALUE(open_gate(200, 0xff, 0x1234, HYPERVISOR), 0);
}

static int unregister(unsigned type)
{
    struct callback_unregister u = {.type = (uint16_t)type};

    return hv_callback_op(CALLBACKOP_unregister, &u);
}

static void callbacks(void)
{
    static const int unregistered[] = {-XEN_EINVAL, -XEN_EINVAL, -XEN_EINVAL, -XEN_ENOSYS, 0,
                                       -XEN_EINVAL, -XEN_ENOSYS, -XEN_EINVAL, -XEN_ENOSYS, -XEN_ENOSYS};

    for (unsigned type = 0; type < 10; type++) {
        int exists = unregistered[type] == -XEN_ENOSYS ? -XEN_ENOSYS : 0;
        CHECK_VALUE(open_callback(type, 0, NOT_CANONICAL), -XEN_EINVAL);
        CHECK_VALUE(open_callback(type, 0, HYPERVISOR), exists);
        CHECK_VALUE(open_callback(type, 0xffff, type < SHOT_CALLBACKS ? stub(SHOT_CALLBACK + type) : 0), exists);
        CHECK_VALUE(unregister(type), unregistered[type]);
    }
    CHECK_VALUE(open_callback(0xffff, 0, 0), -XEN_ENOSYS);
    CHECK_VALUE(unregister(0xffff), -XEN_ENOSYS);
}

static void callback_op(void)
{
    CHECK_VALUE(hv_callback_op(CALLBACKOP_register, (const void *)NOWHERE), -XEN_EFAULT);
    CHECK_VALUE(hv_callback_op(CALLBACKOP_unregister, (const void *)NOWHERE), -XEN_EFAULT);
    CHECK_VALUE(hv_callback_op(2, (const void *)NOWHERE), -XEN_ENOSYS);
    CHECK_VALUE(hv_callback_op(~0U, (const void *)NOWHERE), -XEN_ENOSYS);
}

static void nmi_op(void)
{
    uint64_t address = stub(NMI);

    CHECK_VALUE(hypercall2(__HYPERVISOR_nmi_op, XENNMI_register_callback, guest_address(&address)), 0);
    CHECK_VALUE(hypercall2(__HYPERVISOR_nmi_op, XENNMI_unregister_callback, 0), 0);
    CHECK_VALUE(hypercall2(__HYPERVISOR_nmi_op, 2, guest_address(&address)), -XEN_ENOSYS);
    CHECK_VALUE(hypercall2(__HYPERVISOR_nmi_op, XENNMI_register_callback, NOWHERE), -XEN_EFAULT);
    address = NOT_CANONICAL;
    CHECK_VALUE(hypercall2(__HYPERVISOR_nmi_op, XENNMI_register_callback, guest_address(&address)), -XEN_EINVAL);
}

static void set_callbacks(void)
{
    CHECK_VALUE(hv_set_callbacks(NOT_CANONICAL, NOT_CANONICAL, NOT_CANONICAL), 0);
    shoot("callbacks stay", user(code_syscall), 0,
          (struct want){.vector = SHOT_CALLBACK + CALLBACKTYPE_syscall, .length = 2, .clobbers = true, .masks = true});
    CHECK_VALUE(hv_set_callbacks(stub(SHOT_CALLBACK), stub(SHOT_CALLBACK + 1), stub(SHOT_CALLBACK + 2)), 0);
}

static void others(void)
{
    static const uint64_t known = 0x10000003f;

    CHECK_VALUE(hv_stack_switch(FLAT_SS, NOT_CANONICAL), 0);
    CHECK_VALUE(hv_stack_switch(0x1234, HYPERVISOR), 0);
    CHECK_VALUE(hv_stack_switch(FLAT_SS, handler_stack()), 0);
    for (unsigned type = 0; type < 70; type++) {
        bool exists = type < 64 && (known >> type & 1);
        CHECK_VALUE(hv_vm_assist(VMASST_CMD_enable, type), exists ? 0 : -XEN_EINVAL);
        CHECK_VALUE(hv_vm_assist(2, type), exists ? -XEN_ENOSYS : -XEN_EINVAL);
        CHECK_VALUE(hv_vm_assist(VMASST_CMD_disable, type), exists ? 0 : -XEN_EINVAL);
    }
}

void setup_run(void)
{
    trap_table();
    callbacks();
    callback_op();
    nmi_op();
    set_callbacks();
    others();
}
