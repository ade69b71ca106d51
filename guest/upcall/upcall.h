/* SPDX-License-Identifier: MIT */
#ifndef GUEST_UPCALL_UPCALL_H
#define GUEST_UPCALL_UPCALL_H

#include <stdint.h>

/* How many upcalls come when they are let in for a moment. */
uint64_t upcalls_after_letting_them_in(void);

/* What differs by container: guest/upcall/pvh and pv64. */
void check_container(void);

#endif
