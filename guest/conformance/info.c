/* SPDX-License-Identifier: MIT */
/*
 * VCPUOP_register_vcpu_info on both ABIs (EVT-2L-10, EVT-FIFO-26): what stands in the new place afterwards, and that
 * the events go there. A vcpu has one new place in its life, so vcpu 1, which is down, gets its own on 2-level, and
 * vcpu 0, which asks, on FIFO; and nothing can be asked after that.
 */
#include "guest/conformance/step.h"

#include "guest/conformance/look.h"
#include "guest/lib/hypercall.h"

static guest_vcpu_info place[VCPUS] __attribute__((aligned(GUEST_PAGE_SIZE)));

/* In the old place one selector bit, and a flag that nobody has seen yet; in the new one what happened to stand there.
 */
static void prepare(unsigned vcpu)
{
    static const char *const names[VCPUS][3] = {{"new.up0", "new.umask0", "new.sel0"},
                                                {"new.up1", "new.umask1", "new.sel1"}};
    guest_vcpu_info *old = &guest_env.shared->vcpu_info[vcpu];

    old->evtchn_pending_sel = 4;
    old->evtchn_upcall_mask = 1;
    place[vcpu].evtchn_pending_sel = 1;
    look_vcpu(names[vcpu], &place[vcpu]);
}

static void register_info(unsigned vcpu)
{
    struct vcpu_register_vcpu_info op = {
        .mfn = env_frame(&place[vcpu]),
        .offset = guest_address(&place[vcpu]) % GUEST_PAGE_SIZE,
    };
    guest_result rc = hv_vcpu_op(VCPUOP_register_vcpu_info, vcpu, &op);

    if (!rc && vcpu == guest_vcpu()->id)
        guest_vcpu()->info = &place[vcpu];
    cell_result("register_vcpu_info", rc);
}

/* The guest has handled the event of the port: nothing is pending in the new place. */
static void take(unsigned vcpu, evtchn_port_t port)
{
    place[vcpu].evtchn_upcall_pending = 0;
    place[vcpu].evtchn_pending_sel = 0;
    port_clear(port, PORT_PENDING);
    fifo_words[port] &= ~(1U << EVTCHN_FIFO_LINKED);
    fifo_control(vcpu)->ready = 0;
    cell_forget();
}

static void ask(unsigned vcpu)
{
    evtchn_port_t before = must_bind_ipi(vcpu), after = must_bind_ipi(vcpu);

    port_clear(before, PORT_MASKED);
    port_clear(after, PORT_MASKED);
    prepare(vcpu);
    cell_start();
    step_port(EVTCHNOP_send, before);
    register_info(vcpu);
    take(vcpu, before);
    step_port(EVTCHNOP_send, after);
    register_info(vcpu);
}

void conformance_info(void)
{
    if (cell_begin(ABI_2LEVEL, "info/down")) {
        ask(1);
        cell_end();
    }
    if (cell_begin(ABI_FIFO, "info/self")) {
        ask(0);
        cell_end();
    }
}
