/* SPDX-License-Identifier: MIT */
/*
 * XENMEM_exchange: frames of a pv domain for as many others that lie together, or apart. PV-MEM-05, -06.
 *
 * It goes by chunks: one extent of the larger order on one side, as many of the smaller one as it takes on the other.
 * A chunk is exchanged as a whole, or (a frame is in use, or there is no memory) not at all; how many extents are done
 * stands in the guest's structure, where a continued call finds it. A list that can't be written to when frames have
 * changed hands is the guest's loss.
 */
#include <stddef.h>

#include "arch/x86/cpu.h"
#include "common/error.h"
#include "kernel/guest_copy.h"
#include "kernel/hc_memory.h"
#include "kernel/hypercall.h"
#include "kernel/memory.h"

#define CHUNK_MAX (1U << MAX_EXTENT_ORDER)

struct exchange {
    struct vcpu *v;
    struct domain *d;
    struct xen_memory_exchange64 x;
    unsigned nr_in, nr_out; /* extents of a chunk */
};

/* Frames of one side of a chunk: the first of each extent. */
struct side {
    unsigned nr, order;
    uint32_t first[CHUNK_MAX];
};

static uint64_t in_entry(const struct exchange *e, unsigned i)
{
    return e->x.in.extent_start + (e->x.nr_exchanged + i) * sizeof(uint64_t);
}

static uint64_t out_entry(const struct exchange *e, unsigned i)
{
    return e->x.out.extent_start + (e->x.nr_exchanged / e->nr_in * e->nr_out + i) * sizeof(uint64_t);
}

/* --- What the guest gives: nobody else may have a reference to it */

static void return_frames(uint64_t mfn, uint64_t n)
{
    while (n-- > 0)
        page_return(mfn_to_page(mfn + n));
}

static bool steal_extent(const struct domain *d, uint64_t mfn, unsigned order)
{
    for (uint64_t i = 0; i < 1ULL << order; i++)
        if (mfn + i >= memory_pool.nr_frames || !page_steal(mfn_to_page(mfn + i), d->arch.domid)) {
            return_frames(mfn, i);
            return false;
        }
    return true;
}

static void give_back(struct side *in)
{
    while (in->nr-- > 0)
        return_frames(in->first[in->nr], 1ULL << in->order);
}

static int steal(const struct exchange *e, struct side *in)
{
    int r = 0;
    for (in->nr = 0; r == 0 && in->nr < e->nr_in; in->nr++) {
        uint64_t mfn;
        if (copy_from_guest(e->v, &mfn, in_entry(e, in->nr), sizeof mfn))
            r = xen_error(XEN_EFAULT);
        else if (mfn >= memory_pool.nr_frames || !steal_extent(e->d, mfn, in->order))
            r = xen_error(XEN_EINVAL);
        if (r)
            break;
        in->first[in->nr] = (uint32_t)mfn;
    }
    if (r)
        give_back(in);
    return r;
}

/* --- What it gets: the hypervisor's until it is certain */

static void free_frames(struct side *out)
{
    while (out->nr-- > 0)
        pages_free(&memory_pool, out->first[out->nr], out->order);
}

static int allocate(const struct exchange *e, struct side *out)
{
    for (out->nr = 0; out->nr < e->nr_out; out->nr++) {
        uint64_t mfn = memory_alloc_owned(out->order, PAGE_OWNER_HYPERVISOR);
        if (mfn == NO_FRAME) {
            free_frames(out);
            return xen_error(XEN_ENOMEM);
        }
        out->first[out->nr] = (uint32_t)mfn;
    }
    return 0;
}

/* From here on there is no way back. */
static void let_go(const struct exchange *e, const struct side *in)
{
    for (unsigned n = 0; n < in->nr; n++)
        for (uint64_t i = 0; i < 1ULL << in->order; i++)
            domain_replaced_page(e->d, in->first[n] + i);
}

static int hand_over(const struct exchange *e, const struct side *out)
{
    int r = 0;
    for (unsigned n = 0; n < out->nr; n++) {
        uint64_t pfn, mfn = out->first[n];
        domain_adopt(e->d, mfn, out->order);
        if (copy_from_guest(e->v, &pfn, out_entry(e, n), sizeof pfn)) {
            r = xen_error(XEN_EFAULT);
            continue;
        }
        for (uint64_t i = 0; i < 1ULL << out->order; i++)
            e->d->arch.ops->set_m2p(mfn + i, pfn == M2P_NO_PFN ? pfn : pfn + i);
        if (copy_to_guest(e->v, out_entry(e, n), &mfn, sizeof mfn))
            r = xen_error(XEN_EFAULT);
    }
    return r;
}

static int exchange_chunk(struct exchange *e)
{
    struct side in = {.order = e->x.in.extent_order}, out = {.order = e->x.out.extent_order};
    int r = steal(e, &in);
    if (r)
        return r;
    r = allocate(e, &out);
    if (r) {
        give_back(&in);
        return r;
    }
    let_go(e, &in);
    r = hand_over(e, &out);
    if (r == 0)
        e->x.nr_exchanged += e->nr_in;
    return r;
}

/* --- The call */

/* PV-MEM-06 */
static int check(const struct xen_memory_exchange64 *x)
{
    if (x->in.extent_order > MAX_EXTENT_ORDER || x->out.extent_order > MAX_EXTENT_ORDER)
        return xen_error(XEN_EPERM);
    if (x->nr_exchanged > x->in.nr_extents || x->in.domid != x->out.domid)
        return xen_error(XEN_EINVAL);
    if (x->in.nr_extents > UINT32_MAX || x->out.nr_extents > UINT32_MAX ||
        x->in.nr_extents << x->in.extent_order != x->out.nr_extents << x->out.extent_order)
        return xen_error(XEN_EINVAL);
    return 0;
}

static int exchange_all(struct exchange *e)
{
    int r = 0;
    while (r == 0 && e->x.nr_exchanged < e->x.in.nr_extents) {
        if (cpu_should_yield())
            return -XEN_ERESTART;
        r = exchange_chunk(e);
    }
    return r;
}

static int exchange(struct exchange *e)
{
    unsigned in = e->x.in.extent_order, out = e->x.out.extent_order;
    e->nr_in = in < out ? 1U << (out - in) : 1;
    e->nr_out = out < in ? 1U << (in - out) : 1;
    return e->x.nr_exchanged % e->nr_in ? xen_error(XEN_EINVAL) : exchange_all(e);
}

int64_t pv_exchange(struct vcpu *v, uint64_t *args)
{
    struct exchange e = {.v = v};
    if (copy_from_guest(v, &e.x, args[1], sizeof e.x))
        return xen_error(XEN_EFAULT);
    int r = check(&e.x);
    if (r == 0)
        r = hypercall_target(v, e.x.in.domid, &e.d);
    if (r)
        return r;
    r = e.d == v->domain ? exchange(&e) : xen_error(XEN_EPERM); /* another one may be about to end */
    domain_put(e.d);
    uint64_t done_at = args[1] + offsetof(struct xen_memory_exchange64, nr_exchanged);
    if (copy_to_guest(v, done_at, &e.x.nr_exchanged, sizeof e.x.nr_exchanged))
        return xen_error(XEN_EFAULT);
    return r;
}
