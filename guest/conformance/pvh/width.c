/* SPDX-License-Identifier: MIT */
/*
 * The word size that the domain's words have after the guest has told it again, from the processor mode of the other
 * width (docs/abi/word-size.md). The calls themselves come from the usual mode.
 *
 *      width/msr/send/mask64/2l        latched by the MSR; the port is masked where 64-bit words have their mask
 *
 * bits[n] are 32-bit words of shared_info from byte 2048 on, info[n] those of a vcpu_info: the places of both sizes.
 */
#include "common/string.h"
#include "guest/abi/hvm.h"
#include "guest/conformance/conformance.h"
#include "guest/lib/hypercall.h"
#include "guest/lib/pvh/other.h"
#include "guest/lib/pvh/traps.h"

#define BITS_AT 2048U /* in shared_info: the pending bits in both layouts */
#define BITS_SIZE 1024U
#define MASK64 2560U
#define MASK32 2176U
#define INFO_SIZE 16U /* the head of a vcpu_info: flags and selector in both layouts */

#define LOW_PORT 1U
#define PORT 70U        /* its selector bit tells the word size */
#define HIGH_PORT 1100U /* of 64-bit words only */

static uint8_t *shared(unsigned offset)
{
    return (uint8_t *)guest_env.shared + offset;
}

/* --- How the size is told --- */

static struct xen_hvm_param callback = {
    .domid = DOMID_SELF,
    .index = HVM_PARAM_CALLBACK_IRQ,
    .value = (uint64_t)HVM_PARAM_CALLBACK_TYPE_VECTOR << HVM_PARAM_CALLBACK_TYPE_SHIFT | VECTOR_UPCALL,
};

static void by_nothing(void)
{
}

static void by_parameter(void)
{
    other_hypercall(__HYPERVISOR_hvm_op, HVMOP_set_param, other_address(&callback), 0);
}

static void by_msr_and_back(void)
{
    latch_other();
    latch_native();
}

static void by_msr_and_parameter_back(void)
{
    latch_other();
    hv_hvm_op(HVMOP_set_param, &callback);
}

static const struct way {
    const char *name;
    void (*latch)(void);
} ways[] = {
    {"not", by_nothing},
    {"msr", latch_other},
    {"parameter", by_parameter},
    {"msr-and-back", by_msr_and_back},
    {"msr-and-parameter-back", by_msr_and_parameter_back},
};

/* --- Cells --- */

static void watch(void)
{
    static const char *const name[] = {"info0", "info1"};

    look_watch("bits", shared(BITS_AT), 4, BITS_SIZE / 4);
    for (unsigned i = 0; i < VCPUS; i++)
        look_watch(name[i], &guest_env.shared->vcpu_info[i], 4, INFO_SIZE / 4);
}

/* The clock lies among the bits of the other size, and is written at each latch (WS-07). */
static void clear_all(void)
{
    memset(shared(BITS_AT), 0, BITS_SIZE);
    for (unsigned i = 0; i < VCPUS; i++)
        memset(&guest_env.shared->vcpu_info[i], 0, INFO_SIZE);
}

static void mask_at(unsigned mask, evtchn_port_t port)
{
    *shared(mask + port / 8) |= (uint8_t)(1U << port % 8);
}

static const struct masked {
    const char *name;
    bool at64, at32;
} masks[] = {{"nowhere", false, false}, {"mask64", true, false}, {"mask32", false, true}, {"both", true, true}};

static bool begin(enum abi abi, const struct way *w, const char *what, const char *variant)
{
    if (!cell_begin(abi, "width/%s/%s/%s", w->name, what, variant))
        return false;
    other_init();
    while (must_bind_ipi(0) < PORT)
        ;
    w->latch();
    clear_all();
    watch();
    return true;
}

static void end(void)
{
    latch_native();
    clear_all();
    cell_end();
}

static void port_op(unsigned cmd, evtchn_port_t port)
{
    uint32_t op = port; /* all of struct evtchn_send, evtchn_unmask and evtchn_close */

    cell_op(cmd, &op, sizeof(op));
}

static void ask_send(enum abi abi, const struct way *w, const struct masked *m)
{
    if (!begin(abi, w, "send", m->name))
        return;
    if (m->at64)
        mask_at(MASK64, PORT);
    if (m->at32)
        mask_at(MASK32, PORT);
    cell_start();
    port_op(EVTCHNOP_send, PORT);
    port_op(EVTCHNOP_unmask, PORT);
    port_op(EVTCHNOP_send, LOW_PORT);
    port_op(EVTCHNOP_close, PORT);
    end();
}

static void poll(evtchn_port_t port)
{
    guest_sched_poll op = {.ports = guest_address(&port), .nr_ports = 1, .timeout = 1};

    cell_result("poll", hv_sched_op(SCHEDOP_poll, &op));
}

static void status(evtchn_port_t port)
{
    struct evtchn_status op = {.dom = DOMID_SELF, .port = port};

    cell_op(EVTCHNOP_status, &op, sizeof(op));
}

/* A port that only 64-bit words have a bit for, while the words have 32. */
static void ask_high_port(void)
{
    static const struct way high = {"high-port", by_nothing};

    if (!begin(ABI_2LEVEL, &high, "32", "open"))
        return;
    latch(64);
    while (must_bind_ipi(0) < HIGH_PORT)
        ;
    latch(32);
    clear_all();
    cell_start();
    status(HIGH_PORT);
    port_op(EVTCHNOP_send, HIGH_PORT);
    port_op(EVTCHNOP_unmask, HIGH_PORT);
    poll(HIGH_PORT);
    latch(64);
    clear_all();
    cell_forget();
    status(HIGH_PORT);
    port_op(EVTCHNOP_send, HIGH_PORT);
    end();
}

void conformance_width(void)
{
    for (enum abi abi = 0; abi < NR_ABIS; abi++)
        for (unsigned w = 0; w < sizeof(ways) / sizeof(ways[0]); w++)
            for (unsigned m = 0; m < sizeof(masks) / sizeof(masks[0]); m++)
                ask_send(abi, &ways[w], &masks[m]);
    ask_high_port();
}
