/* SPDX-License-Identifier: MIT */
/* The parts of the program, and what they share: calls from the other mode, and which word size is in force. */
#ifndef GUEST_MODE_PVH_MODE_H
#define GUEST_MODE_PVH_MODE_H

#include "guest/lib/pvh/other.h"

/* The word size by which the hypervisor raises an event: 64 or 32, from where the selector bit and the mask are. */
unsigned word_size(void);

void mode_calls(void);  /* arguments and results follow the caller, areas follow the word size */
void mode_3level(void); /* 3-level freezes the word size */

#endif
