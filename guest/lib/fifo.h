/* SPDX-License-Identifier: MIT */
/*
 * The guest's half of the FIFO ABI: an event word for each port, and for each vcpu 16 queues, one a priority.
 * 0 or -XEN_E*; after a failure the domain is as it was. The way back is evt_reset().
 */
#ifndef GUEST_LIB_FIFO_H
#define GUEST_LIB_FIFO_H

#include <stdbool.h>

#include "guest/lib/env.h"

/* Switch the domain to FIFO, with the control block of the calling vcpu and no event words yet. Vcpus that already run
 * must call evt_register_fifo_vcpu() themselves; others do when they start. */
int evt_register_fifo(void);

/* Register the control block of the calling vcpu. */
int evt_register_fifo_vcpu(void);

/* See to it that this port has an event word. New words begin masked. */
int evt_fifo_expand(evtchn_port_t port);

/* 0 (highest) to 15, for the next time that the port is linked. */
int evt_set_priority(evtchn_port_t port, unsigned priority);

/* The port's event word as it is now. */
uint32_t evt_fifo_word(evtchn_port_t port);

/* Where that word is; NULL: nowhere yet. */
uint32_t *fifo_word(evtchn_port_t port);

/* --- For events.c and upcall.c only. A port without a word is masked and not pending. --- */
bool fifo_mask(evtchn_port_t port); /* whether it was masked */
bool fifo_is_masked(evtchn_port_t port);
bool fifo_is_pending(evtchn_port_t port);
bool fifo_clear(evtchn_port_t port);  /* whether it was pending */
bool fifo_unmask(evtchn_port_t port); /* whether the hypervisor must be told: it is pending, or has no word */
void fifo_consume(struct guest_vcpu *v);

#endif
