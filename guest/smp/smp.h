/* SPDX-License-Identifier: MIT */
/* What the parts of this program share. */
#ifndef GUEST_SMP_SMP_H
#define GUEST_SMP_SMP_H

#include "guest/lib/events.h"

/* Every ordered pair among the first vcpus (four at most): `rounds` IPIs, each answered before the next. */
void smp_pairs(unsigned rounds);

/* All vcpus come up, get one IPI each, and go down; `times` times over. */
void smp_roll_call(unsigned times);

/* All vcpus go down at once, this one too: the domain ends, since nobody is left. */
void smp_down_together(void) __attribute__((noreturn));

/* An IPI port for this vcpu with its handler, open. */
evtchn_port_t smp_ipi(unsigned vcpu, evt_handler *fn, void *arg);

/* Wait, letting others run, until *word is `value`; a failure after a long time. */
void smp_await(const unsigned *word, unsigned value, const char *what);

#endif
