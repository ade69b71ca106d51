/* SPDX-License-Identifier: MIT */
#include "kernel/hypercall.h"

#include <stddef.h>

#include "common/error.h"
#include "kernel/door.h"

static const struct hypercall {
    hypercall_fn fn;
    const char *name;
    uint8_t containers; /* CONTAINER_* */
} table[NR_HYPERCALLS] = {
    [__HYPERVISOR_memory_op] = {hc_memory_op, "memory_op", CONTAINER_HVM | CONTAINER_PV},
    [__HYPERVISOR_multicall] = {hc_multicall, "multicall", CONTAINER_HVM | CONTAINER_PV},
    [__HYPERVISOR_set_timer_op] = {hc_set_timer_op, "set_timer_op", CONTAINER_HVM | CONTAINER_PV},
    [__HYPERVISOR_xen_version] = {hc_xen_version, "xen_version", CONTAINER_HVM | CONTAINER_PV},
    [__HYPERVISOR_console_io] = {hc_console_io, "console_io", CONTAINER_HVM | CONTAINER_PV},
    [__HYPERVISOR_vcpu_op] = {hc_vcpu_op, "vcpu_op", CONTAINER_HVM | CONTAINER_PV},
    [__HYPERVISOR_sched_op] = {hc_sched_op, "sched_op", CONTAINER_HVM | CONTAINER_PV},
    [__HYPERVISOR_event_channel_op] = {hc_event_channel_op, "event_channel_op", CONTAINER_HVM | CONTAINER_PV},
    [__HYPERVISOR_physdev_op] = {hc_physdev_op, "physdev_op", CONTAINER_HVM | CONTAINER_PV},
    [__HYPERVISOR_hvm_op] = {hc_hvm_op, "hvm_op", CONTAINER_HVM | CONTAINER_PV},
    [__HYPERVISOR_domctl] = {hc_domctl, "domctl", CONTAINER_HVM | CONTAINER_PV},
};

int64_t hypercall_dispatch(struct vcpu *v, uint64_t nr, uint64_t *args)
{
    struct domain *d = v->domain;
    if (nr >= NR_HYPERCALLS) {
        d->bad_hypercalls++;
        return xen_error(XEN_ENOSYS);
    }
    d->hypercalls[nr]++;
    if (!(table[nr].containers & d->container))
        return xen_error(XEN_ENOSYS);
    return table[nr].fn(v, args);
}

const char *hypercall_name(unsigned nr)
{
    return nr < NR_HYPERCALLS ? table[nr].name : NULL;
}

int hypercall_target(struct vcpu *v, uint16_t domid, struct domain **d)
{
    if (domid == DOMID_SELF)
        domid = v->domain->arch.domid;
    *d = domain_get(domid);
    if (!*d)
        return xen_error(XEN_ESRCH);
    if (*d == v->domain || v->domain->privileged)
        return 0;
    domain_put(*d);
    return xen_error(XEN_EPERM);
}

static void read_args(const struct guest_regs *r, bool narrow, uint64_t args[HYPERCALL_ARGS])
{
    if (narrow) {
        args[0] = (uint32_t)r->rbx;
        args[1] = (uint32_t)r->rcx;
        args[2] = (uint32_t)r->rdx;
        args[3] = (uint32_t)r->rsi;
        args[4] = (uint32_t)r->rdi;
        args[5] = (uint32_t)r->rbp;
    } else {
        args[0] = r->rdi;
        args[1] = r->rsi;
        args[2] = r->rdx;
        args[3] = r->r10;
        args[4] = r->r8;
        args[5] = r->r9;
    }
}

/* Handlers that continue change at most the first three. */
static void write_args(struct guest_regs *r, bool narrow, const uint64_t args[HYPERCALL_ARGS])
{
    if (narrow) {
        r->rbx = (uint32_t)args[0];
        r->rcx = (uint32_t)args[1];
        r->rdx = (uint32_t)args[2];
    } else {
        r->rdi = args[0];
        r->rsi = args[1];
        r->rdx = args[2];
    }
}

bool door_hypercall(struct arch_vcpu *a)
{
    struct vcpu *v = arch_to_vcpu(a);
    const struct virt_ops *ops = a->dom->ops;
    struct guest_regs *regs = &a->regs;
    uint64_t args[HYPERCALL_ARGS];
    if (ops->cpl(a) != 0) {
        regs->rax = (uint64_t)-XEN_EPERM;
        return true;
    }
    v->narrow = !ops->is_64bit(a);
    read_args(regs, v->narrow, args);
    uint64_t nr = v->narrow ? (uint32_t)regs->rax : regs->rax;
    int64_t r = hypercall_dispatch(v, nr, args);
    if (__builtin_expect(r == -XEN_ERESTART, 0)) {
        v->domain->hypercalls[nr]--; /* it is counted when it is done */
        write_args(regs, v->narrow, args);
        return false;
    }
    regs->rax = v->narrow ? (uint32_t)r : (uint64_t)r;
    return true;
}
