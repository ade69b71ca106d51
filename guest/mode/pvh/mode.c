/* SPDX-License-Identifier: MIT */
/*
 * A guest that changes its word size while it runs: it starts in one processor mode and tells the hypervisor from the
 * other, by the hypercall-page MSR and by its callback parameter. Checks docs/abi/word-size.md on Xenolith and on the
 * real Xen. Upcalls stay off: the library knows the word size of this mode only.
 */
#include "guest/mode/pvh/mode.h"

#include "common/string.h"
#include "guest/abi/errno.h"
#include "guest/abi/hvm.h"
#include "guest/lib/console.h"
#include "guest/lib/env.h"
#include "guest/lib/events.h"
#include "guest/lib/hypercall.h"
#include "guest/lib/pvh/traps.h"
#include "guest/lib/verdict.h"

/* Offsets in the shared page. */
#define PENDING 2048U /* in both layouts */
#define MASK64 2560U
#define MASK32 2176U
#define CLOCK64 3072U
#define CLOCK32 2304U
#define CLOCK_SIZE 12U

#define LOW_PORT 70U    /* the selector bit of a port from 64 on tells the word size */
#define HIGH_PORT 1100U /* of 64-bit words only */
#define PORTS(bits) ((bits) * (bits))

static evtchn_port_t port; /* an IPI of vcpu 0 */

static uint8_t *shared(unsigned offset)
{
    return (uint8_t *)guest_env.shared + offset;
}

static uint32_t word32(unsigned offset)
{
    return *(volatile uint32_t *)shared(offset);
}

static struct xen_hvm_param callback = {
    .domid = DOMID_SELF,
    .index = HVM_PARAM_CALLBACK_IRQ,
    .value = (uint64_t)HVM_PARAM_CALLBACK_TYPE_VECTOR << HVM_PARAM_CALLBACK_TYPE_SHIFT | VECTOR_UPCALL,
};

/* --- Which word size is in force --- */

/* Raise the event, masked in the places given, with no selector bit set before. */
static void raise_with(bool masked64, bool masked32)
{
    *shared(PENDING + port / 8) = 0;
    *shared(MASK64 + port / 8) = masked64 ? 0xFF : 0;
    *shared(MASK32 + port / 8) = masked32 ? 0xFF : 0;
    memset(shared(0), 0, 16); /* the head of vcpu_info 0: upcall flag and mask, the selector in either layout */
    CHECK_VALUE(evt_send(port), 0);
    CHECK(*shared(PENDING + port / 8) & 1U << port % 8);
}

static bool raised_in(unsigned bits)
{
    uint32_t low = word32(4), high = word32(8);

    return bits == 64 ? low == 0 && high == 1U << port / 64 : low == 1U << port / 32 && high == 0;
}

unsigned word_size(void)
{
    unsigned bits;

    raise_with(false, false);
    bits = raised_in(64) ? 64 : raised_in(32) ? 32 : 0;
    raise_with(bits != 64, bits != 32); /* the other layout's mask is not looked at */
    if (!raised_in(bits))
        bits = 0;
    raise_with(bits == 64, bits == 32);
    if (word32(4) || word32(8))
        bits = 0;
    raise_with(true, true);
    *shared(PENDING + port / 8) = 0;
    return bits;
}

/* --- Limits --- */

/* WS-03: open ports until there are no more, and close them. */
static void check_limit(unsigned bits)
{
    static uint16_t open[PORTS(64)];
    unsigned n = 0;
    int rc;

    while (n < PORTS(64) && (rc = evt_alloc_unbound(DOMID_SELF)) > 0)
        open[n++] = (uint16_t)rc;
    CHECK_VALUE(rc, -XEN_ENOSPC);
    CHECK_VALUE(open[n - 1], PORTS(bits) - 1);
    while (n) {
        struct evtchn_close op = {.port = open[--n]};

        CHECK_VALUE(hv_event_channel_op(EVTCHNOP_close, &op), 0);
    }
}

/*
 * WS-04: the real Xen accepts the number and uses the bits where they would be if the bitmaps went on: the pending bit
 * of port 1024+n is the mask bit of port n, and the selector bit is outside the selector. Xenolith refuses it and
 * touches nothing.
 */
static void check_number_out_of_place(evtchn_port_t high)
{
    struct evtchn_status status;
    unsigned at = PENDING + high / 8, selector = 4 + high / 32 / 8;
    uint8_t bit = (uint8_t)(1U << high % 8), selector_bit = (uint8_t)(1U << high / 32 % 8);
    uint8_t pending = *shared(at);
    bool accepted = !evt_status(high, &status);

    *shared(at) = 0;
    *shared(MASK32 + high / 8) = 0;
    memset(shared(0), 0, 16);
    CHECK_VALUE(evt_send(high), accepted ? 0 : -XEN_EINVAL);
    CHECK_VALUE(*shared(at), accepted ? bit : 0);
    CHECK_VALUE(*shared(selector), accepted ? selector_bit : 0);
    CHECK_VALUE(word32(4), 0);
    guest_printf("mode: port %u under 32-bit words is %s\n", high, accepted ? "taken for a mask bit" : "refused");
    *shared(at) = pending;
    memset(shared(0), 0, 16);
}

