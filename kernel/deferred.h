/* SPDX-License-Identifier: MIT */
/* Work that the run loop of CPU 0 does between guests: ended domains, console input. */
#ifndef KERNEL_DEFERRED_H
#define KERNEL_DEFERRED_H

#include <stdbool.h>

/* Ask CPU 0 to look. Any CPU, any locks. */
void deferred_request(void);
/* Run loop of CPU 0: one step of what there is, and while there is more another one: at once if the CPU is idle, else
 * when its guests have had their turn. */
void deferred_run(bool idle);

#endif
