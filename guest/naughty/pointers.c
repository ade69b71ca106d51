/* SPDX-License-Identifier: MIT */
#include "common/string.h"
#include "guest/abi/errno.h"
#include "guest/abi/hvm.h"
#include "guest/abi/vcpu.h"
#include "guest/abi/version.h"
#include "guest/lib/env.h"
#include "guest/lib/hypercall.h"
#include "guest/lib/verdict.h"
#include "guest/naughty/naughty.h"

struct question {
    unsigned hypercall;
    guest_word cmd;
};

/* hypercall(cmd, pointer) that must say -EFAULT. */
static const struct question faulting[] = {
    {__HYPERVISOR_xen_version, XENVER_extraversion},
    {__HYPERVISOR_xen_version, XENVER_compile_info},
    {__HYPERVISOR_xen_version, XENVER_capabilities},
    {__HYPERVISOR_xen_version, XENVER_changeset},
    {__HYPERVISOR_xen_version, XENVER_get_features},
    {__HYPERVISOR_memory_op, XENMEM_add_to_physmap},
    {__HYPERVISOR_memory_op, XENMEM_remove_from_physmap},
    {__HYPERVISOR_memory_op, XENMEM_memory_map},
    {__HYPERVISOR_memory_op, XENMEM_current_reservation},
    {__HYPERVISOR_memory_op, XENMEM_maximum_gpfn},
    {__HYPERVISOR_event_channel_op, EVTCHNOP_bind_interdomain},
    {__HYPERVISOR_event_channel_op, EVTCHNOP_bind_virq},
    {__HYPERVISOR_event_channel_op, EVTCHNOP_bind_pirq},
    {__HYPERVISOR_event_channel_op, EVTCHNOP_close},
    {__HYPERVISOR_event_channel_op, EVTCHNOP_send},
    {__HYPERVISOR_event_channel_op, EVTCHNOP_status},
    {__HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound},
    {__HYPERVISOR_event_channel_op, EVTCHNOP_bind_ipi},
    {__HYPERVISOR_event_channel_op, EVTCHNOP_bind_vcpu},
    {__HYPERVISOR_event_channel_op, EVTCHNOP_unmask},
    {__HYPERVISOR_event_channel_op, EVTCHNOP_reset},
    {__HYPERVISOR_sched_op, SCHEDOP_shutdown},
    {__HYPERVISOR_sched_op, SCHEDOP_poll},
    {__HYPERVISOR_hvm_op, HVMOP_get_param},
    {__HYPERVISOR_hvm_op, HVMOP_set_param},
};

static const unsigned faulting_vcpu_ops[] = {
    VCPUOP_get_runstate_info,  VCPUOP_register_runstate_memory_area,
    VCPUOP_set_periodic_timer, VCPUOP_set_singleshot_timer,
    VCPUOP_register_vcpu_info, VCPUOP_initialise,
};

static void check_all(const void *bad)
{
    for (unsigned i = 0; i < LENGTH(faulting); i++) {
        guest_result rc = hypercall2(faulting[i].hypercall, faulting[i].cmd, guest_address(bad));

        if (rc != -XEN_EFAULT)
            verdict(VERDICT_FAILURE, "hypercall %u, command %u, pointer %p: %d", faulting[i].hypercall,
                    (unsigned)faulting[i].cmd, bad, (int)rc);
    }
    for (unsigned i = 0; i < LENGTH(faulting_vcpu_ops); i++)
        CHECK_VALUE(hv_vcpu_op(faulting_vcpu_ops[i], 0, bad), -XEN_EFAULT);
    CHECK_VALUE(hv_console_io(CONSOLEIO_write, 10, bad), -XEN_EFAULT);
    CHECK_VALUE(hv_console_io(CONSOLEIO_write, 0, bad), 0);
    CHECK_VALUE(hv_multicall((guest_multicall_entry *)(guest_word)bad, 3), -XEN_EFAULT);
    CHECK_VALUE(hv_memory_op(XENMEM_populate_physmap, (void *)(guest_word)bad), 0);
    CHECK_VALUE(hv_memory_op(XENMEM_decrease_reservation, (void *)(guest_word)bad), 0);
}

/* Structures that are good themselves and lead to bad places. */
static void check_inner(void)
{
    guest_sched_poll poll = {.ports = guest_address(UNMAPPED), .nr_ports = 1, .timeout = 1};
    guest_memory_map map = {.nr_entries = 10, .buffer = guest_address(UNMAPPED)};
    struct vcpu_register_vcpu_info info = {.mfn = guest_address(NO_MEMORY) >> GUEST_PAGE_SHIFT};

    CHECK_VALUE(hv_sched_op(SCHEDOP_poll, &poll), -XEN_EFAULT);
    if (hv_memory_op(XENMEM_memory_map, &map) != -XEN_ENOSYS) /* the initial domain of the real Xen has no map in pv */
        CHECK_VALUE(hv_memory_op(XENMEM_memory_map, &map), -XEN_EFAULT);
    CHECK_VALUE(hv_vcpu_op(VCPUOP_register_vcpu_info, 0, &info), -XEN_EINVAL);
}

/* The answer cannot be written to the second half, which does not exist: done, and yet -EFAULT. */
static void check_straddle(void)
{
    uint8_t *page = container_edge();
    struct evtchn_alloc_unbound *op = (void *)(page + GUEST_PAGE_SIZE - 4);

    memset(page + GUEST_PAGE_SIZE - 4, 0, 4);
    CHECK_VALUE(hv_event_channel_op(EVTCHNOP_alloc_unbound, op), -XEN_EFAULT);
    CHECK_VALUE(hv_console_io(CONSOLEIO_write, 8, op), -XEN_EFAULT);
}

void abuse_pointers(void)
{
    check_all(UNMAPPED);
    check_all(NON_CANONICAL);
    check_all(NO_MEMORY);
    check_all((void *)~(guest_word)0);
    check_inner();
    check_straddle();
}
