/* SPDX-License-Identifier: MIT */
/* Operations that name a port: close, send, status, bind_vcpu, unmask (docs/abi/event-channels.md: for
 * all of them EVT-OBJ-02, EVT-OBJ-04, EVT-OBJ-05 and EVT-OP-01). */
#include "guest/conformance/matrix.h"

static void prepare_port(struct call *c)
{
    c->args[0] = c->port; /* all of struct evtchn_close, evtchn_send and evtchn_unmask */
}

static const struct check fault_only[] = {CHECKED_EFAULT, CHECKS_END};

/* EVT-OP-14, EVT-OP-15, EVT-OP-16 */
static const struct operation close_operation = {
    .name = "close",
    .cmd = EVTCHNOP_close,
    .size = sizeof(struct evtchn_close),
    .prepare = prepare_port,
    .checks = fault_only,
    .names_port = true,
    .bits = true,
};

/* EVT-OP-17 */
static const struct operation send_operation = {
    .name = "send",
    .cmd = EVTCHNOP_send,
    .size = sizeof(struct evtchn_send),
    .prepare = prepare_port,
    .checks = fault_only,
    .names_port = true,
    .bits = true,
};

/* EVT-OP-24, EVT-2L-08 */
static const struct operation unmask_operation = {
    .name = "unmask",
    .cmd = EVTCHNOP_unmask,
    .size = sizeof(struct evtchn_unmask),
    .prepare = prepare_port,
    .checks = fault_only,
    .names_port = true,
    .bits = true,
};

/* --- status (EVT-OP-18, EVT-OP-19) --- */

enum { AXIS_DOMAIN = 1 };

static void prepare_status(struct call *c)
{
    ARGS(c, evtchn_status)->dom = DOMID_SELF;
    ARGS(c, evtchn_status)->pad = 0;
    ARGS(c, evtchn_status)->port = c->port;
}

static void set_status_domain(struct call *c, unsigned domid)
{
    ARGS(c, evtchn_status)->dom = (domid_t)domid;
}

static void fail_status_domain(struct call *c)
{
    set_status_domain(c, ZOO_DOMAIN);
}

/* Domain 0 has a port of each kind at the same number (unprivileged.c). */
static void fail_status_right(struct call *c)
{
    set_status_domain(c, 0);
}

static const struct check status_checks[] = {
    CHECKED_EFAULT,
    CHECKED("ESRCH", fail_status_domain, .axis = AXIS_DOMAIN),
    CHECKED("EACCES", NULL), /* a port that Xen consumes */
    CHECKED("EPERM", fail_status_right, .axis = AXIS_DOMAIN, .unprivileged = true),
    CHECKS_END,
};

static const struct variant status_variants[] = {
    {"dom0", set_status_domain, 0},
    {"dom_xen", set_status_domain, DOMID_XEN},
    {NULL, NULL, 0},
};

static const struct operation status_operation = {
    .name = "status",
    .cmd = EVTCHNOP_status,
    .size = sizeof(struct evtchn_status),
    .prepare = prepare_status,
    .checks = status_checks,
    .variants = status_variants,
    .names_port = true,
};

/* --- bind_vcpu (EVT-OP-23, EVT-2L-09) --- */

static void prepare_bind_vcpu(struct call *c)
{
    ARGS(c, evtchn_bind_vcpu)->port = c->port;
    ARGS(c, evtchn_bind_vcpu)->vcpu = 1;
}

static void fail_bind_vcpu(struct call *c)
{
    ARGS(c, evtchn_bind_vcpu)->vcpu = VCPUS;
}

static void set_bind_vcpu(struct call *c, unsigned vcpu)
{
    ARGS(c, evtchn_bind_vcpu)->vcpu = vcpu;
}

static const struct check bind_vcpu_checks[] = {CHECKED_EFAULT, CHECKED("ENOENT", fail_bind_vcpu), CHECKS_END};
static const struct variant bind_vcpu_variants[] = {
    {"vcpu0", set_bind_vcpu, 0},
    {"vcpu_huge", set_bind_vcpu, ~0U},
    {NULL, NULL, 0},
};

static const struct operation bind_vcpu_operation = {
    .name = "bind_vcpu",
    .cmd = EVTCHNOP_bind_vcpu,
    .size = sizeof(struct evtchn_bind_vcpu),
    .prepare = prepare_bind_vcpu,
    .checks = bind_vcpu_checks,
    .variants = bind_vcpu_variants,
    .names_port = true,
    .bits = true,
};

const struct operation *const port_operations[] = {
    &close_operation, &send_operation, &status_operation, &bind_vcpu_operation, &unmask_operation, NULL,
};
