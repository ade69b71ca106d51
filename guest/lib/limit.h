/* SPDX-License-Identifier: MIT */
/* A program that waits for events would wait for ever if one got lost: this ends the run instead. */
#ifndef GUEST_LIB_LIMIT_H
#define GUEST_LIB_LIMIT_H

/* End the run with VERDICT_FAILURE in `seconds` from now. Takes VIRQ_TIMER of vcpu 0, hence a port, and turns upcalls
 * on. Call it behind the allocation of ports whose numbers matter. */
void limit_seconds(unsigned seconds);

/* Take it back; its port is closed. */
void limit_cancel(void);

#endif
