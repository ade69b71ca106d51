/* SPDX-License-Identifier: MIT */
/*
 * physdev_op(cmd, arg): physical interrupts and I/O. A domain that has no interrupt line (irqs=) has none of it, as a
 * PVH domain of the real Xen.
 */
#include "common/error.h"
#include "guest/abi/physdev.h"

#include "kernel/guest_copy.h"
#include "kernel/hypercall.h"
#include "kernel/pirq.h"

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

static int64_t (*const operations[])(struct vcpu *v, uint64_t arg) = {
    [PHYSDEVOP_irq_status_query] = op_irq_status_query,
    [PHYSDEVOP_eoi] = op_eoi,
};

int64_t hc_physdev_op(struct vcpu *v, uint64_t *args)
{
    uint32_t cmd = (uint32_t)args[0];
    if (!v->domain->config.irqs || cmd >= sizeof operations / sizeof operations[0] || !operations[cmd])
        return xen_error(XEN_ENOSYS);
    return operations[cmd](v, args[1]);
}
