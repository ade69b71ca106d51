/* SPDX-License-Identifier: MIT */
/* The end of a domain's memory. No vcpu of it runs, and no CPU has its tables loaded. */
#include <stddef.h>

#include "arch/x86/pv/container.h"
#include "arch/x86/pv/env.h"
#include "kernel/door.h"

static void release_vcpus(const struct arch_domain *a)
{
    for (unsigned id = 0; id < pv_container(a)->mmu.nr_vcpus; id++) {
        struct arch_vcpu *v = door_vcpu(a, id);
        if (!v)
            continue;
        pv_release_tables(pv_guest(v));
        pv_release_roots(&pv_guest(v)->mmu);
    }
}

/* The guest's own reference by a pin, and the owner's. What other frames of the domain hold goes with their tables. */
static void release_frame(struct pv_domain *d, uint64_t mfn)
{
    if (!pv_env_get_page(mfn, d->domid))
        return;
    pv_abandon(d, mfn);
    if (door_page_disown(mfn))
        pv_env_put_page(mfn);
    pv_env_put_page(mfn);
}

bool pv_release(struct arch_domain *a, uint64_t *cursor, unsigned budget)
{
    struct pv_domain *d = &pv_container(a)->mmu;
    uint64_t first, end;

    if (*cursor == 0)
        release_vcpus(a);
    door_page_range(a, &first, &end);
    if (*cursor < first)
        *cursor = first;
    for (; *cursor < end && budget > 0; (*cursor)++, budget--)
        release_frame(d, *cursor);
    return *cursor >= end && pv_drain(d) == 0;
}
