/* SPDX-License-Identifier: MIT */
/* The end of domains, and of the run. CPU 0 only. */
#ifndef KERNEL_REAPER_H
#define KERNEL_REAPER_H

#include <stdbool.h>

/* One step of the destruction of domains that have stopped. True: there is more to do at once. */
bool domains_reap(void);
/* All domains of the run exist, `skipped` modules could not be started: watch for the last one's end from now on. */
void domains_run_begins(unsigned skipped);
/* Destroy whatever still runs and end the run (debug key). */
void domains_end_run(void);

#endif
