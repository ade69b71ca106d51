/* SPDX-License-Identifier: MIT */
/* Work that the run loop of CPU 0 does between guests: ended domains, console input. */
#ifndef KERNEL_DEFERRED_H
#define KERNEL_DEFERRED_H

/* Ask CPU 0 to look. Any CPU, any locks. */
void deferred_request(void);
/* Run loop of CPU 0: one step of what there is; asks for itself again while there is more. */
void deferred_run(void);

#endif
