/* SPDX-License-Identifier: MIT */
/* Arguments and results follow the caller's mode; what the hypervisor writes later follows the domain's word size. */
#include "common/string.h"
#include "guest/abi/errno.h"
#include "guest/abi/version.h"
#include "guest/lib/clock.h"
#include "guest/lib/env.h"
#include "guest/lib/events.h"
#include "guest/lib/hypercall.h"
#include "guest/lib/memory.h"
#include "guest/lib/verdict.h"
#include "guest/mode/pvh/mode.h"

#define FILL 0xAA
#define NO_RAM 0xC8020 /* a frame without memory */

static uint8_t buffer[64] __attribute__((aligned(64)));

/* How many bytes of the buffer were written since it was filled. */
static unsigned written(void)
{
    unsigned n = sizeof(buffer);

    while (n && buffer[n - 1] == FILL)
        n--;
    return n;
}

static void fill(void)
{
    memset(buffer, FILL, sizeof(buffer));
}

static unsigned runstate_size(unsigned bits)
{
    return bits == 64 ? sizeof(struct vcpu_runstate_info) : sizeof(struct vcpu_runstate_info32);
}

/* WS-08 */
static void check_results(void)
{
    uint32_t p = other_address(buffer);

    fill();
    CHECK_VALUE(hv_vcpu_op(VCPUOP_get_runstate_info, 0, buffer), 0);
    CHECK_VALUE(written(), runstate_size(GUEST_WORD_BITS));
    fill();
    CHECK_VALUE(other_hypercall(__HYPERVISOR_vcpu_op, VCPUOP_get_runstate_info, 0, p), 0);
    CHECK_VALUE(written(), runstate_size(OTHER_BITS));
    fill();
    CHECK_VALUE(hv_xen_version(XENVER_platform_parameters, buffer), 0);
    CHECK_VALUE(written(), GUEST_WORD_BITS / 8);
    fill();
    CHECK_VALUE(other_hypercall(__HYPERVISOR_xen_version, XENVER_platform_parameters, p, 0), 0);
    CHECK_VALUE(written(), OTHER_BITS / 8);
}

/* WS-09: the area is written whenever the vcpu is scheduled. */
static void check_area(unsigned bits)
{
    latch(bits);
    fill();
    for (unsigned i = 0; i < 100 && !written(); i++) /* a late processor may find that it need not sleep */
        clock_sleep_until(clock_now() + CLOCK_MS);
    CHECK_VALUE(written(), runstate_size(bits));
}

static void check_areas(void)
{
    static uint64_t address; /* as a pointer of either width */

    address = guest_address(buffer);
    CHECK_VALUE(hv_vcpu_op(VCPUOP_register_runstate_memory_area, 0, &address), 0);
    check_area(64);
    check_area(32);
    CHECK_VALUE(other_hypercall(__HYPERVISOR_vcpu_op, VCPUOP_register_runstate_memory_area, 0, other_address(&address)),
                0);
    check_area(64);
    check_area(32);
    address = 0;
    CHECK_VALUE(hv_vcpu_op(VCPUOP_register_runstate_memory_area, 0, &address), 0);
    latch_native();
}

/* WS-10: the offset is looked at before the frame. */
static void check_alignment(unsigned bits)
{
    struct vcpu_register_vcpu_info op = {.mfn = NO_RAM, .offset = 4};
    int expected = bits == 64 ? -XEN_ENXIO : -XEN_EINVAL;

    latch(bits);
    CHECK_VALUE(hv_vcpu_op(VCPUOP_register_vcpu_info, 0, &op), expected);
    CHECK_VALUE(other_hypercall(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, 0, other_address(&op)), expected);
    latch_native();
}

static uint32_t word32(const uint8_t *p, unsigned offset)
{
    return *(const volatile uint32_t *)(const void *)(p + offset);
}

/* WS-11: all selector bits of the layout in force, and later events in the layout that is in force then. */
static void check_registered(void)
{
    uint8_t *info = memory_pages(1);
    struct vcpu_register_vcpu_info op = {.mfn = env_frame(info)};
    int ipi = evt_bind_ipi(1);

    latch(32);
    CHECK_VALUE(hv_vcpu_op(VCPUOP_register_vcpu_info, 1, &op), 0);
    CHECK_VALUE(info[0], 1);
    CHECK_VALUE(word32(info, 4), 0xFFFFFFFF);
    CHECK_VALUE(word32(info, 8), 0);
    latch(64);
    memset(info, 0, 16);
    memset(guest_env.shared->evtchn_mask, 0, sizeof(guest_env.shared->evtchn_mask));
    memset((uint8_t *)guest_env.shared + 2560, 0, 512); /* the mask of 64-bit words */
    CHECK_VALUE(evt_send((evtchn_port_t)ipi), 0);
    CHECK_VALUE(info[0], 1);
    CHECK_VALUE(word32(info, 4), 0);
    CHECK_VALUE(word32(info, 8), 1U << ipi / 64);
    memset((uint8_t *)guest_env.shared + 2560, 0xFF, 512);
    latch_native();
}

void mode_calls(void)
{
    check_results();
    check_areas();
    check_alignment(64);
    check_alignment(32);
    if (guest_env.nr_vcpus > 1)
        check_registered();
}
