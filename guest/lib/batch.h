/* SPDX-License-Identifier: MIT */
/* Operations on many ports in one hypercall each 128 (multicall): in an emulator the way in and out costs most. */
#ifndef GUEST_LIB_BATCH_H
#define GUEST_LIB_BATCH_H

#include "guest/lib/word.h"

/* Add EVTCHNOP_send or EVTCHNOP_unmask of a port. It is done at the latest by batch_finish(). */
void batch_add(unsigned cmd, evtchn_port_t port);

/* Do what is left. Returns how many operations have failed since the last batch_finish(). */
unsigned batch_finish(void);

#endif
