/* SPDX-License-Identifier: MIT */
/* The parts of the probe, one per hypercall. */
#ifndef GUEST_PROBE_PROBE_H
#define GUEST_PROBE_PROBE_H

#include <stdbool.h>

#include "guest/lib/word.h"

/* Addresses that no guest can use. */
#define UNMAPPED ((void *)GUEST_UNMAPPED)
#define NON_CANONICAL ((void *)GUEST_NON_CANONICAL)
#define NO_MEMORY ((void *)0xC8000000) /* mapped by the guest, but no RAM behind it */

/* Frame numbers and counts that no guest can have, as far as a word holds them. */
#define HIGH_GFN ((guest_word)1 << (GUEST_WORD_BITS == 64 ? 40 : 31))
#define HUGE_COUNT ((guest_word)1 << (GUEST_WORD_BITS - 4))
#define ABOVE_32_BITS ((guest_word)0x100000000ULL) /* 0 in 32-bit code */

/* Print one question and its answer. ASK(f(x)) prints "f(x) -> result". */
void answer(const char *question, guest_result rc);
#define ASK(call) answer(#call, (call))

/* Print a question's answer in words. */
void note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Run the code at `code` in user mode, and print what ended it. */
void ask_user(const char *what, const uint8_t *code);

/* Hypercalls that are not asked by number, because the answer would end the run. */
bool probe_spares(uint64_t number);

/* VCPUOP_initialise of vcpu 1 with contexts that are wrong. */
void ask_contexts(void);

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
void probe_pirq(void);
void probe_domctl(void);
void probe_block(void);
void probe_sleep(void); /* only when asked for: the vcpu may never wake */

#endif
