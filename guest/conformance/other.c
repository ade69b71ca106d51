/* SPDX-License-Identifier: MIT */
/*
 * Two domains: the calling one, which is privileged, and domain 1, which does nothing at all and may have few ports
 * (EVT-OBJ-09, EVT-OP-06, EVT-OP-10, EVT-OP-11, EVT-OP-15, EVT-OP-17 to EVT-OP-21, EVT-OP-25). Under Xenolith domain
 * 1 is in the scenario: this program, with role=second. The real Xen's lone initial domain makes one, of which no vcpu
 * ever runs.
 */
#include "guest/conformance/step.h"

#include "guest/conformance/domctl.h"
#include "guest/lib/hypercall.h"
#include "guest/lib/verdict.h"

#define SECOND_LAST_PORT 6U /* the highest that it may have; scenarios/conformance.cfg says the same */

/* --- Domain 1 --- */

/* On the real Xen: a pv domain without memory, and with one vcpu that has no context. */
static void make_second(void)
{
    domain_create(SECOND, 0, 1, SECOND_LAST_PORT);
    must_domctl(SECOND, XEN_DOMCTL_unpausedomain, NULL);
}

/* Its ports are closed. */
static void clean_second(void)
{
    struct evtchn_reset op = {.dom = SECOND};

    must_domctl(SECOND, XEN_DOMCTL_pausedomain, NULL);
    must_op(EVTCHNOP_reset, &op);
    must_domctl(SECOND, XEN_DOMCTL_unpausedomain, NULL);
}

void other_fill(void)
{
    struct evtchn_alloc_unbound op = {.dom = SECOND, .remote_dom = SECOND};

    if (!domain_exists(SECOND))
        make_second();
    clean_second();
    for (unsigned i = 0; i < SECOND_LAST_PORT; i++)
        must_op(EVTCHNOP_alloc_unbound, &op);
}

static void step_domctl(const char *what, unsigned cmd)
{
    cell_result(what, domctl(SECOND, cmd, NULL));
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
    domain_end(SECOND);
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
    if (!domain_exists(SECOND))
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
    domain_end(SECOND);
}

void conformance_second(void)
{
    guest_report();
    for (;;)
        hv_sched_op(SCHEDOP_block, NULL);
}
