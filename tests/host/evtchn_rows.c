/* SPDX-License-Identifier: MIT */
/* The table's operations on ports and domains. */
#include "tests/host/evtchn_rows.h"

/* --- Checks that several operations have. */

static void dying(struct attempt *a)
{
    evt_domain_set_dying(a->caller->evt);
}

/* All ports below the domain's own limit are taken. */
static void no_port(struct attempt *a)
{
    a->caller->evt->max_port = a->caller->evt->open_ports;
}

/* The next port needs a page, and there is none. */
static void no_memory(struct attempt *a)
{
    while (op_bind_ipi(a->caller, 0) < EVT_PORTS_PER_PAGE - 1)
        ;
    fake.fail_alloc = fake.allocs + 1;
}

#define ALLOC                                                       \
    {"dying", XEN_EINVAL, dying}, {"no port", XEN_ENOSPC, no_port}, \
    {                                                               \
        "no memory", XEN_ENOMEM, no_memory                          \
    }

void row_no_vcpu_second(struct attempt *a)
{
    a->arg.u32[1] = a->caller->evt->nr_vcpus;
}

static void vcpu_first(struct attempt *a)
{
    a->arg.u32[0] = a->caller->evt->nr_vcpus;
}

static void no_domain(struct attempt *a)
{
    a->arg.u16[0] = 77;
}

void row_port_invalid(struct attempt *a)
{
    a->arg.u32[0] = 64;
}

static void port_second(struct attempt *a)
{
    a->arg.u32[1] = 64;
}

void row_port_closed(struct attempt *a)
{
    a->arg.u32[0] = 5;
}

void row_port_reserved(struct attempt *a)
{
    a->arg.u32[0] = 0;
}

void row_port_attached(struct attempt *a)
{
    int64_t port = op_alloc_unbound(a->caller, DOMID_SELF, 2);
    fake_attach_xen(a->caller, (uint32_t)port);
    a->arg.u32[0] = (uint32_t)port;
}

/* --- Rows. */

static void bind_interdomain(struct attempt *a)
{
    assert_int_equal(op_alloc_unbound(a->other, DOMID_SELF, 1), 1);
    a->arg.bind_interdomain.remote_dom = 2;
    a->arg.bind_interdomain.remote_port = 1;
}

static void remote_port_taken(struct attempt *a)
{
    a->arg.bind_interdomain.remote_port = (uint32_t)op_bind_ipi(a->other, 0);
}

static void remote_port_for_another(struct attempt *a)
{
    a->arg.bind_interdomain.remote_port = (uint32_t)op_alloc_unbound(a->other, DOMID_SELF, 3);
}

static void bind_virq(struct attempt *a)
{
    assert_int_equal(op_bind_virq(a->caller, VIRQ_TIMER, 2), 1);
    a->arg.bind_virq.virq = VIRQ_TIMER;
    a->arg.bind_virq.vcpu = 1;
}

static void no_virq(struct attempt *a)
{
    a->arg.bind_virq.virq = NR_VIRQS;
}

static void global_virq(struct attempt *a)
{
    a->arg.bind_virq.virq = VIRQ_CONSOLE;
}

static void virq_bound(struct attempt *a)
{
    a->arg.bind_virq.vcpu = 2;
}

/* An interdomain port with its peer in the other domain. */
void row_open_pair(struct attempt *a)
{
    assert_int_equal(op_alloc_unbound(a->other, DOMID_SELF, 1), 1);
    assert_int_equal(op_bind_interdomain(a->caller, 2, 1), 1);
    a->arg.u32[0] = 1;
}

static void bind_pirq(struct attempt *a)
{
    assert_int_equal(op_bind_pirq(a->caller, 3, 0), 1);
    a->arg.bind_pirq.pirq = 5;
    a->arg.bind_pirq.flags = ~0U; /* bits that nobody knows are ignored */
}

static void no_pirq(struct attempt *a)
{
    a->arg.bind_pirq.pirq = FAKE_PIRQS;
}

