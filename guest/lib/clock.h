/* SPDX-License-Identifier: MIT */
/* System time, from the page that the hypervisor shares (struct vcpu_time_info, "pvclock"). */
#ifndef GUEST_LIB_CLOCK_H
#define GUEST_LIB_CLOCK_H

#include <stdint.h>

/* ns since the hypervisor started, by this vcpu's clock. */
uint64_t clock_now(void);

/* ns that `ticks` of the TSC take, by this vcpu's clock. */
uint64_t clock_ticks_to_ns(uint64_t ticks);

/* Wait until `deadline` (ns of system time) in a loop, with the processor. */
void clock_spin_until(uint64_t deadline);

/* Let others run until `deadline` (SCHEDOP_poll with no port and a timeout); upcalls may run meanwhile. */
void clock_sleep_until(uint64_t deadline);

#define CLOCK_US 1000ULL
#define CLOCK_MS 1000000ULL
#define CLOCK_S 1000000000ULL

#endif
