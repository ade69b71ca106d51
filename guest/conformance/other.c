/* SPDX-License-Identifier: MIT */
/*
 * Two domains: the calling one, which is privileged, and domain 1, which does nothing at all and may have few ports
 * (EVT-OBJ-09, EVT-OP-06, EVT-OP-10, EVT-OP-11, EVT-OP-15, EVT-OP-17 to EVT-OP-21, EVT-OP-25). Under Xenolith domain
 * 1 is in the scenario: this program, with role=second. The real Xen's lone initial domain makes one, of which no vcpu
 * ever runs.
 */
#include "guest/conformance/step.h"

#include "common/string.h"
#include "guest/abi/domctl.h"
#include "guest/abi/errno.h"
#include "guest/lib/clock.h"
#include "guest/lib/hypercall.h"
#include "guest/lib/verdict.h"

#define SECOND 1U
#define SECOND_LAST_PORT 6U /* the highest that it may have; scenarios/conformance.cfg says the same */

/* --- Domain 1 on the real Xen (public header domctl.h, interface version 0x15) --- */

#define DOMCTL_createdomain 1
#define DOMCTL_destroydomain 2
#define DOMCTL_max_vcpus 15

/* What these take behind the head, struct xen_domctl. */
union argument {
    struct {
        uint32_t ssidref;
        uint8_t handle[16];
        uint32_t flags, iommu_opts;
        uint32_t max_vcpus, max_evtchn_port;
        int32_t max_grant_frames, max_maptrack_frames;
        uint32_t grant_opts, vmtrace_size, cpupool_id;
        uint32_t emulation_flags, misc_flags;
    } create;
    uint32_t max_vcpus;
};

static guest_result domctl(uint32_t cmd, const union argument *argument)
{
    struct xen_domctl op = {.cmd = cmd, .interface_version = XEN_DOMCTL_INTERFACE_VERSION, .domain = SECOND};

    if (argument)
        memcpy(&op.u, argument, sizeof(*argument));
    return hypercall2(__HYPERVISOR_domctl, guest_address(&op), 0);
}

static void must_domctl(uint32_t cmd, const union argument *argument)
{
    guest_result rc = domctl(cmd, argument);

    if (!rc)
        return;
    verdict(VERDICT_ERROR, "domctl %u of domain 1 returned %d", cmd, (int)rc);
    guest_exit();
}

/* A pv domain without memory, and with one vcpu that has no context. */
static void make_second(void)
{
    const union argument create = {
        .create.max_vcpus = 1,
        .create.max_evtchn_port = SECOND_LAST_PORT,
        .create.max_grant_frames = 1,
        .create.max_maptrack_frames = 1,
        .create.grant_opts = 1,
    };
    const union argument vcpus = {.max_vcpus = 1};

    must_domctl(DOMCTL_createdomain, &create);
    must_domctl(DOMCTL_max_vcpus, &vcpus);
    must_domctl(XEN_DOMCTL_unpausedomain, NULL);
}

static bool second_is_there(void)
{
    struct evtchn_status s = {.dom = SECOND};

    return hv_event_channel_op(EVTCHNOP_status, &s) != -XEN_ESRCH;
}

/* Its ports are closed. */
static void clean_second(void)
{
    struct evtchn_reset op = {.dom = SECOND};

    must_domctl(XEN_DOMCTL_pausedomain, NULL);
    must_op(EVTCHNOP_reset, &op);
    must_domctl(XEN_DOMCTL_unpausedomain, NULL);
}

/* Under Xenolith a domain that shuts down is taken away. */
static void end_second(void)
{
    struct sched_remote_shutdown shutdown = {.domain_id = SECOND, .reason = SHUTDOWN_poweroff};
    uint64_t deadline = clock_now() + 60 * CLOCK_S;

    while (domctl(DOMCTL_destroydomain, NULL) == -XEN_ERESTART)
        ;
    hv_sched_op(SCHEDOP_remote_shutdown, &shutdown);
    while (second_is_there() && clock_now() < deadline)
        clock_sleep_until(clock_now() + CLOCK_MS);
}

static void step_domctl(const char *what, unsigned cmd)
{
    cell_result(what, domctl(cmd, NULL));
}

/* --- Cells --- */

static void ask_status(void)
{
    cell_start();
    step_status(SECOND, 0);
    step_status(SECOND, 1);
    step_status(SECOND, 200);
    step_status(SECOND, ~0U);
}

