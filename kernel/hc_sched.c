/* SPDX-License-Identifier: MIT */
/* sched_op(cmd, arg), in its older form too, and set_timer_op(deadline). */
#include "common/error.h"
#include "guest/abi/sched.h"

#include <stddef.h>

#include "arch/x86/cpu.h"
#include "arch/x86/time.h"
#include "evtchn/evtchn.h"
#include "evtchn/shm.h"
#include "kernel/guest_copy.h"
#include "kernel/hypercall.h"
#include "kernel/poll.h"
#include "kernel/sched.h"
#include "kernel/timers.h"
#include "kernel/watchdog.h"

#define POLL_MAX_PORTS 128U
#define UPCALL_MASK 1          /* byte of struct vcpu_info */
#define FAR_AHEAD (1ULL << 50) /* ns */
#define FAR_AHEAD_MEANS 100000000ULL

static int64_t op_yield(struct vcpu *v, uint64_t arg)
{
    (void)arg;
    sched_yield(v);
    return 0;
}

/* HC-SCHED-09: the upcall mask is cleared. */
static int64_t op_block(struct vcpu *v, uint64_t arg)
{
    (void)arg;
    shm_write8(v->info + UPCALL_MASK, 0);
    vcpu_block(v);
    return 0;
}

/* HC-SCHED-03: for the reason that shutdown_code has named before, if it has. */
static void shut_down(struct vcpu *v, uint64_t reason)
{
    uint32_t code = __atomic_load_n(&v->domain->shutdown_code, __ATOMIC_RELAXED);
    reason = code == DOMAIN_NOT_SHUT ? reason & 0xff : code;
    if (reason == SHUTDOWN_crash)
        domain_crash(v->domain, "it shut itself down with reason crash");
    else
        domain_shutdown(v->domain, (uint32_t)reason);
}

static int64_t op_shutdown(struct vcpu *v, uint64_t arg)
{
    struct sched_shutdown s;
    if (copy_from_guest(v, &s, arg, sizeof s))
        return xen_error(XEN_EFAULT);
    shut_down(v, s.reason);
    return 0;
}

static int read_poll(struct vcpu *v, uint64_t arg, struct sched_poll64 *p)
{
    struct sched_poll32 p32;
    if (!v->narrow)
        return copy_from_guest(v, p, arg, sizeof *p);
    if (copy_from_guest(v, &p32, arg, sizeof p32))
        return xen_error(XEN_EFAULT);
    p->ports = p32.ports;
    p->nr_ports = p32.nr_ports;
    p->timeout = p32.timeout;
    return 0;
}

/* 1: one of the ports is pending; 0: none is; or an error. *port gets the last one that was looked at. */
static int any_pending(struct vcpu *v, const struct sched_poll64 *p, uint32_t *port)
{
    for (uint32_t i = 0; i < p->nr_ports; i++) {
        if (copy_from_guest(v, port, p->ports + 4ULL * i, sizeof *port))
            return xen_error(XEN_EFAULT);
        int r = evt_port_is_pending(v->domain->evt, *port);
        if (r)
            return r;
    }
    return 0;
}

static int64_t op_poll(struct vcpu *v, uint64_t arg)
{
    struct sched_poll64 p;
    uint32_t port = 0;
    if (read_poll(v, arg, &p))
        return xen_error(XEN_EFAULT);
    if (p.nr_ports > POLL_MAX_PORTS)
        return xen_error(XEN_EINVAL);
    poll_begin(v);
    int r = vcpu_events_deliverable(v) ? 1 : any_pending(v, &p, &port);
    if (r) {
        poll_cancel(v);
        return r > 0 ? 0 : r;
    }
    if (p.nr_ports == 1)
        poll_narrow(v, port);
    if (p.timeout)
        poll_until(v, p.timeout);
    cpu_request_work(v->arch.cpu, CPU_WORK_RESCHED);
    return 0;
}

