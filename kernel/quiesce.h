/* SPDX-License-Identifier: MIT */
/*
 * Waiting for the other CPUs. Two CPUs that waited for each other would wait for ever, so there is one token for the
 * machine and nobody waits for it: who does not get it returns -XEN_ERESTART and tries again from the guest.
 */
#ifndef KERNEL_QUIESCE_H
#define KERNEL_QUIESCE_H

#include <stdbool.h>

/* Take the token; false: another CPU has it. */
bool quiesce_begin(void) __attribute__((warn_unused_result));
/* Token held, no locks: returns when every other CPU has left hypervisor code once since the call. */
void quiesce_wait(void);
void quiesce_end(void);

#endif
