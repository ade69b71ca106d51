/* SPDX-License-Identifier: MIT */
#ifndef GUEST_COUNTS_COUNTS_H
#define GUEST_COUNTS_COUNTS_H

#include "guest/lib/word.h"

/* What is measured or prepared; port: an event to ourselves. */
typedef void count_step(evtchn_port_t port);

/* Measure one thing: its line is printed. `prepare` runs before each try and is not counted. */
void count(const char *name, count_step *prepare, count_step *measured);
void count_nothing(evtchn_port_t port);

/* What only one kind of container has: pvh/, pv64/. */
void count_container(void);

#endif
