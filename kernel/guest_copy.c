/* SPDX-License-Identifier: MIT */
#include "kernel/guest_copy.h"

#include "arch/x86/layout.h"
#include "common/error.h"
#include "common/string.h"
#include "kernel/vcpu.h"

/* Where the byte at va lies, and in *room how many bytes follow in its page (at most n). NULL: it can't be reached. */
static uint8_t *reach(struct vcpu *v, uint64_t va, bool write, size_t n, size_t *room)
{
    uint64_t gpa;
    if (v->narrow)
        va = (uint32_t)va;
    if (v->domain->arch.ops->translate(&v->arch, va, write, &gpa))
        return NULL;
    uint8_t *frame = p2m_frame(v->domain, gpa >> PAGE_SHIFT);
    size_t offset = gpa & (PAGE_SIZE - 1);
    *room = PAGE_SIZE - offset < n ? PAGE_SIZE - offset : n;
    return frame ? frame + offset : NULL;
}

static __attribute__((noinline)) int from_hvm(struct vcpu *v, uint8_t *to, uint64_t va, size_t n)
{
    while (n > 0) {
        size_t room;
        const uint8_t *from = reach(v, va, false, n, &room);
        if (!from)
            return xen_error(XEN_EFAULT);
        memcpy(to, from, room);
        to += room;
        va += room;
        n -= room;
    }
    return 0;
}

static __attribute__((noinline)) int to_hvm(struct vcpu *v, uint64_t va, const uint8_t *from, size_t n)
{
    while (n > 0) {
        size_t room;
        uint8_t *to = reach(v, va, true, n, &room);
        if (!to)
            return xen_error(XEN_EFAULT);
        memcpy(to, from, room);
        from += room;
        va += room;
        n -= room;
    }
    return 0;
}

int copy_from_guest(struct vcpu *v, void *dst, uint64_t va, size_t n)
{
    const struct virt_ops *ops = v->domain->arch.ops;
    return ops->copy_in ? ops->copy_in(&v->arch, dst, va, n) : from_hvm(v, dst, va, n);
}

int copy_to_guest(struct vcpu *v, uint64_t va, const void *src, size_t n)
{
    const struct virt_ops *ops = v->domain->arch.ops;
    return ops->copy_out ? ops->copy_out(&v->arch, va, src, n) : to_hvm(v, va, src, n);
}
