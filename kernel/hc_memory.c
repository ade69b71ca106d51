/* SPDX-License-Identifier: MIT */
/*
 * memory_op(cmd, arg): the domain's reservation and its guest-physical address space.
 * Operations on lists keep their progress in cmd, from bit 6 on, while they continue.
 */
#include "common/error.h"
#include "guest/abi/memory.h"

#include <stddef.h>

#include "arch/x86/cpu.h"
#include "kernel/guest_copy.h"
#include "kernel/hypercall.h"
#include "kernel/memory.h"
#include "kernel/quiesce.h"

#define CMD_BITS 6
#define CMD_MASK ((1U << CMD_BITS) - 1)
#define MAX_EXTENT_ORDER 9 /* for a domain without devices */

typedef int64_t (*memory_op_fn)(struct vcpu *v, uint64_t *args);

/* Which domain a u16 at arg names, with a reference. */
static int read_target(struct vcpu *v, uint64_t arg, struct domain **d)
{
    uint16_t domid;
    if (copy_from_guest(v, &domid, arg, sizeof domid))
        return xen_error(XEN_EFAULT);
    return hypercall_target(v, domid, d);
}

static int64_t op_maximum_ram_page(struct vcpu *v, uint64_t *args)
{
    (void)v;
    (void)args;
    return (int64_t)memory_pool.nr_frames;
}

static int64_t op_current_reservation(struct vcpu *v, uint64_t *args)
{
    struct domain *d;
    int r = read_target(v, args[1], &d);
    if (r)
        return r;
    int64_t pages = (int64_t)__atomic_load_n(&d->pages, __ATOMIC_RELAXED) - 1; /* shared_info does not count */
    domain_put(d);
    return pages;
}

static int64_t op_maximum_reservation(struct vcpu *v, uint64_t *args)
{
    struct domain *d;
    int r = read_target(v, args[1], &d);
    if (r)
        return r;
    int64_t pages = (int64_t)d->max_pages - 1;
    domain_put(d);
    return pages;
}

static int64_t op_maximum_gpfn(struct vcpu *v, uint64_t *args)
{
    struct domain *d;
    int r = read_target(v, args[1], &d);
    if (r)
        return r;
    int64_t gfn = (int64_t)d->max_gfn;
    domain_put(d);
    return gfn;
}

static int read_reservation(struct vcpu *v, uint64_t arg, struct xen_memory_reservation64 *r)
{
    struct xen_memory_reservation32 r32;
    if (!v->narrow)
        return copy_from_guest(v, r, arg, sizeof *r);
    if (copy_from_guest(v, &r32, arg, sizeof r32))
        return xen_error(XEN_EFAULT);
    *r = (struct xen_memory_reservation64){r32.extent_start, r32.nr_extents, r32.extent_order,
                                           r32.mem_flags,    r32.domid,      {0}};
    return 0;
}

static int read_frame(struct vcpu *v, uint64_t list, uint64_t i, uint64_t *frame)
{
    *frame = 0;
    return copy_from_guest(v, frame, list + i * (v->narrow ? 4 : 8), v->narrow ? 4 : 8);
}

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

