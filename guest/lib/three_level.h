/* SPDX-License-Identifier: MIT */
/*
 * The guest's half of the 3-level ABI: the switch in its two phases, and the way back.
 * 0 or -XEN_E*; after a failure the domain is as it was.
 */
#ifndef GUEST_LIB_THREE_LEVEL_H
#define GUEST_LIB_THREE_LEVEL_H

#include <stdbool.h>
#include <stdint.h>

#include "guest/lib/word.h"

#define EVT_L2_BYTES (GUEST_PORTS_2LEVEL / 8)

/* What the domain may use besides 2-level, EVTCHN_EXTENDED_*. The argument numbering="rfc" on the command line selects
 * the operation numbers of the RFC. */
int evt_query_extended(uint64_t *abis);

/* Switch the domain to three levels and register the calling vcpu's L2 selector. Upcalls of the caller are off
 * meanwhile. Vcpus that already run must call evt_register_3level_vcpu() themselves; others do when they start. */
int evt_register_3level(void);

/* Register the L2 selector of the calling vcpu. */
int evt_register_3level_vcpu(void);

bool evt_is_3level(void);

/* EVTCHNOP_reset: every port is closed, and the domain is back on 2-level. Only the calling vcpu may be up. */
int evt_reset(void);

/*
 * The same in steps, for a domain whose other vcpus run on: the operation; then each vcpu that scans three levels, with
 * its upcalls off, leaves that; when all have, one of them turns the tables back; then upcalls may go on everywhere.
 */
int evt_reset_op(void);
void evt_leave_3level_vcpu(void);
void evt_back_to_2level(void);

/* The register operation, raw, for programs that abuse it: op is a guest_register_3level. */
int evt_register_op(void *op);

#endif