/* DOMID_SELF as remote domain is the caller; what is for another is not for us. */
static void ask_alloc(void)
{
    cell_start();
    step_alloc_unbound(SECOND, DOMID_SELF);
    step_status(SECOND, 1);
    step_alloc_unbound(SECOND, SECOND);
    step_status(SECOND, 2);
    step_bind_interdomain(SECOND, 2);
    step_bind_interdomain(SECOND, 0);
    step_bind_interdomain(SECOND, 3);
    step_bind_interdomain(SECOND, 200);
}

/* What we close becomes unbound again on the other side, for us. */
static void ask_pair(void)
{
    cell_start();
    step_alloc_unbound(SECOND, DOMID_SELF);
    step_bind_interdomain(SECOND, 1);
    step_status(SECOND, 1);
    step_port(EVTCHNOP_send, 1);
    step_bind_interdomain(SECOND, 1);
    step_port(EVTCHNOP_close, 1);
    step_status(SECOND, 1);
    step_bind_interdomain(SECOND, 1);
}

/* Number 1 on both sides, and they are not the same. */
static void ask_numbers(void)
{
    must_alloc_unbound(DOMID_SELF);
    must_alloc_unbound(DOMID_SELF);
    cell_start();
    step_alloc_unbound(SECOND, DOMID_SELF);
    step_bind_interdomain(SECOND, 1);
    step_status(SECOND, 1);
    step_port(EVTCHNOP_close, 1);
    step_status(SECOND, 1);
}

/* A channel that we offer and nobody takes; the number is no port of the other domain. */
static void ask_offer(void)
{
    cell_start();
    step_alloc_unbound(DOMID_SELF, SECOND);
    step_port(EVTCHNOP_send, 1);
    step_bind_interdomain(SECOND, 1);
}

/* Only a domain that is paused by its controller may be reset by another. */
static void ask_reset(void)
{
    cell_start();
    step_alloc_unbound(SECOND, DOMID_SELF);
    step_bind_interdomain(SECOND, 1);
    step_reset(EVTCHNOP_reset, SECOND);
    step_reset(EVTCHNOP_reset_cont, SECOND);
    step_domctl("pause", XEN_DOMCTL_pausedomain);
    step_reset(EVTCHNOP_reset_cont, SECOND);
    step_reset(EVTCHNOP_reset, SECOND);
    step_status(SECOND, 1);
    step_domctl("unpause", XEN_DOMCTL_unpausedomain);
    step_port(EVTCHNOP_send, 1);
    step_reset(EVTCHNOP_reset, SECOND);
}

/* Its own limit, far below that of its ABI. */
static void ask_limit(void)
{
    cell_start();
    for (unsigned i = 0; i <= SECOND_LAST_PORT; i++)
        step_alloc_unbound(SECOND, DOMID_SELF);
    step_status(SECOND, SECOND_LAST_PORT);
    step_status(SECOND, SECOND_LAST_PORT + 1);
}

/* The end of the other side: we keep a port that is unbound for a domain that is no more. */
static void ask_end(void)
{
    cell_start();
    step_alloc_unbound(SECOND, DOMID_SELF);
    step_bind_interdomain(SECOND, 1);
    end_second();
    cell_result("domain 1 ends", 0);
    step_port(EVTCHNOP_send, 1);
    step_status(SECOND, 1);
    step_bind_interdomain(SECOND, 1);
    step_alloc_unbound(SECOND, DOMID_SELF);
    step_reset(EVTCHNOP_reset, SECOND);
    step_port(EVTCHNOP_close, 1);
}

static const struct {
    const char *name;
    void (*ask)(void);
} cells[] = {
    {"other/status", ask_status},   {"other/alloc", ask_alloc}, {"other/pair", ask_pair},
    {"other/numbers", ask_numbers}, {"other/offer", ask_offer}, {"other/reset", ask_reset},
    {"other/limit", ask_limit},
};

/* Domain 1 ends once: with the channel on 2-level. */
void conformance_other(void)
{
    if (!second_is_there())
        make_second();
    for (enum abi abi = 0; abi < NR_ABIS; abi++) {
        for (unsigned i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
            if (!cell_begin(abi, "%s", cells[i].name))
                continue;
            clean_second();
            cells[i].ask();
            cell_end();
        }
    }
    if (cell_begin(ABI_2LEVEL, "other/end")) {
        clean_second();
        ask_end();
        cell_end();
    }
    end_second();
}

void conformance_second(void)
{
    guest_report();
    for (;;)
        hv_sched_op(SCHEDOP_block, NULL);
}
