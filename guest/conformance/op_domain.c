/* SPDX-License-Identifier: MIT */
/* Operations on a domain as a whole, reset and reset_cont, and numbers that are no operation. */
#include "guest/conformance/matrix.h"

/* --- reset (EVT-OP-25, EVT-OP-26), reset_cont (EVT-OP-28) --- */

enum { AXIS_DOMAIN = 1 };

static void set_domain(struct call *c, unsigned domid)
{
    ARGS(c, evtchn_reset)->dom = (domid_t)domid;
}

static void prepare_self(struct call *c)
{
    set_domain(c, DOMID_SELF);
}

static void fail_domain(struct call *c)
{
    set_domain(c, ZOO_DOMAIN);
}

/* Domain 0 is not paused either: the right is looked at first. */
static void fail_domain_right(struct call *c)
{
    set_domain(c, 0);
}

/* Every port pending, and every second one unmasked: the bits of closed ports are cleared, the masks are the guest's.
 */
static void make_pending(struct call *c, unsigned unused)
{
    (void)c;
    (void)unused;
    for (evtchn_port_t port = ZOO_UNBOUND; port <= ZOO_LAST; port++)
        port_set(port, PORT_PENDING);
    for (evtchn_port_t port = ZOO_UNBOUND; port <= ZOO_LAST; port += 2)
        port_clear(port, PORT_MASKED);
}

static void make_masked_events(struct call *c, unsigned unused)
{
    (void)c;
    (void)unused;
    guest_env.shared->vcpu_info[0].evtchn_pending_sel = 1;
    guest_env.shared->vcpu_info[1].evtchn_pending_sel = 2;
    guest_env.shared->vcpu_info[1].evtchn_upcall_pending = 1;
}

static const struct check reset_checks[] = {
    CHECKED_EFAULT,
    CHECKED("ESRCH", fail_domain, .axis = AXIS_DOMAIN),
    CHECKED("EPERM", fail_domain_right, .axis = AXIS_DOMAIN, .unprivileged = true),
    CHECKED("EINVAL.running", NULL),
    CHECKED("EBUSY", NULL),
    CHECKED("EAGAIN", NULL),
    CHECKS_END,
};

static const struct variant reset_variants[] = {
    {"dom0", set_domain, 0},
    {"dom_io", set_domain, DOMID_IO},
    {"dom_xen", set_domain, DOMID_XEN},
    {"dom_invalid", set_domain, DOMID_INVALID},
    {"dom_idle", set_domain, DOMID_IDLE},
    {"dom_huge", set_domain, 0xFFFF},
    {"pending", make_pending, 0},
    {"selectors", make_masked_events, 0},
    {NULL, NULL, 0},
};

static const struct operation reset_operation = {
    .name = "reset",
    .cmd = EVTCHNOP_reset,
    .size = sizeof(struct evtchn_reset),
    .prepare = prepare_self,
    .checks = reset_checks,
    .variants = reset_variants,
};

/* A guest has no reset to continue: the "ok" of this operation is -EBUSY. */
static const struct check reset_cont_checks[] = {
    CHECKED_EFAULT,
    CHECKED("ESRCH", fail_domain, .axis = AXIS_DOMAIN),
    CHECKED("EPERM", fail_domain_right, .axis = AXIS_DOMAIN, .unprivileged = true),
    CHECKED("EINVAL.running", NULL),
    CHECKS_END,
};

static const struct operation reset_cont_operation = {
    .name = "reset_cont",
    .cmd = EVTCHNOP_reset_cont,
    .size = sizeof(struct evtchn_reset),
    .prepare = prepare_self,
    .checks = reset_cont_checks,
    .variants = reset_variants,
};

/* --- Numbers without an operation (EVT-OP-02): whatever the arguments, which are not even looked at --- */

static void prepare_nothing(struct call *c)
{
    c->args[0] = 0;
}

static const struct check unknown_checks[] = {CHECKED_EFAULT, CHECKS_END};

#define UNKNOWN(number)                                                                                             \
    {                                                                                                               \
        .name = "op_" #number, .cmd = 0x##number, .size = 16, .prepare = prepare_nothing, .checks = unknown_checks, \
    }

/* 8B and 8C are Xenolith's own. */
static const struct operation unknown[] = {UNKNOWN(F), UNKNOWN(8B), UNKNOWN(8C), UNKNOWN(80000000), UNKNOWN(FFFFFFFF)};

const struct operation *const domain_operations[] = {
    &reset_operation, &reset_cont_operation, &unknown[0], &unknown[1], &unknown[2], &unknown[3], &unknown[4], NULL,
};
