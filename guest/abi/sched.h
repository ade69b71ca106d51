/* SPDX-License-Identifier: MIT */
/* sched_op (hypercall 29) and set_timer_op (15); public header sched.h. */
#ifndef GUEST_ABI_SCHED_H
#define GUEST_ABI_SCHED_H

#include <stdint.h>

#define SCHEDOP_yield 0
#define SCHEDOP_block 1
#define SCHEDOP_shutdown 2
#define SCHEDOP_poll 3
#define SCHEDOP_remote_shutdown 4
#define SCHEDOP_shutdown_code 5
#define SCHEDOP_watchdog 6
#define SCHEDOP_pin_override 7

#define SHUTDOWN_poweroff 0
#define SHUTDOWN_reboot 1
#define SHUTDOWN_suspend 2
#define SHUTDOWN_crash 3
#define SHUTDOWN_watchdog 4
#define SHUTDOWN_soft_reset 5
#define SHUTDOWN_MAX 5

struct sched_shutdown {
    uint32_t reason; /* SHUTDOWN_* */
};

struct sched_remote_shutdown {
    uint16_t domain_id;
    uint16_t pad;
    uint32_t reason;
};

struct sched_poll64 {
    uint64_t ports; /* guest address of nr_ports 32-bit port numbers */
    uint32_t nr_ports;
    uint32_t pad;
    uint64_t timeout; /* ns, absolute system time; 0 = none */
};

struct sched_poll32 {
    uint32_t ports;
    uint32_t nr_ports;
    uint64_t timeout;
};

struct sched_watchdog {
    uint32_t id;
    uint32_t timeout; /* seconds */
};

_Static_assert(sizeof(struct sched_poll64) == 24, "ABI");
_Static_assert(sizeof(struct sched_poll32) == 16, "ABI");

#endif