static void pirq_forbidden(struct attempt *a)
{
    a->caller->pirq[a->arg.bind_pirq.pirq = 7].forbidden = true;
}

static void pirq_bound(struct attempt *a)
{
    a->arg.bind_pirq.pirq = 3;
}

/* The refusal is of the line that will be asked for, whichever that is. */
static void refuse_pirqs(struct attempt *a, int error)
{
    for (unsigned i = 0; i < FAKE_PIRQS; i++)
        a->caller->pirq[i].refuses = error;
}

static void pirq_without_line(struct attempt *a)
{
    refuse_pirqs(a, -XEN_EINVAL);
}

static void pirq_in_use(struct attempt *a)
{
    refuse_pirqs(a, -XEN_EBUSY);
}

static void virq_port(struct attempt *a)
{
    a->arg.u32[0] = (uint32_t)op_bind_virq(a->caller, VIRQ_DEBUG, 0);
}

static void ipi_port(struct attempt *a)
{
    a->arg.u32[0] = (uint32_t)op_bind_ipi(a->caller, 0);
}

static void status(struct attempt *a)
{
    assert_int_equal(op_bind_ipi(a->other, 3), 1);
    a->caller = a->dom0;
    a->arg.status.dom = 2;
    a->arg.status.port = 1;
}

/* Port 2: port 1 is what a world without this check asks for. */
static void status_attached(struct attempt *a)
{
    int64_t port = op_bind_ipi(a->other, 0);
    fake_attach_xen(a->other, (uint32_t)port);
    a->arg.status.port = (uint32_t)port;
}

static void not_privileged(struct attempt *a)
{
    a->caller = a->self;
}

static void alloc_unbound(struct attempt *a)
{
    a->caller = a->dom0;
    a->arg.alloc_unbound.dom = 2;
    a->arg.alloc_unbound.remote_dom = 1;
}

static void target_dying(struct attempt *a)
{
    evt_domain_set_dying(a->other->evt);
}

static void target_full(struct attempt *a)
{
    a->other->evt->max_port = a->other->evt->open_ports;
}

static void target_without_memory(struct attempt *a)
{
    while (op_bind_ipi(a->other, 0) < EVT_PORTS_PER_PAGE - 1)
        ;
    fake.fail_alloc = fake.allocs + 1;
}

static void bind_ipi(struct attempt *a)
{
    a->arg.u32[0] = 3;
}

static void bind_vcpu(struct attempt *a)
{
    row_open_pair(a);
    a->arg.bind_vcpu.vcpu = 2;
}

static void reset(struct attempt *a)
{
    a->caller = a->dom0;
    a->other->paused = true;
    a->arg.u16[0] = 2;
}

static void not_paused(struct attempt *a)
{
    a->other->paused = false;
}

static void reset_running(struct attempt *a)
{
    fake.yield = true;
    assert_int_equal(op_reset(a->other, DOMID_SELF), -XEN_ERESTART);
    fake.yield = false;
}

static void reset_cont(struct attempt *a)
{
    reset(a);
    fake.yield = true;
    assert_int_equal(op_reset(a->other, DOMID_SELF), -XEN_ERESTART);
    fake.yield = false;
}

static void no_reset_running(struct attempt *a)
{
    while (fake_op(a->other, EVTCHNOP_reset_cont, &(uint16_t){DOMID_SELF}, 2) == -XEN_ERESTART)
        ;
}

