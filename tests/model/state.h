/* SPDX-License-Identifier: MIT */
/*
 * All memory that a schedule changes, and putting it back: an arena of pages for the core and the guest, the variables
 * of the model's environment (MODEL_STATE), and those of guest/lib (the Makefile puts them into the same section). Only
 * pages of the arena that were written are copied.
 */
#ifndef TESTS_MODEL_STATE_H
#define TESTS_MODEL_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STATE_PAGE 4096U
#define STATE_PAGES 3072U

/* A variable that every schedule finds as the set-up left it; it must have an initialiser. */
#define MODEL_STATE __attribute__((section("model_state")))

extern uint8_t state_arena[STATE_PAGES * STATE_PAGE];

/* Someone is about to write there. */
void state_touch(const void *p, size_t size);
/* Before the first world: remember how everything begins. Later: go back to that. */
void state_pristine(void);
/* The world is set up: from now on state_restore comes back to here. */
void state_keep(void);
void state_restore(void);

#endif
