/* SPDX-License-Identifier: MIT */
#include "kernel/nmi.h"

#include "arch/x86/traps.h"
#include "kernel/printk.h"

static struct nmi_reports reports;

bool nmi_report_due(struct nmi_reports *r, uint32_t count, uint64_t now)
{
    if (count == r->reported || now < r->next)
        return false;
    r->reported = count;
    r->next = now + NMI_REPORT_PERIOD;
    return true;
}

static uint32_t counted(const uint32_t *counter)
{
    return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

void nmi_look(uint64_t now)
{
    uint32_t count = counted(&trap_counts.nmi);
    if (__builtin_expect(count != reports.reported, 0) && nmi_report_due(&reports, count, now))
        printk(LOG_WARNING, "%u NMI%s so far: %s", count, count == 1 ? "" : "s", trap_nmi_reason());
}

void nmi_show(void)
{
    printk(LOG_INFO, "unasked: %u NMIs, %u spurious interrupts, %u errors of local APICs", counted(&trap_counts.nmi),
           counted(&trap_counts.spurious), counted(&trap_counts.apic_errors));
}

void nmi_summary(void)
{
    if (counted(&trap_counts.nmi))
        nmi_show();
}
