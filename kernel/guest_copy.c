/* SPDX-License-Identifier: MIT */
#include "kernel/guest_copy.h"

#include "arch/x86/layout.h"
#include "common/error.h"
#include "common/string.h"
#include "kernel/vcpu.h"

static uint8_t *reach_hvm(struct vcpu *v, uint64_t va, bool write)
{
    uint64_t gpa;
    if (v->domain->arch.ops->translate(&v->arch, va, write, &gpa))
        return NULL;
    uint8_t *frame = p2m_frame(v->domain, gpa >> PAGE_SHIFT);
    return frame ? frame + (gpa & (PAGE_SIZE - 1)) : NULL;
}

/* Where the byte at va lies, and in *room how many bytes follow in its page (at most n). NULL: it can't be reached. */
static uint8_t *reach(struct vcpu *v, uint64_t va, bool write, size_t n, size_t *room)
{
    const struct virt_ops *ops = v->domain->arch.ops;
    size_t left = PAGE_SIZE - (va & (PAGE_SIZE - 1));
    *room = left < n ? left : n;
    if (v->narrow)
        va = (uint32_t)va;
    return ops->reach ? ops->reach(&v->arch, va, write) : reach_hvm(v, va, write);
}

static void leave(struct vcpu *v, const uint8_t *byte, bool write)
{
    const struct virt_ops *ops = v->domain->arch.ops;
    if (ops->leave)
        ops->leave(&v->arch, byte, write);
}

int copy_from_guest(struct vcpu *v, void *dst, uint64_t va, size_t n)
{
    const struct virt_ops *ops = v->domain->arch.ops;
    uint8_t *to = dst;
    if (ops->copy_in && ops->copy_in(&v->arch, dst, va, n))
        return 0;
    while (n > 0) {
        size_t room;
        const uint8_t *from = reach(v, va, false, n, &room);
        if (!from)
            return xen_error(XEN_EFAULT);
        memcpy(to, from, room);
        leave(v, from, false);
        to += room;
        va += room;
        n -= room;
    }
    return 0;
}

int copy_to_guest(struct vcpu *v, uint64_t va, const void *src, size_t n)
{
    const struct virt_ops *ops = v->domain->arch.ops;
    const uint8_t *from = src;
    if (ops->copy_out && ops->copy_out(&v->arch, va, src, n))
        return 0;
    while (n > 0) {
        size_t room;
        uint8_t *to = reach(v, va, true, n, &room);
        if (!to)
            return xen_error(XEN_EFAULT);
        memcpy(to, from, room);
        leave(v, to, true);
        from += room;
        va += room;
        n -= room;
    }
    return 0;
}