static bool populate_extent(struct domain *d, uint64_t gfn, unsigned order)
{
    bool ok = gfns_ok(d, gfn, order);
    spin_lock(&d->lock);
    for (uint64_t i = 0; ok && i < 1ULL << order; i++)
        ok = populate_one(d, gfn + i);
    spin_unlock(&d->lock);
    return ok;
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

static bool decrease_extent(struct domain *d, uint64_t gfn, unsigned order)
{
    if (!gfns_ok(d, gfn, order) || (d->shared_info_gfn >= gfn && d->shared_info_gfn - gfn < 1ULL << order))
        return false;
    for (uint64_t i = 0; i < 1ULL << order; i++)
        if (!remove_frame(d, gfn + i))
            return false;
    return true;
}

typedef bool (*extent_fn)(struct domain *d, uint64_t gfn, unsigned order);

/* Run fn on each extent of a reservation: the number of extents done, or -XEN_ERESTART with the progress in args[0]. */
static int64_t each_extent(struct vcpu *v, uint64_t *args, extent_fn fn)
{
    struct xen_memory_reservation64 r;
    struct domain *d;
    uint64_t done = (uint32_t)args[0] >> CMD_BITS, gfn;
    if (read_reservation(v, args[1], &r))
        return (int64_t)done; /* HC-MEM-07: not an error */
    if (r.nr_extents > UINT32_MAX >> CMD_BITS || r.extent_order > MAX_EXTENT_ORDER || done > r.nr_extents)
        return (int64_t)done;
    if (hypercall_target(v, r.domid, &d))
        return (int64_t)done;
    for (; done < r.nr_extents; done++) {
        if (cpu_should_yield()) {
            args[0] = (args[0] & CMD_MASK) | done << CMD_BITS;
            domain_put(d);
            return -XEN_ERESTART;
        }
        if (read_frame(v, r.extent_start, done, &gfn) || !fn(d, gfn, r.extent_order))
            break;
    }
    domain_put(d);
    return (int64_t)done;
}

static int64_t op_populate_physmap(struct vcpu *v, uint64_t *args)
{
    return each_extent(v, args, populate_extent);
}

static int64_t op_decrease_reservation(struct vcpu *v, uint64_t *args)
{
    if (!quiesce_begin())
        return -XEN_ERESTART;
    int64_t r = each_extent(v, args, decrease_extent);
    quiesce_end();
    return r;
}

/* A domain whose physical addresses are translated asks for frames by populate_physmap. */
static int64_t op_increase_reservation(struct vcpu *v, uint64_t *args)
{
    (void)v;
    return (uint32_t)args[0] >> CMD_BITS;
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

static int64_t op_add_to_physmap(struct vcpu *v, uint64_t *args)
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
    r = check_add(d, &a);
    if (a.space == XENMAPSPACE_gmfn_range && a.size == 0) {
        r = 0;
    } else if (r == 0) {
        r = -XEN_ERESTART;
        if (quiesce_begin()) {
            r = add_spaces[a.space](d, a.idx, a.gpfn);
            quiesce_end();
        }
    }
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

static int64_t op_remove_from_physmap(struct vcpu *v, uint64_t *args)
{
    struct xen_remove_from_physmap64 rm;
    struct domain *d;
    if (read_remove(v, args[1], &rm))
        return xen_error(XEN_EFAULT);
    int r = hypercall_target(v, rm.domid, &d);
    if (r)
        return r;
    r = -XEN_ERESTART;
    if (quiesce_begin()) {
        if (rm.gpfn == d->shared_info_gfn)
            d->shared_info_gfn = P2M_NONE;
        r = rm.gpfn < d->gfn_limit && remove_frame(d, rm.gpfn) ? 0 : xen_error(XEN_ENOENT);
        quiesce_end();
    }
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

static int64_t op_memory_map(struct vcpu *v, uint64_t *args)
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

/* For a toolstack; a bad pointer is said first (HC-MEM-06). */
static int64_t op_not_permitted(struct vcpu *v, uint64_t *args)
{
    uint64_t head;
    return copy_from_guest(v, &head, args[1], sizeof head) ? xen_error(XEN_EFAULT) : xen_error(XEN_EPERM);
}

/* For domains that know machine frames, or map others': likewise. */
static int64_t op_not_here(struct vcpu *v, uint64_t *args)
{
    uint64_t head;
    return copy_from_guest(v, &head, args[1], sizeof head) ? xen_error(XEN_EFAULT) : xen_error(XEN_EINVAL);
}

static const memory_op_fn operations[1U << CMD_BITS] = {
    [XENMEM_increase_reservation] = op_increase_reservation,
    [XENMEM_decrease_reservation] = op_decrease_reservation,
    [XENMEM_maximum_ram_page] = op_maximum_ram_page,
    [XENMEM_current_reservation] = op_current_reservation,
    [XENMEM_maximum_reservation] = op_maximum_reservation,
    [XENMEM_machphys_mfn_list] = op_not_here,
    [XENMEM_populate_physmap] = op_populate_physmap,
    [XENMEM_add_to_physmap] = op_add_to_physmap,
    [XENMEM_memory_map] = op_memory_map,
    [XENMEM_exchange] = op_not_here,
    [XENMEM_set_memory_map] = op_not_permitted,
    [XENMEM_maximum_gpfn] = op_maximum_gpfn,
    [XENMEM_remove_from_physmap] = op_remove_from_physmap,
    [XENMEM_get_pod_target] = op_not_permitted,
    [XENMEM_add_to_physmap_batch] = op_not_here,
};

int64_t hc_memory_op(struct vcpu *v, uint64_t *args)
{
    memory_op_fn fn = operations[args[0] & CMD_MASK];
    return fn ? fn(v, args) : xen_error(XEN_ENOSYS);
}
