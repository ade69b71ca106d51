/* SPDX-License-Identifier: MIT */
/*
 * physdev_op(cmd, arg): physical interrupts and I/O. A PVH domain that has no interrupt line (irqs=) has none of it, as
 * on the real Xen. In the older form the command stands in front of the structure.
 */
#include "common/error.h"
#include "guest/abi/physdev.h"
#include "guest/abi/pv.h"

#include "kernel/guest_copy.h"
#include "kernel/hypercall.h"
#include "kernel/pirq.h"

#define NR_PORTS 65536U
#define LOW_END (1ULL << 47) /* canonical addresses end here, up to the hypervisor's */

static int64_t op_irq_status_query(struct vcpu *v, uint64_t arg)
{
    struct physdev_irq_status_query q;
    if (copy_from_guest(v, &q, arg, sizeof q))
        return xen_error(XEN_EFAULT);
    int status = pirq_status(v->domain, q.irq);
    if (status < 0)
        return status;
    q.flags = (uint32_t)status;
    return copy_to_guest(v, arg, &q, sizeof q);
}

static int64_t op_eoi(struct vcpu *v, uint64_t arg)
{
    struct physdev_eoi eoi;
    if (copy_from_guest(v, &eoi, arg, sizeof eoi))
        return xen_error(XEN_EFAULT);
    return pirq_end(v->domain, eoi.irq);
}

static int64_t op_set_iopl(struct vcpu *v, uint64_t arg)
{
    struct physdev_set_iopl s;
    if (copy_from_guest(v, &s, arg, sizeof s))
        return xen_error(XEN_EFAULT);
    if (s.iopl > 3)
        return xen_error(XEN_EINVAL);
    v->domain->arch.ops->set_iopl(&v->arch, s.iopl);
    return 0;
}

/* The bitmap says which ports the guest's users may use of those that the domain may: it may use none, so nobody ever
 * reads it. */
static int64_t op_set_iobitmap(struct vcpu *v, uint64_t arg)
{
    struct physdev_set_iobitmap s;
    if (copy_from_guest(v, &s, arg, sizeof s))
        return xen_error(XEN_EFAULT);
    bool is_bad = s.nr_ports > NR_PORTS || (s.bitmap >= LOW_END && s.bitmap < HYPERVISOR_VIRT_END);
    return is_bad ? xen_error(XEN_EINVAL) : 0;
}

static const struct {
    int64_t (*fn)(struct vcpu *v, uint64_t arg);
    bool is_pv; /* only there; the others are in a PVH domain with interrupt lines, too */
} operations[] = {
    [PHYSDEVOP_irq_status_query] = {op_irq_status_query, false},
    [PHYSDEVOP_set_iopl] = {op_set_iopl, true},
    [PHYSDEVOP_set_iobitmap] = {op_set_iobitmap, true},
    [PHYSDEVOP_eoi] = {op_eoi, false},
};

static int64_t physdev_op(struct vcpu *v, uint32_t cmd, uint64_t arg)
{
    const struct domain *d = v->domain;
    if (cmd >= sizeof operations / sizeof operations[0] || !operations[cmd].fn)
        return xen_error(XEN_ENOSYS);
    if (d->container != CONTAINER_PV && (operations[cmd].is_pv || !d->config.irqs))
        return xen_error(XEN_ENOSYS);
    return operations[cmd].fn(v, arg);
}

int64_t hc_physdev_op(struct vcpu *v, uint64_t *args)
{
    return physdev_op(v, (uint32_t)args[0], args[1]);
}

int64_t hc_physdev_op_compat(struct vcpu *v, uint64_t *args)
{
    struct physdev_op op;
    if (copy_from_guest(v, &op, args[0], sizeof op))
        return xen_error(XEN_EFAULT);
    return physdev_op(v, op.cmd, args[0] + __builtin_offsetof(struct physdev_op, u));
}
