/* SPDX-License-Identifier: MIT */
/* "What this machine can do" (option report). */
#ifndef KERNEL_REPORT_H
#define KERNEL_REPORT_H

struct boot_info;

/* If there is a panic before report_run(), print the report then, as far as the start has come. info must stay. */
void report_prepare(const struct boot_info *info);

/* Print the report on every console, then end the run: an emulator goes off, a machine stays on so that it can be
 * read. Boot CPU, when everything but the domains is up. */
__attribute__((noreturn)) void report_run(void);

#endif
