/* SPDX-License-Identifier: MIT */
/*
 * On the real Xen a lone initial domain starts this very program once more, as a domain without any privilege: it makes
 * an hvm domain, copies its own image there, and lets vcpu 0 begin as a PVH guest does (public headers domctl.h,
 * memory.h, arch-x86/hvm/save.h, arch-x86/hvm/start_info.h).
 */
#ifndef GUEST_CONFORMANCE_COPY_H
#define GUEST_CONFORMANCE_COPY_H

#include "guest/lib/word.h"

/* Make the domain; it is paused. A failure ends the run. */
void copy_make(domid_t domain, evtchn_port_t last_port, const char *cmdline);

/* The page of its memory at this address, to read until the next call. It has the program's variables at the addresses
 * that they have here. */
const void *copy_page(domid_t domain, guest_word address);

/* Give back the page that copy_page() has mapped: until then a domain that is destroyed does not quite go away. */
void copy_release(void);

#endif
