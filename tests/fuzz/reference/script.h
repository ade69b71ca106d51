/* SPDX-License-Identifier: MIT */
/* Between the files that make up scripts: chance.c (dice), script_calls.c (hypercalls), script.c (all other steps). */
#ifndef TESTS_FUZZ_REFERENCE_SCRIPT_H
#define TESTS_FUZZ_REFERENCE_SCRIPT_H

#include "tests/fuzz/reference/world.h"

/* --- chance.c */

void chance_seed(uint64_t seed);
/* From now on these bytes decide, and when they have ended, zeros. */
void chance_bytes(const uint8_t *data, size_t size);
bool chance_is_from_bytes(void);
/* The bytes have ended. */
bool chance_is_over(void);

uint32_t random32(void);
/* 0 to n - 1. */
uint32_t below(uint32_t n);
bool chance(unsigned percent);

/* --- script_calls.c */

#define BIT(state) (1U << (state))
#define IN_USE (BIT(1) | BIT(2) | BIT(3) | BIT(4) | BIT(5))

const struct evt_domain *core(unsigned domain);
bool is_fifo(unsigned domain);
/* A port, mostly in one of these states (BIT(enum port_state)); now and then in any other. */
uint32_t port_for(unsigned domain, unsigned states);
/* A vcpu, mostly one that exists. */
uint32_t vcpu_of(unsigned domain);
struct step guest_step(unsigned domain, uint64_t act, uint64_t a, uint64_t b);
void script_call(struct step *s);

/* --- script.c */

/* This step follows, after those that have been appended before. */
void script_append(struct step s);

#endif