/* WS-04: a port that the narrower words have no place for is there again when they are wide. */
static void check_high_port(void)
{
    struct evtchn_status status;
    int high;

    latch(64);
    do
        high = evt_bind_ipi(0);
    while (high > 0 && high < (int)HIGH_PORT);
    latch(32);
    CHECK_VALUE(evt_alloc_unbound(DOMID_SELF), -XEN_ENOSPC);
    check_number_out_of_place((evtchn_port_t)high);
    latch(64);
    CHECK_VALUE(evt_status((evtchn_port_t)high, &status), 0);
    CHECK_VALUE(status.status, EVTCHNSTAT_ipi);
    for (int p = (int)port + 1; p <= high; p++) {
        struct evtchn_close op = {.port = (evtchn_port_t)p};

        CHECK_VALUE(hv_event_channel_op(EVTCHNOP_close, &op), 0);
    }
    latch_native();
}

/* --- What a change of the word size does to the shared page --- */

static uint8_t before[GUEST_PAGE_SIZE];

/* WS-06, WS-07: but for the clocks of vcpus, only the wall clock of the new layout changes. */
static void check_page(unsigned bits)
{
    unsigned clock = bits == 64 ? CLOCK64 : CLOCK32;
    unsigned sec_hi = bits == 64 ? CLOCK64 + 12 : CLOCK32 + 36;

    for (unsigned i = 0; i < GUEST_PAGE_SIZE; i++) {
        bool vcpu_clock = i < PENDING && i % sizeof(guest_vcpu_info) >= 32;
        bool wall_clock = (i >= clock && i < clock + CLOCK_SIZE) || (i >= sec_hi && i < sec_hi + 4);

        if (*shared(i) != before[i] && !vcpu_clock && !wall_clock)
            verdict(VERDICT_FAILURE, "byte %u of the shared page changed from %02x to %02x", i, before[i], *shared(i));
    }
    CHECK(word32(clock) != 0 && word32(clock) % 2 == 0); /* its version */
    CHECK(word32(clock + 4) != 0);                       /* seconds since 1970 */
}

/* One way to change the word size. Pending bits of nobody's ports show whether any are moved or cleared. */
static void change(const char *what, void (*tell)(void), unsigned bits)
{
    guest_printf("mode: %s: %u-bit words\n", what, bits);
    memset(shared(CLOCK32), 0, CLOCK_SIZE);
    *shared(PENDING + 20) = 0x5A;
    *shared(PENDING + 200) = 0x11;
    memcpy(before, shared(0), sizeof(before));
    tell();
    check_page(bits);
    memset(shared(CLOCK32), 0, CLOCK_SIZE); /* else they are pending bits of 64-bit words */
    *shared(PENDING + 20) = *shared(PENDING + 200) = 0;
    CHECK_VALUE(word_size(), bits);
    check_limit(bits);
}

static void callback_native(void)
{
    CHECK_VALUE(hv_hvm_op(HVMOP_set_param, &callback), 0);
}

static void callback_other(void)
{
    CHECK_VALUE(other_hypercall(__HYPERVISOR_hvm_op, HVMOP_set_param, other_address(&callback), 0), 0);
}

/* WS-02: nothing else latches. */
static void check_not_latching(void)
{
    struct xen_hvm_param store = {.domid = DOMID_SELF, .index = HVM_PARAM_STORE_EVTCHN};

    CHECK_VALUE(hv_hvm_op(HVMOP_get_param, &store), 0);
    CHECK_VALUE(other_hypercall(__HYPERVISOR_hvm_op, HVMOP_set_param, other_address(&store), 0), 0);
    CHECK_VALUE(other_hypercall(__HYPERVISOR_hvm_op, HVMOP_get_param, other_address(&store), 0), 0);
    CHECK_VALUE(word_size(), GUEST_WORD_BITS);
}

void guest_main(void)
{
    env_upcalls_off();
    other_init();
    do
        port = (evtchn_port_t)evt_bind_ipi(0);
    while (port < LOW_PORT);
    CHECK_VALUE(word_size(), GUEST_WORD_BITS);
    check_not_latching();
    change("MSR written from the other mode", latch_other, OTHER_BITS);
    change("MSR written from this mode", latch_native, GUEST_WORD_BITS);
    change("callback set from the other mode", callback_other, OTHER_BITS);
    change("callback set from this mode", callback_native, GUEST_WORD_BITS);
    check_high_port();
    mode_calls();
    CHECK_VALUE(word_size(), GUEST_WORD_BITS);
    mode_3level(); /* closes every port */
}