static int64_t op_remote_shutdown(struct vcpu *v, uint64_t arg)
{
    struct sched_remote_shutdown s;
    struct domain *d;
    if (copy_from_guest(v, &s, arg, sizeof s))
        return xen_error(XEN_EFAULT);
    if (s.domain_id == DOMID_SELF)
        return xen_error(XEN_ESRCH); /* HC-SCHED-04 */
    if (s.domain_id == v->domain->arch.domid)
        return xen_error(XEN_EPERM);
    int r = hypercall_target(v, s.domain_id, &d);
    if (r)
        return r;
    domain_shutdown(d, s.reason & 0xff);
    domain_put(d);
    return 0;
}

/* HC-SCHED-03: the reason of the shutdown that follows, whatever that says. */
static int64_t op_shutdown_code(struct vcpu *v, uint64_t arg)
{
    struct sched_shutdown s;
    if (copy_from_guest(v, &s, arg, sizeof s))
        return xen_error(XEN_EFAULT);
    __atomic_store_n(&v->domain->shutdown_code, s.reason & 0xff, __ATOMIC_RELAXED);
    return 0;
}

static int64_t op_watchdog(struct vcpu *v, uint64_t arg)
{
    struct sched_watchdog w;
    if (copy_from_guest(v, &w, arg, sizeof w))
        return xen_error(XEN_EFAULT);
    return watchdog_set(v, w.id, w.timeout);
}

/* For the hardware domain, which no domain here is. */
static int64_t op_pin_override(struct vcpu *v, uint64_t arg)
{
    int32_t cpu;
    return copy_from_guest(v, &cpu, arg, sizeof cpu) ? xen_error(XEN_EFAULT) : xen_error(XEN_EPERM);
}

static int64_t (*const operations[])(struct vcpu *v, uint64_t arg) = {
    [SCHEDOP_yield] = op_yield,
    [SCHEDOP_block] = op_block,
    [SCHEDOP_shutdown] = op_shutdown,
    [SCHEDOP_poll] = op_poll,
    [SCHEDOP_remote_shutdown] = op_remote_shutdown,
    [SCHEDOP_shutdown_code] = op_shutdown_code,
    [SCHEDOP_watchdog] = op_watchdog,
    [SCHEDOP_pin_override] = op_pin_override,
};

int64_t hc_sched_op(struct vcpu *v, uint64_t *args)
{
    uint32_t cmd = (uint32_t)args[0];
    if (cmd >= sizeof operations / sizeof operations[0] || !operations[cmd])
        return xen_error(XEN_ENOSYS);
    return operations[cmd](v, args[1]);
}

static int64_t compat_shutdown(struct vcpu *v, uint64_t reason)
{
    shut_down(v, reason);
    return 0;
}

/* PV-START-16: the hypercall as it was before it had structures. */
int64_t hc_sched_op_compat(struct vcpu *v, uint64_t *args)
{
    static int64_t (*const compat[])(struct vcpu * v, uint64_t arg) = {
        [SCHEDOP_yield] = op_yield,
        [SCHEDOP_block] = op_block,
        [SCHEDOP_shutdown] = compat_shutdown,
    };
    uint32_t cmd = (uint32_t)args[0];
    return cmd < sizeof compat / sizeof compat[0] ? compat[cmd](v, args[1]) : xen_error(XEN_ENOSYS);
}

/*
 * 32-bit code passes the deadline in two halves. 0 stops the timer. HC-TIME-03: one that is negative or absurdly far
 * ahead was computed wrongly by the guest and means 100 ms.
 */
int64_t hc_set_timer_op(struct vcpu *v, uint64_t *args)
{
    uint64_t deadline = v->narrow ? args[0] | args[1] << 32 : args[0], now = time_now();
    if (deadline > INT64_MAX || (deadline > now && deadline - now >= FAR_AHEAD))
        deadline = now + FAR_AHEAD_MEANS;
    if (deadline == 0)
        timer_stop(&v->singleshot, v->arch.cpu);
    else
        timer_set(&v->singleshot, v->arch.cpu, deadline);
    return 0;
}
