/* SPDX-License-Identifier: MIT */
/* sched_op(cmd, arg) and set_timer_op(deadline). */
#include "guest/abi/sched.h"

#include <stddef.h>

#include "arch/x86/cpu.h"
#include "evtchn/evtchn.h"
#include "kernel/guest_copy.h"
#include "kernel/hypercall.h"
#include "kernel/sched.h"
#include "kernel/timers.h"

#define POLL_MAX_PORTS 128U

static int64_t op_yield(struct vcpu *v, uint64_t arg)
{
    (void)arg;
    sched_yield(v);
    return 0;
}

static int64_t op_block(struct vcpu *v, uint64_t arg)
{
    (void)arg;
    vcpu_block(v);
    return 0;
}

static int64_t op_shutdown(struct vcpu *v, uint64_t arg)
{
    struct sched_shutdown s;
    if (copy_from_guest(v, &s, arg, sizeof s))
        return -XEN_EFAULT;
    if (s.reason == SHUTDOWN_crash)
        domain_crash(v->domain, "it shut itself down with reason crash");
    else
        domain_shutdown(v->domain, s.reason & 0xff);
    return 0;
}

static int read_poll(struct vcpu *v, uint64_t arg, struct sched_poll64 *p)
{
    struct sched_poll32 p32;
    if (!v->narrow)
        return copy_from_guest(v, p, arg, sizeof *p);
    if (copy_from_guest(v, &p32, arg, sizeof p32))
        return -XEN_EFAULT;
    p->ports = p32.ports;
    p->nr_ports = p32.nr_ports;
    p->timeout = p32.timeout;
    return 0;
}

/* 1: one of the ports is pending; 0: none is; or an error. */
static int any_pending(struct vcpu *v, const struct sched_poll64 *p)
{
    for (uint32_t i = 0; i < p->nr_ports; i++) {
        uint32_t port;
        if (copy_from_guest(v, &port, p->ports + 4ULL * i, sizeof port))
            return -XEN_EFAULT;
        int r = evt_port_is_pending(v->domain->evt, port);
        if (r)
            return r;
    }
    return 0;
}

/* The vcpu counts as polling: what follows may be undone by anyone who makes one of its ports pending. */
static void start_polling(struct vcpu *v, uint32_t port)
{
    timer_stop(&v->poll_timer, v->arch.cpu);
    __atomic_fetch_add(&v->domain->nr_pollers, 1, __ATOMIC_SEQ_CST);
    __atomic_store_n(&v->poll_port, port, __ATOMIC_SEQ_CST);
    __atomic_fetch_or(&v->blocked_by, VCPU_BLOCKED, __ATOMIC_SEQ_CST);
}

static int64_t op_poll(struct vcpu *v, uint64_t arg)
{
    struct sched_poll64 p;
    uint32_t port = POLL_ANY;
    if (read_poll(v, arg, &p))
        return -XEN_EFAULT;
    if (p.nr_ports > POLL_MAX_PORTS)
        return -XEN_EINVAL;
    if (p.nr_ports == 1 && copy_from_guest(v, &port, p.ports, sizeof port))
        return -XEN_EFAULT;
    if (port >= POLL_ANY && p.nr_ports == 1)
        return -XEN_EINVAL;
    start_polling(v, port);
    int r = vcpu_events_deliverable(v) ? 1 : any_pending(v, &p);
    if (r) {
        vcpu_end_poll(v);
        return r > 0 ? 0 : r;
    }
    if (p.timeout)
        timer_set(&v->poll_timer, p.timeout);
    cpu_request_work(v->arch.cpu, CPU_WORK_RESCHED);
    return 0;
}

static int64_t op_remote_shutdown(struct vcpu *v, uint64_t arg)
{
    struct sched_remote_shutdown s;
    struct domain *d;
    if (copy_from_guest(v, &s, arg, sizeof s))
        return -XEN_EFAULT;
    if (s.domain_id == DOMID_SELF || s.domain_id == v->domain->arch.domid)
        return -XEN_EPERM;
    int r = hypercall_target(v, s.domain_id, &d);
    if (r)
        return r;
    domain_shutdown(d, s.reason & 0xff);
    domain_put(d);
    return 0;
}

/* The reason is kept for the shutdown to come. */
static int64_t op_shutdown_code(struct vcpu *v, uint64_t arg)
{
    struct sched_shutdown s;
    return copy_from_guest(v, &s, arg, sizeof s);
}

static int64_t op_pin_override(struct vcpu *v, uint64_t arg)
{
    (void)v;
    (void)arg;
    return -XEN_EPERM;
}

static int64_t (*const operations[])(struct vcpu *v, uint64_t arg) = {
    [SCHEDOP_yield] = op_yield,
    [SCHEDOP_block] = op_block,
    [SCHEDOP_shutdown] = op_shutdown,
    [SCHEDOP_poll] = op_poll,
    [SCHEDOP_remote_shutdown] = op_remote_shutdown,
    [SCHEDOP_shutdown_code] = op_shutdown_code,
    [SCHEDOP_watchdog] = NULL,
    [SCHEDOP_pin_override] = op_pin_override,
};

int64_t hc_sched_op(struct vcpu *v, uint64_t *args)
{
    uint32_t cmd = (uint32_t)args[0];
    if (cmd >= sizeof operations / sizeof operations[0] || !operations[cmd])
        return -XEN_ENOSYS;
    return operations[cmd](v, args[1]);
}

/* 32-bit code passes the deadline in two halves. 0 stops the timer. */
int64_t hc_set_timer_op(struct vcpu *v, uint64_t *args)
{
    uint64_t deadline = v->narrow ? args[0] | args[1] << 32 : args[0];
    if (deadline == 0)
        timer_stop(&v->singleshot, v->arch.cpu);
    else
        timer_set(&v->singleshot, deadline);
    return 0;
}
