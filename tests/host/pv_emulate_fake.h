/* SPDX-License-Identifier: MIT */
/*
 * What the emulator asks of others, and a vcpu for it: on a live tree L4 -> L3 -> L2 -> L1 -> PAGE of pv_fake.h's
 * frames, with L1 mapped at ENTRY_VA.
 */
#ifndef TESTS_HOST_PV_EMULATE_FAKE_H
#define TESTS_HOST_PV_EMULATE_FAKE_H

#include "tests/host/pv_vcpu_fake.h"

#define ENTRY_VA 0x500000ULL
enum { L4 = 4, L3, L2, L1, PAGE, PAGE2, OTHER_L4 };

struct fake_ports {
    uint16_t port;
    unsigned size, reads, writes;
    uint32_t written, value;
};

extern struct fake_ports ports;
extern unsigned cpuids, cr4_loads, xsetbvs; /* calls */
extern uint64_t table_at_va;                /* the frame that ENTRY_VA leads to */

/* An entry of L1. */
uint64_t *entry(unsigned index);
int fake_emulate_reset(void **state);

#endif
