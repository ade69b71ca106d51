/* SPDX-License-Identifier: MIT */
/* domctl(arg): what a privileged domain does with others. Here that is to pause and unpause them (HC-DOMCTL). */
#include "common/error.h"
#include "guest/abi/domctl.h"

#include "kernel/domain.h"
#include "kernel/guest_copy.h"
#include "kernel/hypercall.h"

static int64_t act_on(const struct vcpu *v, struct domain *d, uint32_t cmd)
{
    if (!v->domain->privileged)
        return xen_error(XEN_EPERM);
    if (cmd != XEN_DOMCTL_pausedomain && cmd != XEN_DOMCTL_unpausedomain)
        return xen_error(XEN_ENOSYS);
    if (d == v->domain)
        return xen_error(XEN_EINVAL);
    return cmd == XEN_DOMCTL_pausedomain ? domain_pause(d) : domain_unpause(d);
}

/* DOMID_SELF is no domain here. */
int64_t hc_domctl(struct vcpu *v, uint64_t *args)
{
    struct xen_domctl op;
    if (copy_from_guest(v, &op, args[0], sizeof op))
        return xen_error(XEN_EFAULT);
    if (op.interface_version != XEN_DOMCTL_INTERFACE_VERSION)
        return xen_error(XEN_EACCES);
    struct domain *d = domain_get(op.domain);
    if (!d)
        return xen_error(XEN_ESRCH);
    int64_t r = act_on(v, d, op.cmd);
    domain_put(d);
    return r;
}
