/* SPDX-License-Identifier: MIT */
/*
 * The guest's half of the three ABIs, for one vcpu, written for reading: what guest/lib/upcall.c and guest/lib/fifo.c
 * do, a step at a time and each step printed. Upcalls must be off.
 */
#ifndef GUEST_LESSON_CONSUME_H
#define GUEST_LESSON_CONSUME_H

#include "guest/lib/word.h"

void consume_2level(void);
void consume_3level(void);
void consume_fifo(void);

#endif
