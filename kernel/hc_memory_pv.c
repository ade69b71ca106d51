/* SPDX-License-Identifier: MIT */
/* memory_op for pv containers, whose guests know machine frames: PV-MEM-01 to -11 (docs/abi/pv-memory.md). */
#include <stddef.h>

#include "arch/x86/paging.h"
#include "boot/boot_info.h"
#include "common/error.h"
#include "guest/abi/pv.h"
#include "kernel/guest_copy.h"
#include "kernel/hc_memory.h"
#include "kernel/hypercall.h"
#include "kernel/memory.h"

#define M2P_PART (2ULL << 20) /* what XENMEM_machphys_mfn_list has an entry for */
#define M2P_PART_FRAMES (M2P_PART / sizeof(uint64_t))

/* --- Reservations */

/* There is one node, and no device that would not reach all of memory: those two wishes are granted. */
#define FLAGS_ALLOWED (XENMEMF_exact_node_request | 0xffffU)

/* The extent's frames, in *mfn. */
static enum extent_result grow(const struct extent *e, uint64_t *mfn)
{
    if (e->flags & ~FLAGS_ALLOWED)
        return EXTENT_REFUSED;
    int r = domain_grow(e->d, e->order, mfn);
    if (r == -XEN_ERESTART)
        return EXTENT_AGAIN;
    return r ? EXTENT_REFUSED : EXTENT_DONE;
}

/* PV-MEM-03: without a list nobody is told which frames they are; a list that can't be written to does not stop them
 * either, but counts as failed. */
enum extent_result pv_increase(const struct extent *e)
{
    uint64_t mfn;
    enum extent_result r = grow(e, &mfn);
    if (r != EXTENT_DONE || !e->list)
        return r;
    return extent_write(e, mfn) ? EXTENT_REFUSED : EXTENT_DONE;
}

/* PV-MEM-04: the list has the pfns, whatever these are, and then the frames. */
enum extent_result pv_populate(const struct extent *e)
{
    uint64_t pfn, mfn;
    if (extent_read(e, &pfn))
        return EXTENT_REFUSED;
    enum extent_result r = grow(e, &mfn);
    if (r != EXTENT_DONE)
        return r;
    for (uint64_t i = 0; i < 1ULL << e->order; i++)
        e->d->arch.ops->set_m2p(mfn + i, pfn + i);
    return extent_write(e, mfn) ? EXTENT_REFUSED : EXTENT_DONE;
}

/* PV-MEM-02: a frame that is mapped, or a table, lives on without its owner's reference; what is given back again was
 * given back before. */
static bool give_back(struct domain *d, uint64_t mfn)
{
    if (mfn >= memory_pool.nr_frames || !page_get_owned(mfn_to_page(mfn), d->arch.domid))
        return false;
    if (page_disown(mfn_to_page(mfn)))
        domain_put_page(d, mfn);
    domain_put_page(d, mfn);
    return true;
}

enum extent_result pv_decrease(const struct extent *e)
{
    uint64_t mfn;
    bool ok = !extent_read(e, &mfn);
    for (uint64_t i = 0; ok && i < 1ULL << e->order; i++)
        ok = give_back(e->d, mfn + i);
    return ok ? EXTENT_DONE : EXTENT_REFUSED;
}

/* --- The machine-to-physical table */

int64_t pv_machphys_mapping(struct vcpu *v, uint64_t *args)
{
    struct xen_machphys_mapping64 m = {MACH2PHYS_VIRT_START, MACH2PHYS_VIRT_END, memory_pool.nr_frames - 1};
    return copy_to_guest(v, args[1], &m, sizeof m);
}

/* PV-MEM-08. A part without RAM, of which there is no table, has the same frame as the one before it. */
int64_t pv_machphys_mfn_list(struct vcpu *v, uint64_t *args)
{
    struct xen_machphys_mfn_list64 l;
    uint64_t mfn = 0, parts = (memory_pool.nr_frames + M2P_PART_FRAMES - 1) / M2P_PART_FRAMES;
    if (copy_from_guest(v, &l, args[1], sizeof l))
        return xen_error(XEN_EFAULT);
    if (!l.extent_start)
        return 0;
    for (l.nr_extents = 0; l.nr_extents < l.max_extents && l.nr_extents < parts; l.nr_extents++) {
        uint64_t here = paging_frame_at(MACH2PHYS_VIRT_START + l.nr_extents * M2P_PART);
        mfn = here ? here : mfn;
        if (copy_to_guest(v, l.extent_start + l.nr_extents * sizeof mfn, &mfn, sizeof mfn))
            return xen_error(XEN_EFAULT);
    }
    return copy_to_guest(v, args[1], &l, sizeof l);
}

/* --- Maps */

/* PV-MEM-07: what a toolstack would have set. The domain that starts first on Xen has none. */
int64_t pv_memory_map(struct vcpu *v, uint64_t *args)
{
    const struct e820entry all = {0, v->domain->config.memory, E820_RAM};
    struct xen_memory_map64 m;
    if (copy_from_guest(v, &m, args[1], sizeof m))
        return xen_error(XEN_EFAULT);
    if (v->domain->privileged)
        return xen_error(XEN_ENOSYS);
    if (m.nr_entries > 1)
        m.nr_entries = 1;
    if (copy_to_guest(v, m.buffer, &all, m.nr_entries * sizeof all))
        return xen_error(XEN_EFAULT);
    return copy_to_guest(v, args[1], &m, sizeof m);
}

static int put_regions(struct vcpu *v, uint64_t buffer, const struct boot_region *regions, unsigned nr)
{
    for (unsigned i = 0; i < nr; i++) {
        struct e820entry entry = {regions[i].start, regions[i].size, regions[i].type};
        if (copy_to_guest(v, buffer + i * sizeof entry, &entry, sizeof entry))
            return xen_error(XEN_EFAULT);
    }
    return 0;
}

int64_t pv_machine_memory_map(struct vcpu *v, uint64_t *args)
{
    struct xen_memory_map64 m;
    unsigned nr;
    const struct boot_region *regions = memory_map(&nr);
    if (copy_from_guest(v, &m, args[1], sizeof m))
        return xen_error(XEN_EFAULT);
    if (!v->domain->privileged)
        return xen_error(XEN_EPERM);
    if (m.nr_entries < nr)
        return xen_error(XEN_EINVAL);
    if (!m.buffer)
        return 0;
    m.nr_entries = nr;
    int r = put_regions(v, m.buffer, regions, nr);
    return r ? r : copy_to_guest(v, args[1], &m, sizeof m);
}

int64_t pv_maximum_gpfn(const struct domain *d)
{
    const struct shared_info64 *shared = mfn_to_ptr(d->shared_info);
    uint64_t pages = __atomic_load_n(&shared->arch_max_pfn, __ATOMIC_RELAXED);
    return pages ? (int64_t)(pages - 1) : 0;
}
