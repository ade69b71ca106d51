/* SPDX-License-Identifier: MIT */
/*
 * memory_op(cmd, arg): the domain's reservation and its guest-physical address space.
 * Operations on lists keep their progress in cmd, from bit 6 on, while they continue.
 */
#include "kernel/hc_memory.h"

#include <stddef.h>

#include "arch/x86/cpu.h"
#include "common/error.h"
#include "kernel/guest_copy.h"
#include "kernel/hypercall.h"
#include "kernel/memory.h"

#define CMD_BITS 6
#define CMD_MASK ((1U << CMD_BITS) - 1)

int memory_target(struct vcpu *v, uint64_t arg, struct domain **d)
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
    int r = memory_target(v, args[1], &d);
    if (r)
        return r;
    int64_t pages = (int64_t)__atomic_load_n(&d->pages, __ATOMIC_RELAXED) - 1; /* shared_info does not count */
    domain_put(d);
    return pages;
}

static int64_t op_maximum_reservation(struct vcpu *v, uint64_t *args)
{
    struct domain *d;
    int r = memory_target(v, args[1], &d);
    if (r)
        return r;
    int64_t pages = (int64_t)d->max_pages - 1;
    domain_put(d);
    return pages;
}

static int64_t op_maximum_gpfn(struct vcpu *v, uint64_t *args)
{
    struct domain *d;
    int r = memory_target(v, args[1], &d);
    if (r)
        return r;
    int64_t gfn = d->container == CONTAINER_PV ? pv_maximum_gpfn(d) : (int64_t)d->max_gfn;
    domain_put(d);
    return gfn;
}

int memory_read_reservation(struct vcpu *v, uint64_t arg, struct xen_memory_reservation64 *r)
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

/* --- Lists of extents */

int extent_read(const struct extent *e, uint64_t *frame)
{
    unsigned size = e->v->narrow ? 4 : 8;
    *frame = 0;
    return copy_from_guest(e->v, frame, e->list + e->i * size, size);
}

int extent_write(const struct extent *e, uint64_t frame)
{
    unsigned size = e->v->narrow ? 4 : 8;
    return copy_to_guest(e->v, e->list + e->i * size, &frame, size);
}

/* What is done to an extent depends on the container of the domain whose memory it is. */
struct extent_fns {
    extent_fn hvm, pv;
};

static enum extent_result do_extents(struct extent *e, const struct extent_fns *fns, uint64_t count)
{
    extent_fn fn = e->d->container == CONTAINER_PV ? fns->pv : fns->hvm;
    enum extent_result r = EXTENT_DONE;
    for (; e->i < count; e->i++) {
        r = cpu_should_yield() ? EXTENT_AGAIN : fn(e);
        if (r != EXTENT_DONE)
            break;
    }
    return r;
}

/* Each extent of a reservation: the number of extents done, or -XEN_ERESTART with the progress in args[0]. */
static int64_t each_extent(struct vcpu *v, uint64_t *args, const struct extent_fns *fns)
{
    struct xen_memory_reservation64 r;
    struct extent e = {.v = v, .i = (uint32_t)args[0] >> CMD_BITS};
    if (memory_read_reservation(v, args[1], &r))
        return (int64_t)e.i; /* HC-MEM-07: not an error */
    if (r.nr_extents > UINT32_MAX >> CMD_BITS || r.extent_order > MAX_EXTENT_ORDER || e.i > r.nr_extents)
        return (int64_t)e.i;
    if (hypercall_target(v, r.domid, &e.d))
        return (int64_t)e.i;
    e.list = r.extent_start;
    e.order = r.extent_order;
    e.flags = r.mem_flags;
    enum extent_result result = do_extents(&e, fns, r.nr_extents);
    domain_put(e.d);
    if (result != EXTENT_AGAIN)
        return (int64_t)e.i;
    args[0] = (args[0] & CMD_MASK) | e.i << CMD_BITS;
    return -XEN_ERESTART;
}

/* A domain whose physical addresses are translated asks for frames by populate_physmap. */
static enum extent_result hvm_increase(const struct extent *e)
{
    (void)e;
    return EXTENT_REFUSED;
}

