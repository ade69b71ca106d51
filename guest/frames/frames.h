/* SPDX-License-Identifier: MIT */
/*
 * Machine frames of a pv guest: given back, asked for, exchanged; and what other processors remember of them.
 *
 *      rounds=N     how often a page becomes a page table, and goes to the hypervisor, while another vcpu writes to it
 *                   (default 40)
 *      peer=D       map a frame of domain D, which will end, and do nothing else; privileged
 */
#ifndef GUEST_FRAMES_FRAMES_H
#define GUEST_FRAMES_FRAMES_H

#include <stdint.h>

/* memory_op: PV-MEM-01 to -08. */
void frames_answers(void);

/* Two vcpus. */
void frames_remembered(unsigned rounds);

/* Another domain's. */
void frames_foreign(uint16_t domid);

#endif
