/* SPDX-License-Identifier: MIT */
/* The table at the end of a run, and its verdict. CPU 0 only. */
#ifndef KERNEL_SUMMARY_H
#define KERNEL_SUMMARY_H

#include <stdbool.h>
#include <stdint.h>

struct domain;
struct domain_result;

/* Remember how d ended, while its event channels still exist. */
struct domain_result *summary_add(const struct domain *d);
/* How many frames that d owned were not given back. */
void summary_set_leak(struct domain_result *result, uint64_t frames);
/* How many modules were skipped because of an error: each makes the run fail. */
void summary_set_skipped(unsigned modules);
/* What the page pool had free before the first domain was made. */
void summary_set_baseline(uint64_t free_frames);
/* Print the table and the verdict; end the machine. */
__attribute__((noreturn)) void summary_end_run(void);
/* The last line of the console, and the machine goes off or stays on: kernel/ending.h. */
__attribute__((noreturn)) void summary_verdict(bool ok, bool to_read);
/* If it waits so, it does not any longer. */
void summary_leave(void);

#endif
