/* SPDX-License-Identifier: MIT */
/* The parts of the probe, one per hypercall. */
#ifndef GUEST_PROBE_PROBE_H
#define GUEST_PROBE_PROBE_H

#include "guest/lib/word.h"

/* Addresses that no guest can use. */
#define UNMAPPED ((void *)0x700000000000)      /* canonical, absent from the guest's page tables */
#define NON_CANONICAL ((void *)0x800000000000) /* bits 63..47 differ */
#define NO_MEMORY ((void *)0xC8000000)         /* mapped by the guest, but no RAM behind it */

/* Print one question and its answer. ASK(f(x)) prints "f(x) -> result". */
void answer(const char *question, guest_result rc);
#define ASK(call) answer(#call, (call))

/* Print a question's answer in words. */
void note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

void probe_cpu(void);
void probe_user(void);
void probe_numbers(void);
void probe_version(void);
void probe_console(void);
void probe_memory(void);
void probe_events(void);
void probe_sched(void);
void probe_vcpu(void);
void probe_timer(void);
void probe_hvm(void);
void probe_multicall(void);
void probe_physdev(void);
void probe_block(void);
void probe_sleep(void); /* only when asked for: the vcpu may never wake */

#endif
