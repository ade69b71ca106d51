/* SPDX-License-Identifier: MIT */
/* memory_op for hvm containers, whose guests name their memory by gfn: the guest-physical address space. */
#include "common/error.h"

#include <stddef.h>

#include "kernel/guest_copy.h"
#include "kernel/hc_memory.h"
#include "kernel/hypercall.h"
#include "kernel/memory.h"
#include "kernel/quiesce.h"

static bool gfns_ok(const struct domain *d, uint64_t gfn, unsigned order)
{
    return gfn < d->gfn_limit && (1ULL << order) <= d->gfn_limit - gfn && !(gfn & ((1ULL << order) - 1));
}

/* [d] One frame more at gfn; HC-MEM-08: one that is there already counts as done. */
static bool populate_one(struct domain *d, uint64_t gfn)
{
    if (p2m_lookup(&d->p2m, gfn) != P2M_NONE)
        return true;
    if (d->pages >= d->max_pages)
        return false;
    uint64_t mfn = domain_alloc_pages(d, 0);
    if (mfn == NO_FRAME)
        return false;
    if (p2m_map(d, gfn, mfn, 0) == 0)
        return true;
    domain_put_page(d, mfn);
    return false;
}

enum extent_result hvm_populate(const struct extent *e)
{
    uint64_t gfn;
    bool ok = !extent_read(e, &gfn) && gfns_ok(e->d, gfn, e->order);
    spin_lock(&e->d->lock);
    for (uint64_t i = 0; ok && i < 1ULL << e->order; i++)
        ok = populate_one(e->d, gfn + i);
    spin_unlock(&e->d->lock);
    return ok ? EXTENT_DONE : EXTENT_REFUSED;
}

/* Take the frame at gfn away, in the quiesce token; the last step returns it to the pool. */
static bool remove_frame(struct domain *d, uint64_t gfn)
{
    spin_lock(&d->lock);
    uint64_t mfn = p2m_unmap(d, gfn);
    spin_unlock(&d->lock);
    if (mfn == P2M_NONE)
        return false;
    virt_flush(&d->arch);
    quiesce_wait();
    domain_put_page(d, mfn);
    return true;
}

/* Token held. */
static bool remove_extent(struct domain *d, uint64_t gfn, unsigned order)
{
    if (!gfns_ok(d, gfn, order) || (d->shared_info_gfn >= gfn && d->shared_info_gfn - gfn < 1ULL << order))
        return false;
    for (uint64_t i = 0; i < 1ULL << order; i++)
        if (!remove_frame(d, gfn + i))
            return false;
    return true;
}

enum extent_result hvm_decrease(const struct extent *e)
{
    uint64_t gfn;
    if (extent_read(e, &gfn))
        return EXTENT_REFUSED;
    if (!quiesce_begin())
        return EXTENT_AGAIN;
    bool ok = remove_extent(e->d, gfn, e->order);
    quiesce_end();
    return ok ? EXTENT_DONE : EXTENT_REFUSED;
}

static int read_add(struct vcpu *v, uint64_t arg, struct xen_add_to_physmap64 *a)
{
    struct xen_add_to_physmap32 a32;
    if (!v->narrow)
        return copy_from_guest(v, a, arg, sizeof *a);
    if (copy_from_guest(v, &a32, arg, sizeof a32))
        return xen_error(XEN_EFAULT);
    *a = (struct xen_add_to_physmap64){a32.domid, a32.size, a32.space, a32.idx, a32.gpfn};
    return 0;
}

/*
 * Move the frame that is mapped at `from` (P2M_NONE: nowhere yet) to `to`. What was there leaves the domain.
 * Token held. HC-MEM-09, -12.
 */
static int move_frame(struct domain *d, uint64_t mfn, uint64_t from, uint64_t to)
{
    if (from == to)
        return 0;
    if (!page_get(mfn_to_page(mfn)))
        return xen_error(XEN_EINVAL);
    if (from != P2M_NONE)
        remove_frame(d, from);
    remove_frame(d, to);
    if (d->shared_info_gfn == from || d->shared_info_gfn == to)
        d->shared_info_gfn = P2M_NONE;
    spin_lock(&d->lock);
    int r = p2m_lookup(&d->p2m, to) == P2M_NONE ? p2m_map(d, to, mfn, 0) : -XEN_ENOMEM;
    spin_unlock(&d->lock);
    if (r)
        domain_put_page(d, mfn);
    else if (mfn == d->shared_info)
        d->shared_info_gfn = to;
    return r;
}

/* Token held. */
static int add_shared_info(struct domain *d, uint64_t idx, uint64_t gpfn)
{
    return idx ? xen_error(XEN_EINVAL) : move_frame(d, d->shared_info, d->shared_info_gfn, gpfn);
}

