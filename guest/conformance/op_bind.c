/* SPDX-License-Identifier: MIT */
/*
 * Operations that open a port: bind_interdomain, bind_virq, bind_pirq, alloc_unbound, bind_ipi. What they should answer
 * is in docs/abi/event-channels.md: for all of them EVT-OP-01, EVT-OP-04 to EVT-OP-06, EVT-OBJ-03, EVT-OBJ-08.
 */
#include "guest/conformance/matrix.h"

/* Opening a port as such can fail in three ways; a domain that asks is not dying, and memory is not short. */
#define CHECKED_ALLOC CHECKED("EINVAL.dying", NULL), CHECKED_ENOSPC, CHECKED("ENOMEM", NULL)

/* --- bind_interdomain (EVT-OP-10, EVT-OP-11): the state is that of the remote port, which is the domain's own --- */

static void prepare_interdomain(struct call *c)
{
    ARGS(c, evtchn_bind_interdomain)->remote_dom = DOMID_SELF;
    ARGS(c, evtchn_bind_interdomain)->pad = 0;
    ARGS(c, evtchn_bind_interdomain)->remote_port = c->port;
}

static void set_interdomain_domain(struct call *c, unsigned domid)
{
    ARGS(c, evtchn_bind_interdomain)->remote_dom = (domid_t)domid;
}

static void fail_interdomain_domain(struct call *c)
{
    set_interdomain_domain(c, ZOO_DOMAIN);
}

static const struct check interdomain_checks[] = {
    CHECKED_EFAULT,
    CHECKED("ESRCH", fail_interdomain_domain),
    CHECKED_ALLOC,
    CHECKS_END,
};

static const struct variant interdomain_variants[] = {
    {"dom0", set_interdomain_domain, 0},
    {"dom_xen", set_interdomain_domain, DOMID_XEN},
    {NULL, NULL, 0},
};

static const struct operation bind_interdomain_operation = {
    .name = "bind_interdomain",
    .cmd = EVTCHNOP_bind_interdomain,
    .size = sizeof(struct evtchn_bind_interdomain),
    .prepare = prepare_interdomain,
    .checks = interdomain_checks,
    .variants = interdomain_variants,
    .names_port = true,
};

/* --- bind_virq (EVT-OP-12, EVT-OBJ-07) --- */

enum { AXIS_VIRQ = 1 };

/* The zoo has the same one on vcpu 1. */
static void prepare_virq(struct call *c)
{
    ARGS(c, evtchn_bind_virq)->virq = VIRQ_DEBUG;
    ARGS(c, evtchn_bind_virq)->vcpu = 0;
}

static void fail_virq_number(struct call *c)
{
    ARGS(c, evtchn_bind_virq)->virq = NR_VIRQS;
}

static void fail_virq_global(struct call *c)
{
    ARGS(c, evtchn_bind_virq)->virq = VIRQ_CONSOLE;
    ARGS(c, evtchn_bind_virq)->vcpu = 1;
}

static void fail_virq_vcpu(struct call *c)
{
    ARGS(c, evtchn_bind_virq)->vcpu = VCPUS;
}

static void fail_virq_exists(struct call *c)
{
    must_bind_virq(ARGS(c, evtchn_bind_virq)->virq, 0);
}

static const struct check virq_checks[] = {
    CHECKED_EFAULT,
    CHECKED("EINVAL.virq", fail_virq_number, .axis = AXIS_VIRQ),
    CHECKED("EINVAL.global", fail_virq_global, .axis = AXIS_VIRQ),
    CHECKED("ENOENT", fail_virq_vcpu),
    CHECKED("EEXIST", fail_virq_exists, .opens = true, .not_with = "EINVAL.virq"),
    CHECKED_ALLOC,
    CHECKS_END,
};

static void set_virq(struct call *c, unsigned virq)
{
    ARGS(c, evtchn_bind_virq)->virq = virq;
}

static void set_virq_of_vcpu1(struct call *c, unsigned virq)
{
    ARGS(c, evtchn_bind_virq)->virq = virq;
    ARGS(c, evtchn_bind_virq)->vcpu = 1;
}

