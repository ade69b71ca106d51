/* SPDX-License-Identifier: MIT */
#include "guest/abi/errno.h"
#include "guest/lib/env.h"
#include "guest/lib/events.h"
#include "guest/lib/hypercall.h"
#include "guest/lib/verdict.h"
#include "guest/naughty/naughty.h"

static void check_unknown(const uint64_t *unknown, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        guest_word number = (guest_word)unknown[i];
        guest_result rc = number == unknown[i] ? env_hypercall(number) : -XEN_ENOSYS;

        if (rc != -XEN_ENOSYS)
            verdict(VERDICT_FAILURE, "hypercall 0x%llx: %lld", (unsigned long long)unknown[i], (long long)rc);
    }
}

static void check_numbers(void)
{
    static const uint64_t unknown[] = {
        11, 27, 38, 43, 55, 56, 63, 64, 100, 127, 128, 255, 0x40000000, 0x80000000, 0xFFFFFFFF, 0x100000011, ~0ULL,
    };

    check_unknown(unknown, LENGTH(unknown));
    check_unknown(container_unknown, container_unknown_count);
}

static void check_commands(void)
{
    static const unsigned unknown[] = {99, 0x7FFFFFFF, 0xFFFFFFFF};

    for (unsigned i = 0; i < LENGTH(unknown); i++) {
        CHECK_VALUE(hv_xen_version(unknown[i], NULL), -XEN_ENOSYS);
        CHECK_VALUE(hv_console_io(unknown[i], 0, NULL), -XEN_ENOSYS);
        CHECK_VALUE(hv_event_channel_op(unknown[i], NULL), -XEN_ENOSYS);
        CHECK_VALUE(hv_sched_op(unknown[i], NULL), -XEN_ENOSYS);
        CHECK_VALUE(hv_vcpu_op(unknown[i], 0, NULL), -XEN_ENOSYS);
        CHECK_VALUE(hv_vcpu_op(unknown[i], 4096, NULL), -XEN_ENOENT);
        CHECK_VALUE(hv_hvm_op(unknown[i], NULL), -XEN_ENOSYS);
    }
    CHECK_VALUE(hv_memory_op(8, NULL), -XEN_ENOSYS);
    CHECK_VALUE(hv_memory_op(63, NULL), -XEN_ENOSYS);
}

static void check_ports(void)
{
    static const evtchn_port_t bad[] = {0, 4000, 4096, 262144, 0x7FFFFFFF, 0xFFFFFFFF};
    struct evtchn_bind_vcpu bind = {.port = 0xFFFFFFFF, .vcpu = 4096};

    for (unsigned i = 0; i < LENGTH(bad); i++) {
        struct evtchn_close op = {.port = bad[i]};

        CHECK_VALUE(evt_send(bad[i]), -XEN_EINVAL);
        CHECK_VALUE(hv_event_channel_op(EVTCHNOP_close, &op), -XEN_EINVAL);
        if (bad[i])
            CHECK_VALUE(evt_unmask(bad[i]), -XEN_EINVAL);
    }
    CHECK_VALUE(hv_event_channel_op(EVTCHNOP_bind_vcpu, &bind), -XEN_ENOENT);
    CHECK_VALUE(evt_bind_ipi(4096), -XEN_ENOENT);
    CHECK_VALUE(evt_bind_virq(NR_VIRQS, 0), -XEN_EINVAL);
    CHECK_VALUE(evt_bind_interdomain(0x7000, 1), -XEN_ESRCH);
}

/* A hole in the middle of a multicall, and a multicall of itself. */
static void check_multicall(void)
{
    guest_multicall_entry e[4] = {
        {.op = __HYPERVISOR_xen_version},
        {.op = 1000},
        {.op = __HYPERVISOR_multicall, .args = {guest_address(e), 4}},
        {.op = __HYPERVISOR_xen_version},
    };

    CHECK_VALUE(hv_multicall(e, 4), 0);
    CHECK(e[0].result > 0);
    CHECK_VALUE(e[1].result, -XEN_ENOSYS);
    CHECK_VALUE(e[2].result, -XEN_EINVAL);
    CHECK(e[3].result > 0);
}

void abuse_hypercalls(void)
{
    check_numbers();
    check_commands();
    check_ports();
    check_multicall();
    container_user();
}
