/* SPDX-License-Identifier: MIT */
/* The audit of a domain on the real machine: what it asks, and what holds frames from outside of tables. */
#include <stdarg.h>
#include <stddef.h>

#include "arch/x86/paging.h"
#include "arch/x86/pv/audit.h"
#include "arch/x86/pv/container.h"
#include "common/format.h"
#include "kernel/door.h"

static uint16_t domid; /* of the domain that is looked at; one at a time, on CPU 0 */

static bool look(uint64_t mfn, struct pv_audited *frame)
{
    frame->owner = domid;
    return door_page_look(mfn, domid, &frame->refs, &frame->is_allocated, &frame->word);
}

static void complain(const char *format, ...)
{
    va_list args;
    char text[160];

    va_start(args, format);
    format_v(text, sizeof text, format, args);
    va_end(args);
    printk(LOG_ERROR, "audit of domain %u: %s", domid, text);
}

static void needs(struct pv_audit *a, const uint64_t *frames, unsigned n, enum pv_type type)
{
    for (unsigned i = 0; i < n; i++)
        if (frames[i])
            pv_audit_needs(a, frames[i], type);
}

static void count_vcpus(struct pv_audit *a, const struct arch_domain *d)
{
    for (unsigned id = 0; id < pv_container(d)->mmu.nr_vcpus; id++) {
        const struct arch_vcpu *v = door_vcpu(d, id);
        const struct pv_guest *p = v ? pv_guest(v) : NULL;
        if (!p)
            continue;
        needs(a, &p->mmu.kernel_root, 1, PV_L4);
        needs(a, &p->mmu.user_root, 1, PV_L4);
        needs(a, p->gdt, PV_GDT_PAGES, PV_DESCRIPTORS);
        needs(a, p->ldt, PV_LDT_PAGES, PV_DESCRIPTORS);
    }
}

static unsigned order_of(uint64_t bytes)
{
    unsigned order = 0;

    while (((uint64_t)PAGE_SIZE << order) < bytes)
        order++;
    return order;
}

bool pv_audit_domain(struct arch_domain *d, uint64_t shared_info)
{
    struct pv_audit a = {.look = look, .complain = complain, .exact = true};

    door_page_range(d, &a.first, &a.end);
    if (a.first >= a.end)
        return true;
    unsigned order = order_of((a.end - a.first) * sizeof(struct pv_tally));
    uint64_t mfn = door_alloc_frames(order);
    if (!mfn) {
        printk(LOG_WARNING, "domain %u is not looked at: there is no memory for it", d->domid);
        return true;
    }
    domid = d->domid;
    a.tally = mfn_to_virt(mfn);
    a.held = __atomic_load_n(&pv_container(d)->held, __ATOMIC_ACQUIRE);
    pv_audit_begin(&a);
    pv_audit_needs(&a, shared_info, PV_NONE);
    count_vcpus(&a, d);
    bool good = pv_audit_compare(&a);
    door_free_frames(mfn, order);
    return good;
}
