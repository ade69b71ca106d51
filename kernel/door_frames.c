/* SPDX-License-Identifier: MIT */
/* What the pv container asks of the kernel (kernel/door.h): frames, and the memory of who runs. */
#include "kernel/door.h"

#include <stddef.h>

#include "kernel/domain.h"
#include "kernel/door_pages.h"
#include "kernel/guest_copy.h"
#include "kernel/hypercall.h"
#include "kernel/memory.h"
#include "kernel/sched.h"
#include "kernel/vcpu.h"

uint64_t door_nr_frames(void)
{
    return memory_pool.nr_frames;
}

/* Whose it was stays written there until it is in the pool. */
void door_page_lose(uint64_t mfn)
{
    domain_lose_page(domain_of_frames(mfn_to_page(mfn)->owner), mfn);
}

uint16_t door_page_owner(uint64_t mfn)
{
    return mfn_to_page(mfn)->owner;
}

bool door_page_disown(uint64_t mfn)
{
    return page_disown(mfn_to_page(mfn));
}

bool door_page_look(uint64_t mfn, uint16_t owner, uint32_t *refs, bool *is_kept, uint64_t *use)
{
    const struct page *page = mfn_to_page(mfn);

    if (!(page->flags & PAGE_RAM) || page->owner != owner || page->refs == 0)
        return false;
    *refs = page->refs;
    *is_kept = page->flags & PAGE_KEPT;
    *use = page->use;
    return true;
}

void door_page_range(const struct arch_domain *a, uint64_t *first, uint64_t *end)
{
    const struct domain *d = arch_to_domain(a);
    *first = __atomic_load_n(&d->first_page, __ATOMIC_RELAXED);
    *end = __atomic_load_n(&d->end_page, __ATOMIC_RELAXED);
}

struct arch_vcpu *door_vcpu(const struct arch_domain *a, unsigned id)
{
    struct vcpu *v = arch_to_domain(a)->vcpu[id];
    return v ? &v->arch : NULL;
}

int door_copy_in(void *dst, uint64_t va, size_t n)
{
    return copy_from_guest(vcpu_here(), dst, va, n);
}

int door_copy_out(uint64_t va, const void *src, size_t n)
{
    return copy_to_guest(vcpu_here(), va, src, n);
}

int door_may_name(uint16_t domid)
{
    struct domain *d;
    int r = hypercall_target(sched_current(), domid, &d);
    if (!r)
        domain_put(d);
    return r;
}
