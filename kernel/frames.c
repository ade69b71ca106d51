/* SPDX-License-Identifier: MIT */
#include "kernel/frames.h"

#include "kernel/domain.h"

uint64_t frame_hold(struct domain *d, uint64_t frame)
{
    if (!d->arch.ops->frame_get)
        return p2m_get(d, frame);
    return d->arch.ops->frame_get(&d->arch, frame) ? frame : P2M_NONE;
}

void frame_drop(struct domain *d, uint64_t mfn)
{
    if (d->arch.ops->frame_put)
        d->arch.ops->frame_put(&d->arch, mfn);
    else
        domain_put_page(d, mfn);
}