static void set_virq_vcpu(struct call *c, unsigned vcpu)
{
    ARGS(c, evtchn_bind_virq)->vcpu = vcpu;
}

#define BOTH_VCPUS(n)                              \
    {"virq" #n, set_virq, (n)},                    \
    {                                              \
        "virq" #n "_vcpu1", set_virq_of_vcpu1, (n) \
    }

static const struct variant virq_variants[] = {
    BOTH_VCPUS(0),
    BOTH_VCPUS(1),
    BOTH_VCPUS(2),
    BOTH_VCPUS(3),
    BOTH_VCPUS(4),
    BOTH_VCPUS(5),
    BOTH_VCPUS(6),
    BOTH_VCPUS(7),
    BOTH_VCPUS(8),
    BOTH_VCPUS(9),
    BOTH_VCPUS(10),
    BOTH_VCPUS(11),
    BOTH_VCPUS(12),
    BOTH_VCPUS(13),
    BOTH_VCPUS(14),
    BOTH_VCPUS(15),
    BOTH_VCPUS(16),
    BOTH_VCPUS(17),
    BOTH_VCPUS(18),
    BOTH_VCPUS(19),
    BOTH_VCPUS(20),
    BOTH_VCPUS(21),
    BOTH_VCPUS(22),
    BOTH_VCPUS(23),
    BOTH_VCPUS(24),
    {"virq_huge", set_virq, ~0U},
    {"vcpu_huge", set_virq_vcpu, ~0U},
    {NULL, NULL, 0},
};

static const struct operation bind_virq_operation = {
    .name = "bind_virq",
    .cmd = EVTCHNOP_bind_virq,
    .size = sizeof(struct evtchn_bind_virq),
    .prepare = prepare_virq,
    .checks = virq_checks,
    .variants = virq_variants,
};

/* --- bind_pirq (EVT-OP-13) --- */

enum { AXIS_PIRQ = 1 };

static void prepare_pirq(struct call *c)
{
    ARGS(c, evtchn_bind_pirq)->pirq = ZOO_PIRQ_NUMBER + 1;
    ARGS(c, evtchn_bind_pirq)->flags = BIND_PIRQ__WILL_SHARE;
}

static void set_pirq(struct call *c, unsigned pirq)
{
    ARGS(c, evtchn_bind_pirq)->pirq = pirq;
}

static void fail_pirq_number(struct call *c)
{
    set_pirq(c, 99999);
}

static void fail_pirq_exists(struct call *c)
{
    set_pirq(c, ZOO_PIRQ_NUMBER);
}

/* No interrupt line has been given to a domain without privileges. */
static void fail_pirq_right(struct call *c)
{
    (void)c;
}

static void set_pirq_flags(struct call *c, unsigned flags)
{
    ARGS(c, evtchn_bind_pirq)->flags = flags;
}

static const struct check pirq_checks[] = {
    CHECKED_EFAULT,
    CHECKED("EINVAL.range", fail_pirq_number, .axis = AXIS_PIRQ),
    CHECKED("EPERM", fail_pirq_right, .unprivileged = true),
    CHECKED("EEXIST", fail_pirq_exists, .axis = AXIS_PIRQ),
    CHECKED_ALLOC,
    CHECKED("EINVAL.irq", NULL),
    CHECKED("EBUSY", NULL),
    CHECKS_END,
};

static const struct variant pirq_variants[] = {
    {"exclusive", set_pirq_flags, 0},
    {"unknown_flags", set_pirq_flags, ~BIND_PIRQ__WILL_SHARE},
    {"pirq0", set_pirq, 0},
    {"pirq15", set_pirq, 15},
    {"pirq40", set_pirq, 40},
    {"pirq_huge", set_pirq, ~0U},
    {NULL, NULL, 0},
};

static const struct operation bind_pirq_operation = {
    .name = "bind_pirq",
    .cmd = EVTCHNOP_bind_pirq,
    .size = sizeof(struct evtchn_bind_pirq),
    .prepare = prepare_pirq,
    .checks = pirq_checks,
    .variants = pirq_variants,
};

/* --- alloc_unbound (EVT-OP-20, EVT-OP-21) --- */

enum { AXIS_DOMAIN = 1 };

static void prepare_unbound(struct call *c)
{
    ARGS(c, evtchn_alloc_unbound)->dom = DOMID_SELF;
    ARGS(c, evtchn_alloc_unbound)->remote_dom = DOMID_SELF;
}

static void set_unbound_domain(struct call *c, unsigned domid)
{
    ARGS(c, evtchn_alloc_unbound)->dom = (domid_t)domid;
}

static void set_unbound_remote(struct call *c, unsigned domid)
{
    ARGS(c, evtchn_alloc_unbound)->remote_dom = (domid_t)domid;
}

static void fail_unbound_domain(struct call *c)
{
    set_unbound_domain(c, ZOO_DOMAIN);
}

/* The limit that counts is the other domain's: domain 1 has no port left (unprivileged.c). */
static void fail_unbound_right(struct call *c)
{
    set_unbound_domain(c, c->full ? SECOND : 0);
}

static const struct check unbound_checks[] = {
    CHECKED_EFAULT, CHECKED("ESRCH", fail_unbound_domain, .axis = AXIS_DOMAIN),
    CHECKED_ALLOC,  CHECKED("EPERM", fail_unbound_right, .axis = AXIS_DOMAIN, .unprivileged = true),
    CHECKS_END,
};

static const struct variant unbound_variants[] = {
    {"dom0", set_unbound_domain, 0},
    {"dom_io", set_unbound_domain, DOMID_IO},
    {"dom_xen", set_unbound_domain, DOMID_XEN},
    {"dom_invalid", set_unbound_domain, DOMID_INVALID},
    {"dom_idle", set_unbound_domain, DOMID_IDLE},
    {"dom_huge", set_unbound_domain, 0xFFFF},
    {"for_dom0", set_unbound_remote, 0},
    {"for_nobody", set_unbound_remote, ZOO_DOMAIN},
    {"for_dom_xen", set_unbound_remote, DOMID_XEN},
    {"for_dom_invalid", set_unbound_remote, DOMID_INVALID},
    {"for_dom_huge", set_unbound_remote, 0xFFFF},
    {NULL, NULL, 0},
};

static const struct operation alloc_unbound_operation = {
    .name = "alloc_unbound",
    .cmd = EVTCHNOP_alloc_unbound,
    .size = sizeof(struct evtchn_alloc_unbound),
    .prepare = prepare_unbound,
    .checks = unbound_checks,
    .variants = unbound_variants,
};

/* --- bind_ipi (EVT-OP-22) --- */

static void set_ipi_vcpu(struct call *c, unsigned vcpu)
{
    ARGS(c, evtchn_bind_ipi)->vcpu = vcpu;
}

static void prepare_ipi(struct call *c)
{
    set_ipi_vcpu(c, 1);
}

static void fail_ipi_vcpu(struct call *c)
{
    set_ipi_vcpu(c, VCPUS);
}

static const struct check ipi_checks[] = {
    CHECKED_EFAULT,
    CHECKED("ENOENT", fail_ipi_vcpu),
    CHECKED_ALLOC,
    CHECKS_END,
};

static const struct variant ipi_variants[] = {
    {"vcpu0", set_ipi_vcpu, 0},
    {"vcpu_huge", set_ipi_vcpu, ~0U},
    {NULL, NULL, 0},
};

static const struct operation bind_ipi_operation = {
    .name = "bind_ipi",
    .cmd = EVTCHNOP_bind_ipi,
    .size = sizeof(struct evtchn_bind_ipi),
    .prepare = prepare_ipi,
    .checks = ipi_checks,
    .variants = ipi_variants,
};

const struct operation *const bind_operations[] = {
    &bind_interdomain_operation, &bind_virq_operation, &bind_pirq_operation,
    &alloc_unbound_operation,    &bind_ipi_operation,  NULL,
};
