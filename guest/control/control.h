/* SPDX-License-Identifier: MIT */
/* The three domains: the controller is privileged and domain 0, the subject is domain 1, the outsider domain 2. */
#ifndef GUEST_CONTROL_CONTROL_H
#define GUEST_CONTROL_CONTROL_H

#include "guest/lib/events.h"

#define CONTROLLER 0
#define SUBJECT 1
#define OUTSIDER 2
#define NOBODY 200

void controller(void);
void subject(void);
void outsider(void);

/* --- Operations on another domain; 0 (or a port) or an error. */
int status_of(domid_t dom, evtchn_port_t port, struct evtchn_status *s);
int alloc_for(domid_t dom, domid_t remote);
int reset_of(domid_t dom);
int domctl(uint32_t cmd, domid_t dom);
int domctl_of_version(uint32_t version, uint32_t cmd, domid_t dom);

void give_way(void);

#endif
