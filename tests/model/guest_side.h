/* SPDX-License-Identifier: MIT */
/* The guest: guest/lib on vcpus of the model. */
#ifndef TESTS_MODEL_GUEST_SIDE_H
#define TESTS_MODEL_GUEST_SIDE_H

#include "tests/model/rename.h"

#include "guest/lib/events.h"
#include "guest/lib/fifo.h"
#include "guest/lib/three_level.h"

/* Each of these runs on the vcpu's own stack. */

/* The vcpu is up, on 2-level; vcpu 0 first. */
void guest_boot(void);
/* The domain's tables are as large as they ever get: a schedule need not copy them. On vcpu 0. */
void guest_grow(evtchn_port_t limit);
/* Take every event that this vcpu has been told of. */
void guest_drain(void);
/* The handler of watched ports (world_watch): it counts. */
evt_handler guest_handler;

#endif
