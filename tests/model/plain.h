/* SPDX-License-Identifier: MIT */
/*
 * Data that is not atomic is no scheduling point, and need not be: nobody else may touch it at the same time. This is
 * checked here, in every schedule, against the order that the steps of the schedule impose.
 */
#ifndef TESTS_MODEL_PLAIN_H
#define TESTS_MODEL_PLAIN_H

#include <stdbool.h>
#include <stdint.h>

void plain_begin(void);
/* A plain access of this thread. */
void plain_check(unsigned thread, uintptr_t at, unsigned size, bool write);
/* An atomic one: against plain ones before it. */
void plain_check_atomic(unsigned thread, uintptr_t at, unsigned size, bool write);

#endif
