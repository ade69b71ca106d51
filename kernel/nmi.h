/* SPDX-License-Identifier: MIT */
/*
 * NMIs that nobody here has sent: a button, a watchdog, or hardware that reports an error. The handler only counts them
 * (arch/x86/traps.h), since it may have interrupted anything; this says so later.
 */
#ifndef KERNEL_NMI_H
#define KERNEL_NMI_H

#include <stdbool.h>
#include <stdint.h>

#define NMI_REPORT_PERIOD 60000000000ULL /* ns */

struct nmi_reports {
    uint32_t reported; /* of the count */
    uint64_t next;     /* no report before this time */
};

/* Are there new ones, and is it time to say so? Then they count as reported. Pure. */
bool nmi_report_due(struct nmi_reports *r, uint32_t count, uint64_t now);

/* Run loop of CPU 0: report new ones, once a minute at most. */
void nmi_look(uint64_t now);

/* One line with all counts of what came unasked: NMIs, spurious interrupts, errors of local APICs. */
void nmi_show(void);

/* For the end of the run: the same line, if there were NMIs. */
void nmi_summary(void);

#endif
