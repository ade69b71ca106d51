/* SPDX-License-Identifier: MIT */
/* The console's side of printk: level, log, and raw lines. */
#ifndef KERNEL_PRINTK_INTERNAL_H
#define KERNEL_PRINTK_INTERNAL_H

#include <stdbool.h>

#include "kernel/printk.h"

#define PRINTK_LINE_MAX 400 /* bytes of one line with its prefix; the rest is cut */

/* Lines of a higher (chattier) level are not printed. Domains' own output has no level. */
void printk_set_level(enum log_level level);
/* From now on this_cpu() works. Before: one CPU. */
void printk_cpus_ready(void);
/* A domain's own line, whatever the level: text is printable and ends before its NUL. */
void printk_guest_line(const char *name, const char *text);
/* A key that turns the pages of the log on the screen, or ends that (kernel/pager.h). False: it is not for us. */
bool printk_page(int key);
/* A line of the report: as it is, without time and name, so that 80 columns are there for it. */
void printk_plain_line(const char *text);
/* Print the log ring again (debug key). */
void printk_show_log(void);
/* In panic() print this too, given the panic's own words; a machine that is no emulator stays on then. */
void printk_on_panic(void (*print)(const char *why));
/* Give the log to a serial line that has seen nothing of it. */
void printk_log_to_serial(void);

#endif
