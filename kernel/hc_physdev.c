/* SPDX-License-Identifier: MIT */
/* physdev_op(cmd, arg): physical interrupts and I/O. An hvm domain without pirqs has none of it. */
#include "guest/abi/physdev.h"

#include "kernel/hypercall.h"

int64_t hc_physdev_op(struct vcpu *v, uint64_t *args)
{
    (void)v;
    (void)args;
    return -XEN_ENOSYS;
}