static int64_t op_increase_reservation(struct vcpu *v, uint64_t *args)
{
    static const struct extent_fns fns = {hvm_increase, pv_increase};
    return each_extent(v, args, &fns);
}

static int64_t op_decrease_reservation(struct vcpu *v, uint64_t *args)
{
    static const struct extent_fns fns = {hvm_decrease, pv_decrease};
    return each_extent(v, args, &fns);
}

static int64_t op_populate_physmap(struct vcpu *v, uint64_t *args)
{
    static const struct extent_fns fns = {hvm_populate, pv_populate};
    return each_extent(v, args, &fns);
}

/* --- Else */

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

/* For domains whose physical addresses are translated: likewise. */
static int64_t op_no_access(struct vcpu *v, uint64_t *args)
{
    uint64_t head;
    return copy_from_guest(v, &head, args[1], sizeof head) ? xen_error(XEN_EFAULT) : xen_error(XEN_EACCES);
}

/* PV-MEM-09: how many pages are shared between domains, or saved by that. */
static int64_t op_none_shared(struct vcpu *v, uint64_t *args)
{
    (void)v;
    (void)args;
    return 0;
}

/* For 32-bit guests of a kind that there is none of. */
static int64_t op_not_supported(struct vcpu *v, uint64_t *args)
{
    (void)v;
    (void)args;
    return xen_error(XEN_EOPNOTSUPP);
}

/* By the container of the caller; NULL: -XEN_ENOSYS. */
static const struct operation {
    memory_op_fn hvm, pv;
} operations[1U << CMD_BITS] = {
    [XENMEM_increase_reservation] = {op_increase_reservation, op_increase_reservation},
    [XENMEM_decrease_reservation] = {op_decrease_reservation, op_decrease_reservation},
    [XENMEM_maximum_ram_page] = {op_maximum_ram_page, op_maximum_ram_page},
    [XENMEM_current_reservation] = {op_current_reservation, op_current_reservation},
    [XENMEM_maximum_reservation] = {op_maximum_reservation, op_maximum_reservation},
    [XENMEM_machphys_mfn_list] = {op_not_here, pv_machphys_mfn_list},
    [XENMEM_populate_physmap] = {op_populate_physmap, op_populate_physmap},
    [XENMEM_add_to_physmap] = {hvm_add_to_physmap, hvm_add_to_physmap},
    [XENMEM_memory_map] = {hvm_memory_map, pv_memory_map},
    [XENMEM_machine_memory_map] = {NULL, pv_machine_memory_map},
    [XENMEM_exchange] = {op_not_here, pv_exchange},
    [XENMEM_machphys_mapping] = {NULL, pv_machphys_mapping},
    [XENMEM_set_memory_map] = {op_not_permitted, op_not_permitted},
    [XENMEM_maximum_gpfn] = {op_maximum_gpfn, op_maximum_gpfn},
    [XENMEM_remove_from_physmap] = {hvm_remove_from_physmap, hvm_remove_from_physmap},
    [XENMEM_set_pod_target] = {NULL, op_not_permitted},
    [XENMEM_get_pod_target] = {op_not_permitted, op_not_here},
    [XENMEM_get_sharing_freed_pages] = {NULL, op_none_shared},
    [XENMEM_get_sharing_shared_pages] = {NULL, op_none_shared},
    [XENMEM_access_op] = {NULL, op_not_permitted},
    [XENMEM_add_to_physmap_batch] = {op_not_here, op_no_access},
    [XENMEM_claim_pages] = {NULL, op_not_permitted},
    [XENMEM_machphys_compat_mfn_list] = {NULL, op_not_supported},
    [XENMEM_get_vnumainfo] = {NULL, op_not_permitted},
    [XENMEM_reserved_device_memory_map] = {NULL, op_not_permitted},
};

int64_t hc_memory_op(struct vcpu *v, uint64_t *args)
{
    const struct operation *op = &operations[args[0] & CMD_MASK];
    memory_op_fn fn = v->domain->container == CONTAINER_PV ? op->pv : op->hvm;
    return fn ? fn(v, args) : xen_error(XEN_ENOSYS);
}