static int add_gmfn(struct domain *d, uint64_t idx, uint64_t gpfn)
{
    uint64_t mfn = p2m_lookup(&d->p2m, idx);
    return mfn == P2M_NONE ? xen_error(XEN_EINVAL) : move_frame(d, mfn, idx, gpfn);
}

static int (*const add_spaces[])(struct domain *d, uint64_t idx, uint64_t gpfn) = {
    [XENMAPSPACE_shared_info] = add_shared_info,
    [XENMAPSPACE_gmfn] = add_gmfn,
};

/* 0: go on; else the answer. HC-MEM-10 to -12. */
static int check_add(const struct domain *d, const struct xen_add_to_physmap64 *a)
{
    if (a->space >= sizeof add_spaces / sizeof add_spaces[0] || !add_spaces[a->space] || a->gpfn == UINT64_MAX)
        return xen_error(XEN_EINVAL);
    return a->gpfn < d->gfn_limit ? 0 : xen_error(XEN_ENOENT);
}

static int add(struct domain *d, const struct xen_add_to_physmap64 *a)
{
    if (a->space == XENMAPSPACE_gmfn_range && a->size == 0)
        return 0;
    int r = check_add(d, a);
    if (r)
        return r;
    if (!quiesce_begin())
        return -XEN_ERESTART;
    r = add_spaces[a->space](d, a->idx, a->gpfn);
    quiesce_end();
    return r;
}

int64_t hvm_add_to_physmap(struct vcpu *v, uint64_t *args)
{
    struct xen_add_to_physmap64 a;
    struct domain *d;
    if (read_add(v, args[1], &a))
        return xen_error(XEN_EFAULT);
    if (a.space == XENMAPSPACE_gmfn_foreign)
        return xen_error(XEN_ENOSYS); /* by the batch call only */
    int r = hypercall_target(v, a.domid, &d);
    if (r)
        return r;
    r = d->container == CONTAINER_PV ? xen_error(XEN_EACCES) : add(d, &a);
    domain_put(d);
    return r;
}

static int read_remove(struct vcpu *v, uint64_t arg, struct xen_remove_from_physmap64 *rm)
{
    struct xen_remove_from_physmap32 rm32;
    if (!v->narrow)
        return copy_from_guest(v, rm, arg, sizeof *rm);
    if (copy_from_guest(v, &rm32, arg, sizeof rm32))
        return xen_error(XEN_EFAULT);
    rm->domid = rm32.domid;
    rm->gpfn = rm32.gpfn;
    return 0;
}

static int remove_page(struct domain *d, uint64_t gfn)
{
    if (!quiesce_begin())
        return -XEN_ERESTART;
    if (gfn == d->shared_info_gfn)
        d->shared_info_gfn = P2M_NONE;
    int r = gfn < d->gfn_limit && remove_frame(d, gfn) ? 0 : xen_error(XEN_ENOENT);
    quiesce_end();
    return r;
}

int64_t hvm_remove_from_physmap(struct vcpu *v, uint64_t *args)
{
    struct xen_remove_from_physmap64 rm;
    struct domain *d;
    if (read_remove(v, args[1], &rm))
        return xen_error(XEN_EFAULT);
    int r = hypercall_target(v, rm.domid, &d);
    if (r)
        return r;
    r = d->container == CONTAINER_PV ? xen_error(XEN_EACCES) : remove_page(d, rm.gpfn);
    domain_put(d);
    return r;
}

static int read_map(struct vcpu *v, uint64_t arg, struct xen_memory_map64 *m)
{
    struct xen_memory_map32 m32;
    if (!v->narrow)
        return copy_from_guest(v, m, arg, sizeof *m);
    if (copy_from_guest(v, &m32, arg, sizeof m32))
        return xen_error(XEN_EFAULT);
    m->nr_entries = m32.nr_entries;
    m->buffer = m32.buffer;
    return 0;
}

int64_t hvm_memory_map(struct vcpu *v, uint64_t *args)
{
    const struct domain *d = v->domain;
    struct xen_memory_map64 m;
    struct e820entry map[2] = {{0, d->ram_low, E820_RAM}, {RAM_HOLE_END, d->ram_high, E820_RAM}};
    uint32_t n = d->ram_high ? 2 : 1;
    if (read_map(v, args[1], &m))
        return xen_error(XEN_EFAULT);
    if (m.nr_entries < n)
        n = m.nr_entries; /* HC-MEM-01 */
    if (copy_to_guest(v, m.buffer, map, n * sizeof map[0]) || copy_to_guest(v, args[1], &n, sizeof n))
        return xen_error(XEN_EFAULT);
    return 0;
}