const struct row evtchn_rows[] = {
    {"bind_interdomain",
     EVTCHNOP_bind_interdomain,
     false,
     bind_interdomain,
     {{"no such domain", XEN_ESRCH, no_domain},
      ALLOC,
      {"remote port invalid", XEN_EINVAL, port_second},
      {"remote port not unbound", XEN_EINVAL, remote_port_taken},
      {"remote port for another", XEN_EINVAL, remote_port_for_another}}},
    {"bind_virq",
     EVTCHNOP_bind_virq,
     false,
     bind_virq,
     {{"no such virq", XEN_EINVAL, no_virq},
      {"global virq not on vcpu 0", XEN_EINVAL, global_virq},
      {"no such vcpu", XEN_ENOENT, row_no_vcpu_second},
      {"bound already", XEN_EEXIST, virq_bound},
      ALLOC}},
    {"bind_pirq",
     EVTCHNOP_bind_pirq,
     false,
     bind_pirq,
     {{"no such pirq", XEN_EINVAL, no_pirq},
      {"not permitted", XEN_EPERM, pirq_forbidden},
      {"bound already", XEN_EEXIST, pirq_bound},
      ALLOC,
      {"no line", XEN_EINVAL, pirq_without_line},
      {"line in use", XEN_EBUSY, pirq_in_use}}},
    {"close",
     EVTCHNOP_close,
     false,
     row_open_pair,
     {{"port invalid", XEN_EINVAL, row_port_invalid},
      {"Xen-attached", XEN_EINVAL, row_port_attached},
      {"free", XEN_EINVAL, row_port_closed},
      {"reserved", XEN_EINVAL, row_port_reserved}}},
    {"send",
     EVTCHNOP_send,
     false,
     row_open_pair,
     {{"port invalid", XEN_EINVAL, row_port_invalid},
      {"Xen-attached", XEN_EINVAL, row_port_attached},
      {"virq", XEN_EINVAL, virq_port},
      {"free", XEN_EINVAL, row_port_closed},
      {"reserved", XEN_EINVAL, row_port_reserved}}},
    {"status",
     EVTCHNOP_status,
     false,
     status,
     {{"no such domain", XEN_ESRCH, no_domain},
      {"port invalid", XEN_EINVAL, port_second},
      {"Xen-attached", XEN_EACCES, status_attached},
      {"not privileged", XEN_EPERM, not_privileged}}},
    {"alloc_unbound",
     EVTCHNOP_alloc_unbound,
     false,
     alloc_unbound,
     {{"no such domain", XEN_ESRCH, no_domain},
      {"target dying", XEN_EINVAL, target_dying},
      {"target full", XEN_ENOSPC, target_full},
      {"no memory", XEN_ENOMEM, target_without_memory},
      {"not privileged", XEN_EPERM, not_privileged}}},
    {"bind_ipi", EVTCHNOP_bind_ipi, false, bind_ipi, {{"no such vcpu", XEN_ENOENT, vcpu_first}, ALLOC}},
    {"bind_vcpu",
     EVTCHNOP_bind_vcpu,
     false,
     bind_vcpu,
     {{"no such vcpu", XEN_ENOENT, row_no_vcpu_second},
      {"port invalid", XEN_EINVAL, row_port_invalid},
      {"Xen-attached", XEN_EINVAL, row_port_attached},
      {"per-vcpu virq", XEN_EINVAL, virq_port},
      {"ipi", XEN_EINVAL, ipi_port},
      {"free", XEN_EINVAL, row_port_closed},
      {"reserved", XEN_EINVAL, row_port_reserved}}},
    {"unmask", EVTCHNOP_unmask, false, row_open_pair, {{"port invalid", XEN_EINVAL, row_port_invalid}}},
    {"reset",
     EVTCHNOP_reset,
     false,
     reset,
     {{"no such domain", XEN_ESRCH, no_domain},
      {"not privileged", XEN_EPERM, not_privileged},
      {"not paused", XEN_EINVAL, not_paused},
      {"a reset is running", XEN_EBUSY, reset_running}}},
    {"reset_cont",
     EVTCHNOP_reset_cont,
     false,
     reset_cont,
     {{"no such domain", XEN_ESRCH, no_domain},
      {"not privileged", XEN_EPERM, not_privileged},
      {"not paused", XEN_EINVAL, not_paused},
      {"no reset is running", XEN_EBUSY, no_reset_running}}},
};

const unsigned evtchn_nr_rows = sizeof(evtchn_rows) / sizeof(evtchn_rows[0]);
