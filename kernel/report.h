/* SPDX-License-Identifier: MIT */
/* "What this machine can do" (option report). */
#ifndef KERNEL_REPORT_H
#define KERNEL_REPORT_H

struct boot_info;

/* Print the report on every console, then end the run: an emulator goes off, a machine stays on so that it can be
 * read. Boot CPU, when everything but the domains is up. */
__attribute__((noreturn)) void report_run(const struct boot_info *info);

#endif
