/* SPDX-License-Identifier: MIT */
/* One operation as one step of a cell (cell_op), by name and arguments; what it answers is in the transcript. */
#ifndef GUEST_CONFORMANCE_STEP_H
#define GUEST_CONFORMANCE_STEP_H

#include "guest/conformance/conformance.h"

void step_alloc_unbound(domid_t dom, domid_t remote);
void step_bind_interdomain(domid_t remote, evtchn_port_t port);
void step_bind_virq(unsigned virq, unsigned vcpu);
void step_bind_pirq(unsigned pirq);
void step_bind_ipi(unsigned vcpu);
void step_bind_vcpu(evtchn_port_t port, unsigned vcpu);
void step_set_priority(evtchn_port_t port, unsigned priority);
void step_status(domid_t dom, evtchn_port_t port);

/* EVTCHNOP_close, EVTCHNOP_send and EVTCHNOP_unmask: a port is their only argument. */
void step_port(unsigned cmd, evtchn_port_t port);

/* EVTCHNOP_reset and EVTCHNOP_reset_cont. */
void step_reset(unsigned cmd, domid_t dom);

#endif
